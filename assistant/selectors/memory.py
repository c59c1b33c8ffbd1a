"""What is remembered of a person in their own session with the assistant.

Called by the context of a run, the services of memory and the JSON API. Never writes, and tells nobody of another
person's notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models import Note, PersonChoice
from assistant.shapes import MemoryView, NoteView

if TYPE_CHECKING:
    from accounts.models import User


def memory_view(*, actor: User) -> MemoryView:
    """The actor's own notes, newest first, and what they chose."""
    choice = PersonChoice.objects.filter(pk=actor.pk).first() or PersonChoice(user_id=actor.pk)
    rows = Note.objects.filter(user_id=actor.pk).order_by("-pk")
    return MemoryView(
        remembers=choice.remembers,
        forgotten_at=choice.forgotten_at,
        notes=[NoteView(id=row.pk, text=row.text, created_at=row.created_at) for row in rows],
    )


def notes_of(user_id: int) -> tuple[str, ...]:
    """The texts of a person's notes, oldest first; for a run in that person's own session only."""
    return tuple(Note.objects.filter(user_id=user_id).order_by("pk").values_list("text", flat=True))
