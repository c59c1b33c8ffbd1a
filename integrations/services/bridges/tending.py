"""What whoever looks after a bridge does: change the connection, switch, catch up, try again, skip.

Called by the back office. Each public function is one transaction, asks for the permission and leaves an audit entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import services as accounts
from accounts import vault
from chat import texts
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedAccount, BridgeLink, BridgeOutbox, MattermostServer
from integrations.selectors.bridges import stuck
from integrations.services.bridges.setup import MAY_ADD, MAY_LINK, check_connection, check_may
from outbound.links import port_of, read_url
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

REASON_CHARS: Final = 300


@transaction.atomic
def change_server(*, actor: User, server_id: int, url: str, token_env: str = "") -> None:
    """Changes where a server is, or which variable holds the token that is used there; the links stay.

    Args:
        actor: staff with the permission to add servers.
        server_id: which server.
        url: where its site is.
        token_env: the variable of the environment that holds the token; without one the token that is kept stays.

    Raises:
        Refused: not_found, forbidden; `invalid` with the field, also for the address of another server while the
            token is kept here: it goes nowhere but where it was given for.
    """
    check_may(actor, MAY_ADD)
    row = _find(server_id)
    keeps = not token_env and bool(row.token)
    check_connection(url=url, token_env=token_env, token=row.token if keeps else "")
    if keeps and not _is_same_server(row.url, url):
        words = "The token kept here is for the old address. Give one for the new address with Replace the token."
        raise Refused("invalid", words, field="url")
    row.url, row.token_env = url.rstrip("/"), token_env
    row.token = row.token if keeps else ""
    _begin_anew(row)
    detail = {"url": row.url, "name": row.name, "token": not keeps}
    accounts.record_audit(actor=actor, action="bridge.change", target=f"mattermost:{row.pk}", detail=detail)


@transaction.atomic
def replace_token(
    *, actor: User, server_id: int, url: str, token: str, account: RemoteUser, another: bool = False
) -> None:
    """Keeps another token, sealed; whoever works for the server goes on with it, and what waits is tried at once.

    Args:
        actor: staff with the permission to add servers.
        server_id: which server.
        url: where its site is, and was asked whose the token is.
        token: the token.
        account: whom the server says it belongs to.
        another: it may be another account than the one that was used until now.

    Raises:
        Refused: not_found, forbidden; `invalid` with the field; `conflict`, in words, for the account of somebody
            here, and for another account than before where that was not wanted.
    """
    check_may(actor, MAY_ADD)
    row = _find(server_id)
    check_connection(url=url, token_env="", token=token)
    if BridgedAccount.objects.filter(server=row, remote_id=account.id).exists():
        raise Refused("conflict", f"@{account.username} is the account of somebody here.", field="token")
    if row.account_id and row.account_id != account.id and not another:
        words = (
            f"This token belongs to @{account.username}; until now the bridge was @{row.account_name}. "
            "If that is meant, tick the box and give the token once more."
        )
        raise Refused("conflict", words, field="token")
    row.url, row.token_env, row.token = url.rstrip("/"), "", vault.seal(token)
    _begin_anew(row)
    detail = {"url": row.url, "name": row.name, "account": account.username}
    accounts.record_audit(actor=actor, action="bridge.token", target=f"mattermost:{row.pk}", detail=detail)


def _find(server_id: int) -> MattermostServer:
    row = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if row is None:
        raise Refused("not_found")
    return row


def _is_same_server(one: str, other: str) -> bool:
    """Whether two addresses lead to the same port of the same host, encrypted alike."""
    first, second = read_url(one), read_url(other)
    return (first.scheme, first.host, port_of(first)) == (second.scheme, second.host, port_of(second))


def _begin_anew(row: MattermostServer) -> None:
    """Keeps how the server is reached; nothing waits for what was tried in vain before."""
    row.state, row.error = MattermostServer.State.WAITING, ""
    row.save(update_fields=["url", "token_env", "token", "state", "error"])
    now = timezone.now()
    BridgeLink.objects.filter(server=row).update(look_at=now)
    BridgeOutbox.objects.filter(link__server=row, state=BridgeOutbox.State.WAITING).update(next_at=now)


@transaction.atomic
def switch_server(*, actor: User, server_id: int, enabled: bool) -> None:
    """Works for a server, or for the time being not.

    Raises:
        Refused: forbidden.
    """
    check_may(actor, MAY_LINK)
    rows = MattermostServer.objects.filter(pk=server_id, enabled=not enabled)
    if rows.update(enabled=enabled, state=MattermostServer.State.WAITING, error=""):
        detail = {"enabled": enabled}
        accounts.record_audit(actor=actor, action="bridge.switch", target=f"mattermost:{server_id}", detail=detail)


@transaction.atomic
def catch_up_server(*, actor: User, server_id: int) -> None:
    """Every link of a server is compared with its channel now, and what waits is tried at once.

    Raises:
        Refused: not_found, forbidden; `invalid` for one that is switched off.
    """
    check_may(actor, MAY_LINK)
    server = _find(server_id)
    if not server.enabled:
        raise Refused("invalid", "Switch the bridge on first.")
    now = timezone.now()
    BridgeLink.objects.filter(server=server, enabled=True).update(missed=F("missed") + 1, look_at=now)
    BridgeOutbox.objects.filter(link__server=server, state=BridgeOutbox.State.WAITING).update(next_at=now)
    accounts.record_audit(actor=actor, action="bridge.catch_up", target=f"mattermost:{server_id}", detail={})


@transaction.atomic
def retry_order(*, actor: User, outbox_id: int) -> None:
    """Lets something that is stuck be tried now, in its old place before what came later.

    Raises:
        Refused: not_found, forbidden.
    """
    check_may(actor, MAY_LINK)
    rows = BridgeOutbox.objects.filter(stuck(), pk=outbox_id)
    if not rows.update(state=BridgeOutbox.State.WAITING, next_at=timezone.now(), problem="", attempts=0):
        raise Refused("not_found", "It is not stuck any more.")


@transaction.atomic
def skip_order(*, actor: User, outbox_id: int, reason: str) -> None:
    """Tells something no more; one that is gone already is no error.

    Raises:
        Refused: forbidden; `invalid` without a reason.
    """
    check_may(actor, MAY_LINK)
    why = texts.clean_line(reason, field="reason", most=REASON_CHARS, least=1)
    row = BridgeOutbox.objects.select_related("link").filter(pk=outbox_id).first()
    if row is not None:
        detail = {"message": str(row.local_id), "op": row.op, "channel": row.link.channel_name or row.link.channel_id}
        accounts.record_audit(
            actor=actor, action="bridge.skip", target=f"room:{row.link.room_id}", reason=why, detail=detail
        )
        row.delete()
