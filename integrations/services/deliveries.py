"""Deliveries: claimed for a while, ended, tried again, given up. Each public function is one transaction.

Called by the runner. Never talks to the network; a claim runs out, so that another process finds what one has lost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import selectors as people
from accounts import vault
from chat import services as chat
from chat.selectors import posts as read
from chat.selectors.directory import room_standing
from integrations import payloads
from integrations.models import Delivery, OutgoingHook
from integrations.payloads import Reply, Subject
from integrations.services.outgoing import is_said_by_somebody
from integrations.services.saying import said_by
from realtime.protocol import Refused

HELD: Final = timedelta(seconds=90)
"""How long a claim holds: longer than any request may take."""
PAUSES: Final = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 3600, 3600)
"""Seconds before each further attempt; after the last the delivery has failed."""
PAUSE_MOST: Final = 3600
FAILED_MOST: Final = 20
"""Deliveries in a row that failed; then the webhook is switched off."""
GONE: Final = 410
AGAIN: Final = frozenset({408, 425, 429})
KEPT: Final = timedelta(days=7)
TRIES_MOST: Final = 20
"""How many tries of one delivery are looked back at."""
_REPLIES: Final = UUID("0b9a7a34-5c2f-4a5e-8f0c-7d4b8f6c1d52")
"""Namespace of the lasting ids of replies: an answer that comes twice is said once."""


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery that this process has claimed.

    Attributes:
        attempt: which one this is, from 1.
    """

    delivery: int
    hook: int
    url: str
    secret: str
    body: bytes
    attempt: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        status: of the answer; None when there was none.
        error: in words; "" when it was taken.
        passing: whether another attempt makes sense where there was no answer.
        retry_after: seconds that the address wants us to wait.
    """

    status: int | None
    error: str = ""
    passing: bool = True
    retry_after: float | None = None
    reply: Reply | None = None


def claim_due(*, limit: int, busy: Collection[int] = (), after: int = 0) -> list[Order]:
    """Takes deliveries that are due, the oldest of each webhook.

    Args:
        limit: so many at most.
        busy: webhooks that are being told something now.
        after: the webhook that was served last: the others come first, so that one with much to tell or with an
            address that does not answer holds nobody up.
    """
    now = timezone.now()
    due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now, hook__enabled=True)
    if limit <= 0:
        return []
    hooks = due.exclude(hook__in=busy).values_list("hook_id", flat=True).distinct()
    orders = []
    for hook in sorted(hooks, key=lambda hook: (hook <= after, hook))[:limit]:
        row = due.filter(hook=hook).select_related("hook", "hook__bot").order_by("due_at", "pk").first()
        order = _claim(row, now) if row is not None else None
        if order is not None:
            orders.append(order)
    return orders


@transaction.atomic
def _claim(row: Delivery, now: datetime) -> Order | None:
    # Whoever moves it from the moment at which it was read has it.
    mine = Delivery.objects.filter(pk=row.pk, state=Delivery.State.WAITING, due_at=row.due_at)
    if not mine.update(due_at=now + HELD, attempts=F("attempts") + 1):
        return None
    if row.attempts > len(PAUSES):
        _end(row, Delivery.State.FAILED, row.status, "Each attempt broke off: the log of the site says why.", now)
        return None
    try:
        return _order(row)
    except (Refused, LookupError):
        _end(row, Delivery.State.DROPPED, None, "The message is not there any more.", now)
    except ImproperlyConfigured:
        _end(row, Delivery.State.FAILED, None, "Its secret was sealed with another SECRET_KEY: make it anew.", now)
    return None


def _order(row: Delivery) -> Order:
    hook = row.hook
    post = read.posts_of([row.message_id])[0] if row.message_id else None
    if post is None or post.gone_at is not None or not is_said_by_somebody(post.view):
        raise LookupError
    author = post.view.author
    person = people.people_views([author])[author] if author is not None else None
    # The bot's own view: what it may not see any more it does not tell.
    room = room_standing(actor=hook.bot, room_id=hook.room_id).room
    secret = vault.unseal(hook.secret)
    subject = Subject(row.trigger, room, post.view, person)
    if hook.form == OutgoingHook.Form.MATTERMOST:
        body = payloads.mattermosts(subject, token=secret)
    else:
        body = payloads.ours(subject, delivery=row.pk, hook=hook.name, site=settings.SITE_URL)
    return Order(row.pk, hook.pk, hook.url, secret, body, row.attempts + 1)


def finish(*, delivery_id: int, outcome: Outcome) -> None:
    """Writes down what became of an attempt, and says what the address answered.

    A reply that may not be said, in a room that is archived for example, stands in the log of the delivery.
    """
    row = Delivery.objects.select_related("hook", "hook__bot", "message").filter(pk=delivery_id).first()
    if row is None or row.state != Delivery.State.WAITING:
        return
    now = timezone.now()
    _note_try(row, outcome, now)
    if not outcome.error:
        error = _say(row, outcome.reply) if outcome.reply is not None else ""
        with transaction.atomic():
            _end(row, Delivery.State.SENT, outcome.status, error, now)
            OutgoingHook.objects.filter(pk=row.hook_id).update(last_sent_at=now, failed_in_row=0, last_error="")
        return
    _fail(row, outcome, now)


def _note_try(row: Delivery, outcome: Outcome, now: datetime) -> None:
    """How it went, and how long it took since it was claimed."""
    # A row that was put back by hand was claimed at no known moment.
    took = max(0, round((now - (row.due_at - HELD)).total_seconds() * 1000))
    said = {"at": now.isoformat(), "ms": took, "status": outcome.status, "error": outcome.error[:300]}
    tries = [*row.tries, {**said, "attempt": row.attempts}][-TRIES_MOST:]
    Delivery.objects.filter(pk=row.pk).update(tries=tries)


@transaction.atomic
def _fail(row: Delivery, outcome: Outcome, now: datetime) -> None:
    hooks = OutgoingHook.objects.filter(pk=row.hook_id)
    hooks.update(last_error=outcome.error[:300])
    if _may_try_again(outcome) and row.attempts <= len(PAUSES):
        pause = max(PAUSES[row.attempts - 1], min(outcome.retry_after or 0, PAUSE_MOST))
        due = now + timedelta(seconds=pause)
        Delivery.objects.filter(pk=row.pk).update(status=outcome.status, error=outcome.error[:300], due_at=due)
        return
    _end(row, Delivery.State.FAILED, outcome.status, outcome.error, now)
    hooks.update(failed_in_row=F("failed_in_row") + 1)
    if outcome.status == GONE:
        hooks.update(enabled=False, last_error="Switched off: the address says that it is gone for ever (410).")
    hooks.filter(failed_in_row__gte=FAILED_MOST).update(
        enabled=False, last_error=f"Switched off after {FAILED_MOST} failures in a row. {outcome.error}"[:300]
    )


def _may_try_again(outcome: Outcome) -> bool:
    if outcome.status is None:
        return outcome.passing
    return outcome.status >= 500 or outcome.status in AGAIN


def _end(row: Delivery, state: str, status: int | None, error: str, now: datetime) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=state, status=status, error=error[:300], ended_at=now)


def _say(row: Delivery, reply: Reply) -> str:
    """Says an answer as the webhook's bot; answers why not, if not."""
    hook, message = row.hook, row.message
    body, card = said_by(hook.name, reply)
    thread = (message.thread_root_id or message.pk) if message is not None and reply.threaded else None
    try:
        chat.send_message(
            actor=hook.bot,
            room_id=hook.room_id,
            cid=uuid5(_REPLIES, str(row.pk)),
            body=body,
            thread=thread,
            card=card,
        )
    except Refused as refused:
        return f"Its answer was not said: {refused.message}"
    return ""


@transaction.atomic
def prune_deliveries(*, before: datetime | None = None) -> int:
    """Forgets deliveries that ended a week ago, or before a moment; answers how many."""
    end = before or timezone.now() - KEPT
    return Delivery.objects.filter(ended_at__lt=end).delete()[0]
