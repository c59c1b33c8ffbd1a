"""What a person's own session remembers: noted and forgotten.

Called by the tools and the JSON API. Each public function is one transaction. Never tells anybody else of a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from assistant.models import NOTE_CHARS, Note, PersonChoice
from chat.texts import clean_line
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

NOTES_MOST: Final = 50


@transaction.atomic
def remember(*, actor: User, text: str, run: UUID | None = None) -> Note:
    """Keeps a note about the actor; the same words again are the same note.

    Args:
        actor: whose session it is.
        text: a line, at most 500 characters.
        run: the run that noted it.

    Raises:
        Refused: forbidden for somebody who wants nothing to be remembered; invalid, too_large.
    """
    line = clean_line(text, field="text", most=NOTE_CHARS, least=1)
    # Whoever notes something holds the person's row, so that two at once do not go beyond the most.
    PersonChoice.objects.get_or_create(user_id=actor.pk)
    choice = PersonChoice.objects.select_for_update().get(pk=actor.pk)
    if not choice.remembers:
        raise Refused("forbidden", "The person does not want anything to be remembered.")
    mine = Note.objects.filter(user_id=actor.pk)
    known = mine.filter(text=line).first()
    if known is not None:
        return known
    if mine.count() >= NOTES_MOST:
        raise Refused("too_large", f"There are {NOTES_MOST} notes already. The person can let some be forgotten.")
    return Note.objects.create(user_id=actor.pk, text=line, run=run)


@transaction.atomic
def forget_note(*, actor: User, note_id: UUID) -> None:
    """Forgets one of the actor's notes.

    Raises:
        Refused: `not_found`, also for somebody else's.
    """
    gone, _ = Note.objects.filter(pk=note_id, user_id=actor.pk).delete()
    if not gone:
        raise Refused("not_found")


@transaction.atomic
def forget_notes(*, actor: User) -> None:
    """Forgets all of the actor's notes; what was said stays in the session."""
    Note.objects.filter(user_id=actor.pk).delete()


@transaction.atomic
def forget_everything(*, actor: User) -> None:
    """Forgets all notes, and lets no later run be given what was said in the session before now."""
    PersonChoice.objects.update_or_create(user_id=actor.pk, defaults={"forgotten_at": timezone.now()})
    Note.objects.filter(user_id=actor.pk).delete()
