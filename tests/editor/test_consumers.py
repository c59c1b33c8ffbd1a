"""The socket of a document: people join, type, show carets, come back, and stop at once when they may no longer."""

import asyncio
import json
import zlib

import pytest

from chat import services as chat
from collab.asgi import application
from editor import carets, events, services
from editor.authority import PUSH_BYTES
from editor.changes import DOCUMENT_UNITS
from editor.consumers import DocumentConsumer
from editor.models import Document, Update
from editor.services import DocumentChange
from realtime import consumers, testing, watch
from realtime.hub import hub
from realtime.ratelimit import Limit
from tests import factories
from tests.editor.conftest import (
    edit,
    make_document,
    on_a_thread,
    opened,
    replay,
    text_of,
    write,
)

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("realtime")]

START = "one\ntwo\n"


def code(answer):
    return answer.get("code", answer["type"])


# Two people


async def test_two_people_type_and_each_hears_both(mina, teo, document):
    async with opened(mina, document) as one, opened(teo, document) as two:
        joined = await one.join()
        assert (joined["data"]["mode"], joined["data"]["version"], joined["data"]["can_edit"]) == ("snapshot", 0, True)
        snapshot = await one.socket.expect("document.snapshot")
        assert (snapshot["data"]["text"], "seq" in snapshot) == (START, False)
        await two.join()
        ack = await one.push(0, edit(START, 3, 3, "!"))
        assert ack["data"] == {"version": 1}
        for pane in (one, two):
            assert await pane.heard() == [(1, one.client_id, [3, [0, "!"], 5])]
        assert (await two.push(0, edit(START, 8, 8, "three\n")))["data"] == {"version": 2}
        for pane in (one, two):
            assert await pane.heard() == [(2, two.client_id, [9, [0, "three", ""]])]
    assert await on_a_thread(lambda: text_of(document)) == "one!\ntwo\nthree\n"
    assert await on_a_thread(lambda: [row.author_id for row in Update.objects.order_by("version")]) == [mina.pk, teo.pk]


async def test_the_snapshot_comes_before_the_answer_and_what_follows_after_it(mina, teo, document):
    async def type_on():
        for _ in range(20):
            await on_a_thread(lambda: write(teo, document, 0, 0, "x"))

    async with opened(mina, document) as one:
        typing = asyncio.create_task(type_on())
        await asyncio.sleep(0.02)
        await one.socket.send("document.join", {"client_id": one.client_id, "version": None}, topic=one.topic)
        frames = [await one.socket._next() for _ in range(2)]
        assert [frame["type"] for frame in frames] == ["document.snapshot", "ack"]
        await typing
        await on_a_thread(lambda: write(teo, document, 0, 0, "y"))
        version = frames[0]["data"]["version"]
        assert frames[0]["data"]["text"] == "x" * version + START
        assert [(await one.heard())[0][0] for _ in range(21 - version)] == list(range(version + 1, 22))


async def test_a_snapshot_counts_as_a_frame_that_was_taken(mina, teo, document):
    async with opened(mina, document) as one:
        await one.join()
        for _ in range(60):
            await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
        assert [(await one.heard())[0][0] for _ in range(60)] == list(range(1, 61))
        assert one.socket.taken == 61
        answer = await one.socket.command("received", {"frames": 61})
        assert code(answer) == "ack"
        assert code(await one.socket.command("received", {"frames": 62})) == "invalid"
        assert not any(frame["type"] == "error" for frame in one.socket._frames)


