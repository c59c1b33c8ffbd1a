"""Each format read as its own documents have it, with every bad line named."""

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from dashboard.parsing import TooMany, parse
from dashboard.parsing.pushed import NAME_CHARS, NUMBERS_MOST, check_name, made_name
from dashboard.series import VALUE_MOST


def read(text, content_type="", **more):
    parsed = parse(text.encode() if isinstance(text, str) else text, content_type=content_type, **more)
    assert parsed.bad == []
    return {number.name: number.value for number in parsed.numbers}


def blamed(text, **more):
    return [bad.line for bad in parse(text.encode(), **more).bad]


PROMETHEUS = """\
# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
# Minimalistic line:
metric_without_timestamp_and_labels 12.47
# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
"""


def test_exporter_writes_prometheus_text():
    parsed = parse(PROMETHEUS.encode())
    assert parsed.bad == []
    found = {number.name: (number.value, number.at_ms) for number in parsed.numbers}
    assert found.pop("http_requests_total/code:200/method:post") == (1027, 1395066363000)
    assert found.pop("http_requests_total/code:400/method:post") == (3, 1395066363000)
    assert found.pop("metric_without_timestamp_and_labels") == (12.47, None)
    assert found.pop("http_request_duration_seconds_sum") == (53423, None)
    assert found.pop("http_request_duration_seconds_count") == (144320, None)
    assert found.pop("rpc_duration_seconds_sum") == (1.7560473e07, None)
    [escaped] = found
    assert escaped.startswith("msdos_file_access_time_seconds/error:Cannot-find-file")
    assert parsed.ignored == 4, "infinity, two buckets, a quantile"


def test_our_own_registry_can_be_read_back():
    registry = CollectorRegistry()
    Gauge("depth", "Depth", ["queue"], registry=registry).labels("mail").set(7)
    Counter("sent", "Sent", registry=registry).inc(3)
    Histogram("took", "Took", registry=registry).observe(0.2)
    found = read(generate_latest(registry), "text/plain; version=0.0.4")
    assert found["depth/queue:mail"] == 7
    assert (found["sent_total"], found["took_count"]) == (3, 1)
    assert not any("bucket" in name for name in found)


INFLUX = r"""
# a comment
weather,location=us-midwest temperature=82 1465839830100400200
weather,location=us-midwest temperature=82,bug_concentration=98i 1465839830100400200
cpu value=0.64
wea\,ther,location=us\ midwest temp=1
disk,path=C:\\ free=3u,ok=true,bad=F,words="a \"quoted, one\" here",note="x=1" 1465839830100400200
"""


def test_telegraf_writes_line_protocol():
    parsed = parse(INFLUX.encode())
    assert parsed.bad == []
    found: dict = {number.name: (number.value, number.at_ms, number.line) for number in parsed.numbers}
    assert found["weather/location:us-midwest/temperature"] == (82, 1465839830100, 4)
    assert found["weather/location:us-midwest/bug_concentration"] == (98, 1465839830100, 4)
    assert found["cpu"] == (0.64, None, 5)
    assert parsed.ignored == 2, "two texts"
    assert sorted(one[0] for name, one in found.items() if name.startswith("disk")) == [0, 1, 3]


@pytest.mark.parametrize(("precision", "text"), [("s", "5"), ("ms", "5000"), ("us", "5000000"), ("ns", "5000000000")])
def test_times_are_in_the_precision_asked_for(precision, text):
    [number] = parse(f"load value=1 {text}".encode(), precision=precision).numbers
    assert number.at_ms == 5_000


def test_script_writes_json():
    assert read('{"load": 0.4, "queue.depth": 12}') == {"load": 0.4, "queue.depth": 12}
    text = '[{"name": "a", "value": 1, "at": 1395066363.25, "unit": "ms", "title": "Größe"}, {"name": "b", "value": 2}]'
    for body in (text, f'{{"samples": {text}}}'):
        first, second = parse(body.encode(), content_type="application/json; charset=utf-8").numbers
        assert (first.at_ms, first.unit, first.title, second.at_ms) == (1395066363250, "ms", "Größe", None)
    [timed] = parse(b'[{"name": "a", "value": 1, "at": "2014-03-17T15:26:03+01:00"}]').numbers
    assert timed.at_ms == 1395066363000


