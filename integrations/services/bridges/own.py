"""Accounts that our own people have on a server: whose they are, with which token, and whether it is still good.

Called by the account page, the admin and integrations.bridge. A token is kept sealed and never shown; whether the
server believes it was asked before it comes here. Never talks to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import services as accounts
from accounts import vault
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedAccount, BridgedPerson, BridgedPost, BridgeLink, BridgeOutbox, MattermostServer
from integrations.models.bridges import WORDS_CHARS
from integrations.services.bridges.setup import MAY_LINK, Access, fence
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

HUMAN: Final = "human"
RESEAL: Final = "It was sealed with another SECRET_KEY: give it anew."


def _may(actor: User, user: User) -> bool:
    return actor.pk == user.pk or (actor.is_staff and actor.has_perm(MAY_LINK) and actor.may_touch(user))


@transaction.atomic
def set_account(*, actor: User, user: User, server_id: int, token: str, account: RemoteUser) -> BridgedAccount:
    """From now on `user` speaks on a server with their own account, and who speaks with it there is `user`.

    Args:
        actor: the person, or staff above them who may link rooms.
        user: whose account it is.
        server_id: on which server.
        token: theirs.
        account: whom the server says the token belongs to.

    Raises:
        Refused: `not_found`; `forbidden`; `conflict`, in words, for an account that is the bridge's or somebody else's.
    """
    if not _may(actor, user) or user.kind != HUMAN:
        raise Refused("forbidden", "A personal token is given by whoever it belongs to, or by staff above them.")
    server = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if server is None:
        raise Refused("not_found")
    if account.id == server.account_id:
        raise Refused("conflict", f"@{account.username} is the bridge's own account.", field="token")
    if BridgedAccount.objects.filter(server=server, remote_id=account.id).exclude(user=user).exists():
        raise Refused("conflict", f"@{account.username} is the account of somebody else here.", field="token")
    for before in BridgedAccount.objects.filter(server=server, user=user).exclude(remote_id=account.id):
        _part(before)
    values = {"username": account.username[:64], "token": vault.seal(token), "problem": ""}
    made, _ = BridgedAccount.objects.update_or_create(server=server, user=user, remote_id=account.id, defaults=values)
    BridgedPerson.objects.update_or_create(
        server=server,
        remote_id=account.id,
        defaults={"username": account.username.lower()[:64], "is_bot": account.is_bot, "user": user},
    )
    _try_again(made)
    detail = {"server": server.name, "account": account.username}
    accounts.record_audit(actor=actor, action="bridge.account", target=user.topic, detail=detail)
    return made


@transaction.atomic
def remove_account(*, actor: User, account_id: int) -> None:
    """Forgets a token: the bridge's account speaks again for whoever it belonged to.

    Raises:
        Refused: `not_found`, also for one of somebody else.
    """
    row = BridgedAccount.objects.select_related("user", "server").filter(pk=account_id).first()
    if row is None or not _may(actor, row.user):
        raise Refused("not_found")
    _part(row)
    detail = {"server": row.server.name, "account": row.username}
    accounts.record_audit(actor=actor, action="bridge.account_removed", target=row.user.topic, detail=detail)


def _part(row: BridgedAccount) -> None:
    """Whoever speaks with the account there is a guest, who is met anew."""
    BridgedPerson.objects.filter(server=row.server_id, remote_id=row.remote_id, user=row.user_id).delete()
    row.delete()


def _try_again(row: BridgedAccount) -> None:
    """What only this account can change there, and could not with the token before, is tried with this one."""
    posts = BridgedPost.objects.filter(link__server=row.server_id, account=row.remote_id).values("local_id")
    failed = BridgeOutbox.objects.filter(link__server=row.server_id, state=BridgeOutbox.State.FAILED)
    failed.filter(local_id__in=posts).update(state=BridgeOutbox.State.WAITING, next_at=timezone.now(), problem="")


def accounts_of(*, user: User) -> QuerySet[BridgedAccount]:
    """A person's own accounts on servers, by the servers' names."""
    return BridgedAccount.objects.filter(user=user).select_related("server").order_by("server__name")


def servers_for(*, user: User) -> QuerySet[MattermostServer]:
    """Servers on which somebody may give a token: those that are worked for, and those where it is another one."""
    known = BridgedAccount.objects.filter(user=user).values("server")
    return MattermostServer.objects.filter(Q(enabled=True) | Q(pk__in=known)).order_by("name")


def any_server() -> bool:
    """Whether this site works for any server."""
    return MattermostServer.objects.filter(enabled=True).exists()


def own_ids(*, server_id: int) -> set[str]:
    """The accounts there that are those of our people."""
    return set(BridgedAccount.objects.filter(server=server_id).values_list("remote_id", flat=True))


def speaker_of(*, server_id: int, user_id: int | None) -> str:
    """With which account somebody of ours speaks there; empty for the bridge's."""
    rows = BridgedAccount.objects.filter(server=server_id, user=user_id, user__is_active=True, problem="")
    return rows.values_list("remote_id", flat=True).first() or ""


def token_of(*, server_id: int, remote_id: str) -> str:
    """The token of an account of one of our people; empty where there is none that is believed.

    Raises:
        Refused: `invalid`, in words, for one that this site cannot read any more.
    """
    row = BridgedAccount.objects.filter(server=server_id, remote_id=remote_id, user__is_active=True, problem="").first()
    if row is None:
        return ""
    try:
        return vault.unseal(row.token)
    except ImproperlyConfigured as error:
        raise Refused("invalid", RESEAL) from error


@transaction.atomic
def note_problem(*, access: Access, link_id: int, remote_id: str, words: str, lasting: bool) -> None:
    """Writes down, where staff looks, that somebody cannot speak for themselves.

    Args:
        access: of the work for the server.
        link_id: where that was found out.
        remote_id: with which account.
        words: why.
        lasting: the token is not used any more until somebody gives another one.
    """
    fence(access)
    row = BridgedAccount.objects.filter(server=access.server, remote_id=remote_id).first()
    if row is None:
        return
    if lasting:
        BridgedAccount.objects.filter(pk=row.pk).update(problem=words[:WORDS_CHARS])
    told = f"@{row.username} is spoken for by the bridge's account: {words}"
    BridgeLink.objects.filter(pk=link_id).update(notice=told[:WORDS_CHARS])
