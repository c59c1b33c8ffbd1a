"""What rooms and people choose about the assistant, their limits, and why it answered so, as JSON for the page.

Called by assistant.urls. Decides nothing: services do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from django.http import HttpRequest

from assistant.selectors import choices as selectors
from assistant.selectors import runlog, usage
from assistant.services import agents, choices
from assistant.services.choices import OwnWish, RoomWish
from assistant.shapes import AssistantView, RunLogView, SessionView
from chat.api import addresses, body, number
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("assistant.api")


class RoomBody(msgspec.Struct, forbid_unknown_fields=True):
    """What to change for a room; null or absent leaves it as it is."""

    enabled: bool | None = None
    agent: int | None = None
    model: str | None = None
    prompt: str | None = None
    may_edit: bool | None = None
    answers_bridged: bool | None = None


class OwnBody(msgspec.Struct, forbid_unknown_fields=True):
    """What to change for oneself; null or absent leaves it as it is."""

    hidden: bool | None = None
    remembers: bool | None = None
    told_demo: bool | None = None


class SessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """With whom; absent is the site's default."""

    agent: int | None = None


def _room(request: HttpRequest, user: User, room_id: int) -> AssistantView:
    selectors.refuse_unless_seen(actor=user, room_id=room_id)
    return selectors.assistant_view(actor=user, room_id=room_id, agent=agents.agent_for(room_id=room_id))


def _choose(request: HttpRequest, user: User, room_id: int) -> AssistantView:
    wanted = body(request, RoomBody)
    selectors.refuse_unless_seen(actor=user, room_id=room_id)
    agents.default_agent()
    choices.choose_for_room(actor=user, room_id=room_id, wish=RoomWish(**msgspec.structs.asdict(wanted)))
    return _room(request, user, room_id)


def _me(request: HttpRequest, user: User) -> Ack:
    choices.choose_for_oneself(actor=user, wish=OwnWish(**msgspec.structs.asdict(body(request, OwnBody))))
    return Ack()


def _session(request: HttpRequest, user: User) -> SessionView:
    agent_id = body(request, SessionBody).agent if request.body else None
    return SessionView(room=choices.open_session(actor=user, agent_id=agent_id or agents.default_agent().pk))


def _quota(request: HttpRequest, user: User) -> Any:
    room_id = number(request, "room")
    if room_id is None:
        raise Refused("invalid", "Say which room.", field="room")
    selectors.refuse_unless_seen(actor=user, room_id=room_id)
    return usage.nearest_limit(person_id=user.pk, room_id=room_id)


def _log(request: HttpRequest, user: User, run_id: UUID) -> RunLogView:
    return runlog.run_log(actor=user, run_id=run_id)


room = endpoint(GET=_room, POST=_choose)
me = endpoint(POST=_me)
session = endpoint(POST=_session)
quota = endpoint(GET=_quota)
log = endpoint(GET=_log)