async def test_a_text_larger_than_the_window_comes_whole_and_edits_follow_it(mina, teo, room):
    text = "\u4e2d\n" * (DOCUMENT_UNITS // 2 - 10)
    document = await on_a_thread(lambda: make_document(teo, room, text=text))
    async with opened(mina, document) as one:
        await one.join()
        await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
        snapshot = await one.socket.expect("document.snapshot")
        assert snapshot["data"]["text"] == text
        assert one.socket.taken == 1
        await one.socket.command("received", {"frames": 1})
        assert (await one.heard())[0][0] == 1


async def test_who_comes_back_gets_what_was_missed_and_no_text(mina, teo, document):
    for _ in range(5):
        await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
    async with opened(mina, document) as one:
        joined = await one.join(2)
        assert (joined["data"]["mode"], joined["data"]["version"]) == ("resume", 5)
        assert [await one.heard() for _ in range(3)] == [[(v, f"{teo.pk}-a", [[0, "x"], 7 + v])] for v in (3, 4, 5)]
        assert (await one.push(5, edit("xxxxx" + START, 0, 0, "m")))["data"] == {"version": 6}


async def test_who_holds_another_text_of_that_version_gets_a_snapshot(mina, teo, document):
    """A backup was put back and others wrote on: the server has passed the version again, on another text."""
    for letter in "😀bcde":
        await on_a_thread(lambda letter=letter: write(teo, document, 0, 0, letter))
    async with opened(mina, document) as one:
        assert (await one.join(2, zlib.crc32(("x" + START).encode())))["data"]["mode"] == "snapshot"
        await one.socket.expect("document.snapshot", text="edcb😀" + START, version=5)
        assert (await one.join(2, zlib.crc32(("b😀" + START).encode())))["data"]["mode"] == "resume"
        assert [(await one.heard())[0][0] for _ in range(3)] == [3, 4, 5]
        assert (await one.join(5, zlib.crc32(("edcb😀" + START).encode())))["data"]["mode"] == "resume"
        assert (await one.join(5, 0))["data"]["mode"] == "snapshot"


@pytest.mark.parametrize("digest", [-1, 2**32, 0.5, "0", True])
async def test_a_digest_that_is_no_digest_is_refused(mina, document, digest):
    async with opened(mina, document) as one:
        assert code(await one.join(0, digest)) == "invalid"


@pytest.mark.parametrize("version", [99, 2**62])
async def test_who_holds_a_version_that_never_was_gets_a_snapshot(mina, document, version):
    async with opened(mina, document) as one:
        assert (await one.join(version))["data"]["mode"] == "snapshot"
        await one.socket.expect("document.snapshot", text=START)


async def test_who_was_away_for_long_gets_a_snapshot(mina, teo, document, monkeypatch):
    monkeypatch.setattr("editor.selectors.documents.REPLAY_EVENTS", 3)
    for _ in range(5):
        await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
    async with opened(mina, document) as one:
        assert (await one.join(1))["data"]["mode"] == "snapshot"
        assert (await one.join(2))["data"]["mode"] == "resume"
        await one.socket.expect("document.snapshot", version=5)


async def test_a_pull_sends_everything_again(mina, teo, document):
    async with opened(mina, document) as one:
        await one.join()
        for _ in range(3):
            await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
        assert [(await one.heard())[0][0] for _ in range(3)] == [1, 2, 3]
        assert (await one.say("document.pull", version=1))["data"] == {"version": 3}
        assert [(await one.heard())[0][0] for _ in range(2)] == [2, 3]


# The same push again


async def test_a_push_whose_ack_was_lost_is_sent_again_with_more_and_stored_once(mina, teo, document):
    first, second = edit(START, 0, 0, "A"), edit("A" + START, 1, 1, "B")
    async with opened(mina, document) as one:
        await one.join()
        await one.socket.send("document.push", {"version": 0, "updates": [first.to_json()]}, topic=one.topic)
        await one.heard()
    await on_a_thread(lambda: write(teo, document, 9, 9, "T"))
    async with opened(mina, document) as again:
        assert (await again.join(0))["data"]["mode"] == "resume"
        for _ in range(2):
            assert (await again.push(0, first, second))["data"] == {"version": 3}
        assert [(await again.heard())[0][0] for _ in range(3)] == [1, 2, 3]
    assert await on_a_thread(lambda: text_of(document)) == "ABone\ntwo\nT"


# Who may


async def test_a_stranger_is_told_nothing_and_sent_away(mina, ines, secret):
    document = await on_a_thread(lambda: make_document(mina, secret, text="salaries"))
    async with opened(ines, document) as one:
        assert code(await one.join()) == "not_found"
        await one.socket.expect_closed(4404)
    unknown = Document(pk=document.pk + 1_000)
    async with opened(ines, unknown) as other:
        assert code(await other.join()) == "not_found"
        await other.socket.expect_closed(4404)


async def test_a_deleted_document_says_so_and_closes(mina, teo, document):
    async with opened(teo, document) as one:
        await one.join()
        await on_a_thread(lambda: services.delete_document(actor=mina, document_id=document.pk))
        told = await one.socket.expect("document.changed")
        assert told["data"]["document"]["deleted_by"] == mina.pk
        assert code(await one.push(0, edit(START, 0, 0, "x"))) == "gone"
        assert code(await one.join()) == "gone"
        await one.socket.expect_closed(4404)


async def test_a_viewer_of_a_public_room_sees_and_changes_nothing(ines, teo, document):
    async with opened(ines, document) as viewer, opened(teo, document) as two:
        await two.join()
        await two.say("cursor.move", version=0, ranges=[[1, 1]])
        joined = await viewer.join()
        assert (joined["data"]["can_edit"], joined["data"]["people"]) == (False, [])
        assert code(await viewer.push(0, edit(START, 0, 0, "x"))) == "not_member"
        assert code(await viewer.say("document.set_language", language="go")) == "not_member"
        await viewer.say("cursor.move", version=0, ranges=[[0, 0]])
        await two.push(0, edit(START, 0, 0, "x"))
        assert (await viewer.heard())[0][0] == 1
        assert [caret.client_id for caret in carets.of(document.pk)] == [two.client_id]


async def test_a_viewer_is_not_told_who_is_here_but_what_the_document_is_called(ines, mina, teo, document):
    async with opened(ines, document) as viewer, opened(teo, document) as two, opened(mina, document) as three:
        for one in (viewer, two, three):
            await one.join()
        await two.say("cursor.move", version=0, ranges=[[1, 1]])
        assert (await three.socket.expect("cursor.moved"))["data"]["user"] == teo.pk
        await two.say("document.set_language", language="go")
        assert (await viewer.socket.expect("document.changed"))["data"]["document"]["language"] == "go"
        await viewer.socket.command("ping")
        assert not any(frame["type"] == "cursor.moved" for frame in viewer.socket._frames)


async def test_a_removed_member_is_out_at_once_and_hears_nothing_later(mina, teo, room, document):
    async with opened(teo, document) as one, opened(mina, document) as two:
        await one.join()
        await two.join()
        await on_a_thread(lambda: chat.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk, reason="Bye"))
        await on_a_thread(lambda: write(mina, document, 0, 0, "secret"))
        told = await one.socket.expect("error")
        assert (told["code"], told["message"]) == ("not_member", "You were removed from this room.")
        await one.socket.expect_closed(4403)
        assert (await two.heard())[0][0] == 1
        assert not any(frame["type"] == "document.updates" for frame in one.socket._frames)


