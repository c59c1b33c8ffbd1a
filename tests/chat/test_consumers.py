"""The socket of the rooms: two people talk, and everybody gets exactly one answer to each command."""

import json
import time
import uuid

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Sanction
from chat import services
from chat.events import Typing
from chat.models import Message
from collab.asgi import application
from realtime import testing
from tests import factories
from tests.chat.xss import PAYLOADS, faults

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
async def realtime(transactional_db, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    yield
    await testing.stop_realtime()


@pytest.fixture
def topic(room) -> str:
    return f"room:{room.pk}"


def connected(user):
    return testing.connected(user, application=application)


def message(body="Hello", **given):
    return {"cid": str(uuid.uuid4()), "body": body} | given


async def subscribed(socket, topic):
    answer = await socket.command("subscribe", {"topics": {topic: None}})
    return answer["data"][topic]


async def test_two_people_talk(mina, teo, topic):
    async with connected(mina) as one, connected(teo) as two:
        assert (await subscribed(two, topic))["mode"] == "snapshot"
        await subscribed(one, topic)
        sent = await one.command("message.send", message("Hello @teo"), topic=topic)
        heard = await two.expect("message.created")
        assert heard["seq"] == sent["data"]["seq"]
        assert heard["data"]["message"]["id"] == sent["data"]["id"]
        assert heard["data"]["message"]["mentions"] == [teo.pk]
        assert (await one.expect("message.created"))["seq"] == heard["seq"]
        reply = await two.command("message.send", message("Yes", thread=sent["data"]["id"]), topic=topic)
        assert (await one.expect("message.created"))["data"]["thread"]["replies"] == 1
        assert reply["data"]["seq"] == sent["data"]["seq"] + 1


async def test_a_repeat_is_answered_as_a_duplicate(mina, topic):
    async with connected(mina) as socket:
        said = message()
        first = await socket.command("message.send", said, topic=topic)
        again = await socket.command("message.send", said, topic=topic)
        assert again["data"] == first["data"] | {"duplicate": True}
        other = await socket.command("message.send", said | {"body": "other"}, topic=topic)
        assert (other["code"], other["field"]) == ("conflict", "cid")


async def test_every_command_of_a_room_is_answered_and_told(mina, teo, ines, topic):
    async with connected(mina) as one, connected(teo) as two:
        await subscribed(two, topic)
        sent = (await one.command("message.send", message("@teo"), topic=topic))["data"]
        steps = [
            ("message.edit", {"id": sent["id"], "body": "changed"}, "message.edited"),
            ("reaction.add", {"message": sent["id"], "emoji": "👍"}, "reaction.added"),
            ("reaction.remove", {"message": sent["id"], "emoji": "👍"}, "reaction.removed"),
            ("room.update", {"purpose": "Edits"}, "room.updated"),
            ("room.invite", {"user": ines.pk}, "member.joined"),
            ("member.set_role", {"user": ines.pk, "role": "guest"}, "member.role_changed"),
            ("member.remove", {"user": ines.pk, "reason": "wrong room"}, "member.removed"),
            ("message.delete", {"id": sent["id"]}, "message.deleted"),
        ]
        for command, data, event in steps:
            answer = await one.command(command, data, topic=topic)
            assert answer["type"] == "ack", answer
            assert (await two.expect(event))["seq"] == answer["data"]["seq"]


async def test_rooms_are_made_opened_joined_and_left_over_the_socket(mina, teo, ines):
    async with connected(mina) as one, connected(ines) as two:
        made = await one.command(
            "room.create", {"cid": str(uuid.uuid4()), "kind": "private", "name": "Plans", "members": [teo.pk]}
        )
        room = made["data"]["room"]
        link = await one.command("room.create_link", {"role": "member", "max_uses": 1}, topic=f"room:{room['id']}")
        token = link["data"]["url"].rstrip("/").rpartition("/")[2]
        await subscribed(two, f"user:{ines.pk}")
        joined = await two.command("room.join", {"token": token})
        assert joined["data"]["room"]["slug"] == room["slug"]
        assert (await two.expect("room.added"))["data"]["summary"]["room"]["id"] == room["id"]
        assert (await two.command("room.leave", topic=f"room:{room['id']}"))["type"] == "ack"
        assert (await two.expect("room.removed"))["data"]["why"] == "left"
        direct = await two.command("room.open_direct", {"users": [mina.pk]})
        assert direct["data"]["room"]["kind"] == "direct"
        revoked = await one.command("room.revoke_link", {"id": link["data"]["id"]}, topic=f"room:{room['id']}")
        assert revoked["type"] == "ack"


async def test_a_topic_is_heard_by_members_only(ines, room, secret, topic):
    async with connected(ines) as socket:
        wanted = {topic: None, f"room:{secret.pk}": 3, "room:999999999": None, "user:1": None, "room:x": None, "z": 1}
        answer = await socket.command("subscribe", {"topics": wanted})
        assert {state["mode"] for state in answer["data"].values()} == {"denied"}


async def test_a_removed_member_hears_nothing_that_comes_later(mina, teo, room, topic):
    async with connected(teo) as gone:
        await subscribed(gone, topic)
        await subscribed(gone, f"user:{teo.pk}")
        await sync_to_async(services.remove_member)(actor=mina, room_id=room.pk, user_id=teo.pk, reason="spam")
        await sync_to_async(factories.say)(mina, room, "between us")
        assert (await gone.expect("room.removed"))["data"]["reason"] == "spam"
        assert (await gone.expect("member.removed"))["data"]["user"] == teo.pk
        refused = await gone.command("message.send", message(), topic=topic)
        assert refused["code"] == "not_member"
        assert (await subscribed(gone, topic))["mode"] == "denied"
        with pytest.raises(TimeoutError):
            await _within(gone.expect("message.created"))


async def test_rights_are_read_again_for_each_command(mina, teo, room, topic):
    async with connected(teo) as socket:
        assert (await socket.command("message.send", message(), topic=topic))["type"] == "ack"
        await sync_to_async(Sanction.objects.create)(user=teo, kind="mute", reason="loud", created_by=mina)
        assert (await socket.command("message.send", message(), topic=topic))["code"] == "muted"


async def test_typing_is_heard_by_members_and_never_stored(mina, teo, room, topic):
    async with connected(mina) as one, connected(teo) as two:
        await subscribed(two, topic)
        assert (await one.command("typing.start", topic=topic))["type"] == "ack"
        heard = await two.expect("typing")
        assert heard == {"type": Typing.type, "topic": topic, "data": {"user": mina.pk, "thread": None}}


async def test_typing_of_somebody_who_may_not_write_is_not_told(mina, teo, ines, room, topic):
    await sync_to_async(factories.change)(mina, room, read_only=True)
    async with connected(mina) as one, connected(teo) as two, connected(ines) as three:
        await subscribed(one, topic)
        assert (await two.command("typing.start", topic=topic))["type"] == "ack"
        assert (await three.command("typing.start", topic=topic))["type"] == "ack"
        assert (await three.command("typing.start", topic="room:999999"))["code"] == "not_found"
        with pytest.raises(TimeoutError):
            await _within(one.expect("typing"))


async def _within(expected, seconds=0.4):
    import asyncio

    return await asyncio.wait_for(expected, seconds)


async def test_a_newcomer_who_is_here_shows_so_to_the_room(mina, ines, room, topic):
    async with connected(mina) as one, connected(ines) as two:
        await subscribed(one, topic)
        assert (await two.command("room.join", {"room": room.pk}))["type"] == "ack"
        assert (await one.expect("member.joined"))["data"]["member"]["person"]["id"] == ines.pk
        assert (await one.expect("presence.changed", user=ines.pk))["data"]["state"] == "online"


async def test_presence_is_told_to_those_who_share_a_room(mina, teo, ines, room, topic):
    async with connected(teo) as two, connected(ines) as outside:
        await subscribed(two, topic)
        assert (await subscribed(outside, topic))["mode"] == "denied"
        async with connected(mina) as one:
            assert (await two.expect("presence.changed", user=mina.pk))["data"]["state"] == "online"
            assert (await one.command("presence.set", {"state": "idle"}))["type"] == "ack"
            assert (await two.expect("presence.changed", user=mina.pk))["data"]["state"] == "idle"
            assert (await one.command("presence.set", {"state": "dancing"}))["field"] == "state"
            snapshot = await sync_to_async(services_snapshot)(teo, room)
            assert {one.user: one.state for one in snapshot.presence}[mina.pk] == "idle"
        await outside.expect_silence()


def services_snapshot(user, room):
    from chat import selectors

    return selectors.room_snapshot(actor=user, room_id=room.pk)


async def test_read_marks_agree_over_two_tabs(mina, teo, room, topic):
    said = await sync_to_async(factories.say)(mina, room, "@teo")
    async with connected(teo) as one, connected(teo) as two:
        await subscribed(two, f"user:{teo.pk}")
        answer = await one.command("read.set", {"seq": said.seq}, topic=topic)
        told = await two.expect("read.changed")
        assert told["seq"] == answer["data"]["seq"]
        assert (told["data"]["last_read_seq"], told["data"]["unread"]) == (said.seq, 0)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (message("x" * 8001), "too_large", "body"),
        (message(""), "invalid", "body"),
        (message("a\x00b"), "invalid", "body"),
        ({"body": "no cid"}, "invalid", None),
        (message(cid="x"), "invalid", "cid"),
        (message(extra=1), "invalid", None),
        (message(body=5), "invalid", "body"),
        (message(thread=str(uuid.uuid4())), "not_found", None),
        (message(beside={"topic": "../secret", "seq": 1}), "invalid", "beside.topic"),
        (message(beside={"topic": "document:7", "seq": -1}), "invalid", "beside.seq"),
        (message(beside={"topic": "document:7", "seq": 1, "start": 2**40, "end": 2**41}), "invalid", "beside.start"),
        (message(beside={"topic": "document:7", "seq": 1, "start": 9, "end": 3}), "invalid", "beside"),
    ],
)
async def test_a_bad_message_is_refused_and_the_socket_lives(mina, topic, data, code, field):
    async with connected(mina) as socket:
        refused = await socket.command("message.send", data, topic=topic)
        assert refused["type"] == "error"
        assert (refused["code"], refused["field"]) == (code, field)
        assert (await socket.command("message.send", message(), topic=topic))["type"] == "ack"


