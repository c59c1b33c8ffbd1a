"""What a person has begun to write. Called by the home snapshot, the JSON API and the service. Never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from chat.models import Draft, DraftCopy
from chat.shapes import DraftCopyView, DraftView

if TYPE_CHECKING:
    from accounts.models import User


def drafts_of(*, user_id: int) -> list[DraftView]:
    """Drafts with a text or a kept copy, newest first; also those of rooms that the person has left."""
    rows = _counted(Draft.objects.filter(user_id=user_id)).filter(Q(kept__gt=0) | ~Q(body=""))
    return [_view(draft) for draft in rows.order_by("-updated_at", "-pk")]


def draft_view(draft: Draft) -> DraftView:
    """One draft as it is now."""
    return _view(_counted(Draft.objects.filter(pk=draft.pk)).get())


def draft_copies(*, actor: User, room_id: int, thread_id: UUID | None) -> list[DraftCopyView]:
    """Other versions of one's own draft, newest first; none for a draft that is not there."""
    copies = DraftCopy.objects.filter(draft__user=actor, draft__room_id=room_id, draft__thread_root_id=thread_id)
    return [DraftCopyView(id=copy.pk, body=copy.body, kept_at=copy.kept_at) for copy in copies.order_by("-pk")]


def _counted(drafts: QuerySet[Draft]) -> QuerySet[Draft]:
    return drafts.annotate(kept=Count("copies"), root_author=F("thread_root__author_id"))


def _view(draft: Draft) -> DraftView:
    return DraftView(
        room=draft.room_id,
        thread=draft.thread_root_id,
        thread_author=draft.root_author,  # type: ignore[attr-defined]
        body=draft.body,
        reply_to=draft.reply_to_id,
        rev=draft.rev,
        updated_at=draft.updated_at,
        copies=draft.kept,  # type: ignore[attr-defined]
    )
