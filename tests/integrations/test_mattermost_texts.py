"""Texts between rooms and Mattermost's channels: whom they call, emoji, code that stays, long ones that are cut."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import markdown
from chat.texts import clean_emoji
from integrations import emoji
from integrations.mattermost import mapping
from integrations.mattermost.code import outside_code, spoken
from integrations.mattermost.splitting import POST_CHARS_MOST, split_text

LOUD = re.compile(r"(?<![^\W_])@(?:all|here|channel)(?![^\W_])", re.IGNORECASE)
"""What the server hears as a call of everybody."""
NAMES = {"mina": "wilhelmina", "teo": "teo.k"}


def out(text, *, everybody=False):
    return mapping.mentions_out(text, names=NAMES, everybody=everybody).replace("\u200b", "|")


def into(text, *, everybody=False):
    return mapping.mentions_in(text, names=NAMES, everybody=everybody).replace("\u200b", "|")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hi @mina, and @Teo.", "Hi @wilhelmina, and @teo.k."),
        ("@nobody @all @here @channel @room", "@|nobody @|all @|here @|channel @|room"),
        ("x.@all /@all _@all_ (@all) \u2014@all", "x.@|all /@|all _@|all_ (@|all) \u2014@|all"),
        ("mina@example.org, mina@all", "mina@example.org, mina@all"),
        ("https://example.org/@mina/@all?x=@here", "https://example.org/@mina/%40all?x=%40here"),
        ("http://@all xhttp://a.b/@Here", "http://%40all xhttp://a.b/%40Here"),
        ("`@all` and ``@mina ` ``", "`@all` and ``@mina ` ``"),
        ("```\n@all\n```\n@all", "```\n@all\n```\n@|all"),
        ("~~~py\n@mina\n~~~~\n@mina", "~~~py\n@mina\n~~~~\n@wilhelmina"),
        ("Text\n\n    @all\n\n@all", "Text\n\n    @all\n\n@|all"),
        ("\\`@all\\`", "\\`@|all\\`"),
        ("one ` tick @all", "one ` tick @|all"),
        ("a `tick\n\nand @all` later", "a `tick\n\nand @|all` later"),
        ("@mina-san @minas", "@|mina-san @|minas"),
        ("`a\n- b @all`", "`a\n- b @|all`"),
        ("# title\n    @all", "# title\n    @|all"),
        ("<http://x`> @all `", "<http://x`> @|all `"),
        ("&commat;all &#64;here &#x40;channel", "@|all @|here @|channel"),
        ("@&#97;ll `@mina`", "@|&#97;ll `@|mina`"),
        ("a &amp; b, &#36;5", "a &amp; b, &#36;5"),
    ],
)
def test_writer_calls_there_whom_they_meant(written, shown):
    assert out(written) == shown


@given(st.text(alphabet="@al `~\n\\<>[]()_*-:/. \t#|&;", max_size=60))
def test_no_text_of_ours_calls_everybody_there(text):
    """As the server reads it: whatever is no code for all readers."""
    written = text.replace("l", "ll")
    mapped = mapping.mentions_out(written, names={}, everybody=False)
    assert mapping.quiet(mapped, meant=(), everybody=False) == mapped
    assert not any(LOUD.search(piece) for piece in spoken(mapped))


def test_writer_calls_everybody_only_where_they_may():
    assert out("@room, @all", everybody=True) == "@channel, @|all"
    assert into("@all @here @channel", everybody=True) == "@room @room @room"
    assert into("@all @here @channel @room") == "@|all @|here @|channel @|room"


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("@mina `@teo` @stranger @all", {"wilhelmina"}),
        ("```\n@mina\n```", set()),
        ("<http://x`> @stranger `", set()),
        ("[`](x) @stranger `", set()),
        ("`a\n- b` @stranger `", set()),
        ("\\\\`@stranger`", set()),
    ],
)
def test_reader_is_called_by_nobody_elses_name(written, called):
    names = markdown.render(mapping.mentions_in(written, names=NAMES, everybody=False)).names
    assert set(names) == called


@given(st.text(alphabet="@ab `~\n\\<>[]()_*-:/. \t#|", max_size=60))
def test_no_text_from_outside_calls_a_stranger(text):
    mapped = mapping.mentions_in(text, names={"a": "ann"}, everybody=False)
    assert set(markdown.render(mapped).names) <= {"ann"}
    assert "ann" in text or mapped.replace("\u200b", "").replace("@ann", "@a").lower() == text.lower()


@given(st.text(alphabet="@a `~\n\\ \t\r\u2028>-", max_size=60))
def test_text_that_is_left_alone_is_the_same(text):
    assert outside_code(text, lambda piece: piece) == text


def test_reactions_are_one_by_every_name_and_tone():
    assert mapping.reaction_in("+1") == mapping.reaction_in("thumbsup") == "\U0001f44d"
    assert mapping.reaction_in("wave_dark_skin_tone") == "\U0001f44b\U0001f3ff"
    assert mapping.reaction_in("our-mascot") is None
    assert mapping.reaction_out("\U0001f44d") == "+1"
    assert mapping.reaction_out("\u2764") == mapping.reaction_out("\u2764\ufe0f") == "heart"
    assert mapping.reaction_out("\U0001f468\u200d\U0001f9bc\U0001f9bc") is None
    assert mapping.same_emoji("\u2764", "\u2764\ufe0f")


def test_every_name_is_an_emoji_that_a_message_may_have():
    skin = {f"skin-tone-{number}" for number in range(2, 7)}
    table = emoji._emoji()
    assert len(table) > 4448
    for name in table.keys() - skin:
        assert clean_emoji(table[name]) == table[name]
        assert mapping.same_emoji(table[emoji.name_of(table[name])], table[name])


def test_nothing_but_backslashes_cost_their_length():
    begun = time.process_time()
    assert outside_code("`" + "\\" * 40_000, str.upper) == "`" + "\\" * 40_000
    assert time.process_time() - begun < 2


def test_short_names_become_pictures_outside_code():
    text = ":tada: `:tada:` 10:30:45 :no-such: a:tada:b ::tada:: :+1:"
    assert mapping.emoji_in(text) == "\U0001f389 `:tada:` 10:30:45 :no-such: a:tada:b ::tada:: \U0001f44d"


def test_hash_knows_content_from_the_rest():
    plain = mapping.content_hash("Hi")
    assert plain == mapping.content_hash("Hi", file_ids=(), attachments=[])
    others = [
        mapping.content_hash("Ho"),
        mapping.content_hash("Hi", file_ids=("a", "b")),
        mapping.content_hash("Hi", file_ids=("b", "a")),
        mapping.content_hash("Hi", attachments=[{"text": "a"}]),
    ]
    assert len({plain, *others}) == 5
    one = mapping.content_hash("", attachments=[{"a": 1, "b": 2}])
    assert one == mapping.content_hash("", attachments=[{"b": 2, "a": 1}])


MARK = mapping.Marker(instance="here", message="m1", part=2)


def checked(props, *, instance="here", channel="c1", secret=b"key"):
    return mapping.check(props, instance=instance, channel_id=channel, secret=secret)


def test_our_mark_is_known_again_and_no_other():
    signed = {mapping.PROP: mapping.sign(MARK, channel_id="c1", secret=b"key")}
    assert checked(signed) == MARK
    assert checked(signed, channel="c2") is None
    assert checked(signed, instance="there") is None
    assert checked(signed, secret=b"other") is None
    for name, value in {"m": "m2", "p": 0, "h": "0" * 64, "i": None}.items():
        assert checked({mapping.PROP: signed[mapping.PROP] | {name: value}}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("impvh"), inner, max_size=5),
    )
)
def test_rubbish_in_the_place_of_our_mark_is_none(rubbish):
    assert checked({mapping.PROP: rubbish}) is None
    assert len(mapping.hops_of({mapping.PROP: rubbish})) <= mapping.HOPS_MOST


def test_ring_of_bridges_ends_and_a_forged_hop_silences_nobody():
    hops = mapping.passed_on(mapping.hops_of({}), instance="here")
    props = {mapping.PROP: {"v": mapping.passed_on(hops, instance="there")}}
    assert mapping.hops_of(props) == ("here", "there")
    assert mapping.goes_round(mapping.hops_of(props), instance="here", by_a_bot=True)
    assert not mapping.goes_round(mapping.hops_of(props), instance="third", by_a_bot=True)
    assert not mapping.goes_round(mapping.hops_of(props), instance="here", by_a_bot=False)
    many = [f"{number}" for number in range(20)]
    assert mapping.goes_round(mapping.hops_of({mapping.PROP: {"v": many}}), instance="here", by_a_bot=True)


def test_short_text_stays_in_one_post():
    assert split_text("é" * POST_CHARS_MOST) == ["é" * POST_CHARS_MOST]
    assert [len(part) for part in split_text("é" * 20_000)] == [POST_CHARS_MOST, 3_617]


def test_long_text_is_cut_between_paragraphs_then_lines_then_words():
    paragraphs = "\n\n".join(["word " * 20] * 5)
    assert all(part.endswith("\n\n") for part in split_text(paragraphs, most=250)[:-1])
    lines = "\n".join(["word " * 10] * 20)
    assert all(part.endswith("\n") for part in split_text(lines, most=250)[:-1])
    assert all(part.endswith(" ") for part in split_text("word " * 100, most=202)[:-1])


def test_cut_does_not_part_what_is_shown_as_one():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    parts = split_text("x" * 198 + family * 10, most=200)
    assert "".join(parts) == "x" * 198 + family * 10
    assert all(part.replace("x", "").replace(family, "") == "" for part in parts)


@pytest.mark.parametrize("margin", ["", "  ", "> "])
def test_code_that_is_cut_is_code_in_both_posts(margin):
    inside = "".join(f"{margin}line {number}\n" for number in range(99))
    parts = split_text(f"Look:\n\n{margin}```python\n{inside}{margin}```\nDone @all.", most=300)
    assert len(parts) > 2
    for part in parts[1:-1]:
        assert part.startswith(f"{margin}```python\n")
        assert part.endswith(f"\n{margin}```")
    glued = "".join(part.removeprefix(f"{margin}```python\n").removesuffix(f"{margin}```") for part in parts)
    assert glued.count("line ") == 99
    assert mapping.mentions_out(parts[-1], names={}, everybody=False).endswith("Done @\u200ball.")


@given(st.text(alphabet="ab \n`~>-\u0301\U0001f3fb", max_size=2_000), st.integers(200, 400))
def test_parts_are_never_too_long_and_lose_nothing(text, most):
    parts = split_text(text, most=most)
    assert all(len(part) <= most for part in parts)
    if "```" not in text and "~~~" not in text:
        assert "".join(parts) == text
    for letter in "ab":
        assert sum(part.count(letter) for part in parts) >= text.count(letter)