async def test_rights_that_end_in_mid_session_are_read_in_the_next_push(mina, teo, room, document):
    async with opened(teo, document) as one:
        await one.join()
        await one.push(0, edit(START, 0, 0, "a"))
        await on_a_thread(lambda: factories.change(mina, room, read_only=True))
        assert code(await one.push(1, edit("a" + START, 0, 0, "b"))) == "read_only"
        await on_a_thread(lambda: factories.change(mina, room, read_only=False))
        close = DocumentChange(read_only=True)
        await on_a_thread(lambda: services.update_document(actor=mina, document_id=document.pk, change=close))
        assert (await one.socket.expect("document.changed"))["data"]["document"]["read_only"] is True
        assert code(await one.push(1, edit("a" + START, 0, 0, "b"))) == "read_only"
    assert await on_a_thread(lambda: text_of(document)) == "a" + START


async def test_topics_are_not_for_the_client_to_choose(teo, room, document):
    async with opened(teo, document) as one:
        await one.join()
        for command in ({"topics": {f"room:{room.pk}": None}}, {"topics": {}}):
            assert code(await one.socket.command("subscribe", command)) == "unknown_type"
        answer = await one.socket.command("unsubscribe", {"topics": [f"room:{room.pk}", one.topic]})
        assert code(answer) == "unknown_type"
        assert f"room:{room.pk}" in next(iter(hub.sockets)).feeds


