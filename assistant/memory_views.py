"""What is remembered of a person, and what happened while they were away, as JSON for the page's script.

Called by assistant.urls. Everybody reads and forgets their own only. Decides nothing: services and selectors do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.http import HttpRequest

from assistant.selectors.catchup import catch_up
from assistant.selectors.memory import memory_view
from assistant.services import memory as services
from assistant.shapes import CatchUpView, MemoryView
from chat.api import addresses, number
from realtime.consumers import take_token
from realtime.protocol import Ack, Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("assistant.api")
CATCH_UPS: Final = Limit(burst=20, per_second=1)
"""Of one person: lines of documents are compared for each."""


def _memory(request: HttpRequest, user: User) -> MemoryView:
    return memory_view(actor=user)


def _forget_notes(request: HttpRequest, user: User) -> Ack:
    services.forget_notes(actor=user)
    return Ack()


def _forget_note(request: HttpRequest, user: User, note_id: UUID) -> Ack:
    services.forget_note(actor=user, note_id=note_id)
    return Ack()


def _forget(request: HttpRequest, user: User) -> MemoryView:
    services.forget_everything(actor=user)
    return memory_view(actor=user)


def _catch_up(request: HttpRequest, user: User, room_id: int) -> CatchUpView:
    since = number(request, "since")
    if since is None:
        raise Refused("invalid", "Say since which seq.", field="since")
    take_token(user.pk, "assistant.catch-up", CATCH_UPS)
    return catch_up(actor=user, room_id=room_id, since=since)


memory = endpoint(GET=_memory, DELETE=_forget_notes)
note = endpoint(DELETE=_forget_note)
forget = endpoint(POST=_forget)
catch_up_since = endpoint(GET=_catch_up)
