"""What taking updates back would change: of a run of the assistant, of a person since a moment, or of certain versions.

Called by the JSON API, the back office and the services that do it. Never writes; unknown and forbidden look the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from django.db.models import Count, Max, Q

from accounts import selectors as accounts
from chat import selectors as chat
from chat.selectors import one_moment
from chat.selectors.moderation import find_bench
from editor.authority import Accepted
from editor.changes import ChangeSet
from editor.inverting import take_back
from editor.models import Document, Reversal, Update
from editor.selectors.documents import MOST_ID, refusal_to_edit
from editor.selectors.texts import units_at
from editor.selectors.updates import accepted_between
from editor.shapes import EditedDocument, EditedDocuments, RevertPreview
from editor.unified import unified
from editor.units import TooLarge, from_units
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

REVERT_UPDATES: Final = 10_000
"""So far back in the log updates are taken back; for more, an earlier version is restored."""
_read_ranges: Final = msgspec.json.Decoder(list[tuple[int, int]]).decode


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which updates: of a run, of a person, or certain versions; one of the three is given."""

    run: str | None = None
    author: int | None = None
    since: datetime | None = None
    versions: tuple[int, ...] = ()

    def check(self) -> None:
        """Raises `invalid` unless exactly one is given."""
        if bool(self.run) + (self.author is not None) + bool(self.versions) != 1:
            raise Refused("invalid", "Name a run or a person.", field="author")

    def among(self) -> Q:
        """The filter of their rows."""
        if self.versions:
            return Q(version__in=self.versions)
        who = Q(run=self.run) if self.run else Q(author=self.author)
        return who & Q(at__gte=self.since) if self.since is not None else who


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a document at a version.

    Attributes:
        change: what takes the updates back.
        taken: versions of these updates, ascending.
        skipped: wanted, but taken back before, or too long ago.
        log: all updates since the first of them.
    """

    version: int
    change: ChangeSet
    taken: list[int]
    skipped: int
    log: list[Accepted]


def check_may_revert(*, actor: User, document: Document, wanted: Wanted) -> None:
    """Whoever may edit takes back runs and their own edits; those of others are for moderators.

    Raises:
        Refused: not_found, forbidden, gone, not_member, read_only, muted.
    """
    if document.deleted_at is not None:
        raise Refused("gone", "This document was deleted.")
    if wanted.author is not None and wanted.author != actor.pk:
        _check_decides(actor, document.room_id)
        return
    rights = chat.rights_in(actor=actor, room_id=document.room_id)
    code = refusal_to_edit(document, rights)
    if code:
        told = chat.refuse_to_write(actor=actor, room_id=document.room_id, rights=rights)
        raise told or Refused(code, "This document is closed for writing.")


def _check_decides(actor: User, room_id: int) -> None:
    """Moderators of the room, and staff; those who are no superusers read no private room, not even in a difference.

    Raises:
        Refused: not_found, forbidden.
    """
    bench = find_bench(actor=actor, room_id=room_id)
    if bench.staff and not actor.is_superuser and bench.place.room.kind != "public":
        raise Refused("not_found")


def plan_revert(document: Document, wanted: Wanted) -> Plan:
    """What takes the updates back that are wanted, at the version of this row.

    Raises:
        Refused: `too_large` where too much was written since.
    """
    floor = max(document.log_start, document.version - REVERT_UPDATES)
    rows = Update.objects.filter(wanted.among(), document=document, version__lte=document.version)
    versions = list(rows.order_by("version").values_list("version", flat=True))
    gone = taken_back(document)
    taken = [version for version in versions if version > floor and version not in gone]
    skipped = len(versions) - len(taken)
    if not taken:
        return Plan(document.version, ChangeSet.empty(document.length), [], skipped, [])
    before = taken[0] - 1
    log = accepted_between(document_id=document.pk, after=before, upto=document.version)
    try:
        change = take_back(units_at(document, before), log, frozenset(taken))
    except TooLarge as error:
        told = "Too much was written since. Take back a shorter time, or restore an earlier version."
        raise Refused("too_large", told) from error
    return Plan(document.version, change, taken, skipped, log)


def taken_back(document: Document) -> set[int]:
    """Versions of updates that were taken back once.

    Where that was taken back itself, what stands there again is the edit of whoever did it.
    """
    gone: set[int] = set()
    for taken in Reversal.objects.filter(document=document).values_list("taken", flat=True):
        for first, last in _read_ranges(taken):
            gone.update(range(first, last + 1))
    return gone


def revert_preview(
    *,
    actor: User,
    document_id: int,
    run: str | None = None,
    author_id: int | None = None,
    since: datetime | None = None,
) -> RevertPreview:
    """What `revert_updates` would change now, without doing it.

    Raises:
        Refused: as `revert_updates`.
    """
    wanted = Wanted(run=run, author=author_id, since=since)
    wanted.check()
    with one_moment():
        document = find_to_revert(actor=actor, document_id=document_id, wanted=wanted)
        plan = plan_revert(document, wanted)
        before = units_at(document, document.version)
    after = plan.change.apply(before)
    chosen = set(plan.taken)
    others = {update.author for update in plan.log if update.version not in chosen and update.author is not None}
    return RevertPreview(
        document=document.pk,
        version=plan.version,
        updates=len(plan.taken),
        skipped=plan.skipped,
        first=plan.taken[0] if plan.taken else None,
        last=plan.taken[-1] if plan.taken else None,
        difference=unified(from_units(before), from_units(after)),
        others=sorted(others),
        people=list(accounts.people_views(others).values()),
    )


def find_to_revert(*, actor: User, document_id: int, wanted: Wanted) -> Document:
    """A document in which this person may take back what is wanted.

    Raises:
        Refused: not_found, forbidden, gone, not_member, read_only, muted.
    """
    document = Document.objects.filter(pk=document_id).first() if 0 < document_id <= MOST_ID else None
    if document is None:
        raise Refused("not_found")
    check_may_revert(actor=actor, document=document, wanted=wanted)
    return document


def edited_documents(*, actor: User, room_id: int, author_id: int, since: datetime | None = None) -> EditedDocuments:
    """Documents of a room in which somebody wrote since a moment; for moderators, and for oneself.

    Raises:
        Refused: not_found, forbidden.
    """
    if author_id == actor.pk:
        chat.rights_in(actor=actor, room_id=room_id)
    else:
        _check_decides(actor, room_id)
    found = _edited(Wanted(author=author_id, since=since), Q(document__room=room_id))
    return EditedDocuments(documents=[view for _, view in found])


def edited_anywhere(*, actor: User, author_id: int, since: datetime | None = None) -> list[EditedDocument]:
    """Documents in which somebody wrote since a moment, of all rooms that the actor may decide in."""
    found = _edited(Wanted(author=author_id, since=since), Q())
    benches = {room_id: _has_bench(actor, room_id) for room_id in {room_id for room_id, _ in found}}
    return [view for room_id, view in found if benches[room_id]]


def _has_bench(actor: User, room_id: int) -> bool:
    try:
        _check_decides(actor, room_id)
    except Refused:
        return False
    return True


def _edited(wanted: Wanted, where: Q) -> list[tuple[int, EditedDocument]]:
    """(room, document), those edited last first."""
    rows = Update.objects.filter(wanted.among(), where, document__deleted_at=None)
    named = rows.values("document", "document__name", "document__room")
    return [
        (
            row["document__room"],
            EditedDocument(
                document=row["document"], name=row["document__name"], updates=row["updates"], edited_at=row["last"]
            ),
        )
        for row in named.annotate(updates=Count("pk"), last=Max("at")).order_by("-last", "document")
    ]
