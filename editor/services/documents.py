"""Documents of a room: made, renamed, closed for writing, deleted and brought back.

Called by the consumer, the JSON API and commands. Each public function is one transaction and one event of the room;
the room's topic is locked first, then the document. Never touches a text that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from chat import selectors as chat
from chat.selectors import Rights
from editor import names
from editor.events import DocumentChanged, DocumentCreated, DocumentListed
from editor.models import Document, Snapshot
from editor.selectors.documents import (
    DELETED_KEPT,
    document_topic,
    document_view,
    find_document,
    refusal_to_edit,
    room_topic,
)
from editor.services.updates import lock_document
from editor.shapes import DocumentView
from editor.units import Units, from_units
from realtime import log
from realtime.hub import hub
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

DOCUMENTS_MOST: Final = 200
"""Living documents of one room."""
KEPT_MOST: Final = 1_000
"""And with those that were deleted within the last 30 days, which can be brought back."""
POSITION_STEP: Final = 65_536
"""Room between two tabs, so that one can be put between them without moving the others."""
POSITION_MOST: Final = 2**31 - 1


def create_document(
    *,
    actor: User,
    room_id: int,
    cid: UUID,
    name: str,
    language: str = "",
    text: str = "",
    at: datetime | None = None,
) -> DocumentView:
    """Makes a document, perhaps with a text; the same cid again gives the same document.

    Args:
        actor: who makes it.
        room_id: where.
        cid: the actor's id of this wish.
        name: unique among the living documents of the room.
        language: a word for how it is highlighted; empty: as the name says.
        text: version 0; line ends become line feeds.
        at: when it happened; None is now.

    Raises:
        Refused: not_found, not_member, read_only, muted; `invalid` or `too_large` with the field; `conflict` with
            field name when the room has a document of that name.
    """
    values = {"name": names.clean_name(name), "language": names.clean_language(language)}
    units = names.clean_document(text)
    try:
        return _create(actor, room_id, cid, values, units, at or timezone.now())
    except IntegrityError:
        made = _made(actor, cid)
        if made is not None:
            return made
        raise _name_taken() from None


def _name_taken() -> Refused:
    return Refused("conflict", "The room has a document of this name.", field="name")


def _made(actor: User, cid: UUID) -> DocumentView | None:
    """What this wish made before; its room may be closed to its maker by now.

    Raises:
        Refused: not_found.
    """
    made = Document.objects.filter(created_by=actor.pk, cid=cid).first()
    if made is None:
        return None
    chat.rights_in(actor=actor, room_id=made.room_id)
    return document_view(made)


@transaction.atomic
def _create(actor: User, room_id: int, cid: UUID, values: dict[str, str], units: Units, at: datetime) -> DocumentView:
    if made := _made(actor, cid):
        return made
    seq = log.reserve(room_topic(room_id))
    rights = chat.rights_in(actor=actor, room_id=room_id)
    refused = chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    _check_kept(room_id)
    document = Document.objects.create(
        **values,
        room_id=room_id,
        cid=cid,
        created_by_id=actor.pk,
        created_at=at,
        length=len(units),
        position=_next_position(room_id),
    )
    Snapshot.objects.create(document=document, version=0, text=from_units(units), at=at)
    view = document_view(document)
    log.append(topic=room_topic(room_id), seq=seq, event=DocumentCreated(document=view), actor_id=actor.pk, at=at)
    return view


def _next_position(room_id: int) -> int:
    """Behind the last tab.

    Raises:
        Refused: `too_large` for a full room.
    """
    positions = list(Document.objects.filter(room_id=room_id, deleted_at=None).values_list("position", flat=True))
    if len(positions) >= DOCUMENTS_MOST:
        raise Refused("too_large", f"A room has at most {DOCUMENTS_MOST} documents.")
    return min(max(positions, default=0) + POSITION_STEP, POSITION_MOST)


def _check_kept(room_id: int) -> None:
    """Whoever makes and deletes documents again and again fills the disk as well.

    Raises:
        Refused: `too_large`.
    """
    kept = Q(deleted_at=None) | Q(deleted_at__gt=timezone.now() - DELETED_KEPT)
    if Document.objects.filter(kept, room_id=room_id).count() >= KEPT_MOST:
        raise Refused("too_large", f"Too many documents of this room were deleted within {DELETED_KEPT.days} days.")


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What to change; None leaves it as it is."""

    name: str | None = None
    language: str | None = None
    read_only: bool | None = None
    position: int | None = None


