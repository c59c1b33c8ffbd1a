"""Searches what a person may read: messages, files and, asked of other apps, documents.

Called by the JSON APIs. Only rooms that the person is in now are searched, which the SQL of the index says as well.
Never writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import selectors as accounts
from accounts.events import PersonView
from chat.models import Message, Room
from chat.search import marks
from chat.search.asking import Asked, Term, parse
from chat.search.index import ANY, AUTHOR, FACET, NAME, Found, Wanted, backend, first_id
from chat.selectors.moment import one_moment
from chat.selectors.search_hits import files_found, messages_found
from chat.selectors.search_scope import Scope, other_side, scope_of, value_of_room
from chat.selectors.views import room_url, room_view
from chat.shapes import DocumentFound, SearchAnswer, SearchCounts, SearchFacet, SearchProblem
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PAGE: Final = 20
MOST: Final = 1_000
"""Results that are counted, narrowed and ordered; older ones are found by a filter."""

ROOMS_IN_QUERY: Final = 200
"""Up to so many rooms are part of the question to the index itself, which then passes over all others."""

FACETS_SHOWN: Final = 8
KINDS: Final = ("messages", "files", "documents")
ORDERS: Final = ("newest", "best")


@dataclass(frozen=True, slots=True)
class Quest:
    """What is asked of other apps' searches.

    Attributes:
        rooms: only there; the address of each by its id.
        authors: whose, for kinds that have an author; None for everybody's.
    """

    actor: User
    terms: Sequence[Term]
    rooms: Mapping[int, str]
    authors: Sequence[int] | None
    since: datetime | None
    until: datetime | None


class Provider(Protocol):
    """A function named in settings.SEARCH_DOCUMENTS: (how many there are at most `most`, those of a page)."""

    def __call__(self, *, quest: Quest, start: int, limit: int, most: int) -> tuple[int, list[DocumentFound]]: ...


def search(
    *,
    actor: User,
    q: str,
    kind: str = "messages",
    order: str = "newest",
    more: str = "",
    zone: tzinfo | None = None,
    room_id: int | None = None,
) -> SearchAnswer:
    """A page of what is found.

    Args:
        actor: who searches.
        q: words, phrases and filters as they were typed.
        kind: one of KINDS.
        order: `newest`, or `best`: the MOST newest by how well they fit.
        more: what the page before answered; "" for the first page.
        zone: where days begin for the person; None is UTC.
        room_id: only there, whatever the query says; None: in all rooms that the person is in.

    Raises:
        Refused: invalid, too_large, too_slow.
    """
    if kind not in KINDS or order not in ORDERS:
        raise Refused("invalid", f"Choose one of {', '.join(KINDS)} and one of {', '.join(ORDERS)}.", field="kind")
    cursor = Cursor.read(more)
    asked = parse(q, now=timezone.localtime(timezone=zone))
    if asked.is_empty:
        return SearchAnswer(counts=SearchCounts(most=MOST))
    with one_moment():
        scope = scope_of(actor=actor, names=asked.names, room_id=room_id)
        problems = [SearchProblem(text=one.text, message=one.message) for one in [*asked.problems, *scope.problems]]
        if problems:
            return SearchAnswer(counts=SearchCounts(most=MOST), problems=problems)
        return _Search(actor, asked, scope, cursor).answer(kind, order)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after so many results of those below an id, so that what is new meanwhile moves nothing."""

    top: int | None = None
    start: int = 0

    @classmethod
    def read(cls, text: str) -> Cursor:
        """What `write` made.

        Raises:
            Refused: `invalid`.
        """
        if not text:
            return cls()
        top, _, start = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) <= 19 for part in (top, start)):
            raise Refused("invalid", "This is the end of no page.", field="more")
        return cls(min(int(top), 2**63 - 1), min(int(start), MOST))

    def write(self) -> str:
        """For the next request."""
        return f"{self.top or 0}-{self.start}"


