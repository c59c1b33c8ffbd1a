"""Documents as people see them, and what each may do with them.

Called by services, the consumer and the JSON API. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonView
from chat import selectors as chat
from chat.selectors import Rights, one_moment
from editor.models import Document
from editor.selectors import texts
from editor.shapes import DocumentList, DocumentView, TextView
from editor.texts import digest as digest_of
from editor.units import from_units
from realtime import log
from realtime.protocol import REPLAY_EVENTS, Refused

if TYPE_CHECKING:
    from accounts.models import User

DELETED_SHOWN: Final = 50
DELETED_KEPT: Final = timedelta(days=30)
"""So long a deleted document is offered back; only then it may be purged."""
MOST_ID: Final = 2**63 - 1
"""What a database's id can be; a larger number is the address of nothing."""


def document_topic(document_id: int) -> str:
    """Where a document's edits are published."""
    return f"document:{document_id}"


def room_topic(room_id: int) -> str:
    """Where the list of a room's documents is told."""
    return f"room:{room_id}"


def document_view(document: Document) -> DocumentView:
    """A document without its text."""
    return DocumentView(
        id=document.pk,
        room=document.room_id,
        name=document.name,
        language=document.language,
        version=document.version,
        length=document.length,
        read_only=document.read_only,
        position=document.position,
        created_by=document.created_by_id,
        created_at=document.created_at,
        edited_at=document.edited_at,
        deleted_at=document.deleted_at,
        deleted_by=document.deleted_by_id,
    )


def refusal_to_edit(document: Document, rights: Rights) -> str:
    """The code that answers an edit; "" for somebody who may."""
    if document.deleted_at is not None:
        return "gone"
    if rights.refusal:
        return rights.refusal
    return "read_only" if document.read_only and not rights.may_moderate else ""


def find_document(*, actor: User, document_id: int) -> tuple[Document, Rights]:
    """A document, deleted ones too, and what this person may do in its room.

    Raises:
        Refused: `not_found`.
    """
    document = Document.objects.filter(pk=document_id).first() if 0 < document_id <= MOST_ID else None
    if document is None:
        raise Refused("not_found")
    return document, chat.rights_in(actor=actor, room_id=document.room_id)


def find_living(*, actor: User, document_id: int) -> tuple[Document, Rights]:
    """As `find_document`.

    Raises:
        Refused: `not_found`, or `gone` for a deleted one.
    """
    document, rights = find_document(actor=actor, document_id=document_id)
    if document.deleted_at is not None:
        raise Refused("gone", "This document was deleted.")
    return document, rights


def view_document(*, actor: User, document_id: int) -> DocumentView:
    """One document, also a deleted one.

    Raises:
        Refused: `not_found`.
    """
    return document_view(find_document(actor=actor, document_id=document_id)[0])


def document_list(*, actor: User, room_id: int) -> DocumentList:
    """The documents of a room in the order of their tabs, and its members see what was deleted last.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        rights = chat.rights_in(actor=actor, room_id=room_id)
        topic = room_topic(room_id)
        living = Document.objects.filter(room_id=room_id, deleted_at=None).order_by("position", "pk")
        gone = Document.objects.filter(room_id=room_id, deleted_at__gt=timezone.now() - DELETED_KEPT)
        deleted = gone.order_by("-deleted_at")
        return DocumentList(
            as_of_seq=log.heads([topic])[topic][0],
            can_edit=rights.may_write,
            can_moderate=rights.may_moderate,
            documents=[document_view(row) for row in living],
            deleted=[document_view(row) for row in deleted[:DELETED_SHOWN]] if rights.is_member else [],
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """What somebody who opens a document needs.

    Attributes:
        version: of the document now.
        text: at that version; None for somebody who goes on from the version that they hold.
    """

    document: DocumentView
    version: int
    text: str | None
    can_edit: bool
    is_member: bool
    person: PersonView


def room_of(*, document_id: int) -> int | None:
    """The room of a document, for whoever must listen there before rights are read; None for no document."""
    if not 0 < document_id <= MOST_ID:
        return None
    return Document.objects.filter(pk=document_id).values_list("room_id", flat=True).first()


def open_document(*, actor: User, document_id: int, version: int | None, digest: int | None = None) -> Opening:
    """A document to edit or to look at.

    Args:
        actor: who opens it.
        document_id: which.
        version: the one that they hold; None for somebody who holds none.
        digest: of the text that they hold at that version; None for somebody who does not say.

    Raises:
        Refused: `not_found`, or `gone` for a deleted one.
    """
    with one_moment():
        document, rights = find_living(actor=actor, document_id=document_id)
        now = document.version
        text = None
        if not _can_go_on(document, version, digest):
            sheet = texts.sheet_of(document)
            texts.keep(document, sheet)
            text = from_units(sheet.units)
        return Opening(
            document=document_view(document),
            version=now,
            text=text,
            can_edit=not refusal_to_edit(document, rights),
            is_member=rights.is_member,
            person=accounts.person_view(actor),
        )


def _can_go_on(document: Document, version: int | None, digest: int | None) -> bool:
    """Whether what follows a version leads from the text that somebody holds to the text of now."""
    oldest = max(document.log_start, document.version - REPLAY_EVENTS)
    if version is None or not oldest <= version <= document.version:
        return False
    return digest is None or digest == digest_of(texts.units_at(document, version))


def view_text(*, actor: User, document_id: int, version: int | None = None) -> TextView:
    """The text at a version, None being the newest, and who made that version; also of a deleted document.

    Raises:
        Refused: `not_found`, or `unknown_version` for one that cannot be shown.
    """
    with one_moment():
        document, rights = find_document(actor=actor, document_id=document_id)
        if document.deleted_at is not None and not rights.is_member:
            raise Refused("not_found")
        at = document.version if version is None else version
        text = texts.text_at(document, at)
        made = document.updates.filter(version=at).values_list("author_id", "at").first()
        author, moment = made or (document.created_by_id, document.created_at) if at == 0 or made else (None, None)
        return TextView(version=at, text=text, author=author, at=moment)