def update_document(
    *, actor: User, document_id: int, change: DocumentChange, at: datetime | None = None
) -> DocumentView:
    """Renames, moves, sets the language (whoever may edit) or closes for writing (moderators and the maker).

    Raises:
        Refused: not_found, gone, forbidden, not_member, read_only, muted; `invalid` or `too_large` with the field;
            `conflict` with field name.
    """

    def alter(document: Document, rights: Rights) -> None:
        if document.deleted_at is not None:
            raise Refused("gone", "This document was deleted.")
        if change.read_only is not None:
            _check_may_dispose(actor, document, rights)
            document.read_only = change.read_only
        if (change.name, change.language, change.position) != (None, None, None):
            _check_may_change(document, rights)
        if change.name is not None:
            document.name = names.clean_name(change.name)
        if change.language is not None:
            document.language = names.clean_language(change.language)
        if change.position is not None:
            if not 0 <= change.position <= POSITION_MOST:
                raise Refused("invalid", f"A position is 0 to {POSITION_MOST}.", field="position")
            document.position = change.position

    return _change(actor, document_id, alter, at or timezone.now())


def delete_document(*, actor: User, document_id: int, at: datetime | None = None) -> DocumentView:
    """Takes a document out of the room (moderators and its maker); it can be brought back.

    Raises:
        Refused: not_found, forbidden, not_member, read_only, muted.
    """
    now = at or timezone.now()

    def alter(document: Document, rights: Rights) -> None:
        _check_may_dispose(actor, document, rights)
        if document.deleted_at is None:
            document.deleted_at, document.deleted_by_id = now, actor.pk

    return _change(actor, document_id, alter, now)


def bring_back(*, actor: User, document_id: int, at: datetime | None = None) -> DocumentView:
    """Undoes a deletion; the document is as it was.

    Raises:
        Refused: not_found, forbidden, not_member, read_only, muted; `conflict` with field name when its name is taken
            by now; too_large for a full room.
    """

    def alter(document: Document, rights: Rights) -> None:
        _check_may_dispose(actor, document, rights)
        if document.deleted_at is not None:
            _next_position(document.room_id)
            document.deleted_at, document.deleted_by_id = None, None

    return _change(actor, document_id, alter, at or timezone.now())


def _check_may_change(document: Document, rights: Rights) -> None:
    code = refusal_to_edit(document, rights)
    if code:
        raise Refused(code, "This document is closed for writing." if code == "read_only" else "")


def _check_may_dispose(actor: User, document: Document, rights: Rights) -> None:
    if not (rights.may_moderate or (rights.may_write and document.created_by_id == actor.pk)):
        raise Refused("forbidden", "Only moderators and whoever made the document may do this.")


class _Unchanged(Exception):
    """There is nothing to do; raised inside the transaction, it gives the room's seq back."""


def _change(actor: User, document_id: int, alter: Callable[[Document, Rights], None], at: datetime) -> DocumentView:
    """Locks, lets `alter` change the row, and tells the room how the document is now. Nothing new is told as nothing.

    Raises:
        Refused: what `alter` raises, or `conflict` with field name.
    """
    try:
        return _altered(actor, document_id, alter, at)
    except IntegrityError:
        raise _name_taken() from None
    except _Unchanged:
        return document_view(find_document(actor=actor, document_id=document_id)[0])


@transaction.atomic
def _altered(actor: User, document_id: int, alter: Callable[[Document, Rights], None], at: datetime) -> DocumentView:
    room_id = find_document(actor=actor, document_id=document_id)[0].room_id
    seq = log.reserve(room_topic(room_id))
    document = lock_document(document_id)
    if document is None:
        raise Refused("not_found")
    before = document_view(document)
    alter(document, chat.rights_in(actor=actor, room_id=room_id))
    view = document_view(document)
    if view == before:
        raise _Unchanged
    document.save(update_fields=["name", "language", "read_only", "position", "deleted_at", "deleted_by"])
    log.append(topic=room_topic(room_id), seq=seq, event=DocumentListed(document=view), actor_id=actor.pk, at=at)
    tell_changed(view)
    return view


def tell_changed(view: DocumentView) -> None:
    """Tells those who have the document open, after the commit."""
    topic = document_topic(view.id)
    event = DocumentChanged(document=view)
    transaction.on_commit(lambda: hub.publish_ephemeral(topic=topic, event=event, key="document"), robust=True)
