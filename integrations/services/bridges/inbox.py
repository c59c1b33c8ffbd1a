"""What was heard, kept in the order in which it came and before anything is done with it.

Called by integrations.bridge. Events and the place on the line are stored in one transaction: each is heard once.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from django.db import transaction

from integrations.mattermost.heard import Typing
from integrations.mattermost.listening import Cursor
from integrations.mattermost.wire import Event
from integrations.models import BridgedPerson, BridgedPost, BridgeInbox, BridgeLink, MattermostServer
from integrations.services.bridges.setup import Access, fence


@transaction.atomic
def keep_events(*, access: Access, events: Sequence[Event], cursor: Cursor) -> None:
    """Keeps events and how far the line was heard.

    Raises:
        Fenced: another process works for the server.
    """
    fence(access)
    BridgeInbox.objects.bulk_create(
        BridgeInbox(server_id=access.server, event=msgspec.json.encode(event).decode()) for event in events
    )
    MattermostServer.objects.filter(pk=access.server).update(
        connection_id=cursor.connection_id, next_seq=cursor.next_seq
    )


def next_events(*, server_id: int, limit: int) -> list[tuple[int, Event]]:
    """The oldest events that wait."""
    rows = BridgeInbox.objects.filter(server=server_id).order_by("pk").values_list("pk", "event")[:limit]
    return [(pk, msgspec.json.decode(event, type=Event)) for pk, event in rows]


@transaction.atomic
def drop_events(*, access: Access, ids: Sequence[int]) -> None:
    """They were applied."""
    fence(access)
    BridgeInbox.objects.filter(pk__in=ids).delete()


def links_of(*, server_id: int) -> list[BridgeLink]:
    """The links of a server that are switched on."""
    return list(BridgeLink.objects.filter(server=server_id, enabled=True).order_by("pk"))


def hears_typing(*, server_id: int, told: Typing) -> tuple[int, int, UUID | None] | None:
    """The room, the person and the thread in which somebody types; None where nobody shall be told."""
    link = BridgeLink.objects.filter(server=server_id, channel_id=told.channel_id, enabled=True).first()
    person = BridgedPerson.objects.filter(server=server_id, remote_id=told.user_id).first()
    if link is None or person is None or link.direction == BridgeLink.Direction.OUT:
        return None
    if not told.parent_id:
        return link.room_id, person.user_id, None
    root = BridgedPost.objects.filter(link=link, remote_id=told.parent_id, deleted=False).order_by("part").first()
    return None if root is None else (link.room_id, person.user_id, root.local_id)