class _Search:
    """One search, inside one moment."""

    def __init__(self, actor: User, asked: Asked, scope: Scope, cursor: Cursor) -> None:
        self._actor = actor
        self._asked = asked
        self._scope = scope
        self._cursor = cursor
        has = [[FACET + one] for one in asked.has if one not in {"pin", "reaction"}]
        self._wanted = Wanted(
            user_id=actor.pk,
            terms=asked.terms,
            facets=[[ANY], *has],
            since=first_id(asked.since) if asked.since else 0,
            before=first_id(asked.until) if asked.until else None,
            pinned="pin" in asked.has,
            reacted="reaction" in asked.has,
        )

    def answer(self, kind: str, order: str) -> SearchAnswer:
        """A page, and on the first one what stands beside it."""
        found = {"messages": self._find(self._wanted), "files": self._find(self._with_names())}
        start = self._cursor.start
        total, documents = self._documents(start if kind == "documents" else 0)
        page = self._page(found[kind], kind, order) if kind != "documents" else []
        messages = messages_found(page, self._scope.rooms, self._asked.wanted) if kind == "messages" else []
        files = files_found(page, self._scope.rooms, self._asked.terms) if kind == "files" else []
        facets = self._facets(found["messages"]) if self._cursor.top is None else []
        shown = documents if kind == "documents" else []
        room_ids = {hit.room for hits in (messages, files, shown) for hit in hits}
        room_ids |= {facet.id for facet in facets if facet.key == "in"}
        people = {message.author for message in messages} | {message.thread_author for message in messages}
        people |= {message.context.author for message in messages if message.context} | {file.author for file in files}
        people |= {facet.id for facet in facets if facet.key == "from"}
        length = total if kind == "documents" else len(found[kind])
        ended = start + PAGE >= min(length, MOST)
        top = self._cursor.top or (found[kind][0][0] + 1 if kind != "documents" and found[kind] else 1)
        return SearchAnswer(
            counts=SearchCounts(
                messages=min(len(found["messages"]), MOST),
                files=min(len(found["files"]), MOST),
                documents=min(total, MOST),
                most=MOST,
            ),
            messages=messages,
            files=files,
            documents=shown,
            rooms=[room_view(self._scope.rooms[pk]) for pk in sorted(room_ids)],
            people=list(self._people(people)),
            facets=facets,
            more=None if ended else Cursor(top, start + PAGE).write(),
        )

    def _people(self, ids: set[int | None]) -> Sequence[PersonView]:
        known = {pk for pk in ids if pk is not None}
        return list(accounts.people_views(known).values()) if known else []

    def _with_names(self) -> Wanted:
        """The same question about the names of files instead of texts."""
        terms = [replace(term, tokens=tuple(NAME + token for token in term.tokens)) for term in self._asked.terms]
        return replace(self._wanted, terms=terms, facets=[*self._wanted.facets, [f"{FACET}file"]])

    def _find(self, wanted: Wanted, *, authors: bool = True, within: bool = True) -> list[Found]:
        """The newest messages, with the filters of people and of rooms or without."""
        facets = list(wanted.facets)
        if authors and self._scope.authors is not None:
            facets.append([f"{AUTHOR}{pk}" for pk in self._scope.authors])
        rooms = self._scope.within if within and self._scope.within is not None else list(self._scope.rooms)
        if not rooms:
            return []
        if len(rooms) <= ROOMS_IN_QUERY:
            facets.append([f"{FACET}r{pk}" for pk in rooms])
        return self._ask(replace(wanted, facets=facets))

    def _ask(self, wanted: Wanted) -> list[Found]:
        tops = [top for top in (wanted.before, self._cursor.top) if top is not None]
        return backend().find(replace(wanted, before=min(tops, default=None)), MOST + 1)

    def _page(self, found: list[Found], kind: str, order: str) -> list[UUID]:
        ids = [message for _, message, _ in found[:MOST]]
        if order == "best" and kind == "messages" and self._asked.wanted:
            bodies = dict(Message.objects.filter(pk__in=ids).values_list("pk", "body"))
            ids.sort(key=lambda pk: -marks.fitness(bodies.get(pk, ""), self._asked.wanted))
        return ids[self._cursor.start : self._cursor.start + PAGE]

    def _documents(self, start: int) -> tuple[int, list[DocumentFound]]:
        # What can only hang on a message narrows documents to none, and without words there is nothing to look for.
        if not settings.SEARCH_DOCUMENTS or self._asked.has or not self._asked.wanted:
            return 0, []
        scope = self._scope
        urls = {pk: room_url(scope.rooms[pk]) for pk in (scope.rooms if scope.within is None else scope.within)}
        quest = Quest(self._actor, self._asked.terms, urls, scope.authors, self._asked.since, self._asked.until)
        provider: Provider = import_string(settings.SEARCH_DOCUMENTS)
        return provider(quest=quest, start=start, limit=PAGE, most=MOST)

    def _facets(self, found: list[Found]) -> list[SearchFacet]:
        """People and rooms to narrow to: each counted as if nobody, or nowhere, had been chosen yet."""
        scope = self._scope
        by_anybody = found if scope.authors is None else self._find(self._wanted, authors=False)
        anywhere = found if scope.within is None else self._find(self._wanted, within=False)
        ids = [message for _, message, _ in by_anybody[:MOST]]
        said = Message.objects.filter(pk__in=ids, author__isnull=False) if ids else Message.objects.none()
        authors: Counter[int] = Counter(said.values_list("author_id", flat=True))
        rooms = Counter(room for _, _, room in anywhere[:MOST])
        return [*self._people_facets(authors), *self._room_facets(rooms)]

    def _people_facets(self, counts: Counter[int]) -> list[SearchFacet]:
        chosen = self._scope.authors or []
        ids = _first(counts, chosen)
        people = accounts.people_views(ids) if ids else {}
        return [
            SearchFacet(key="from", value=people[pk].name, id=pk, count=counts[pk], chosen=pk in chosen)
            for pk in ids
            if pk in people
        ]

    def _room_facets(self, counts: Counter[int]) -> list[SearchFacet]:
        chosen = self._scope.within or []
        rooms: list[Room] = [self._scope.rooms[pk] for pk in _first(counts, chosen) if pk in self._scope.rooms]
        others = {other_side(room, actor=self._actor) for room in rooms} - {0}
        people = accounts.people_views(others) if others else {}
        return [
            SearchFacet(
                key="in",
                value=value_of_room(room, actor=self._actor, people=people),
                id=room.pk,
                count=counts[room.pk],
                chosen=room.pk in chosen,
            )
            for room in rooms
        ]


def _first(counts: dict[int, int], chosen: Sequence[int]) -> list[int]:
    """The chosen ones, then those with most."""
    often = sorted(counts, key=lambda pk: (-counts[pk], pk))
    return list(dict.fromkeys([*chosen, *often]))[: max(FACETS_SHOWN, len(chosen))]
