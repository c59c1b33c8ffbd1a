"""A socket's life: hello, commands with one answer each, malformed frames, limits, sign-out."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session

from realtime import log, protocol, testing
from realtime.hub import hub
from tests.realtime.conftest import Told, application, connected, publish

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


async def test_a_command_gets_one_ack_with_its_ref(alice):
    async with connected(alice) as socket:
        answer = await socket.command("test.note", {"text": "hi"}, topic="room:1")
        assert answer == {"type": "ack", "ref": 1, "data": {"seq": 1}}
        await socket.expect_silence()


async def test_a_subscriber_hears_what_others_say_in_order(alice, bob):
    async with connected(alice) as one, connected(bob) as two:
        assert await two.subscribe(room_1=None) == {"room:1": {"mode": "snapshot", "head": 0}}
        for number in range(5):
            await one.command("test.note", {"text": str(number)}, topic="room:1")
        heard = [await two.expect("test.noted") for _ in range(5)]
        assert [(frame["seq"], frame["data"]["text"]) for frame in heard] == [(n + 1, str(n)) for n in range(5)]


async def test_who_comes_back_gets_what_was_missed(alice):
    for number in range(5):
        await publish("room:1", str(number))
    async with connected(alice) as socket:
        assert await socket.subscribe(room_1=2) == {"room:1": {"mode": "resume", "head": 5}}
        assert [(await socket.expect("test.noted"))["seq"] for _ in range(3)] == [3, 4, 5]
        await publish("room:1", "live")
        assert (await socket.expect("test.noted"))["seq"] == 6


async def test_a_burst_of_1000_reaches_one_tab_whole_and_in_order(alice):
    async with connected(alice) as socket:
        await socket.subscribe(room_1=None)
        await sync_to_async(lambda: [_note(n) for n in range(1000)])()
        assert [(await socket.expect("test.noted"))["seq"] for _ in range(1000)] == list(range(1, 1001))


def _note(number):
    from tests.realtime.conftest import note

    note(topic="room:1", text=str(number))


async def test_a_tab_that_takes_nothing_is_sent_one_window_and_later_the_rest(alice):
    async with connected(alice) as socket:
        await socket.subscribe(room_1=None)
        await sync_to_async(lambda: [_note(n) for n in range(600)])()
        link = socket._link
        first = [json.loads(await link.receive()) for _ in range(protocol.WINDOW_FRAMES)]
        await socket.send_raw(json.dumps({"type": "ping", "ref": 9}))
        assert json.loads(await link.receive())["type"] == "ack", "nothing more comes before `received`"
        await socket.send_raw(json.dumps({"type": "received", "data": {"frames": 400}}))
        rest = [json.loads(await link.receive()) for _ in range(200)]
        assert [frame["seq"] for frame in first + rest] == list(range(1, 601))


async def test_a_backlog_too_long_to_replay_is_answered_with_a_snapshot(alice, monkeypatch):
    monkeypatch.setattr(protocol, "REPLAY_EVENTS", 3)
    for number in range(5):
        await publish("room:1", str(number))
    async with connected(alice) as socket:
        assert await socket.subscribe(room_1=1) == {"room:1": {"mode": "snapshot", "head": 5}}


async def test_a_seq_from_the_future_is_answered_with_a_snapshot(alice):
    await publish("room:1", "one")
    async with connected(alice) as socket:
        assert await socket.subscribe(room_1=900) == {"room:1": {"mode": "snapshot", "head": 1}}


async def test_a_secret_room_and_an_unknown_one_look_the_same(alice):
    await publish("room:100", "secret")
    async with connected(alice) as socket:
        states = await socket.subscribe(room_100=None, room_200=None)
        assert states == {"room:100": {"mode": "denied", "head": 0}, "room:200": {"mode": "denied", "head": 0}}
        await publish("room:100", "more")
        await socket.expect_silence()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (" ", "bad_frame"),
        ("{", "bad_frame"),
        ("[]", "bad_frame"),
        ('"text"', "bad_frame"),
        ("[" * 10_000, "bad_frame"),
        ('{"type":"ping","ref":"x"}', "bad_frame"),
        ('{"type":"ping","extra":1}', "bad_frame"),
        ('{"type":"\\ud800"}', "bad_frame"),
        ('{"type":"nope","ref":1}', "unknown_type"),
        ('{"type":"__init__","ref":1}', "unknown_type"),
        ('{"type":"test.note","ref":1,"data":{"text":"x"}}', "invalid"),
        ('{"type":"test.note","ref":1,"topic":"user:1","data":{"text":"x"}}', "invalid"),
        ('{"type":"test.note","ref":1,"topic":"room:1","data":{"text":5}}', "invalid"),
        ('{"type":"test.note","ref":1,"topic":"room:1","data":{"text":"x","more":1}}', "invalid"),
        ('{"type":"test.note","ref":1,"topic":"room:1"}', "invalid"),
        ('{"type":"subscribe","ref":1,"data":{"topics":{}}}', "invalid"),
        ('{"type":"received","data":{"frames":7}}', "invalid"),
        ('{"type":"ping","ref":1,"data":{"pad":"' + "x" * 70_000 + '"}}', "too_large"),
    ],
)
async def test_a_malformed_frame_gets_its_error_and_the_socket_lives(alice, frame, code):
    async with connected(alice) as socket:
        await socket.send_raw(frame)
        assert (await socket.expect("error"))["code"] == code
        assert (await socket.command("ping"))["type"] == "ack"


async def test_the_field_at_fault_is_named(alice):
    async with connected(alice) as socket:
        answer = await socket.command("test.note", {"text": 5}, topic="room:1")
        assert (answer["code"], answer["field"]) == ("invalid", "text")


async def test_twenty_malformed_frames_at_once_end_the_socket(alice):
    async with connected(alice) as socket:
        for _ in range(25):
            await socket.send_raw("{")
        await socket.expect_closed(4429)


async def test_a_refused_service_leaves_no_hole_in_the_order(alice):
    async with connected(alice) as socket:
        await socket.command("test.note", {"text": "one"}, topic="room:1")
        assert (await socket.command("test.note", {"text": "refuse"}, topic="room:1"))["code"] == "forbidden"
        assert (await socket.command("test.note", {"text": "two"}, topic="room:1"))["data"] == {"seq": 2}


@pytest.mark.allow_logged_errors("the test provokes an internal error to see its incident id")
async def test_a_bug_is_answered_with_an_incident_and_the_socket_lives(alice, caplog):
    async with connected(alice) as socket:
        answer = await socket.command("test.fail")
        assert (answer["code"], "ZeroDivision" in json.dumps(answer)) == ("internal", False)
        assert answer["incident"] in caplog.text
        assert (await socket.command("ping"))["type"] == "ack"


async def test_who_sends_too_fast_is_told_when_to_go_on(alice):
    async with connected(alice) as socket:
        answers = [await socket.command("test.note", {"text": "x"}, topic="room:1") for _ in range(80)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert refused
        assert {answer["code"] for answer in refused} == {"rate_limited"}
        assert 0 < refused[0]["retry_after"] < 1


async def test_a_revoked_session_closes_its_own_sockets_only(alice):
    key = await sync_to_async(testing.make_session)(alice)
    async with connected(alice, session_key=key) as one, connected(alice) as other:
        effect = protocol.Effect(close_code=4401, session=testing.sessions.session_digest(key), reason="Signed out.")
        await sync_to_async(log.append)(topic=f"user:{alice.pk}", event=Told(text="bye"), effect=effect)
        assert (await one.expect("error"))["message"] == "Signed out."
        await one.expect_closed(4401)
        assert (await other.command("ping"))["type"] == "ack"


async def test_a_deleted_session_is_found_by_the_sweep(alice, settings):
    settings.REALTIME_SWEEP_SECONDS = 0.1
    async with connected(alice) as socket:
        await sync_to_async(Session.objects.all().delete)()
        await socket.expect_closed(4401)


async def test_a_removed_person_gets_nothing_after_the_removal(alice, bob):
    async with connected(alice) as one, connected(bob) as two:
        for socket in (one, two):
            await socket.subscribe(room_1=None)
        seq = await publish("room:1", "bob is out", effect=protocol.Effect(drop_user=bob.pk))
        await publish("room:1", "a secret")
        assert (await two.expect("test.noted"))["seq"] == seq
        await two.expect_silence()
        assert [(await one.expect("test.noted"))["seq"] for _ in range(2)] == [seq, seq + 1]


async def test_the_21st_socket_of_a_person_closes_the_first(alice):
    key = await sync_to_async(testing.make_session)(alice)
    async with connected(alice, session_key=key) as first:
        contexts = [connected(alice, session_key=key) for _ in range(protocol.SOCKETS_PER_PERSON)]
        for context in contexts:
            await context.__aenter__()
        await first.expect_closed(4409)
        for context in contexts:
            await context.__aexit__(None, None, None)


async def test_nobody_without_a_session_gets_in(alice):
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver"), testing.cookie_header("no-such-session")]
    communicator = WebsocketCommunicator(application, "/ws/", headers)
    assert (await communicator.connect())[0], "accepted first, so that the page can read the code"
    assert json.loads(await communicator.receive_from())["code"] == "forbidden"
    assert (await communicator.receive_output())["code"] == 4401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://testserver:81",
        "https://testserver",
        "http://evil",
        "http://testserver.evil",
        "file://",
    ],
)
async def test_a_foreign_page_is_refused_in_the_handshake(alice, origin):
    key = await sync_to_async(testing.make_session)(alice)
    headers = [(b"host", b"testserver"), testing.cookie_header(key)]
    headers += [(b"origin", origin.encode())] if origin is not None else []
    communicator = WebsocketCommunicator(application, "/ws/", headers)
    assert not (await communicator.connect())[0]


async def test_a_topic_without_sockets_is_not_followed(alice):
    async with connected(alice) as socket:
        await socket.subscribe(room_1=None)
        assert set(hub.feeds) == {"room:1", f"user:{alice.pk}"}
        await socket.command("unsubscribe", {"topics": ["room:1", f"user:{alice.pk}"]})
        assert set(hub.feeds) == {f"user:{alice.pk}"}
    assert not hub.feeds
    assert not hub.sockets
