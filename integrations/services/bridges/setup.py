"""Servers and links: made, switched, and how they are now. Each public function is one transaction.

Called by the admin, by commands and by integrations.bridge. Never talks to a server.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import services as accounts
from accounts import vault
from chat import texts
from chat.selectors import directory
from integrations.mattermost.catching_up import Place
from integrations.mattermost.listening import Cursor
from integrations.models import BridgeLink, BridgeStep, MattermostServer
from integrations.models.bridges import REMOTE_ID_CHARS, WORDS_CHARS
from integrations.services.bridges import steps
from outbound.links import read_url
from outbound.refusing import OutboundRefused
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

MAY_ADD: Final = "integrations.add_mattermostserver"
MAY_LINK: Final = "integrations.add_bridgelink"
LOOK_AGAIN: Final = timedelta(seconds=60)
"""Between two looks at a channel that let us in no more."""
SOON: Final = timedelta(seconds=3)
"""Between two looks after a failure that passes by itself."""
NOT_LOOKED: Final = -1
"""As `since_ms`: where the channel ends was not looked up yet."""
_VARIABLE: Final = re.compile(r"MATTERMOST_[A-Z0-9_]{1,49}")
"""No other: whoever may add servers must not have any secret of the environment sent to one of theirs."""
_REMOTE_ID: Final = re.compile(rf"[a-z0-9]{{{REMOTE_ID_CHARS}}}")


class Fenced(Exception):
    """Another process works for this server now: whoever reads this stops and writes nothing more."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is needed to work for a server, and the epoch in which one does.

    Attributes:
        secret: for our mark.
        instance: our site's name in marks.
    """

    server: int
    epoch: int
    url: str
    token: str
    secret: bytes
    instance: str
    cursor: Cursor
    account_id: str = ""
    renames: bool = False


@transaction.atomic
def make_server(*, actor: User, name: str, url: str, token_env: str = "", token: str = "") -> MattermostServer:
    """Adds a server; nothing is asked of it yet.

    Args:
        actor: staff with the permission.
        name: what it is called here.
        url: where its site is.
        token_env: the variable of the environment that holds the token, or else
        token: the token itself, which is kept sealed.

    Raises:
        Refused: `forbidden`; `invalid` with the field; `conflict` for a name that is taken.
    """
    check_may(actor, MAY_ADD)
    shown = texts.clean_line(name, field="name", most=60, least=1)
    check_connection(url=url, token_env=token_env, token=token)
    if MattermostServer.objects.filter(name=shown).exists():
        raise Refused("conflict", "Another server is called so.", field="name")
    instance = MattermostServer.objects.order_by("pk").values_list("instance", flat=True).first() or uuid4().hex
    made = MattermostServer.objects.create(
        name=shown,
        url=url.rstrip("/"),
        token_env=token_env,
        token=vault.seal(token) if token else "",
        secret=vault.seal(secrets.token_hex(32)),
        instance=instance,
        created_by=actor,
    )
    accounts.record_audit(
        actor=actor, action="bridge.server", target=f"mattermost:{made.pk}", detail={"url": made.url, "name": shown}
    )
    return made


def check_connection(*, url: str, token_env: str, token: str) -> None:
    """Refuses an address that is none, and a token that is not given in one of the two ways.

    Raises:
        Refused: `invalid` with the field.
    """
    try:
        read_url(url)
    except OutboundRefused as refused:
        raise Refused("invalid", refused.words, field="url") from refused
    if bool(token_env) == bool(token):
        raise Refused("invalid", "Give the name of a variable or a token, one of both.", field="token")
    if token_env and not _VARIABLE.fullmatch(token_env):
        words = "The variable's name begins with MATTERMOST_ and has capital letters, digits and underscores."
        raise Refused("invalid", words, field="token_env")


@transaction.atomic
def link_room(
    *,
    actor: User,
    server_id: int,
    room_id: int,
    channel_id: str,
    channel_name: str = "",
    direction: str = BridgeLink.Direction.BOTH,
    place: Place | None = None,
) -> BridgeLink:
    """Joins a room with a channel: from now on they are one conversation. What was said before stays where it is.

    Args:
        actor: staff with the permission, who sees the room.
        server_id: which server.
        room_id: which room.
        channel_id: the channel's id there.
        channel_name: what it is called there.
        direction: both, in or out.
        place: the end of the channel as find_place found it; None lets the bridge look.

    Raises:
        Refused: not_found, forbidden, read_only; `conflict` for a channel that is joined with a room already.
    """
    check_may(actor, MAY_LINK)
    server = _check_link(actor, server_id, room_id, channel_id, direction)
    topic = f"room:{room_id}"
    log.lock(topic)
    given = place or Place()
    link = BridgeLink.objects.create(
        server=server,
        room_id=room_id,
        channel_id=channel_id,
        channel_name=channel_name[:120],
        direction=direction,
        local_seq=log.heads([topic])[topic][0],
        last_post_id=given.post_id,
        last_create_at_ms=given.create_at_ms,
        since_ms=given.since_ms if place is not None else NOT_LOOKED,
        began_ms=given.create_at_ms,
        missed=0 if place is not None else 1,
        created_by=actor,
    )
    detail = {"server": server.name, "channel": channel_name or channel_id, "direction": direction}
    accounts.record_audit(actor=actor, action="bridge.link", target=f"room:{room_id}", detail=detail)
    return link


def _check_link(actor: User, server_id: int, room_id: int, channel_id: str, direction: str) -> MattermostServer:
    if not _REMOTE_ID.fullmatch(channel_id):
        raise Refused("invalid", f"A channel's id has {REMOTE_ID_CHARS} letters and digits.", field="channel_id")
    if direction not in BridgeLink.Direction.values:
        raise Refused("invalid", "The direction is both, in or out.", field="direction")
    server = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if server is None:
        raise Refused("not_found")
    standing = directory.room_standing(actor=actor, room_id=room_id)
    if standing.room.archived_at is not None:
        raise Refused("read_only", "This room is archived.")
    if BridgeLink.objects.filter(server=server, channel_id=channel_id).exists():
        raise Refused("conflict", "This channel is joined with a room already.", field="channel_id")
    return server


@transaction.atomic
def unlink_room(*, actor: User, link_id: int) -> None:
    """Ends a link; what was said on either side stays there.

    Raises:
        Refused: not_found, forbidden.
    """
    check_may(actor, MAY_LINK)
    link = BridgeLink.objects.filter(pk=link_id).first()
    if link is None:
        raise Refused("not_found")
    detail = {"channel": link.channel_name or link.channel_id}
    accounts.record_audit(actor=actor, action="bridge.unlink", target=f"room:{link.room_id}", detail=detail)
    link.delete()


def check_may(actor: User, permission: str) -> None:
    """Refuses whoever is no staff with the permission."""
    if not (actor.is_active and actor.is_staff and actor.has_perm(permission)):
        raise Refused("forbidden", "Staff with the permission set bridges up.")


# Whose turn it is


@transaction.atomic
def begin_work(*, server_id: int) -> Access:
    """Begins to work for a server: whoever did before writes nothing more.

    Raises:
        Refused: `not_found` for one that is switched off; `invalid`, in words, where there is no token.
    """
    MattermostServer.objects.filter(pk=server_id).update(epoch=F("epoch") + 1)
    row = MattermostServer.objects.filter(pk=server_id, enabled=True).first()
    if row is None:
        raise Refused("not_found")
    return Access(
        server=row.pk,
        epoch=row.epoch,
        url=row.url,
        token=token_of(row),
        secret=_unsealed(row.secret).encode(),
        instance=row.instance,
        cursor=Cursor(connection_id=row.connection_id, next_seq=row.next_seq),
        account_id=row.account_id,
        renames=row.renames,
    )


def token_of(row: MattermostServer) -> str:
    """The token that is used on a server.

    Raises:
        Refused: `invalid`, in words, where there is none.
    """
    if not row.token_env:
        return _unsealed(row.token)
    token = os.environ.get(row.token_env, "")
    if not token:
        raise Refused("invalid", f"The variable {row.token_env} is empty: it has to hold the token.")
    return token


def _unsealed(text: str) -> str:
    try:
        return vault.unseal(text)
    except ImproperlyConfigured as error:
        raise Refused("invalid", "It was sealed with another SECRET_KEY: make it anew.") from error


def enabled_servers() -> dict[int, tuple[str, ...]]:
    """The servers to work for, and what of each may not change while one does."""
    rows = MattermostServer.objects.filter(enabled=True).order_by("pk")
    return {row.pk: (row.url, row.token, row.token_env, row.secret) for row in rows}


def fence(access: Access) -> MattermostServer:
    """The server's row, locked until the transaction ends.

    Raises:
        Fenced: another process has begun, or the server was switched off.
    """
    row = MattermostServer.objects.select_for_update().filter(pk=access.server).first()
    if row is None or row.epoch != access.epoch or not row.enabled:
        raise Fenced
    return row


# How it is


@transaction.atomic
def note_account(*, access: Access, account_id: str, account_name: str, version: str, renames: bool) -> None:
    """Writes down who we are there, and what the server is."""
    row = fence(access)
    row.account_id, row.account_name, row.version, row.renames = account_id, account_name[:64], version[:40], renames
    row.save(update_fields=["account_id", "account_name", "version", "renames"])


@transaction.atomic
def note_state(*, server_id: int, state: str, error: str = "") -> None:
    """Writes down whether a server speaks to us, and if not why, in words."""
    row = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if row is None:
        return
    steps.note_line(row, state, error[:WORDS_CHARS])
    values = {"heard_at": timezone.now()} if state == MattermostServer.State.CONNECTED else {}
    MattermostServer.objects.filter(pk=server_id).update(state=state, error=error[:WORDS_CHARS], **values)


@transaction.atomic
def note_link(*, access: Access, link_id: int, state: str, problem: str = "", again: timedelta = LOOK_AGAIN) -> None:
    """Writes down that a link does not work, and after which time to look again; or that it works."""
    fence(access)
    row = BridgeLink.objects.filter(pk=link_id).first()
    if row is None:
        return
    rows = BridgeLink.objects.filter(pk=link_id)
    if state == BridgeLink.State.ACTIVE and not problem:
        rows.exclude(state=state, problem="").update(state=state, problem="")
        return
    if problem and row.problem != problem[:WORDS_CHARS]:
        logger.warning("Link %s of Mattermost server %s: %s", row.pk, row.server_id, problem)
        steps.note_hold(row, BridgeStep.What.LINK, problem)
    rows.update(state=state, problem=problem[:WORDS_CHARS], look_at=timezone.now() + again)


@transaction.atomic
def note_notice(*, access: Access, link_id: int, notice: str) -> None:
    """Writes down what was not carried over, and why."""
    fence(access)
    BridgeLink.objects.filter(pk=link_id).update(notice=notice[:WORDS_CHARS])


@transaction.atomic
def note_missed(*, access: Access, channel_id: str = "") -> None:
    """All links of the server, or that of one channel, have to be caught up before anything else is applied."""
    fence(access)
    rows = BridgeLink.objects.filter(server=access.server)
    if channel_id:
        rows = rows.filter(channel_id=channel_id)
    rows.update(missed=F("missed") + 1, look_at=timezone.now())


@transaction.atomic
def note_caught(*, access: Access, link_id: int, missed: int) -> None:
    """A link was caught up with everything that was missed up to this count."""
    fence(access)
    BridgeLink.objects.filter(pk=link_id).update(caught=missed, state=BridgeLink.State.ACTIVE, problem="")
    steps.note_caught(link_id)


@transaction.atomic
def note_name(*, access: Access, link_id: int, name: str) -> None:
    """Writes down what a channel is called there now."""
    fence(access)
    if name:
        BridgeLink.objects.filter(pk=link_id).exclude(channel_name=name[:120]).update(channel_name=name[:120])


@transaction.atomic
def note_begin(*, access: Access, link_id: int, place: Place) -> None:
    """Where a channel ends to which a link was made: what is written from now on is carried over."""
    fence(access)
    BridgeLink.objects.filter(pk=link_id).update(began_ms=place.create_at_ms)
    _keep_place(link_id, place)


@transaction.atomic
def note_place(*, access: Access, link_id: int, place: Place) -> None:
    """How far a link was followed."""
    fence(access)
    _keep_place(link_id, place)


def _keep_place(link_id: int, place: Place) -> None:
    BridgeLink.objects.filter(pk=link_id).update(
        last_post_id=place.post_id, last_create_at_ms=place.create_at_ms, since_ms=place.since_ms
    )
