"""Webhooks out of rooms: made, switched, deleted, and messages queued for them. One transaction each.

Called by the admin and by the listener of messages. Never talks to the network.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from accounts import vault
from chat import selectors as rooms
from chat import services as chat
from chat import texts
from chat.shapes import MessageView
from integrations.models import Delivery, OutgoingHook
from integrations.models.hooks import HOOK_NAME_CHARS
from integrations.services.hooks import HOOKS_MOST, bot_name, may_connect
from outbound.links import read_url
from outbound.refusing import OutboundRefused
from realtime.committed import once
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

URL_CHARS: Final = 500
TRIGGERS_MOST: Final = 20
TRIGGER_CHARS: Final = 60
AGAIN_MOST: Final = 500
"""Deliveries that one wish sends again."""
MAY_ADD: Final = "integrations.add_outgoinghook"
MAY_CHANGE: Final = "integrations.change_outgoinghook"
_LISTENS: Final = f"SELECT 1 FROM {OutgoingHook._meta.db_table} WHERE room_id = %s AND enabled = %s LIMIT 1"
_WRITERS: Final = {
    "user": {"people", "everybody"}, "bridge": {"people", "everybody"}, "assistant": {"everybody"},
    "alert": {"everybody"},
}  # fmt: skip


@transaction.atomic
def make_outgoing(
    *, actor: User, room_id: int, name: str, url: str, form: str, of: str, triggers: Sequence[str]
) -> tuple[OutgoingHook, str]:
    """Makes an address that is told of messages of a room, with a bot of its own that says its answers.

    Args:
        actor: an owner or moderator of the room with the permission; staff, for public rooms.
        room_id: whose messages.
        name: what its answers are signed with.
        url: where they are sent.
        form: ours or Mattermost's.
        of: whose messages.
        triggers: words that a message must begin with; none for every message.

    Returns:
        The row and the secret that signs requests, which is shown now and never again.

    Raises:
        Refused: not_found, forbidden; `invalid` or `too_large` with the field.
    """
    shown = texts.clean_line(name, field="name", most=HOOK_NAME_CHARS, least=1)
    address = clean_url(url)
    words = _clean_triggers(triggers)
    if form not in OutgoingHook.Form.values:
        raise Refused("invalid", "There is no such form.", field="form")
    if of not in OutgoingHook.Of.values:
        raise Refused("invalid", "There is no such choice.", field="of")
    own = may_connect(actor, room_id, MAY_ADD)
    if OutgoingHook.objects.filter(room_id=room_id).count() >= HOOKS_MOST:
        raise Refused("too_large", f"A room has at most {HOOKS_MOST} of them. Delete one first.")
    bot = accounts.create_person(actor=actor, username=bot_name(shown), display_name=shown, kind="bot")
    if own:
        chat.invite_person(actor=actor, room_id=room_id, user_id=bot.pk)
    else:
        chat.join_room(actor=bot, room_id=room_id)
    secret = secrets.token_urlsafe(32)
    values = {"name": shown, "url": address, "form": form, "of": of, "triggers": words}
    hook = OutgoingHook.objects.create(room_id=room_id, bot=bot, secret=vault.seal(secret), created_by=actor, **values)
    _record(actor, "webhook_out.make", hook, url=address)
    return hook, secret


def clean_url(url: str) -> str:
    """An address that can be sent to, as far as its form says.

    Raises:
        Refused: `invalid` or `too_large` with field url.
    """
    text = url.strip()
    if len(text) > URL_CHARS:
        raise Refused("too_large", f"An address has at most {URL_CHARS} characters.", field="url")
    try:
        read_url(text)
    except OutboundRefused as refused:
        raise Refused("invalid", refused.words, field="url") from None
    return text


def _clean_triggers(triggers: Sequence[str]) -> list[str]:
    words = list(dict.fromkeys(word.strip() for word in triggers if word.strip()))
    if len(words) > TRIGGERS_MOST or any(len(word) > TRIGGER_CHARS or len(word.split()) > 1 for word in words):
        told = f"At most {TRIGGERS_MOST} single words of at most {TRIGGER_CHARS} characters."
        raise Refused("invalid", told, field="triggers")
    return words


def _find(actor: User, hook_id: int) -> OutgoingHook:
    hook = OutgoingHook.objects.select_related("bot").filter(pk=hook_id).first()
    if hook is None:
        raise Refused("not_found")
    if not (actor.is_active and actor.has_perm(MAY_CHANGE)):
        rights = rooms.rights_of(room_id=hook.room_id, user_ids=[actor.pk]).get(actor.pk)
        if rights is None or not rights.may_moderate:
            raise Refused("not_found")
    return hook


@transaction.atomic
def switch_outgoing(*, actor: User, hook_id: int, enabled: bool) -> None:
    """Lets an address be told again, or not any more; what waits for it waits on.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    changed = OutgoingHook.objects.filter(pk=hook.pk, enabled=not enabled)
    if changed.update(enabled=enabled, failed_in_row=0, last_error=""):
        _record(actor, "webhook_out.switch", hook, enabled=enabled)


