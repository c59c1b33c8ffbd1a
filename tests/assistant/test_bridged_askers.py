"""Somebody of a bridged channel calls the assistant: answered where the room wants it, from what the room reads."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import Sanction
from assistant.models import RoomChoice, Run
from assistant.services.asking import NOT_HERE, TOLD_AGAIN, UNAVAILABLE
from chat import selectors, services
from chat.models import Message
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


def told_in(room: Any) -> list[tuple[str, str]]:
    """What the assistant says in threads of a room, and below what."""
    rows = Message.objects.filter(room=room, kind="assistant").order_by("seq")
    return list(rows.values_list("thread_root__body", "body"))


async def test_asker_of_a_channel_is_told_once_where_it_does_not(provider, agent, mina, room, alice):
    for number in range(3):
        await sync_to_async(say)(alice, room, f"@assistant {number}?")
    assert await sync_to_async(told_in)(room) == [("@assistant 0?", NOT_HERE)]
    bob = await sync_to_async(factories.make_person)("bob-mm-2", kind="bridge", is_active=False)
    await sync_to_async(say)(bob, room, "@assistant and me?")
    assert (await sync_to_async(told_in)(room))[1:] == [("@assistant and me?", NOT_HERE)]
    await Run.objects.aupdate(created_at=timezone.now() - TOLD_AGAIN)
    await sync_to_async(say)(alice, room, "@assistant now?")
    assert (await sync_to_async(told_in)(room))[2:] == [("@assistant now?", NOT_HERE)]
    assert provider.requests == []
    assert await Run.objects.filter(state="failed", fault="forbidden").acount() == 5


async def test_question_in_a_thread_is_refused_in_that_thread(provider, agent, mina, room, alice):
    root = await sync_to_async(factories.say)(mina, room, "the root")
    ask = {"author": alice, "room_id": room.pk, "cid": uuid.uuid4(), "body": "@assistant ?", "thread": root.pk}
    await sync_to_async(services.say_bridged)(**ask)
    assert await sync_to_async(told_in)(room) == [("the root", NOT_HERE)]


async def test_asker_of_a_channel_is_told_of_their_limit(provider, agent, mina, room, alice, settings):
    provider.say("It is green.")
    settings.ASSISTANT_PERSON_MINUTE_RUNS = 1
    await sync_to_async(RoomChoice.objects.create)(room=room, answers_bridged=True)
    async with testing.connected(mina, application=application) as hers:
        await heard(hers, room)
        await sync_to_async(say)(alice, room)
        await ended(hers)
        await sync_to_async(say)(alice, room, "@assistant Again?")
    root, words = (await sync_to_async(told_in)(room))[-1]
    assert (root, words.startswith("You have asked 1 times within a minute.")) == ("@assistant Again?", True)


async def test_asker_of_a_channel_learns_nothing_of_what_is_missing_here(agent, mina, room, alice, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    await sync_to_async(RoomChoice.objects.create)(room=room, answers_bridged=True)
    await sync_to_async(say)(alice, room)
    assert await sync_to_async(told_in)(room) == [("@assistant How is the build?", UNAVAILABLE)]


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
