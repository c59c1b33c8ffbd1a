"""Identifiers of Mattermost made of ours: every one comes back, and nothing else is read as one."""

import re
from uuid import uuid4

import pytest

from integrations import emoji
from integrations.mattermost_api import ids


@pytest.mark.parametrize("number", [1, 2, 31, 2**31, 2**63 - 1])
def test_number_comes_back_as_what_it_was(number):
    user, room = ids.of_user(number), ids.of_room(number)
    assert (ids.to_user(user), ids.to_room(room)) == (number, number)
    assert user != room
    assert re.fullmatch(f"[{ids.ALPHABET}]{{26}}", user)
    with pytest.raises(ValueError, match="something else"):
        ids.to_room(user)


def test_message_comes_back():
    for _ in range(200):
        message = uuid4()
        assert ids.to_uuid(ids.of_uuid(message)) == message


@pytest.mark.parametrize("text", ["", "x" * 26, "y" * 25, "y" * 27, "l" * 26, "Y" * 26, "é" * 26, "y" * 25 + "b"])
def test_anything_else_is_no_identifier(text):
    with pytest.raises(ValueError, match="identifier"):
        ids.to_uuid(text)


def test_new_identifiers_differ():
    assert len({ids.new_id() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("+1", "👍"),
        ("heart", "❤️"),
        ("wave_medium_dark_skin_tone", "👋🏾"),
        ("+1_light_skin_tone", "👍🏻"),
        ("de", "🇩🇪"),
    ],
    ids=["thumb", "heart", "dark-wave", "light-thumb", "flag"],
)
def test_emoji_has_a_name_and_comes_back(name, symbol):
    assert emoji.emoji_of(name) == symbol
    assert emoji.name_of(symbol) == name


def test_two_names_are_one_emoji():
    assert emoji.emoji_of("thumbsup") == emoji.emoji_of("+1")
    assert emoji.emoji_of("nonsense") is None
    assert emoji.name_of("🜁") == "🜁"
