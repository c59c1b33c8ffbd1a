"""The imitated server's WebSocket keeps what was measured: hello, seq, resume, queues, events, half-open lines."""

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.fakes.mattermost.visitor import Visitor


def post_of(frame):
    return json.loads(frame["data"]["post"])


def texts(frames):
    return [post_of(frame)["message"] for frame in frames if frame.get("event") == "posted"]


async def opened(visitor):
    """A socket that has said hello; its id and the seq that comes next."""
    ear = await visitor.listen()
    hello = await ear.next()
    assert hello["event"] == "hello"
    await ear.pong(1)
    return ear, hello["data"]["connection_id"], next_of(ear)


def next_of(ear):
    return max(frame["seq"] for frame in ear.frames if "seq" in frame) + 1


async def cut(server, ear):
    """Cuts a line and waits until the server knows it."""
    ear.cut()
    while server.sockets_open():
        await asyncio.sleep(0.01)


async def test_header_opens_with_hello_and_challenge_with_hello_and_an_answer(bot, server, seed):
    ear = await bot.listen()
    hello = await ear.next()
    assert (hello["event"], hello["seq"], len(hello["data"]["connection_id"])) == ("hello", 0, 26)
    assert hello["broadcast"]["user_id"] == seed.bot_id
    asked = await bot.listen(known=False)
    await asked.send(seq=1, action="authentication_challenge", data={"token": seed.bot_token})
    assert (await asked.next())["event"] == "hello"
    assert await asked.next() == {"status": "OK", "seq_reply": 1}


async def test_wrong_challenge_ends_the_line_without_a_word(bot):
    ear = await bot.listen(known=False)
    await ear.send(seq=1, action="ping")
    await ear.send(seq=2, action="authentication_challenge", data={"token": "x" * 26})
    assert await ear.ended() is None
    assert ear.frames == []


async def test_wrong_header_waits_for_a_challenge_that_has_to_come(server, seed):
    async with Visitor(server.url, "x" * 26) as stranger:
        ear = await stranger.listen()
        server.advance(4)
        await ear.line.ping()
        server.advance(2)
        assert await ear.ended() is None
        assert ear.frames == []


async def test_page_of_another_site_is_refused(server, seed):
    async with Visitor(server.url, seed.bot_token) as visitor:
        visitor._headers["Origin"] = "http://elsewhere.test"
        with pytest.raises(InvalidStatus) as refused:
            await visitor.listen()
    assert refused.value.response.status_code == 403


async def test_asker_gets_answers_by_number(bot):
    ear, _, _ = await opened(bot)
    await ear.send(seq=7, action="ping")
    reply = await ear.next()
    assert (reply["seq_reply"], reply["data"]["text"]) == (7, "pong")
    await ear.send(seq=8, action="nope")
    assert (await ear.next())["error"]["id"] == "api.web_socket_router.bad_action.app_error"
    await ear.send(seq=0, action="ping")
    assert "seq_reply" not in await ear.next()


async def test_frame_too_large_or_no_json_closes(bot):
    ear, _, _ = await opened(bot)
    await ear.send(seq=2, action="ping", data={"text": "x" * 8192})
    assert await ear.ended() == 1009
    ear, _, _ = await opened(bot)
    await ear.line.send("{")
    assert await ear.ended() == 1000


async def test_listener_hears_a_post_as_a_string_with_its_sender(bot, alice, seed):
    ear, _, seq = await opened(bot)
    made = await alice.post(seed.channel_id, "<b> & @bridgebot", pending_post_id="a:1")
    frame = await ear.until("posted")
    assert (post_of(frame)["id"], post_of(frame)["pending_post_id"]) == (made["id"], "a:1")
    assert "\\u003cb\\u003e" in frame["data"]["post"]
    assert (frame["data"]["sender_name"], frame["broadcast"]["channel_id"], frame["seq"]) == (
        "@alice",
        seed.channel_id,
        seq,
    )
    assert json.loads(frame["data"]["mentions"]) == [seed.bot_id]