SAMPLE = '{"name": "a", "value": 1, %s}'
BAD = {
    "prometheus": ('a 1\nb x\nc 3\n{} 4\nd{x=1} 2\ne{x="1" 2', [2, 4, 5, 6]),
    "influx": (
        "ok value=1\nbad\nalso bad=x\nm,tag x=1\nm x= 1\nm =1\n,t=1 x=1\nm,t= x=1\nok value=2 12.5",
        [2, 3, 4, 5, 6, 7, 8, 9],
    ),
    "json": ('[{"name": "a", "value": 1}, {"name": "b", "value": "2"}, 3, {"name": "c"}, {"value": 1}]', [2, 3, 4, 5]),
    "names": ('[{"name": "9a", "value": 1}, {"name": "a b", "value": 1}, {"name": "", "value": 1}]', [1, 2, 3]),
    "keys": ("[" + SAMPLE % '"time": 2' + ', {"name": "a", "value": true}, {"name": "a", "value": null}]', [1, 2, 3]),
    "zones": (f"[{SAMPLE}, {SAMPLE}]" % ('"at": "yesterday"', '"at": "2026-01-01T00:00:00"'), [1, 2]),
    "times": (f"[{SAMPLE}, {SAMPLE}]" % ('"at": -1', '"at": 1e99'), [1, 2]),
    "units": (f"[{SAMPLE}, {SAMPLE}]" % ('"unit": "x\\ny"', '"unit": 3'), [1, 2]),
    "cut": ('{"a": 1,', [1]),
    "deep": ("{" + '"a":{' * 5_000, [1]),
    "deeper": ("[" * 50_000, [1]),
    "underscore": ("\n\n_hidden 1\n", [3]),
    "huge": ('{"a": ' + "9" * 400 + "}", [1]),
}


@pytest.mark.parametrize("kind", BAD)
def test_every_bad_line_is_named(kind):
    text, lines = BAD[kind]
    assert blamed(text) == lines


def test_what_is_no_utf8_is_named_by_its_line():
    [bad] = parse(b"a 1\nb 2\nc\xff 3").bad
    assert (bad.line, bad.message) == (3, "This is not UTF-8.")


def test_nobody_sends_more_than_a_push_may_have():
    lines = "\n".join(f"m{number} 1" for number in range(NUMBERS_MOST + 1))
    with pytest.raises(TooMany):
        parse(lines.encode())
    with pytest.raises(TooMany):
        parse(json.dumps({f"m{number}": 1 for number in range(NUMBERS_MOST + 1)}).encode())


@pytest.mark.parametrize("moment", ["inf", "-Inf", "nan", "1e400"])
def test_a_time_that_is_none_is_named_by_its_line(moment):
    assert blamed(f"load 1 5\nload 1 {moment}", content_type="text/plain; version=0.0.4") == [2]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("load" + " " * 400_000 + "=", ""),
        ("load{" + ",".join(f'label{number}="x"' for number in range(25_000)) + "} 1", "text/plain; version=0.0.4"),
        ("load 1\n" * 1_000 + "load " + "\t" * 400_000 + "x", ""),
    ],
    ids=["blanks", "labels", "tabs"],
)
def test_a_line_without_end_is_refused_at_once(body, kind):
    began = time.process_time()
    assert len(blamed(body, content_type=kind)) == 1
    assert time.process_time() - began < 5


def test_an_answer_names_no_more_bad_lines_than_anybody_reads():
    assert len(blamed("a 1\n" + "b x\n" * 500)) == 20


def test_names_that_differ_stay_apart():
    raw = [
        ("a", {"b": "c d"}),
        ("a", {"b": "c-d"}),
        ("a", {"b": "c.d"}),
        ("a", {"b": "c/d"}),
        ("a", {"b": "c", "d": ""}),
    ]
    names = [made_name(base, labels) for base, labels in raw]
    assert len(set(names)) == len(raw)
    assert names[1:3] == ["a/b:c-d", "a/b:c.d"]
    long = {made_name("m", {"path": "x" * 200 + end}) for end in "ab"}
    assert len(long) == 2
    assert {len(name) for name in long} == {NAME_CHARS}


@given(st.text(min_size=1, max_size=30), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3))
def test_a_made_name_is_always_a_name(base, labels):
    try:
        name = made_name(base, labels)
    except ValueError:
        return
    assert check_name(name) == name


@given(st.binary(max_size=200))
def test_nothing_that_is_sent_breaks_a_reader(body):
    for kind in ("", "application/json", "text/plain; version=0.0.4"):
        parsed = parse(body, content_type=kind)
        assert all(math.isfinite(number.value) for number in parsed.numbers)


LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
FINITE = st.floats(-VALUE_MOST, VALUE_MOST)


@given(st.dictionaries(LABEL, FINITE, min_size=1, max_size=8))
def test_what_prometheus_writes_is_read(values):
    registry = CollectorRegistry()
    gauge = Gauge("g", "G", ["l"], registry=registry)
    for label, value in values.items():
        gauge.labels(label).set(value)
    assert read(generate_latest(registry)) == {made_name("g", {"l": label}): value for label, value in values.items()}


def influx_escaped(text):
    return text.replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=")


PLAIN = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters='\\"')
WORD = st.text(PLAIN, min_size=1, max_size=9)
SPACED = st.lists(WORD, min_size=1, max_size=2).map(" ".join)


@given(st.dictionaries(SPACED, SPACED, max_size=3), SPACED, FINITE, st.integers(0, 2**40))
def test_what_a_line_protocol_writer_escapes_is_read(tags, field, value, at_ms):
    head = "".join(f",{influx_escaped(key)}={influx_escaped(tag)}" for key, tag in tags.items())
    line = f"m{head} {influx_escaped(field)}={value!r} {at_ms * 1_000_000}"
    [number] = parse(line.encode()).numbers
    assert (number.value, number.at_ms) == (value, at_ms)
    assert number.name == made_name("m", tags, "" if field == "value" else field)
