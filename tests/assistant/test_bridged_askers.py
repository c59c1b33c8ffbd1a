"""Somebody of a bridged channel calls the assistant: answered where the room wants it, from what the room reads."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Sanction
from assistant.models import RoomChoice, Run
from chat import selectors, services
from collab.asgi import application
from realtime import testing
from realtime.protocol import Refused
from tests import factories
from tests.assistant.hearing import ended, made

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]


@pytest.fixture
def alice(transactional_db: None) -> Any:
    """Somebody there, whom nobody here knows but by what she says."""
    return factories.make_person("alice-mm-1", kind="bridge", is_active=False)


def say(alice: Any, room: Any, body: str = "@assistant How is the build?") -> Any:
    return services.say_bridged(author=alice, room_id=room.pk, cid=uuid.uuid4(), body=body)


async def heard(socket: Any, room: Any) -> Any:
    await socket.subscribe(**{f"room_{room.pk}": None})
    return socket


async def test_asker_of_a_channel_is_answered_where_the_room_wants_it(provider, agent, mina, secret, alice):
    provider.say("It is green.")
    await sync_to_async(RoomChoice.objects.create)(room=secret, answers_bridged=True, may_edit=True)
    await sync_to_async(factories.say)(mina, secret, "The build broke at noon.")
    async with testing.connected(mina, application=application) as hers:
        await heard(hers, secret)
        await sync_to_async(say)(alice, secret)
        answer = await made(hers)
        assert answer["reply_to"]["excerpt"] == "@assistant How is the build?"
        told = await ended(hers)
    assert (told["run"]["state"], told["body"]) == ("done", "It is green.")
    asked = provider.requests[-1].body
    assert "The build broke at noon." in str(asked["messages"])
    names = {tool["function"]["name"] for tool in asked["tools"]}
    assert "read_document" in names
    assert not names & {"propose_edit", "edit_document", "remember"}


async def test_asker_of_a_channel_is_left_alone_where_it_does_not(provider, agent, mina, room, alice):
    await sync_to_async(say)(alice, room)
    assert not await Run.objects.aexists()
    assert provider.requests == []


async def test_room_that_changes_its_mind_ends_the_answer(provider, agent, mina, room, alice):
    provider.hang("Let me think about")
    choice = await sync_to_async(RoomChoice.objects.create)(room=room, answers_bridged=True)
    async with testing.connected(mina, application=application) as hers:
        await heard(hers, room)
        await sync_to_async(say)(alice, room)
        await made(hers)
        await hers.expect("run.delta")
        choice.answers_bridged = False
        await choice.asave()
        assert (await ended(hers))["run"]["state"] in {"stopped", "failed"}


async def test_muted_asker_gets_no_answer(provider, agent, mina, room, alice):
    await sync_to_async(RoomChoice.objects.create)(room=room, answers_bridged=True)
    mute = {"kind": "mute", "user": alice, "room_id": room.pk, "reason": "Too loud for a while."}
    await sync_to_async(Sanction.objects.create)(**mute)
    with pytest.raises(Refused):
        await sync_to_async(say)(alice, room)
    assert not await Run.objects.aexists()


def test_speaker_from_elsewhere_sees_only_rooms_in_which_they_spoke(room, secret, alice, db):
    with pytest.raises(Refused) as refused:
        selectors.message_page(actor=alice, room_id=secret.pk)
    assert refused.value.code == "not_found"
    say(alice, secret, "Hello")
    assert selectors.message_page(actor=alice, room_id=secret.pk).messages[-1].body == "Hello"
