"""What people want to be told at a time: kept, told once, closed. Each public function is one transaction.

Called by the slash command /remind, the consumer and the background service chat.teller. Never talks to a socket.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import selectors as accounts
from chat import texts
from chat.events import ReminderDismissed, ReminderTold
from chat.models import Reminder
from chat.selectors.reminders import reminder_view
from realtime import log
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

REMINDERS_MOST: Final = 50
TEXT_CHARS: Final = 500
BATCH: Final = 100


def add_reminder(*, actor: User, room_id: int, cid: UUID, text: str, due_at: datetime) -> Reminder:
    """Keeps a reminder for its time. A repeat of the same cid is answered with the first one, at its own time.

    Raises:
        Refused: `invalid` or `too_large` for the text, `too_large` for one too many, `conflict` for a used cid.
    """
    line = texts.clean_line(text, field="text", most=TEXT_CHARS, least=1)
    try:
        return _first_of(actor, cid, line) or _add(actor, room_id, cid, line, due_at)
    except IntegrityError:
        # The same wish came twice at once; the other one was faster.
        first = _first_of(actor, cid, line)
        if first is None:
            raise
        return first


def _first_of(actor: User, cid: UUID, line: str) -> Reminder | None:
    first = Reminder.objects.filter(user_id=actor.pk, cid=cid).first()
    if first is not None and first.text != line:
        raise Refused("conflict", "This id was used for another reminder.", field="cid")
    return first


@transaction.atomic
def _add(actor: User, room_id: int, cid: UUID, line: str, due_at: datetime) -> Reminder:
    if Reminder.objects.filter(user_id=actor.pk, told_at__isnull=True).count() >= REMINDERS_MOST:
        raise Refused("too_large", f"You have {REMINDERS_MOST} reminders. Cancel one with /remind cancel.")
    return Reminder.objects.create(user_id=actor.pk, room_id=room_id, cid=cid, text=line, due_at=due_at)


@transaction.atomic
def cancel_reminder(*, actor: User, reminder_id: int) -> None:
    """Takes back one that was not told yet.

    Raises:
        Refused: `not_found`.
    """
    mine = Reminder.objects.filter(pk=reminder_id, user_id=actor.pk, told_at__isnull=True)
    if not mine.delete()[0]:
        raise Refused("not_found", "You have no reminder with this number.")


def tell_due(*, now: datetime | None = None) -> int:
    """Tells everybody what is due; however often and in however many processes it runs, each is told once.

    Returns:
        How many were told.
    """
    now = now or timezone.now()
    due = Reminder.objects.filter(told_at__isnull=True, due_at__lte=now).order_by("due_at", "pk")
    return sum(_tell(pk, now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _tell(reminder_id: int, now: datetime) -> bool:
    # Whoever changes the row tells it: the event is of the same transaction.
    if not Reminder.objects.filter(pk=reminder_id, told_at__isnull=True).update(told_at=now):
        return False
    reminder = Reminder.objects.get(pk=reminder_id)
    topic = accounts.find_person(reminder.user_id).topic
    log.append(topic=topic, event=ReminderTold(reminder=reminder_view(reminder)), actor_id=reminder.user_id, at=now)
    return True


@transaction.atomic
def dismiss_reminder(*, actor: User, reminder_id: int) -> Ack:
    """Closes a reminder that was told, in every tab; one that is gone already is no error."""
    told = Reminder.objects.filter(pk=reminder_id, user_id=actor.pk, told_at__isnull=False)
    if told.delete()[0]:
        log.append(topic=actor.topic, event=ReminderDismissed(id=reminder_id), actor_id=actor.pk)
    return Ack()