@transaction.atomic
def renew_secret(*, actor: User, hook_id: int) -> str:
    """Gives an address another secret; what is sent from now on is signed with it.

    Returns:
        The secret, which is shown now and never again.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    secret = secrets.token_urlsafe(32)
    OutgoingHook.objects.filter(pk=hook.pk).update(secret=vault.seal(secret))
    _record(actor, "webhook_out.renew", hook)
    return secret


@transaction.atomic
def try_again(*, actor: User, hook_id: int) -> int:
    """Switches an address on if it was stopped, and sends now what waits or was given up since it last took something.

    Returns:
        How many deliveries that is.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    now = timezone.now()
    OutgoingHook.objects.filter(pk=hook.pk).update(enabled=True, failed_in_row=0, last_error="")
    rows = Delivery.objects.filter(hook=hook)
    resting = [row.pk for row in rows.filter(state=Delivery.State.WAITING) if _rests(row)]
    due = Delivery.objects.filter(pk__in=resting[:AGAIN_MOST], state=Delivery.State.WAITING).update(due_at=now)
    failed = rows.filter(state=Delivery.State.FAILED, message__isnull=False)
    if hook.last_sent_at is not None:
        failed = failed.filter(ended_at__gt=hook.last_sent_at)
    chosen = list(failed.order_by("-pk").values_list("pk", flat=True)[:AGAIN_MOST])
    failed = Delivery.objects.filter(pk__in=chosen, state=Delivery.State.FAILED)
    due += failed.update(state=Delivery.State.WAITING, attempts=0, due_at=now, ended_at=None)
    _record(actor, "webhook_out.retry", hook, deliveries=due)
    return due


def _rests(row: Delivery) -> bool:
    """Whether its last try is over; one that is under way now must not be sent a second time."""
    return bool(row.tries) and row.tries[-1]["attempt"] == row.attempts


@transaction.atomic
def delete_outgoing(*, actor: User, hook_id: int) -> None:
    """Ends it, with what waits for it; what its bot said stays.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    _record(actor, "webhook_out.delete", hook)
    OutgoingHook.objects.filter(pk=hook.pk).delete()
    hook.bot.is_active = False
    hook.bot.save(update_fields=["is_active"])


def _record(actor: User, action: str, hook: OutgoingHook, **detail: Any) -> None:
    told = {"hook": hook.pk, "name": hook.name, **detail}
    accounts.record_audit(actor=actor, action=action, target=f"room:{hook.room_id}", detail=told)


def queue_message(*, message: MessageView) -> int:
    """Writes a delivery for each address that wants to be told of a message; answers how many.

    What an outgoing webhook's own bot says is told to nobody: two of them would talk for ever. Asked after every stored
    message, and for nothing in most rooms: the ORM and a transaction would cost as much as all the rest of it.
    """
    return _queue(message) if once(_listens, message.room) else 0


def _listens(room_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LISTENS, [room_id, True])
        return cursor.fetchone() is not None


@transaction.atomic
def _queue(message: MessageView) -> int:
    hooks = list(OutgoingHook.objects.filter(room_id=message.room, enabled=True).select_related("bot"))
    if not hooks or not is_said_by_somebody(message) or message.kind not in _WRITERS:
        return 0
    if OutgoingHook.objects.filter(bot_id=message.author).exists():
        return 0
    is_bot = message.author is not None and people.people_views([message.author])[message.author].kind == "bot"
    made = 0
    for hook in hooks:
        word = _trigger_of(hook, message.body)
        if word is None or hook.of not in _WRITERS[message.kind] or (is_bot and hook.of == OutgoingHook.Of.PEOPLE):
            continue
        values = {"hook": hook, "message_id": message.id}
        made += Delivery.objects.get_or_create(**values, defaults={"trigger": word, "due_at": timezone.now()})[1]
    return made


def is_said_by_somebody(message: MessageView) -> bool:
    """Whether a message has an author who is known, or is an alert of the site."""
    return message.author is not None or message.kind == "alert"


def _trigger_of(hook: OutgoingHook, body: str) -> str | None:
    """The word that makes the hook listen; "" when it listens to all, None when it does not."""
    if not hook.triggers:
        return ""
    first = (body.split(maxsplit=1) or [""])[0]
    return first if first in hook.triggers else None


@transaction.atomic
def retry_delivery(*, actor: User, delivery_id: int) -> None:
    """Sends one again that was given up.

    Raises:
        Refused: `not_found`; `gone` when its message is not there any more.
    """
    row = Delivery.objects.filter(pk=delivery_id).first()
    if row is None:
        raise Refused("not_found")
    hook = _find(actor, row.hook_id)
    if row.message_id is None:
        raise Refused("gone", "The message was deleted.")
    again = Delivery.objects.filter(pk=row.pk, state=Delivery.State.FAILED)
    if again.update(state=Delivery.State.WAITING, attempts=0, due_at=timezone.now(), ended_at=None):
        _record(actor, "webhook_out.retry", hook, delivery=row.pk)