async def test_a_command_for_another_document_is_refused(teo, room, document):
    other = await on_a_thread(lambda: make_document(teo, room))
    async with opened(teo, document) as one:
        await one.join()
        answer = await one.socket.command(
            "document.push", {"version": 0, "updates": [[[0, "x"]]]}, topic=f"document:{other.pk}"
        )
        assert (answer["code"], answer["field"]) == ("invalid", "topic")


async def test_nothing_is_pushed_before_joining(teo, document):
    async with opened(teo, document) as one:
        for answer in (
            await one.push(0, edit(START, 0, 0, "x")),
            await one.say("document.pull", version=0),
            await one.say("cursor.move", version=0, ranges=[[0, 0]]),
        ):
            assert code(answer) == "invalid"


@pytest.mark.parametrize(
    "client_id", ["{mina}-a", "{teo}", "{teo}-", "run-1", "-a", "", "{teo}-a b", "{teo}-" + "x" * 41]
)
async def test_a_spoofed_or_malformed_client_id_is_refused(mina, teo, document, client_id):
    name = client_id.format(mina=mina.pk, teo=teo.pk)
    async with opened(teo, document) as one:
        answer = await one.say("document.join", client_id=name, version=None)
        assert code(answer) in {"forbidden", "invalid"}
        assert answer["field"] == "client_id"
        assert code(await one.push(0, edit(START, 0, 0, "x"))) == "invalid"


# Rubbish


@pytest.mark.parametrize("version", [-1, True, 1.5, 1.0, "0", None, 2**63, 10**30, [], {}])
async def test_a_version_that_is_no_number_is_invalid(teo, document, version):
    async with opened(teo, document) as one:
        await one.join()
        answer = await one.say("document.push", version=version, updates=[[[0, "x"], 8]])
        assert (answer["code"], answer["field"]) == ("invalid", "version")


@pytest.mark.parametrize("version", [1, 2**63 - 1])
async def test_a_version_that_never_was_is_unknown(teo, document, version):
    async with opened(teo, document) as one:
        await one.join()
        assert code(await one.push(version, [[0, "x"], 8])) == "unknown_version"


@pytest.mark.parametrize(
    "change",
    [
        [9],
        [7],
        [],
        {},
        "x",
        None,
        5,
        [True, 7],
        [8.0],
        ["8"],
        [-1, 9],
        [0, 8],
        [[0, "a\nb"], 8],
        [[0, "a\u0000"], 8],
        [[0, 5], 8],
        [[]],
        [[9]],
        [[8, ["x"]]],
        [[0], 8],
        [4, 4],
        [2**70],
    ],
)
async def test_a_malformed_change_is_a_bad_change_and_nothing_else(teo, document, change):
    async with opened(teo, document) as one:
        await one.join()
        assert code(await one.push(0, change)) in {"bad_change", "too_large"}
        assert (await one.push(0, edit(START, 0, 0, "fine")))["data"] == {"version": 1}


@pytest.mark.parametrize("lone", ["\\ud83d", "\\ude00", "\\ude00\\ud83d"])
async def test_half_a_character_is_refused_on_the_wire(teo, document, lone):
    async with opened(teo, document) as one:
        await one.join()
        data = f'{{"version":0,"updates":[[[0,"{lone}"],8]]}}'
        await one.socket.send_raw(f'{{"type":"document.push","ref":77,"topic":"{one.topic}","data":{data}}}')
        answer = await one.socket._find(lambda frame: frame.get("ref") == 77)
        assert answer["type"] == "error"
        assert answer["code"] in {"bad_change", "bad_frame"}
        assert (await one.socket.command("ping"))["type"] == "ack"


async def test_astral_characters_as_escapes_and_at_both_ends_come_through(teo, document):
    async with opened(teo, document) as one:
        await one.join()
        frame = {"type": "document.push", "ref": 78, "topic": one.topic}
        frame["data"] = {"version": 0, "updates": [[[0, "😀"], 8, [0, "👩‍👩‍👧\u2028\u0085"]]]}
        await one.socket.send_raw(json.dumps(frame, ensure_ascii=True))
        assert (await one.heard())[0][2] == [[0, "😀"], 8, [0, "👩‍👩‍👧\u2028\u0085"]]
    assert await on_a_thread(lambda: text_of(document)) == "😀" + START + "👩‍👩‍👧\u2028\u0085"


