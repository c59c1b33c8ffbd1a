"""Whatever a provider sends becomes pieces or a fault with words; no key gets into a text."""

import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant import faults
from assistant.faults import BackendFailed
from assistant.pieces import Assembly, TextPiece, UsagePiece, estimate_request, estimate_tokens

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = "sk-ant-0123456789abcdefghij"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=12,
)
call = st.fixed_dictionaries(
    {},
    optional={
        "index": st.none() | st.integers(-2, 20),
        "id": st.none() | st.sampled_from(["", "a", "b"]),
        "function": st.none() | st.fixed_dictionaries({}, optional={"name": anything, "arguments": st.text()}),
    },
)
delta = st.fixed_dictionaries({}, optional={"content": st.none() | st.text(), "tool_calls": st.lists(call, max_size=4)})
choice = st.fixed_dictionaries(
    {},
    optional={"index": st.integers(0, 1), "delta": delta, "finish_reason": st.none() | st.sampled_from(["stop", "x"])},
)
usage = st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), st.none() | st.integers(-9, 99))
fragment = st.fixed_dictionaries(
    {}, optional={"choices": st.none() | st.lists(choice, max_size=3), "usage": st.none() | usage}
)


@given(st.lists(fragment | anything, max_size=6))
@example([{"choices": [{"delta": {"content": "\ud83d"}}]}, {"choices": [{"delta": {"content": ""}}]}])
def test_whatever_comes_is_an_answer_or_a_fault_with_words(fragments):
    assembly = Assembly(input_tokens=7, chars_most=40)
    pieces, failed = [], None
    try:
        for one in fragments:
            pieces += assembly.take(one)
        pieces += assembly.close()
    except BackendFailed as error:
        failed = error
    assert failed is None or (failed.code in faults.WORDS and failed.words)
    for piece in pieces:
        if isinstance(piece, TextPiece):
            piece.text.encode()  # no half characters
            assert "\x00" not in piece.text
    counted = assembly.usage()
    assert isinstance(counted, UsagePiece)
    assert min(counted.input_tokens, counted.output_tokens, counted.cached_tokens) >= 0


@given(st.text(), st.integers(1, 5))
def test_text_is_the_same_however_it_is_cut(text, size):
    halves = json.loads(json.dumps(text))
    assembly = Assembly(input_tokens=0, chars_most=10_000)
    units = halves.encode("utf-16-le", "surrogatepass")
    said = ""
    for start in range(0, len(units), 2 * size):
        part = units[start : start + 2 * size].decode("utf-16-le", "surrogatepass")
        said += "".join(piece.text for piece in assembly.take({"choices": [{"delta": {"content": part}}]}))
    assert said == text.replace("\x00", "")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("word", 1), ("a sentence of thirty-two letters", 8), ("漢字漢字", 4), ("🔒", 1)],
    ids=["empty", "word", "sentence", "CJK", "emoji"],
)
def test_tokens_are_guessed_by_script(text, tokens):
    assert estimate_tokens(text) - tokens in {0, 1}


def test_request_is_guessed_with_its_tools():
    messages = [{"role": "user", "content": "word " * 100}]
    tools = [{"type": "function", "function": {"name": "search_messages", "description": "x" * 400}}]
    plain = estimate_request(messages, [])
    assert 120 <= plain <= 140
    assert estimate_request(messages, tools) > plain + 100


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "99999999"}, 3600),
    ],
    ids=str,
)
def test_wait_is_read_as_it_comes(headers, seconds):
    assert faults.retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        "Incorrect API key provided: sk-ant-0*********************ghij. You can find it at",
        f'{{"authorization": "Bearer {KEY}"}}',
        f"Bearer {KEY[:-4]}",
        f"api_key={KEY[3:]}",
        "Basic c2stYW50LTAxMjM0NTY3ODlhYmNkZWZnaGlq",
        "eyJhbGciOiJIUzI1NiJ9.c2stYW50LTAxMjM0NTY3ODk.ghij is expired",
    ],
)
def test_what_looks_like_a_key_is_taken_out(text):
    cleaned = faults.scrub(text, key=KEY)
    assert "…" in cleaned
    for part in ("ghij", "789abc", "c2stYW50"):
        assert part not in cleaned


@given(st.text(), st.text(string.ascii_letters + string.digits + "-_.", min_size=8, max_size=60), st.text())
def test_our_key_is_in_no_detail(before, key, after):
    cleaned = faults.scrub(f"{before}{key}{after}", key=key)
    assert key not in cleaned
    assert len(cleaned) <= faults.DETAIL_CHARS


def test_every_fault_has_a_sentence_and_advice():
    for code in faults.WORDS:
        failed = faults.failure(code, retry_after_seconds=0.2)
        assert failed.words.endswith("It asks to wait 1 s.")
        assert failed.mend[-1] in ".?"
        assert "{" not in failed.words + failed.mend


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": "a", "type": "b", "message": "c"}}, "a b c"),
        ({"message": "c", "type": None}, "c"),
        ({"error": "plain"}, "plain"),
        ({"detail": "of FastAPI"}, "of FastAPI"),
        ("text", "text"),
        (None, ""),
        ([1], "[1]"),
    ],
    ids=str,
)
def test_message_of_an_error_is_read_in_any_of_its_shapes(body, words):
    assert faults.said_by(body) == words
