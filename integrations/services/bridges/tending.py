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
from integrations.models import BridgeLink, BridgeOutbox, MattermostServer
from integrations.selectors.bridges import stuck
from integrations.services.bridges.setup import MAY_ADD, MAY_LINK, check_connection, check_may
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

REASON_CHARS: Final = 300


@transaction.atomic
def change_server(*, actor: User, server_id: int, url: str, token_env: str = "", token: str = "") -> None:
    """Changes where a server is, or which token is used there; the links stay.

    Args:
        actor: staff with the permission to add servers.
        server_id: which server.
        url: where its site is.
        token_env: the variable of the environment that holds the token, or else
        token: the token itself; with neither the one that is kept sealed stays.

    Raises:
        Refused: not_found, forbidden; `invalid` with the field.
    """
    check_may(actor, MAY_ADD)
    row = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if row is None:
        raise Refused("not_found")
    keeps = not token_env and not token and bool(row.token)
    check_connection(url=url, token_env=token_env, token=row.token if keeps else token)
    row.url, row.token_env = url.rstrip("/"), token_env
    row.token = row.token if keeps else (vault.seal(token) if token else "")
    row.state, row.error = MattermostServer.State.WAITING, ""
    row.save(update_fields=["url", "token_env", "token", "state", "error"])
    detail = {"url": row.url, "name": row.name, "token": not keeps}
    accounts.record_audit(actor=actor, action="bridge.change", target=f"mattermost:{row.pk}", detail=detail)


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
    server = MattermostServer.objects.select_for_update().filter(pk=server_id).first()
    if server is None:
        raise Refused("not_found")
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
