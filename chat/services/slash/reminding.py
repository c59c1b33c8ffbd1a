"""/remind: to be told something at a time. Named in SLASH_COMMANDS."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts import selectors as accounts
from chat.events import SlashDone
from chat.permissions import Standing
from chat.selectors.reminders import open_reminders
from chat.services.reminders import add_reminder, cancel_reminder
from chat.services.slash.registry import Call, Slash
from chat.when import parse_wish

if TYPE_CHECKING:
    from accounts.models import User

_CANCEL: Final = re.compile(r"cancel\s+#?(\d{1,18})", re.IGNORECASE)


def _remind(call: Call) -> SlashDone:
    now = timezone.now().astimezone(_zone(call.actor))
    if call.text.lower() in {"", "list"}:
        return SlashDone(text=_list(call.actor, now))
    if cancelled := _CANCEL.fullmatch(call.text):
        cancel_reminder(actor=call.actor, reminder_id=int(cancelled[1]))
        return SlashDone(text=f"Reminder {cancelled[1]} is cancelled.")
    wish = parse_wish(call.text, now=now)
    kept = add_reminder(actor=call.actor, room_id=call.room_id, cid=call.cid, text=wish.text, due_at=wish.at)
    at = kept.due_at.astimezone(now.tzinfo)
    return SlashDone(text=f"You will be reminded {_said(at, now)}. To take it back: /remind cancel {kept.pk}")


def _zone(user: User) -> ZoneInfo:
    return ZoneInfo(accounts.preferences_view(user).time_zone)


def _list(user: User, now: datetime) -> str:
    reminders = open_reminders(user_id=user.pk)
    if not reminders:
        return "You have no reminders. To set one: /remind in 20m look at the build"
    return "\n".join(f"{one.pk}: {_said(one.due_at.astimezone(now.tzinfo), now)} – {one.text}" for one in reminders)


def _said(at: datetime, now: datetime) -> str:
    days = (at.date() - now.date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, f"on {at:%A}, {at:%Y-%m-%d}")
    return f"{day} at {at:%H:%M}"


def _everybody(standing: Standing) -> bool:
    return bool(standing.role)


COMMANDS: Final = [Slash("remind", "in 20m tea", "Be told at a time; list shows all", _everybody, _remind)]