async def test_listener_hears_edits_pins_and_one_deletion_of_a_whole_thread(bot, server, seed):
    root = server.say("alice", seed.channel_id, "Root")
    server.say("bob", seed.channel_id, "Reply", root_id=root.id)
    ear, _, _ = await opened(bot)
    server.edit("alice", root.id, "Other")
    edited = await ear.until("post_edited")
    assert post_of(edited)["edit_at"] > 0
    assert "sender_name" not in edited["data"]
    server.pin("alice", root.id)
    pinned = await ear.until("post_edited")
    assert (post_of(pinned)["is_pinned"], post_of(pinned)["edit_at"]) == (True, post_of(edited)["edit_at"])
    server.delete("alice", root.id)
    heard = [one for one in await ear.pong(9) if one["event"] == "post_deleted"]
    assert [(post_of(one)["id"], post_of(one)["delete_at"]) for one in heard] == [(root.id, 0)]


async def test_listener_hears_repeated_reactions_and_no_time_of_a_removal(bot, server, seed):
    post = server.say("bob", seed.channel_id, "Hi")
    ear, _, _ = await opened(bot)
    for _ in range(2):
        server.react("alice", post.id, "+1")
    server.unreact("alice", post.id, "+1")
    server.unreact("alice", post.id, "+1")
    heard = [(one["event"], json.loads(one["data"]["reaction"])["create_at"] > 0) for one in await ear.pong(9)]
    assert heard == [("reaction_added", True)] * 2 + [("reaction_removed", False)] * 2


async def test_typist_does_not_hear_their_own_typing(bot, alice, seed):
    ear, _, _ = await opened(bot)
    own, _, _ = await opened(alice)
    await own.send(seq=2, action="user_typing", data={"channel_id": seed.channel_id, "parent_id": ""})
    frame = await ear.until("typing")
    assert frame["data"] == {"parent_id": "", "user_id": seed.alice_id}
    assert frame["broadcast"]["omit_users"] == {seed.alice_id: True}
    assert [one for one in await own.pong(9) if one.get("event") == "typing"] == []


async def test_removed_listener_is_told_another_way_and_hears_no_more(bot, alice, server, seed):
    ear, _, _ = await opened(bot)
    server.remove_member(seed.channel_id, "bridgebot")
    frame = await ear.until("user_removed")
    assert frame["data"]["channel_id"] == seed.channel_id
    assert frame["broadcast"]["user_id"] == seed.bot_id
    server.say("alice", seed.channel_id, "Hi")
    assert texts(await ear.pong(9)) == []


async def test_listener_hears_the_system_speak_and_a_channel_go(bot, server, seed):
    ear, _, _ = await opened(bot)
    server.archive(seed.channel_id)
    spoken = await ear.until("posted")
    assert (spoken["data"]["sender_name"], post_of(spoken)["type"]) == ("System", "system_channel_deleted")
    gone = await ear.until("channel_deleted")
    assert gone["broadcast"]["team_id"] == seed.team_id


async def test_hook_speaks_under_the_name_it_gives(bot, server, seed):
    ear, _, _ = await opened(bot)
    await bot.hook(seed.hook_key, json={"text": "Hi", "username": "Zed", "attachments": [{"text": "A"}]})
    frame = await ear.until("posted")
    assert (frame["data"]["sender_name"], post_of(frame)["type"]) == ("Zed", "slack_attachment")


async def test_echo_comes_before_the_answer_in_about_a_third_of_the_posts(bot, alice, server, seed):
    ear, _, _ = await opened(bot)
    for number in range(60):
        await alice.post(seed.channel_id, f"{number}")
    assert texts(await ear.pong(9)) == [f"{number}" for number in range(60)]
    assert 10 < sum(server.script.echoed_first) < 30


async def test_returning_listener_gets_what_was_missed_and_no_hello(bot, server, seed):
    ear, known_as, seq = await opened(bot)
    await cut(server, ear)
    for number in range(140):
        server.say("alice", seed.channel_id, f"{number}")
    again = await bot.listen(f"?connection_id={known_as}&sequence_number={seq}")
    frames = await again.pong(1)
    assert texts(frames) == [f"{number}" for number in range(140)]
    assert [one["seq"] for one in frames] == list(range(seq, seq + len(frames)))