async def test_half_a_surrogate_pair_is_refused_and_the_socket_lives(mina, topic):
    async with connected(mina) as socket:
        body = '{"type":"message.send","ref":77,"topic":"%s","data":{"cid":"%s","body":"\\ud83d"}}'
        await socket.send_raw(body % (topic, uuid.uuid4()))
        refused = await socket.expect("error")
        assert refused["code"] == "bad_frame"
        assert (await socket.command("ping"))["type"] == "ack"


async def test_a_topic_that_is_no_room_is_not_found(mina):
    async with connected(mina) as socket:
        for name in ("room:", "room:x", "room:-1", "room:" + "9" * 30, "room:999999999"):
            assert (await socket.command("message.send", message(), topic=name))["code"] == "not_found", name


async def test_who_sends_too_fast_is_told_when_to_go_on(mina, topic):
    async with connected(mina) as socket:
        answers = [await socket.command("message.send", message(str(n)), topic=topic) for n in range(40)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert refused
        assert all(answer["code"] == "rate_limited" and answer["retry_after"] > 0 for answer in refused)


async def test_others_stay_quick_while_somebody_sends_texts_made_to_hurt(mina, teo, topic):
    async with connected(mina) as one, connected(teo) as two:
        refs = [await one.send("message.send", message("[" * 7900 + str(n)), topic=topic) for n in range(5)]
        slowest = 0.0
        for _ in range(20):
            start = time.monotonic()
            await two.command("ping")
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 0.5
        for ref in refs:
            await one._find(lambda frame, ref=ref: frame.get("ref") == ref and frame["type"] == "ack")


async def test_what_is_stored_from_the_socket_is_harmless(mina, topic):
    body = "\n\n".join(payload for payload in PAYLOADS if "\x00" not in payload)[:7900]
    async with connected(mina) as socket:
        sent = await socket.command("message.send", message(body), topic=topic)
        stored = await sync_to_async(Message.objects.get)(pk=sent["data"]["id"])
    assert faults(stored.html) == []
    assert json.loads(json.dumps(stored.body)) == body


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64, 10**30])
async def test_a_number_that_no_id_can_be_is_refused_and_never_an_internal_error(mina, topic, number):
    commands = [
        ("room.invite", {"user": number}, topic),
        ("member.remove", {"user": number}, topic),
        ("member.set_role", {"user": number, "role": "member"}, topic),
        ("room.revoke_link", {"id": number}, topic),
        ("room.join", {"room": number}, ""),
        ("room.open_direct", {"users": [number]}, ""),
        ("room.create", {"cid": str(uuid.uuid4()), "kind": "public", "name": "x", "members": [number]}, ""),
    ]
    async with connected(mina) as socket:
        for kind, data, where in commands:
            answer = await socket.command(kind, data, topic=where)
            assert answer["type"] == "error", kind
            assert answer["code"] in {"invalid", "bad_frame"}, (kind, answer)
