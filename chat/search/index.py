"""What is indexed of a message, and where: one interface over the two kinds of database.

Called by chat.services.search, which writes, and chat.selectors.search, which asks. Never decides who may see what.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import connection

from chat.search import postgres, sqlite, words
from chat.search.asking import Term

INDEX_VERSION: Final = 1
"""Counts on when the same text gives other words; `rebuild_search` then finds every entry out of date."""

# Characters for private use are no part of any word, so what they begin can never be typed.
FACET: Final = "\ue000"
NAME: Final = "\ue001"
ANY: Final = FACET + "m"
AUTHOR: Final = FACET + "u"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOW_BITS: Final = 11
_MOST_MICROSECONDS: Final = 2 ** (63 - _LOW_BITS) - 1


@dataclass(frozen=True, slots=True)
class IndexText:
    """The tokens of a message, each column separated by spaces."""

    words: str
    parts: str
    names: str
    facets: str

    @property
    def checksum(self) -> int:
        """Equal for equal tokens, whoever wrote them: an account that is gone leaves its messages as they are."""
        facets = " ".join(token for token in self.facets.split(" ") if not token.startswith(AUTHOR))
        whole = "\n".join((self.words, self.parts, self.names, facets, str(INDEX_VERSION)))
        return zlib.crc32(whole.encode())


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be."""

    id: int
    message_id: UUID
    room_id: int
    text: IndexText


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question to the index.

    Attributes:
        user_id: who asks: only rooms that this person is in are searched.
        terms: see asking; excluded ones among them.
        facets: of each group one token must be there.
        since: least id.
        before: the id must be smaller.
        pinned: only what a room keeps at hand.
        reacted: only what has a reaction.
    """

    user_id: int
    terms: Sequence[Term] = ()
    facets: Sequence[Sequence[str]] = field(default_factory=list)
    since: int = 0
    before: int | None = None
    pinned: bool = False
    reacted: bool = False


Found = tuple[int, UUID, int]
"""Id, message, room."""


class Backend(Protocol):
    """What each kind of database does its own way."""

    def insert(self, entry: Entry) -> None:
        """Stores a new one; in a group of services it is put off."""

    def insert_many(self, entries: Sequence[Entry]) -> None:
        """Stores new ones at once."""

    def replace(self, entry: Entry) -> None:
        """Gives a stored one other words."""

    def find(self, wanted: Wanted, limit: int) -> list[Found]:
        """The newest of those that match.

        Raises:
            Refused: `too_slow`.
        """

    def faults(self) -> list[str]:
        """What is broken inside the index itself."""

    def clear(self) -> None:
        """Deletes everything."""


def backend() -> Backend:
    """The one for the database of this process."""
    found: Any = sqlite if connection.vendor == "sqlite" else postgres
    return found  # type: ignore[no-any-return]


def index_text(
    *, body: str, html: str, room_id: int, author_id: int | None, reply: bool, files: Sequence[tuple[str, str]] = ()
) -> IndexText:
    """What is to be found of a message; `files` are (kind, name)."""
    facets = [ANY, f"{FACET}r{room_id}"]
    if author_id is not None:
        facets.append(f"{AUTHOR}{author_id}")
    if " href=" in html:
        facets.append(FACET + "link")
    if "<code" in html:
        facets.append(FACET + "code")
    if reply:
        facets.append(FACET + "thread")
    if files:
        facets.append(FACET + "file")
        if any(kind == "image" for kind, _ in files):
            facets.append(FACET + "image")
    names = " ".join(NAME + token for _, name in files for token in words.tokens(name))
    return IndexText(
        words=" ".join(words.tokens(body)),
        parts=" ".join(place.token for place in words.parts(body)),
        names=names,
        facets=" ".join(facets),
    )


def first_id(at: datetime) -> int:
    """The least id that a message of this moment or a later one can have."""
    passed = (at - _EPOCH) // timedelta(microseconds=1)
    return min(max(passed, 0), _MOST_MICROSECONDS) << _LOW_BITS


def new_id(at: datetime) -> int:
    """An id for a message of this moment, taken by another one hardly ever."""
    return first_id(at) + secrets.randbits(_LOW_BITS)
