"""What people may write: bodies, names, slugs, emoji."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import mentions, texts
from realtime.protocol import Refused


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid"),
        (" \n\t\u00a0\u200a", "invalid"),
        ("a\x00b", "invalid"),
        ("\ud83d alone", "invalid"),
        ("alone \udc4d", "invalid"),
        ("x" * 8001, "too_large"),
    ],
)
def test_a_body_that_cannot_be_kept_is_refused_with_its_field(body, code):
    with pytest.raises(Refused) as refused:
        texts.clean_body(body)
    assert (refused.value.code, refused.value.field) == (code, "body")


def test_a_body_keeps_everything_but_its_carriage_returns():
    assert texts.clean_body("  a\r\nb\rc\u202e\u200b  ") == "  a\nb\nc\u202e\u200b  "
    assert len(texts.clean_body("😀" * 8000)) == 8000


@given(st.text(max_size=200))
def test_a_clean_body_stays_as_it_is(text):
    try:
        clean = texts.clean_body(text)
    except Refused:
        return
    assert texts.clean_body(clean) == clean
    assert "\r" not in clean


@pytest.mark.parametrize("name", ["a\x07b", "a\u202eb", "a\u200bb", "\ufeffa", "a\u2028b".replace("\u2028", "\u2066")])
def test_a_name_with_hidden_characters_is_refused(name):
    with pytest.raises(Refused) as refused:
        texts.clean_line(name, field="name", most=80)
    assert refused.value.code == "invalid"


def test_a_name_is_one_line_with_single_spaces():
    assert texts.clean_line("  Cafe\u0301 \n team ", field="name", most=80, least=1) == "Café team"


def test_a_name_that_is_missing_or_too_long_is_refused():
    with pytest.raises(Refused, match="invalid"):
        texts.clean_line("  ", field="name", most=80, least=1)
    with pytest.raises(Refused, match="too_large"):
        texts.clean_line("x" * 81, field="name", most=80)


@pytest.mark.parametrize("slug", ["", "A", "a b", "-a", "a-", "a--b", "ä", "d-1", "x" * 61, "a/b", "a\n"])
def test_a_slug_is_small_letters_digits_and_single_dashes(slug):
    with pytest.raises(Refused, match="invalid"):
        texts.clean_slug(slug)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Realtime core", "realtime-core"), ("Über uns!", "uber-uns"), ("日本語", "room"), ("D-Day", "room-d-day")],
)
def test_a_name_becomes_a_slug(name, slug):
    assert texts.slug_of(name) == slug
    assert texts.clean_slug(slug) == slug


@given(st.text(max_size=90))
def test_every_name_becomes_a_valid_slug(name):
    texts.clean_slug(texts.slug_of(name))


@pytest.mark.parametrize(
    "emoji", ["👍", "👍🏽", "❤️", "❤", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇯🇵", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "#️⃣", "🫡", "☑️", "⏰", "🧑🏿‍🚀"]
)
def test_one_emoji_is_a_reaction(emoji):
    assert texts.clean_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "text", ["", "a", "👍👍", "1", "🇯", "👍 ", "\u200d", "❤️\u200d", "\ufe0f", "👍" * 40, "<b>", ":+1:", "🇯🇵🇯🇵", "é"]
)
def test_anything_else_is_no_reaction(text):
    with pytest.raises(Refused, match="invalid"):
        texts.clean_emoji(text)


def test_an_excerpt_is_one_line_of_at_most_140_characters():
    assert texts.excerpt("\n a\n\n b\tc\u00a0d ") == "a b c d"
    assert texts.excerpt("😀" * 200) == "😀" * 140


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@mina hi", ["mina"]),
        ("(@Teo), @mina.", ["teo", "mina"]),
        ("@a.b-c_d @a.b-c_d", ["a.b-c_d"]),
        ("me@example.com, x/@mina, @@mina, @mina@teo", []),
        ("@room", ["room"]),
        ("@", []),
        ("@-x", []),
    ],
)
def test_names_are_found_at_word_starts(text, names):
    assert mentions.find(text) == names