async def test_returning_listener_may_ask_for_frames_again(bot, server, seed):
    ear, known_as, _ = await opened(bot)
    for number in range(4):
        server.say("alice", seed.channel_id, f"{number}")
    await ear.pong(9)
    seq = next_of(ear)
    await cut(server, ear)
    again = await bot.listen(f"?connection_id={known_as}&sequence_number={seq - 2}")
    assert texts(await again.pong(1)) == ["2", "3"]
    await cut(server, again)
    once_more = await bot.listen(f"?connection_id={known_as}&sequence_number={seq - 1}")
    assert texts(await once_more.pong(1)) == ["3"]


@pytest.mark.parametrize(
    "why",
    ["too much was missed", "seq is too old", "seq is ahead", "restart", "another person", "no seq", "idle too long"],
)
async def test_listener_that_cannot_go_on_gets_a_new_hello(bot, alice, server, seed, why):
    ear, known_as, seq = await opened(bot)
    if why == "seq is too old":
        for number in range(140):
            server.say("alice", seed.channel_id, f"{number}")
        await ear.pong(9)
    await cut(server, ear)
    if why == "too much was missed":
        for number in range(270):
            server.say("alice", seed.channel_id, f"{number}")
    elif why == "restart":
        server.restart()
    elif why == "idle too long":
        server.advance(640)
    query = f"?connection_id={known_as}&sequence_number={seq + 5 if why == 'seq is ahead' else seq}"
    query = query.partition("&")[0] if why == "no seq" else query
    again = await (alice if why == "another person" else bot).listen(query)
    hello = await again.next()
    assert (hello["event"], hello["seq"]) == ("hello", 0)
    assert hello["data"]["connection_id"] != known_as


async def test_challenge_never_resumes(bot, server, seed):
    ear, known_as, seq = await opened(bot)
    await cut(server, ear)
    again = await bot.listen(f"?connection_id={known_as}&sequence_number={seq}", known=False)
    await again.send(seq=1, action="authentication_challenge", data={"token": seed.bot_token})
    assert (await again.next())["data"]["connection_id"] != known_as


async def test_malformed_connection_id_is_closed(bot):
    ear = await bot.listen("?connection_id=short&sequence_number=1")
    assert await ear.ended() == 1000
    assert ear.frames == []


async def test_half_open_line_is_silent_and_its_owner_cannot_resume(bot, server, seed):
    ear, known_as, seq = await opened(bot)
    server.freeze_sockets()
    server.say("alice", seed.channel_id, "Into the void")
    again = await bot.listen(f"?connection_id={known_as}&sequence_number={seq}")
    assert (await again.next())["data"]["connection_id"] != known_as
    assert len(ear.frames) == seq + 1  # hello, what came with it, and the answer to the ping
    server.say("alice", seed.channel_id, "Aloud")
    assert texts([await again.until("posted")]) == ["Aloud"]
    server.thaw_sockets()
    assert [texts([await ear.until("posted")]) for _ in range(2)] == [["Into the void"], ["Aloud"]]


async def test_server_gives_a_dead_line_up_after_a_hundred_seconds(bot, server, seed):
    ear, known_as, seq = await opened(bot)
    server.freeze_sockets()
    server.advance(90)
    assert server.sockets_open() == 1
    server.advance(20)
    assert await ear.ended() is None
    again = await bot.listen(f"?connection_id={known_as}&sequence_number={seq}")
    server.say("alice", seed.channel_id, "Hi")
    assert texts([await again.until("posted")]) == ["Hi"]
    assert "hello" not in {one.get("event") for one in again.frames}


async def test_slow_reader_loses_typing_first_and_then_its_line(bot, server, seed):
    ear, _, _ = await opened(bot)
    server.stall_sockets()
    for number in range(150):
        server.say("alice", seed.channel_id, f"{number}")
        if number == 10:
            server.type_in("alice", seed.channel_id)
    server.stall_sockets(False)
    frames = await ear.pong(9)
    assert len(texts(frames)) == 150
    assert "typing" not in {one["event"] for one in frames}
    server.stall_sockets()
    for number in range(260):
        server.say("alice", seed.channel_id, f"{number}")
    assert await ear.ended() is None


async def test_revoked_token_leaves_the_open_line_and_refuses_the_next_request(bot, server, seed):
    ear, _, _ = await opened(bot)
    server.revoke(seed.bot_token)
    server.say("alice", seed.channel_id, "Hi")
    assert texts([await ear.until("posted")]) == ["Hi"]
    assert (await bot.ask("GET", "/users/me")).status_code == 401
