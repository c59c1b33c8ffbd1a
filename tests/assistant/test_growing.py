"""An answer that grows is rendered block by block, and what was rendered never has to be taken back."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.growing import CHARS_MOST, CUT, Growing
from assistant.selectors.runs import units
from chat import markdown

PARTS = [
    "word", " ", "\n", "\n\n", "- item\n", "1. item\n", "  more\n", "```py\nx = 1\n", "```\n", "> quote\n", "# Head\n",
    "a | b\n", "--- | ---\n", "---\n", "    code\n", "**bold", "**", "`x`", "😀", "[a](http://a.example)", "<b>", "\\",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=25), st.lists(st.sampled_from(PARTS), max_size=10))
def test_a_block_that_is_closed_stays_as_it_is(begun, more):
    text = "".join(begun)
    closed = markdown.closed_length(text)
    assert 0 <= closed <= len(text)
    assert not closed or text[closed - 1] == "\n"
    later = markdown.closed_length(text + "".join(more))
    assert later >= closed
    rest = text[closed:] + "".join(more)
    assert markdown.closed_length(rest) == later - closed


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("One", ""),
        ("One\n\nTwo", "One\n\n"),
        ("1. One\n\n2", ""),
        ("- a\n****", ""),
        ("- a\n\n- b\n\nThen\n", "- a\n\n- b\n\n"),
        ("```\na\n\nb", ""),
        ("```\na\n```\nb\n", "```\na\n```\n"),
        ("a | b\n--- | ---\n1 | 2\n", ""),
    ],
    ids=["one", "two", "numbers", "rule or words", "loose list", "open code", "closed code", "table"],
)
def test_all_but_the_last_block_is_closed(text, closed):
    assert text[: markdown.closed_length(text)] == closed


async def test_code_that_is_cut_in_its_midst_is_closed():
    growing = Growing(room_id=1, run=uuid.uuid4(), message=None)
    growing.add("```py\n")
    growing.add("x = 1\n" * CHARS_MOST)
    assert growing.full
    assert growing.text.endswith("\n```" + CUT)
    growing.add("more")
    assert len(growing.text) == CHARS_MOST + len("\n```" + CUT)
    growing.close()


@given(st.text())
def test_offsets_count_as_browsers_do(text):
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
