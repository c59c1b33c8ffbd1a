"""Webhooks into rooms: made, switched, given another key, deleted, and used. Each public function is one transaction.

Called by views, the HTTP API and the admin. A key is shown once and kept as a hash; every change is in the audit trail.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from chat import selectors as rooms
from chat import services as chat
from chat import texts
from chat.selectors import directory
from integrations import attachments, keys
from integrations.models import IncomingHook, PostProps
from integrations.models.hooks import HOOK_NAME_CHARS
from integrations.services.posts import check_props
from realtime.protocol import BODY_CHARS, Refused

if TYPE_CHECKING:
    from accounts.models import User

SLOW: Final = "slow_mode"
PARTS_MOST: Final = 20
"""Messages that one call may become."""
HOOKS_MOST: Final = 50
"""Webhooks of one room."""
MAY_ADD: Final = "integrations.add_incominghook"
MAY_CHANGE: Final = "integrations.change_incominghook"
NOTED: Final = timedelta(minutes=1)


@transaction.atomic
def make_hook(*, actor: User, room_id: int, name: str) -> tuple[IncomingHook, str]:
    """Makes a webhook into a room, with a bot of its own that speaks there.

    Args:
        actor: an owner or moderator of the room; staff with the permission, for public rooms.
        room_id: where it speaks.
        name: what its messages are signed with.

    Returns:
        The row and the key, which is shown now and never again.

    Raises:
        Refused: not_found, forbidden; `invalid` or `too_large` with the field.
    """
    shown = texts.clean_line(name, field="name", most=HOOK_NAME_CHARS, least=1)
    own = may_connect(actor, room_id, MAY_ADD)
    if IncomingHook.objects.filter(room_id=room_id).count() >= HOOKS_MOST:
        raise Refused("too_large", f"A room has at most {HOOKS_MOST} webhooks. Delete one first.")
    bot = accounts.create_person(actor=actor, username=bot_name(shown), display_name=shown, kind="bot")
    if own:
        chat.invite_person(actor=actor, room_id=room_id, user_id=bot.pk)
    else:
        chat.join_room(actor=bot, room_id=room_id)
    key, key_hash, hint = keys.new_key()
    hook = IncomingHook.objects.create(
        room_id=room_id, bot=bot, name=shown, key_hash=key_hash, hint=hint, created_by=actor
    )
    _record(actor, "webhook.make", hook)
    return hook, key


def may_connect(actor: User, room_id: int, permission: str) -> bool:
    """Whether it is the actor's own room to moderate; False for staff who may all the same.

    Raises:
        Refused: not_found, forbidden.
    """
    if rooms.rights_in(actor=actor, room_id=room_id).may_moderate:
        return True
    if not (actor.is_active and actor.has_perm(permission)):
        raise Refused("forbidden", "Owners and moderators look after webhooks.")
    if directory.room_standing(actor=actor, room_id=room_id).room.kind != "public":
        raise Refused("forbidden", "Into a private room its own moderators let webhooks.")
    return False


def bot_name(name: str) -> str:
    """The username of a new bot that is called so."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24].strip("-")
    return f"hook-{stem}-{secrets.token_hex(3)}" if stem else f"hook-{secrets.token_hex(6)}"


def _find(actor: User, hook_id: int) -> IncomingHook:
    """A hook that the actor may change; staff may switch off and delete any.

    Raises:
        Refused: `not_found`, also for one of a room that is not theirs.
    """
    hook = IncomingHook.objects.select_related("bot").filter(pk=hook_id).first() if 0 < hook_id < 2**63 else None
    if hook is None:
        raise Refused("not_found")
    if actor.is_active and actor.has_perm(MAY_CHANGE):
        return hook
    if not rooms.rights_in(actor=actor, room_id=hook.room_id).may_moderate:
        raise Refused("not_found")
    return hook


