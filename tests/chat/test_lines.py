"""The JSON-lines format: what is taken, what is refused with which words, and which day a clock time means."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import lines
from chat.lines import Line, LinesWrong
from chat.shapes import BesideView


def raw(**changed: object) -> bytes:
    return json.dumps(
        {"line": 0, "time": "09:14", "author": "mole_", "body": "hi", "reply_to": None} | changed
    ).encode()


def problem(content: bytes) -> str:
    with pytest.raises(LinesWrong) as caught:
        lines.parse(content)
    return "\n".join(caught.value.problems)


def clocks(*times: str) -> list[Line]:
    return [Line(line=number, time=time, author="a", body="x") for number, time in enumerate(times)]


def dated(*times: str) -> list[str]:
    return [f"{one.at:%d %H:%M}" for one in lines.give_dates(clocks(*times), date(2005, 2, 6))]


def test_a_file_is_taken_with_gaps_a_byte_order_mark_and_blank_lines():
    content = b"\xef\xbb\xbf" + raw() + b"\r\n\n" + raw(line=7, reply_to=3, body="  <b> \u2028\t") + b"\n"
    first, second = lines.parse(content)
    assert (first.line, first.author, first.reply_to) == (0, "mole_", None)
    assert (second.line, second.body, second.reply_to) == (7, "  <b> \u2028\t", 3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "There are no lines in this file."),
        (b"\n\n", "There are no lines"),
        (b"hello", "Line 1 of the file"),
        (b"[]", "Line 1 of the file"),
        (b"[" * 100_000, "Line 1 of the file"),
        (b"\xff\xfe", "Line 1 of the file"),
        (raw(line=True), "$.line"),
        (raw(line=-1), "must be above -1"),
        (raw(line=2**31), "`line` is 2147483648"),
        (raw() + b"\n" + raw(), "Line 2 of the file: `line` is 0 and must be above 0"),
        (raw(line=5) + b"\n" + raw(line=4), "must be above 5"),
        (raw(time="24:00"), "'24:00' and must be HH:MM"),
        (raw(time="9:14"), "must be HH:MM"),
        (raw(time="2005-02-06T09:14:00"), "lacks its offset"),
        (raw(time=914), "$.time"),
        (raw(author=""), "`author` is empty"),
        (raw(author="a  b"), "blanks"),
        (raw(author="a\u202eb"), "control or invisible characters"),
        (raw(author="a" * 61), "at most 60"),
        (raw(body=" \n"), "There is nothing in this message."),
        (raw(body="a\x00"), "NUL"),
        (b'{"line":0,"time":"09:14","author":"a","body":"\\ud800"}', "Line 1 of the file"),
        (raw(body="x" * 25_001), "25,001"),
        (raw(reply_to=-1), "`reply_to` cannot be -1"),
        (raw(reply_to="3"), "$.reply_to"),
        (raw(channel="x"), "channel"),
        (b'{"line":0,"time":"09:14","body":"x"}', "author"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content, told):
    assert told in problem(content)


def test_all_faults_are_told_at_once_and_many_are_counted():
    told = problem(b"\n".join([raw(), *(b"nonsense" for _ in range(30))]))
    assert told.count("of the file") == lines.PROBLEMS_TOLD
    assert told.endswith("And 10 more.")


def test_the_clock_passes_midnight_once_a_day():
    assert dated("09:14", "09:14", "23:58", "00:03", "11:55", "00:05") == [
        "06 09:14", "06 09:14", "06 23:58", "07 00:03", "07 11:55", "08 00:05",
    ]  # fmt: skip


def test_a_clock_that_runs_behind_changes_no_day():
    assert dated("23:58", "00:00", "23:59", "00:01") == ["06 23:58", "07 00:00", "06 23:59", "07 00:01"]
    assert dated("10:00", "09:59", "10:01") == ["06 10:00", "06 09:59", "06 10:01"]


def test_whole_moments_need_no_day_and_become_utc():
    content = raw(time="2005-02-06T09:14:05+02:00")
    assert not lines.needs_day(lines.parse(content))
    assert lines.needs_day(lines.parse(raw()))
    (one,) = lines.give_dates(lines.parse(content), date.min)
    assert one.at == datetime(2005, 2, 6, 7, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("channel-2005-02-06", date(2005, 2, 6)),
        ("2005-02-30-2005-03-01", date(2005, 3, 1)),
        ("channel", None),
        ("12005-02-061", None),
    ],
)
def test_the_day_stands_in_the_files_name(name, day):
    assert lines.day_in_name(name) == day


BESIDE = BesideView(topic="document:7", seq=3)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1).filter(str.strip))
def test_what_is_written_is_read_back(body):
    said = [
        Line(line=0, time="00:00", author="mole_", body=body),
        Line(line=3, time="23:59", author="b", body="x", beside=BESIDE),
    ]
    assert lines.parse("\n".join(lines.dump(said)).encode()) == said
