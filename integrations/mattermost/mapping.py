"""Turns what one side wrote into what the other side shows: mentions, emoji, long texts, and our mark on our own posts.

Called by the bridge on both ways. Pure. Code keeps its letters, and nobody is called who was not meant.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from chat import markdown, mentions
from integrations import emoji
from integrations.mattermost.code import outside_code, spoken

EVERYBODY: Final = frozenset({"all", "channel", "here"})
"""Words that call everybody in a channel of Mattermost."""
PROP: Final = "collab"
HOPS_MOST: Final = 8
_APART: Final = "\u200b"
"""After an @: it looks the same, and neither side takes it for a call."""
_CALL: Final = re.compile(r"https?://[^\s<>]+|(?<![^\W_])@([A-Za-z0-9](?:[\w.-]*\w)?)", re.IGNORECASE)
"""A call, also between signs, where Mattermost still hears it; or a link, in which an @ is no call."""
_LINK_OR_AT: Final = re.compile(r"https?://[^\s<>]+|@", re.IGNORECASE)
_LOUD: Final = re.compile(r"@(?=(?:all|channel|here)(?![^\W_]))", re.IGNORECASE)
"""Before a word that calls everybody. What looks like a link is none to the server if its host is none."""
_WRITTEN_AT: Final = re.compile(r"&(?:commat|#0*64|#x0*40);", re.IGNORECASE)
"""An @ that is one for whoever reads the text as Markdown."""
_SHORT_NAME: Final = re.compile(r"(?<![\w:]):([a-z0-9_+-]{1,64}):(?![\w:])")
_VARIATION: Final = "\ufe0f"


# Mentions


def mentions_out(text: str, *, names: Mapping[str, str], everybody: bool) -> str:
    """Our text for Mattermost.

    Args:
        names: user names there, by our names in small letters; whoever is not among them is called by nobody's name.
        everybody: whether whoever wrote it may call the whole room; otherwise no word does.
    """

    def call(name: str) -> str | None:
        if name == mentions.EVERYONE:
            return "channel" if everybody else None
        return names.get(name)

    mapped = outside_code(text, lambda piece: _called(piece, call, link=_hush_link))
    return quiet(mapped, meant=set(names.values()), everybody=everybody)


def quiet(text: str, *, meant: Collection[str], everybody: bool) -> str:
    """A text for Mattermost that calls nobody but those who are meant, however the server reads its Markdown.

    Where it could take for words what we take for code, or an entity for a sign, no @ is left as it is.

    Args:
        text: with the names there.
        meant: user names there.
        everybody: whether `@channel` calls.
    """
    if "@" not in text and _WRITTEN_AT.search(text) is None:
        return text
    known = {name.lower() for name in meant} | ({"channel"} if everybody else set())
    if all(_calls(piece) <= known for piece in spoken(text)):
        return text
    plain = _WRITTEN_AT.sub("@", text)
    return _LINK_OR_AT.sub(lambda found: found[0].replace("@", "%40" if "://" in found[0] else f"@{_APART}"), plain)


def _calls(piece: str) -> set[str]:
    """The words that a piece calls, in small letters."""
    found = set()
    for match in _CALL.finditer(piece):
        if match[1] is not None:
            found.add(match[1].lower())
        elif _LOUD.search(match[0]):
            found.add("")
    return found


def called(text: str) -> set[str]:
    """Names after an @, in small letters, also those in code."""
    return {match[1].lower() for match in _CALL.finditer(text) if match[1] is not None}


def as_written(text: str) -> str:
    """A text from there as it was there, where we let it call nobody."""
    return text.replace(f"@{_APART}", "@")


def hushed(text: str) -> str:
    """A line that calls nobody, as a name or the name of a file is one."""
    return text.replace("@", f"@{_APART}")


def _hush_link(link: str) -> str:
    return _LOUD.sub("%40", link)


def mentions_in(text: str, *, names: Mapping[str, str], everybody: bool) -> str:
    """Mattermost's text for us; see mentions_out. What our own reading still finds in it is exactly who was meant.

    Args:
        names: our names by user names there, in small letters.
        everybody: whether `@all`, `@channel` and `@here` may call the whole room.
    """

    def call(name: str) -> str | None:
        if name in EVERYBODY:
            return mentions.EVERYONE if everybody else None
        return names.get(name)

    if "@" not in text:
        return text
    mapped = outside_code(text, lambda piece: _called(piece, call))
    meant = {name.lower() for name in names.values()} | ({mentions.EVERYONE} if everybody else set())
    # The page reads Markdown more closely than we do here: where it would call somebody else, it shall call nobody.
    return mapped if set(markdown.render(mapped).names) <= meant else text.replace("@", f"@{_APART}")


def _as_it_is(link: str) -> str:
    return link


def _called(piece: str, call: Callable[[str], str | None], link: Callable[[str], str] = _as_it_is) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return link(match[0])
        name = call(match[1].lower())
        return f"@{name}" if name else f"@{_APART}{match[1]}"

    return _CALL.sub(replace, piece)


# Emoji


def reaction_in(name: str) -> str | None:
    """The emoji of a reaction's name, so that `+1` and `thumbsup` are one; None for a picture of that server's own."""
    return emoji.emoji_of(name)


def reaction_out(picture: str) -> str | None:
    """The name that Mattermost has for an emoji; None where it has none."""
    name = emoji.name_of(picture)
    return None if name == picture else name


def same_emoji(one: str, other: str) -> bool:
    """Whether two emoji are the same picture, written with or without the sign that asks for colour."""
    return one.replace(_VARIATION, "") == other.replace(_VARIATION, "")


def emoji_in(text: str) -> str:
    """A text with its short names as pictures; names that nobody knows stay as they are, and so does code."""

    def picture(match: re.Match[str]) -> str:
        return emoji.emoji_of(match[1]) or match[0]

    return outside_code(text, lambda piece: _SHORT_NAME.sub(picture, piece))


# What a post says


def content_hash(message: str, *, file_ids: Iterable[str] = (), attachments: Iterable[Any] = ()) -> str:
    """What of a post is content, in 64 characters: a pin, a reaction or a look at a link leaves it as it is."""
    said = msgspec.json.encode([message, list(file_ids), list(attachments)], order="sorted")
    return hashlib.sha256(said).hexdigest()


# Our mark


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """Which of our messages a post is.

    Attributes:
        instance: of which site of ours.
        message: the message's id.
        part: of a text that was split, from 0.
    """

    instance: str
    message: str
    part: int = 0


def sign(marker: Marker, *, channel_id: str, secret: bytes) -> dict[str, Any]:
    """The mark as a post of this channel carries it, below PROP in its props."""
    told: dict[str, Any] = {"i": marker.instance, "m": marker.message}
    if marker.part:
        told["p"] = marker.part
    return told | {"h": _seal(marker, channel_id, secret)}


def check(props: Mapping[str, Any], *, instance: str, channel_id: str, secret: bytes) -> Marker | None:
    """Our mark on a post of this channel; None where there is none, or one that we did not make.

    It is no proof of who wrote the post: anybody can copy it. Whoever asks compares `user_id` and its own table.
    """
    told = props.get(PROP)
    if not isinstance(told, dict):
        return None
    message, part, seal = told.get("m"), told.get("p", 0), told.get("h")
    if told.get("i") != instance or not isinstance(message, str) or not isinstance(seal, str):
        return None
    if not isinstance(part, int) or isinstance(part, bool) or not seal.isascii():
        return None
    marker = Marker(instance=instance, message=message, part=part)
    return marker if hmac.compare_digest(seal, _seal(marker, channel_id, secret)) else None


def _seal(marker: Marker, channel_id: str, secret: bytes) -> str:
    said = msgspec.json.encode(["mark", marker.instance, channel_id, marker.message, marker.part])
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def hops_of(props: Mapping[str, Any]) -> tuple[str, ...]:
    """The sites of ours through which a post came, the first one first; nothing where that cannot be read."""
    told = props.get(PROP)
    hops = told.get("v") if isinstance(told, dict) else None
    if not isinstance(hops, list):
        return ()
    return tuple(hop for hop in hops if isinstance(hop, str))[:HOPS_MOST]


def passed_on(hops: Iterable[str], *, instance: str) -> list[str]:
    """The sites to name on a post that this one passes on."""
    return [*hops, instance][-HOPS_MOST:]


def goes_round(hops: Iterable[str], *, instance: str, by_a_bot: bool) -> bool:
    """Whether a post has been here already, or went through too many bridges.

    Args:
        by_a_bot: whether a bot's account wrote it. People write into props what they like: whoever claims a hop would
            only keep their own words from us, so of people nothing is believed.
    """
    passed = tuple(hops)
    return by_a_bot and (instance in passed or len(passed) >= HOPS_MOST)
