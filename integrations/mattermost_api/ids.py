"""Mattermost's identifiers, made of ours and read back: 26 characters of its alphabet, without a table.

Used by everything that speaks its language. Pure: never touches Django or a database.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final
from uuid import UUID

ALPHABET: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
LENGTH: Final = 26
MOST_ID: Final = 2**63 - 1
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO: Final = str.maketrans(_BASE32, ALPHABET)
_FROM: Final = str.maketrans(ALPHABET, _BASE32)
# A UUID of ours begins with a time: one that begins with these letters is of the year 5421.
_MARK: Final = b"collab-"
USER: Final = b"u"
CHANNEL: Final = b"c"
_TEAM: Final = b"t"


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").translate(_TO)


def _bytes(text: str) -> bytes:
    """The sixteen bytes of an identifier.

    Raises:
        ValueError: it is none.
    """
    if len(text) != LENGTH or not set(text) <= set(ALPHABET):
        raise ValueError("no identifier")
    raw = base64.b32decode(text.translate(_FROM) + "======")
    # The last character has two bits to spare: only one spelling is the identifier.
    if _text(raw) != text:
        raise ValueError("no identifier")
    return raw


def of_uuid(value: UUID) -> str:
    """The identifier of a message or a file."""
    return _text(value.bytes)


def to_uuid(text: str) -> UUID:
    """The message or file of an identifier.

    Raises:
        ValueError: it is none.
    """
    return UUID(bytes=_bytes(text))


def _of_number(kind: bytes, number: int) -> str:
    return _text(_MARK + kind + number.to_bytes(8, "big"))


def _to_number(kind: bytes, text: str) -> int:
    raw = _bytes(text)
    number = int.from_bytes(raw[8:], "big")
    if raw[:8] != _MARK + kind or not 0 < number <= MOST_ID:
        raise ValueError("an identifier of something else")
    return number


def of_user(user_id: int | None) -> str:
    """The identifier of a person; "" for nobody."""
    return "" if user_id is None else _of_number(USER, user_id)


def to_user(text: str) -> int:
    """The id of a person.

    Raises:
        ValueError: it names nobody.
    """
    return _to_number(USER, text)


def of_room(room_id: int) -> str:
    """The identifier of a channel."""
    return _of_number(CHANNEL, room_id)


def to_room(text: str) -> int:
    """The id of a room.

    Raises:
        ValueError: it names none.
    """
    return _to_number(CHANNEL, text)


TEAM_ID: Final = _of_number(_TEAM, 1)
"""The one team: the site."""


def new_id() -> str:
    """An identifier of nothing: of a connection or a request."""
    return _text(secrets.token_bytes(16))
