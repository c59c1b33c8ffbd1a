"""Who wrote when: stretches, single updates, and who last touched each line.

Called by the JSON API and commands. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.db.models.functions import Length
from msgspec import Raw

from accounts import selectors as accounts
from accounts.events import PersonView
from chat import selectors as chat
from chat.selectors import one_moment
from editor.blame import Owners, blocks
from editor.models import Document, Hunk, Snapshot, Update
from editor.selectors.documents import find_document
from editor.selectors.texts import units_at
from editor.selectors.updates import accepted_between
from editor.shapes import (
    Blame,
    BlameLines,
    EditAt,
    EditPage,
    History,
    NamedVersion,
    SaidThen,
    SaidView,
    Stretch,
)
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PAUSE: Final = timedelta(minutes=5)
STRETCH_UPDATES: Final = 50_000
"""Updates that a history is made of, the newest; older versions can be shown, but are not listed."""
BLAME_UPDATES: Final = 10_000
"""Updates that a blame is made of, the newest: half a second of work. Lines untouched since have no author."""
BLAME_CHARS: Final = 10_000_000
"""And their JSON in all: long updates are more work and more memory, two seconds of it at worst."""
UNITS_PER_CHAR: Final = 500
"""So much of the text is walked through for an update in the time that one more character of its JSON takes."""
NAMED_AT_ONCE: Final = 900
"""Versions that one question names: SQLite takes a thousand, one with so many authors is not read line by line."""
PAGE_UPDATES: Final = 200
PAGE_MOST: Final = 500


def _shown(*, actor: User, document_id: int) -> Document:
    """A document whose history this person may see: of a deleted one, members only.

    Raises:
        Refused: `not_found`.
    """
    document, rights = find_document(actor=actor, document_id=document_id)
    if document.deleted_at is not None and not rights.is_member:
        raise Refused("not_found")
    return document


def history(*, actor: User, document_id: int) -> History:
    """The stretches of a document, oldest first, and the versions that have a name.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        document = _shown(actor=actor, document_id=document_id)
        floor = max(document.log_start, document.version - STRETCH_UPDATES)
        rows = _updates(document, floor).values_list("version", "author_id", "run", "at")
        stretches = _stretches(rows.iterator(2_000))
        named = _named(document)
        people = people_of([*(one.author for one in stretches), *(one.author for one in named)])
        return History(
            version=document.version, oldest=document.log_start, stretches=stretches, named=named, people=people
        )


def _updates(document: Document, after: int) -> QuerySet[Update]:
    return Update.objects.filter(document_id=document.pk, version__gt=after).order_by("version")


@dataclass(slots=True)
class _Open:
    first: int
    last: int
    author: int | None
    run: str | None
    started_at: datetime
    ended_at: datetime

    def goes_on(self, author: int | None, run: str | None, at: datetime) -> bool:
        return (author, run) == (self.author, self.run) and at - self.ended_at < PAUSE

    def closed(self) -> Stretch:
        return Stretch(
            first=self.first,
            last=self.last,
            author=self.author,
            started_at=self.started_at,
            ended_at=self.ended_at,
            run=self.run,
        )


def _stretches(rows: Iterable[tuple[int, int | None, str | None, datetime]]) -> list[Stretch]:
    found: list[Stretch] = []
    now: _Open | None = None
    for version, author, run, at in rows:
        if now is not None and now.goes_on(author, run, at):
            now.last, now.ended_at = version, at
            continue
        if now is not None:
            found.append(now.closed())
        now = _Open(version, version, author, run, at, at)
    return [*found, now.closed()] if now is not None else found


def _named(document: Document) -> list[NamedVersion]:
    rows = Snapshot.objects.filter(document_id=document.pk).exclude(name="")
    values = rows.order_by("version").values_list("version", "name", "author_id", "at")
    return [NamedVersion(version=version, name=name, author=author, at=at) for version, name, author, at in values]


def people_of(ids: Iterable[int | None]) -> list[PersonView]:
    """Those of the authors who still have an account, by id."""
    found = accounts.people_views({author for author in ids if author is not None})
    return [found[author] for author in sorted(found)]


def updates_after(*, actor: User, document_id: int, after: int = 0, limit: int = PAGE_UPDATES) -> EditPage:
    """Up to `limit` (1 to 500) updates after a version, in order.

    Raises:
        Refused: `not_found`, or `unknown_version` when some of them were compacted away.
    """
    limit = max(1, min(limit, PAGE_MOST))
    with one_moment():
        document = _shown(actor=actor, document_id=document_id)
        if not document.log_start <= after <= document.version:
            raise Refused("unknown_version", f"Versions {document.log_start} to {document.version} can be shown.")
        values = _updates(document, after).values_list("version", "author_id", "at", "changes")
        rows = list(values[: limit + 1])
    updates = [
        EditAt(version=version, author=author, at=at, changes=Raw(changes.encode()))
        for version, author, at, changes in rows[:limit]
    ]
    return EditPage(updates=updates, more=len(rows) > limit)


