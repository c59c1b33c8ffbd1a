"""Discussions bound to lines: messages get their anchors, and whoever may write resolves them or opens them again.

Called by the listener of posted messages and by the JSON API. Each public function is one transaction and at most one
event of the room; the room's topic is locked first, then the document.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat import selectors as chat
from chat.services.turn import shown_name, take_turn
from editor.events import DiscussionChanged
from editor.models import Anchor, Document
from editor.selectors.discussions import find_discussion, messages_unbound
from editor.selectors.documents import find_living
from editor.services.anchors import new_anchor
from editor.services.updates import lock_document
from editor.shapes import Discussion

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def bind_messages(*, document_id: int) -> int:
    """Binds the messages that are about ranges of a document and are not bound yet; repeating it changes nothing.

    Returns:
        How many were bound.
    """
    document = lock_document(document_id)
    if document is None:
        return 0
    anchors = [new_anchor(document, said) for said in messages_unbound(document)]
    Anchor.objects.bulk_create(anchors, ignore_conflicts=True)
    return len(anchors)


class _Unchanged(Exception):
    """It stands so already; raised inside the transaction, it gives the room's seq back."""


def resolve_discussion(
    *, actor: User, document_id: int, message_id: UUID, resolved: bool, at: datetime | None = None
) -> Discussion:
    """Resolves a discussion, or opens it again; whoever may write in the room may do it, and the room is told.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted.
    """
    try:
        return _resolve(actor, document_id, message_id, resolved, at or timezone.now())
    except _Unchanged:
        return find_discussion(Document.objects.get(pk=document_id), message_id)


@transaction.atomic
def _resolve(actor: User, document_id: int, message_id: UUID, resolved: bool, at: datetime) -> Discussion:
    room_id = find_living(actor=actor, document_id=document_id)[0].room_id
    turn = take_turn(actor=actor, room_id=room_id, at=at)
    document, rights = find_living(actor=actor, document_id=document_id)
    refused = chat.refuse_to_write(actor=actor, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    found = find_discussion(document, message_id)
    if (found.resolved_at is not None) == resolved:
        raise _Unchanged
    Anchor.objects.filter(document=document, message=message_id).update(
        resolved_at=at if resolved else None, resolved_by=actor.pk if resolved else None
    )
    done = "resolved" if resolved else "reopened"
    line = turn.say(f"{shown_name(actor)} {done} the discussion on {_place(document, found)}")
    turn.append(
        DiscussionChanged(document=document_id, discussion=message_id, resolved=resolved, by=actor.pk, message=line)
    )
    return find_discussion(document, message_id)


def _place(document: Document, found: Discussion) -> str:
    if found.start == found.end:
        return f"{document.name}, whose lines are gone"
    if found.line == found.last_line:
        return f"{document.name} line {found.line}"
    return f"{document.name} lines {found.line}–{found.last_line}"  # a range is written with an en dash