async def test_limits_are_said_and_the_socket_lives(teo, document):
    async with opened(teo, document) as one:
        await one.join()
        assert code(await one.push(0)) == "invalid"
        assert code(await one.push(0, *[[[0, "x"], 8]] * 257)) == "too_large"
        assert code(await one.push(0, [[0, "x" * (PUSH_BYTES + 1)], 8])) == "too_large"
        assert code(await one.push(0, [[0, "x" * DOCUMENT_UNITS], 8])) == "too_large"
        assert (await one.push(0, [[0, "x" * 200_000], 8]))["data"] == {"version": 1}
        await one.heard()


async def test_a_chat_socket_still_takes_no_frame_over_its_limit(teo, room):
    async with testing.connected(teo, application=application) as socket:
        answer = await socket.command("message.send", {"body": "x" * 70_000}, topic=f"room:{room.pk}")
        assert code(answer) == "too_large"


async def test_hello_says_the_limit_of_this_socket(teo, document, monkeypatch):
    seen = []
    expect = testing.TestSocket.expect

    async def note(self, type, **fields):
        seen.append(await expect(self, type, **fields))
        return seen[-1]

    monkeypatch.setattr(testing.TestSocket, "expect", note)
    async with opened(teo, document):
        assert seen[0]["data"]["limits"]["frame_bytes"] > PUSH_BYTES


async def test_a_flood_of_pushes_is_slowed_and_none_of_the_stored_is_lost(teo, document, monkeypatch):
    monkeypatch.setitem(DocumentConsumer.rate_limits, events.PushUpdates, Limit(burst=20, per_second=0.1))
    async with opened(teo, document) as one:
        await one.join()
        length, stored = len(START), 0
        while code(answer := await one.push(stored, [[0, "x"], length + stored])) == "ack":
            stored = answer["data"]["version"]
        assert (answer["code"], 0 < answer["retry_after"] < 12) == ("rate_limited", True)
        assert 20 <= stored < 30
    assert await on_a_thread(lambda: text_of(document)) == "x" * stored + START


async def test_an_open_document_does_not_make_an_idle_person_present(mina, teo, room, document):
    async with testing.connected(mina, application=application) as watcher:
        await watcher.subscribe(**{f"room_{room.pk}": None})
        async with opened(teo, document) as pane:
            await pane.join()
            async with testing.connected(teo, application=application) as page:
                await watcher.expect("presence.changed", user=teo.pk, state="online")
                await page.command("presence.set", {"state": "idle"})
                await watcher.expect("presence.changed", user=teo.pk, state="idle")


# Carets


async def test_carets_are_seen_by_the_others_and_go_with_their_people(mina, teo, document):
    async with opened(mina, document) as one:
        await one.join()
        async with opened(teo, document) as two:
            await two.join()
            await two.say("cursor.move", version=0, ranges=[[1, 3], [5, 5]])
            seen = (await one.socket.expect("cursor.moved", client_id=two.client_id))["data"]
            assert (seen["user"], seen["version"], seen["ranges"]) == (teo.pk, 0, [[1, 3], [5, 5]])
            people = (await one.join(0))["data"]["people"]
            assert [(caret["client_id"], caret["person"]["display_name"]) for caret in people] == [
                (two.client_id, "Teo Lindqvist")
            ]
        gone = await one.socket.expect("cursor.moved", client_id=two.client_id, ranges=None)
        assert gone["data"]["user"] == teo.pk
        assert (await one.join(0))["data"]["people"] == []


async def test_the_selection_of_a_push_is_shown_at_its_version(mina, teo, document):
    async with opened(mina, document) as one, opened(teo, document) as two:
        await one.join()
        await two.join()
        await two.push(0, edit(START, 0, 0, "x"), selection=[[1, 1]])
        seen = (await one.socket.expect("cursor.moved"))["data"]
        assert (seen["version"], seen["ranges"]) == (1, [[1, 1]])
        await two.push(0, edit(START, 0, 0, "x"), edit("x" + START, 1, 1, "y"), selection=[[2, 2]])
        assert (await one.socket.expect("cursor.moved"))["data"]["version"] == 2


