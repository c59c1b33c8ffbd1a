"""What the page "Tokens and webhooks" shows: webhooks both ways and outside commands, how each is, and its last calls.

Called by integrations.desk. Never writes, and never tells a key or a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max, Min
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import CommandCall, Delivery, IncomingHook, OutgoingHook, SlashCommand

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Room

MOST: Final = 200
"""Rows of each kind; the lists of the back office have the rest."""
CALLS_MOST: Final = 12
FAILURES_MOST: Final = 20
"""As in integrations.services.deliveries: after so many in a row an address is not told any more."""
GONE: Final = 410
OK: Final = "ok"
WARN: Final = "warn"
BAD: Final = "bad"
QUIET: Final = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a webhook.

    Attributes:
        tone: ok, warn or bad.
        words: what came of it; after: what is said behind that, as ", try 3".
    """

    at: datetime
    tone: str
    words: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class HookRow:
    """A webhook or an outside command.

    Attributes:
        key: as "out:3": in, out or cmd, and its number.
        about: which way it goes and what makes it go.
        last_at: when it was called last; `last` says what came of it.
        state: how it is, in words, with its tone.
        again: it can be tried again.
    """

    key: str
    name: str
    about: str
    room: Room
    enabled: bool
    last_at: datetime | None
    last: str
    tone: str
    state: str
    again: bool = False

    @property
    def way(self) -> str:
        """in, out or cmd."""
        return self.key.partition(":")[0]


def hooks_shown(*, actor: User) -> list[HookRow]:
    """Those that a member of staff may see, in the order of their kinds and age."""
    rows: list[HookRow] = []
    if actor.has_perm("integrations.view_incominghook"):
        rows += [_incoming(hook) for hook in IncomingHook.objects.select_related("room").order_by("pk")[:MOST]]
    if actor.has_perm("integrations.view_outgoinghook"):
        rows += _outgoings(list(OutgoingHook.objects.select_related("room").order_by("pk")[:MOST]))
    if actor.has_perm("integrations.view_slashcommand"):
        rows += [_command(one) for one in SlashCommand.objects.select_related("room").order_by("pk")[:MOST]]
    return rows


def _incoming(hook: IncomingHook) -> HookRow:
    tone, state = (OK, "good") if hook.last_used_at is not None else (QUIET, "not used yet")
    if hook.last_error:
        tone, state = WARN, "last one refused"
    if not hook.enabled:
        tone, state = QUIET, "switched off"
    key, about = f"in:{hook.pk}", f"in, …{hook.hint}"
    last = hook.last_error or ("taken" if hook.last_used_at else "")
    return HookRow(key, hook.name, about, hook.room, hook.enabled, hook.last_used_at, last, tone, state)


def _command(command: SlashCommand) -> HookRow:
    tone, state = (OK, "good") if command.last_called_at is not None else (QUIET, "not used yet")
    if command.last_error:
        tone, state = WARN, "last one failed"
    if not command.enabled:
        tone, state = QUIET, "switched off"
    last = command.last_error or ("answered" if command.last_called_at else "")
    at = command.last_called_at
    return HookRow(
        f"cmd:{command.pk}", f"/{command.trigger}", command.name, command.room, command.enabled, at, last, tone, state
    )


def _outgoings(hooks: list[OutgoingHook]) -> list[HookRow]:
    rows = Delivery.objects.filter(hook__in=hooks)
    newest = rows.exclude(tries=[]).values("hook").annotate(newest=Max("pk")).values_list("newest", flat=True)
    last = {row.hook_id: row for row in Delivery.objects.filter(pk__in=list(newest))}
    waiting = rows.filter(state=Delivery.State.WAITING, attempts__gt=0).exclude(error="")
    due = dict(waiting.values_list("hook").annotate(due=Min("due_at")))
    return [_outgoing(hook, last.get(hook.pk), due.get(hook.pk)) for hook in hooks]


def _outgoing(hook: OutgoingHook, last: Delivery | None, due: datetime | None) -> HookRow:
    tone, state = _state_of(hook, last, due)
    at, words = hook.last_sent_at, hook.last_error or ("taken" if hook.last_sent_at else "")
    if last is not None:
        call = _tried(last, last.tries[-1])
        at, words = call.at, call.words
    about = "out, on every message" if not hook.triggers else f"out, on {', '.join(hook.triggers)}"
    again = tone in {WARN, BAD}
    return HookRow(f"out:{hook.pk}", hook.name, about, hook.room, hook.enabled, at, words, tone, state, again)


def _state_of(hook: OutgoingHook, last: Delivery | None, due: datetime | None) -> tuple[str, str]:
    if not hook.enabled:
        if hook.failed_in_row >= FAILURES_MOST:
            return BAD, f"stopped after {hook.failed_in_row} failures"
        if last is not None and last.status == GONE:
            return BAD, "stopped, the address is gone"
        return QUIET, "switched off"
    if due is not None:
        return WARN, _again_in(due)
    if hook.failed_in_row:
        return WARN, f"{hook.failed_in_row} given up"
    if hook.last_sent_at is None:
        return QUIET, "not used yet"
    return OK, "good"


def _again_in(due: datetime) -> str:
    seconds = round((due - timezone.now()).total_seconds())
    if seconds <= 0:
        return "again now"
    return f"again in {seconds} s" if seconds < 100 else f"again in {round(seconds / 60)} min"


# Last calls


def calls_of(*, key: str) -> list[Call]:
    """The last calls of a webhook or command, newest first; none for one that is not there."""
    way, _, number = key.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return []
    found = {"in": _incoming_calls, "out": _outgoing_calls, "cmd": _command_calls}.get(way)
    return found(int(number)) if found is not None else []


def _outgoing_calls(pk: int) -> list[Call]:
    rows = Delivery.objects.filter(hook=pk).exclude(tries=[]).order_by("-pk")[:CALLS_MOST]
    calls = [_tried(row, one) for row in rows for one in row.tries]
    return sorted(calls, key=lambda call: call.at, reverse=True)[:CALLS_MOST]


def _tried(row: Delivery, one: dict[str, Any]) -> Call:
    at = parse_datetime(one["at"]) or row.created_at
    if not one["error"]:
        return Call(at, OK, str(one["status"]), f" in {one['ms'] / 1000:.1f} s")
    words = str(one["status"]) if one["status"] else one["error"].rstrip(".")
    over = row.state == Delivery.State.FAILED and one is row.tries[-1]
    told = f", try {one['attempt']}"
    return Call(at, BAD if over else WARN, words, f"{told}, given up" if over else told)


def _incoming_calls(pk: int) -> list[Call]:
    hooks: Iterable[IncomingHook] = IncomingHook.objects.filter(pk=pk).exclude(last_used_at=None)
    return [
        Call(hook.last_used_at, WARN if hook.last_error else OK, hook.last_error or "taken")
        for hook in hooks
        if hook.last_used_at is not None
    ]


def _command_calls(pk: int) -> list[Call]:
    states = CommandCall.State
    said = {states.WAITING: (WARN, "waits"), states.ASKED: (OK, "answered"), states.FAILED: (BAD, "failed")}
    rows = CommandCall.objects.filter(command=pk).select_related("user").order_by("-pk")[:CALLS_MOST]
    calls = [Call(row.created_at, *said[states(row.state)], f", typed by {row.user}") for row in rows]
    if calls:
        return calls
    commands = SlashCommand.objects.filter(pk=pk).exclude(last_called_at=None)
    return [
        Call(one.last_called_at, BAD if one.last_error else OK, one.last_error or "answered")
        for one in commands
        if one.last_called_at is not None
    ]