@transaction.atomic
def switch_hook(*, actor: User, hook_id: int, enabled: bool) -> None:
    """Lets a webhook speak, or keeps it silent.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    if IncomingHook.objects.filter(pk=hook.pk, enabled=not enabled).update(enabled=enabled):
        _record(actor, "webhook.switch", hook, enabled=enabled)


@transaction.atomic
def renew_key(*, actor: User, hook_id: int) -> str:
    """Gives a webhook another key; the old one opens nothing any more.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    key, key_hash, hint = keys.new_key()
    IncomingHook.objects.filter(pk=hook.pk).update(key_hash=key_hash, hint=hint)
    _record(actor, "webhook.renew", hook)
    return key


@transaction.atomic
def delete_hook(*, actor: User, hook_id: int) -> None:
    """Ends a webhook; what it said stays, signed with its name.

    Raises:
        Refused: `not_found`.
    """
    hook = _find(actor, hook_id)
    _record(actor, "webhook.delete", hook)
    # Its bot is the row's owner in the database; the account stays as the author of what was said.
    IncomingHook.objects.filter(pk=hook.pk).delete()
    hook.bot.is_active = False
    hook.bot.save(update_fields=["is_active"])


def _record(actor: User, action: str, hook: IncomingHook, **detail: Any) -> None:
    told = {"hook": hook.pk, "name": hook.name, **detail}
    accounts.record_audit(actor=actor, action=action, target=f"room:{hook.room_id}", detail=told)


def speak(*, hook: IncomingHook, text: str, username: str, raw_attachments: Any, props: dict[str, Any]) -> int:
    """Says what was sent to a webhook, in several messages if it is long; answers how many.

    Args:
        hook: an enabled one.
        text: Markdown, or Slack's markup.
        username: who the sender says is speaking; "" for the hook itself.
        raw_attachments: a list as Slack and Mattermost send it.
        props: whatever the sender wants to keep with it.

    Raises:
        Refused: `too_large` for a text of too many messages; whatever send_message refuses.
    """
    given = attachments.read(raw_attachments)
    signed = attachments.signature(username) if username != hook.name else ""
    said = attachments.rewrite_slack(text)
    told = attachments.words(given)
    most = texts_most(signed, told)
    parts = attachments.pieces(said, most) or [""]
    if len(parts) > PARTS_MOST:
        raise Refused("too_large", f"A webhook says at most {PARTS_MOST * most:,} characters at once.", field="text")
    kept = check_props(_kept(hook, username, raw_attachments, props), bot=True)
    with transaction.atomic():
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            body = f"{signed}{part}"
            card = attachments.card(body, given) if last and given else None
            whole = attachments.joined(body, told if last else "")
            try:
                sent = chat.send_message(actor=hook.bot, room_id=hook.room_id, cid=uuid4(), body=whole, card=card)
            except Refused as refused:
                # To wait does not help: the next time the first part is in the way of the second one again.
                if number and refused.code == SLOW:
                    raise _too_long_for_slow_mode(most) from refused
                raise
            PostProps.objects.create(message_id=sent.id, props=kept if last else {**kept, "attachments": []})
    return len(parts)


def _too_long_for_slow_mode(most: int) -> Refused:
    told = f"This room is in slow mode: a webhook says at most {most:,} characters at once."
    return Refused("too_large", told, field="text")


def texts_most(signed: str, told: str) -> int:
    """How many characters of a text fit beside who says it and what its attachments say."""
    return BODY_CHARS - len(signed) - len(told) - 4


def _kept(hook: IncomingHook, username: str, raw: Any, props: dict[str, Any]) -> dict[str, Any]:
    made = {
        **props,
        "from_webhook": "true",
        "override_username": username or hook.name,
        "webhook_display_name": hook.name,
    }
    shown = attachments.without_secrets(raw)
    return made | ({"attachments": shown} if shown else {})


@transaction.atomic
def note_call(*, hook_id: int, error: str = "") -> None:
    """Writes down that a webhook was called, at most once a minute while nothing is wrong."""
    now = timezone.now()
    rows = IncomingHook.objects.filter(pk=hook_id)
    if not error:
        rows = rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED) | ~Q(last_error=""))
    rows.update(last_used_at=now, last_error=error[:200])
