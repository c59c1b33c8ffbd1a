"""What people wanted to be told. Called by the home snapshot and by services. Never writes."""

from __future__ import annotations

from chat.models import Reminder
from chat.shapes import ReminderView

TOLD_MOST = 50


def reminder_view(reminder: Reminder) -> ReminderView:
    """One reminder as its owner sees it."""
    return ReminderView(id=reminder.pk, room=reminder.room_id, text=reminder.text, due_at=reminder.due_at)


def told_reminders(*, user_id: int) -> list[ReminderView]:
    """Those that were told and not closed yet, in the order of their telling."""
    told = Reminder.objects.filter(user_id=user_id, told_at__isnull=False).order_by("told_at", "pk")
    return [reminder_view(reminder) for reminder in told[:TOLD_MOST]]


def open_reminders(*, user_id: int) -> list[Reminder]:
    """Those that are still to come, the next one first."""
    return list(Reminder.objects.filter(user_id=user_id, told_at__isnull=True).order_by("due_at", "pk"))