async def test_a_new_editor_on_the_same_socket_takes_its_old_caret_away(mina, teo, document):
    async with opened(mina, document) as one, opened(teo, document) as two:
        await one.join()
        await two.join()
        await two.say("cursor.move", version=0, ranges=[[1, 1]])
        await one.socket.expect("cursor.moved", ranges=[[1, 1]])
        old, two.client_id = two.client_id, f"{teo.pk}-recovered"
        await two.join()
        await one.socket.expect("cursor.moved", client_id=old, ranges=None)


@pytest.mark.parametrize(
    "ranges", [[], [[0]], [[0, 1, 2]], [[-1, 0]], [[0, DOCUMENT_UNITS + 1]], [[0, 0]] * 33, [["0", 0]], [[True, 0]], 5]
)
async def test_carets_that_are_none_are_refused(teo, document, ranges):
    async with opened(teo, document) as one:
        await one.join()
        assert code(await one.say("cursor.move", version=0, ranges=ranges)) == "invalid"
        answer = await one.push(0, edit(START, 0, 0, "x"), selection=ranges)
        assert code(answer) == "invalid"


async def test_a_language_is_told_to_everybody_who_has_it_open(mina, teo, document):
    async with opened(mina, document) as one, opened(teo, document) as two:
        await one.join()
        await two.join()
        assert code(await two.say("document.set_language", language="Rust")) == "ack"
        assert (await one.socket.expect("document.changed"))["data"]["document"]["language"] == "rust"
        assert code(await two.say("document.set_language", language="<b>")) == "invalid"


# What the bell does


async def test_updates_whose_bell_was_lost_are_read_from_the_log(mina, teo, document, monkeypatch):
    async with opened(mina, document) as one:
        await one.join()
        with monkeypatch.context() as patch:
            patch.setattr("realtime.log._listeners", [])
            for _ in range(3):
                await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
        await watch.poll(hub)
        assert [(await one.heard())[0][0] for _ in range(3)] == [1, 2, 3]


async def test_bells_doubled_and_out_of_order_give_each_update_once(mina, teo, document, monkeypatch):
    kept = []
    async with opened(mina, document) as one:
        await one.join()
        with monkeypatch.context() as patch:
            patch.setattr("realtime.log._listeners", [kept.append])
            for _ in range(4):
                await on_a_thread(lambda: write(teo, document, 0, 0, "x"))
        for entry in (kept[2], kept[0], kept[0], kept[3], kept[1], kept[2]):
            hub.publish(entry)
        assert [(await one.heard())[0][0] for _ in range(4)] == [1, 2, 3, 4]
        await one.socket.expect_silence()
    assert await on_a_thread(lambda: replay(document)[-1]) == "xxxx" + START


# Who does not read


class DeafPeer:
    """The server's side of a connection that asks for the text again and again, and takes none of it."""

    def __init__(self, frames):
        self.frames = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": text} for text in frames)]

    async def receive(self):
        if not self.frames:
            await asyncio.Event().wait()
        return self.frames.pop(0)

    async def send(self, message):
        if message["type"] != "websocket.accept":
            await asyncio.Event().wait()


async def test_a_peer_that_reads_no_text_is_not_given_thirty(mina, teo, room, monkeypatch):
    monkeypatch.setattr(consumers, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(DocumentConsumer, "unread_bytes", 2_000_000)
    large = await on_a_thread(lambda: make_document(mina, room, text="x" * 900_000))
    key = await on_a_thread(lambda: testing.make_session(teo))
    data = f'{{"client_id":"{teo.pk}-a","version":null}}'
    join = f'{{"type":"document.join","ref":1,"topic":"document:{large.pk}","data":{data}}}'
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver"), testing.cookie_header(key)]
    scope = {"type": "websocket", "path": f"/ws/editor/{large.pk}/", "query_string": b"", "headers": headers}
    peer = DeafPeer([join] * 30)
    async with asyncio.timeout(30):
        await application(scope, peer.receive, peer.send)
    assert not hub.sockets
