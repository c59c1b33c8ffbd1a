"""Commands that are answered from outside: made, called, answered. One transaction each.

Called by the admin, by what people type after a slash, by the runner and by late answers. Never talks to the network.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from accounts import vault
from chat import services as chat
from chat import texts
from chat.selectors.directory import room_standing
from integrations import keys, payloads
from integrations.models import CommandCall, SlashCommand
from integrations.models.hooks import HOOK_NAME_CHARS
from integrations.payloads import Reply
from integrations.services.hooks import HOOKS_MOST, bot_name, may_connect
from integrations.services.outgoing import clean_url
from integrations.services.saying import said_by
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

MAY_ADD: Final = "integrations.add_slashcommand"
MAY_CHANGE: Final = "integrations.change_slashcommand"
HELD: Final = timedelta(seconds=60)
PATIENCE: Final = timedelta(minutes=15)
"""How long a call waits for a process to make it; what is typed to be done now is not done an hour later."""
LATE: Final = timedelta(minutes=30)
"""How long a late answer is taken."""
ANSWERS_MOST: Final = 5
KEPT: Final = timedelta(hours=1)
TEXT_CHARS: Final = 4_000
TOO_OLD: Final = "Nobody could call it for a quarter of an hour. Type it again if it is still wanted."
LOST: Final = "The site was stopped while it was called: it may be done or not. Look there before you type it again."
_TRIGGER: Final = re.compile(r"[a-z][a-z_-]{0,29}")
_ANSWERS: Final = UUID("c1b2a0b6-7b2a-4a53-9a86-2c8a9e0b5d11")
"""Namespace of the lasting ids of answers."""


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command to make.

    Attributes:
        trigger: what is typed after the slash.
        usage: what follows it; help: what it does, in a few words.
    """

    trigger: str
    name: str
    url: str
    usage: str = ""
    help: str = ""


@transaction.atomic
def make_command(*, actor: User, room_id: int, new: NewCommand, taken: set[str]) -> tuple[SlashCommand, str]:
    """Makes a command for the people of a room, with a bot of its own that says its answers.

    Args:
        actor: as for webhooks into rooms.
        room_id: whose people may use it.
        new: the command.
        taken: names that commands of this site have.

    Returns:
        The row and the secret that signs requests, which is shown now and never again.

    Raises:
        Refused: not_found, forbidden; `invalid`, `conflict` or `too_large` with the field.
    """
    trigger = new.trigger.strip().removeprefix("/").lower()
    if not _TRIGGER.fullmatch(trigger):
        raise Refused("invalid", "1 to 30 small letters, dashes and underscores.", field="trigger")
    values = {
        "name": texts.clean_line(new.name, field="name", most=HOOK_NAME_CHARS, least=1),
        "usage": texts.clean_line(new.usage, field="usage", most=60),
        "help": texts.clean_line(new.help, field="help", most=100),
        "url": clean_url(new.url),
    }
    own = may_connect(actor, room_id, MAY_ADD)
    rows = SlashCommand.objects.filter(room_id=room_id)
    if trigger in taken or rows.filter(trigger=trigger).exists():
        raise Refused("conflict", f"There is a command /{trigger} already.", field="trigger")
    if rows.count() >= HOOKS_MOST:
        raise Refused("too_large", f"A room has at most {HOOKS_MOST} of them. Delete one first.")
    bot = accounts.create_person(
        actor=actor, username=bot_name(values["name"]), display_name=values["name"], kind="bot"
    )
    if own:
        chat.invite_person(actor=actor, room_id=room_id, user_id=bot.pk)
    else:
        chat.join_room(actor=bot, room_id=room_id)
    secret = secrets.token_urlsafe(32)
    sealed = vault.seal(secret)
    made = SlashCommand.objects.create(
        room_id=room_id, bot=bot, trigger=trigger, secret=sealed, created_by=actor, **values
    )
    _record(actor, "command.make", made, url=values["url"])
    return made, secret


def _find(actor: User, command_id: int) -> SlashCommand:
    command = SlashCommand.objects.select_related("bot").filter(pk=command_id).first()
    if command is None or not (actor.is_active and actor.has_perm(MAY_CHANGE)):
        raise Refused("not_found")
    return command


@transaction.atomic
def switch_command(*, actor: User, command_id: int, enabled: bool) -> None:
    """Offers a command, or not any more; for staff.

    Raises:
        Refused: `not_found`.
    """
    command = _find(actor, command_id)
    if SlashCommand.objects.filter(pk=command.pk, enabled=not enabled).update(enabled=enabled):
        _record(actor, "command.switch", command, enabled=enabled)


@transaction.atomic
def renew_command(*, actor: User, command_id: int) -> str:
    """Gives a command another secret, which is shown now and never again; for staff.

    Raises:
        Refused: `not_found`.
    """
    command = _find(actor, command_id)
    secret = secrets.token_urlsafe(32)
    SlashCommand.objects.filter(pk=command.pk).update(secret=vault.seal(secret))
    _record(actor, "command.renew", command)
    return secret


@transaction.atomic
def delete_command(*, actor: User, command_id: int) -> None:
    """Ends a command; what its bot said stays. For staff.

    Raises:
        Refused: `not_found`.
    """
    command = _find(actor, command_id)
    _record(actor, "command.delete", command)
    SlashCommand.objects.filter(pk=command.pk).delete()
    command.bot.is_active = False
    command.bot.save(update_fields=["is_active"])


def _record(actor: User, action: str, command: SlashCommand, **detail: Any) -> None:
    told = {"command": command.pk, "trigger": command.trigger, **detail}
    accounts.record_audit(actor=actor, action=action, target=f"room:{command.room_id}", detail=told)