def blame(*, actor: User, document_id: int, version: int | None = None) -> Blame:
    """Who last touched each line at a version, None being the newest.

    Raises:
        Refused: `not_found`, or `unknown_version`.
    """
    with one_moment():
        document = _shown(actor=actor, document_id=document_id)
        at = document.version if version is None else version
        floor = _blame_floor(document, at)
        owners = Owners(units_at(document, floor), floor)
        for update in accepted_between(document_id=document.pk, after=floor, upto=at):
            owners.take(update.version, update.changes)
        found = blocks(owners.versions)
        # What nobody touched after the floor was not all written by whoever made that version.
        authors = _authors(document, {owner for _, _, owner in found if not owner or owner > floor})
        authors.setdefault(floor, (None, None))
        runs, suggested = _runs(document, set(authors)), _suggested(document, set(authors))
    lines = [
        BlameLines(
            line=line,
            count=count,
            version=owner,
            author=authors[owner][0],
            at=authors[owner][1],
            run=runs.get(owner),
            suggested_by=suggested.get(owner),
        )
        for line, count, owner in found
    ]
    named = [*(line.author for line in lines), *(line.suggested_by for line in lines)]
    return Blame(version=at, blocks=lines, people=people_of(named))


def _blame_floor(document: Document, at: int) -> int:
    """The version from which on updates are gone through, as far back as the work allows."""
    if not document.log_start <= at <= document.version:
        return at
    floor = max(document.log_start, at - BLAME_UPDATES)
    rows = Update.objects.filter(document_id=document.pk, version__gt=floor, version__lte=at).order_by("-version")
    work = 0
    for version, chars in rows.values_list("version", Length("changes")).iterator(2_000):
        work += chars + document.length // UNITS_PER_CHAR
        if work > BLAME_CHARS:
            return int(version)
    return floor


def _authors(document: Document, versions: set[int]) -> dict[int, tuple[int | None, datetime | None]]:
    """Author and time by version; version 0 was made with the document."""
    found: dict[int, tuple[int | None, datetime | None]] = dict.fromkeys(versions, (None, None))
    if 0 in versions:
        found[0] = (document.created_by_id, document.created_at)
    wanted = sorted(versions)
    for start in range(0, len(wanted), 500):
        rows = Update.objects.filter(document_id=document.pk, version__in=wanted[start : start + 500])
        found |= {version: (author, at) for version, author, at in rows.values_list("version", "author_id", "at")}
    return found


def _runs(document: Document, versions: set[int]) -> dict[int, str]:
    """The assistant's runs by version."""
    rows = Update.objects.filter(document_id=document.pk, run__isnull=False, version__in=_few(versions))
    return {version: run for version, run in rows.values_list("version", "run") if run is not None}


def _suggested(document: Document, versions: set[int]) -> dict[int, int]:
    """Whose suggestion was accepted by a version."""
    rows = Hunk.objects.filter(suggestion__document=document.pk, accepted_version__in=_few(versions))
    found = rows.values_list("accepted_version", "suggestion__author")
    return {version: author for version, author in found if version is not None and author is not None}


def _few(versions: set[int]) -> list[int]:
    """The newest, as many as one question may name."""
    return sorted(versions, reverse=True)[:NAMED_AT_ONCE]


def said_then(*, actor: User, document_id: int, version: int) -> SaidThen:
    """What was said in the document's room when a version was made; whoever sees the document may read the room.

    Raises:
        Refused: `not_found`, or `unknown_version`.
    """
    with one_moment():
        document = _shown(actor=actor, document_id=document_id)
        if not 0 <= version <= document.version:
            raise Refused("unknown_version", f"Versions 0 to {document.version} can be asked for.")
        author, at = _authors(document, {version})[version]
        if at is None:
            return SaidThen(version=version, said=None, newest=None)
        said = None
        if author is not None:
            said = chat.said_then(room_id=document.room_id, author_id=author, at=at)
        newest = chat.newest_at(room_id=document.room_id, at=at)
    view = None
    if said is not None:
        view = SaidView(message=said.id, author=said.author, excerpt=said.excerpt, created_at=said.created_at)
    return SaidThen(version=version, said=view, newest=newest)