@transaction.atomic
def queue_call(*, actor: User, command_id: int, text: str, cid: UUID, thread: UUID | None) -> bool:
    """Writes down that somebody typed a command; a repeat of the same cid is no other call.

    Raises:
        Refused: `not_found` for a command that is not there any more; `too_large`.
    """
    if len(text) > TEXT_CHARS:
        raise Refused("too_large", f"At most {TEXT_CHARS:,} characters can follow a command.", field="text")
    command = SlashCommand.objects.filter(pk=command_id, enabled=True).first()
    if command is None:
        raise Refused("not_found")
    values = {"text": text, "thread": thread}
    return CommandCall.objects.get_or_create(command=command, user=actor, cid=cid, defaults=values)[1]


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A call that this process has claimed."""

    call: int
    url: str
    secret: str
    body: bytes


def claim_calls(*, limit: int) -> list[CallOrder]:
    """Takes calls that wait, the oldest first. One that was lost, or waited too long, is not made: its caller is told.

    Nobody makes a call twice: what it does is not ours to know.
    """
    now = timezone.now()
    waiting = CommandCall.objects.filter(state=CommandCall.State.WAITING)
    over = waiting.filter(Q(claimed_until__lt=now) | Q(claimed_until=None, created_at__lt=now - PATIENCE))
    for row in over.order_by("pk")[:limit]:
        finish_call(call_id=row.pk, replies=[], error=TOO_OLD if row.claimed_until is None else LOST)
    rows = waiting.filter(claimed_until=None).select_related("command", "command__bot", "user").order_by("pk")
    orders = []
    for row in rows[: max(limit, 0)]:
        made = _claim(row)
        if isinstance(made, CallOrder):
            orders.append(made)
        elif made:
            finish_call(call_id=row.pk, replies=[], error=made)
    return orders


@transaction.atomic
def _claim(row: CommandCall) -> CallOrder | str:
    """The call, for whoever came first; else why it cannot be made, and nothing where another process makes it."""
    mine = CommandCall.objects.filter(pk=row.pk, state=CommandCall.State.WAITING, claimed_until=None)
    key, key_hash, _ = keys.new_key()
    if not mine.update(claimed_until=timezone.now() + HELD, key_hash=key_hash):
        return ""
    command = row.command
    if not command.enabled:
        return "It was switched off."
    try:
        room = room_standing(actor=command.bot, room_id=command.room_id).room
        secret = vault.unseal(command.secret)
    except Refused:
        return "Its bot is not in this room any more."
    except ImproperlyConfigured:
        return "Its secret was sealed with another SECRET_KEY: staff has to make it anew."
    body = payloads.call_form(
        command=f"/{command.trigger}",
        text=row.text,
        token=secret,
        room=room,
        person=people.people_views([row.user_id])[row.user_id],
        response_url=f"{settings.SITE_URL}/hooks/commands/{key}",
    )
    return CallOrder(row.pk, command.url, secret, body)


def finish_call(*, call_id: int, replies: list[Reply], error: str) -> None:
    """Writes down what came of a call, and says the answers, or to its caller that there is none."""
    row = CommandCall.objects.select_related("command", "command__bot", "user").filter(pk=call_id).first()
    if row is None or row.state != CommandCall.State.WAITING:
        return
    told = [Reply(f"/{row.command.trigger} did not work. {error}")] if error else replies
    for number, reply in enumerate(told):
        _say(row, reply, f"{row.pk} {number}")
    state = CommandCall.State.FAILED if error else CommandCall.State.ASKED
    with transaction.atomic():
        CommandCall.objects.filter(pk=row.pk).update(state=state)
        now = timezone.now()
        SlashCommand.objects.filter(pk=row.command_id).update(last_called_at=now, last_error=error[:300])


def _say(row: CommandCall, reply: Reply, name: str) -> None:
    """Says an answer: to the room, or to the caller alone, in their conversation with the command's bot."""
    bot = row.command.bot
    try:
        if reply.public:
            room_id, thread = row.command.room_id, row.thread
        else:
            room_id, thread = chat.open_direct(actor=bot, users=[row.user_id]).room.id, None
        body, card = said_by(row.command.name, reply)
        cid = uuid5(_ANSWERS, name)
        chat.send_message(actor=bot, room_id=room_id, cid=cid, body=body, thread=thread, card=card)
    except Refused as refused:
        told = f"An answer was not said: {refused.message}"[:300]
        SlashCommand.objects.filter(pk=row.command_id).update(last_error=told)


def answer_late(*, key: str, replies: list[Reply]) -> None:
    """Says an answer that comes after the call, within half an hour and five times at most.

    Raises:
        Refused: `not_found` for a key that is unknown, too old, or used up.
    """
    row = CommandCall.objects.select_related("command", "command__bot").filter(key_hash=keys.hash_key(key)).first()
    if row is None or row.created_at < timezone.now() - LATE or not row.command.enabled:
        raise Refused("not_found")
    answer = _count_answer(row)
    for number, reply in enumerate(replies):
        _say(row, reply, f"{row.pk} late {answer} {number}")


@transaction.atomic
def _count_answer(row: CommandCall) -> int:
    """Which late answer this is; two that come at the same moment are two.

    Raises:
        Refused: `not_found` when all were used.
    """
    counted = CommandCall.objects.filter(pk=row.pk)
    if not counted.filter(answers__lt=ANSWERS_MOST).update(answers=F("answers") + 1):
        raise Refused("not_found")
    return counted.values_list("answers", flat=True).get()


@transaction.atomic
def prune_calls() -> int:
    """Forgets calls and what was typed, an hour later; answers how many."""
    return CommandCall.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
