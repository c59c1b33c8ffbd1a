"""The WebSocket of programs made for Mattermost: greeting, events in their order, and going on after a cut."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiToken, User
from chat import services as chat
from collab.asgi import application
from integrations.mattermost_api import connections, consumers, echoes, ids
from realtime import testing
from tests import factories
from tests.integrations.conftest import Program, token_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
SECONDS = 20.0


@pytest.fixture(autouse=True)
async def realtime(transactional_db, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    yield
    for one in list(connections._connections.values()):
        one.end()
    await testing.stop_realtime()


class Ear:
    """A socket as a program has it."""

    def __init__(self, link):
        self.link = link

    async def next(self):
        """The next frame, or the code with which the socket closed."""
        message = await self.link.receive_output(SECONDS)
        return message.get("code", 1000) if message["type"] == "websocket.close" else json.loads(message["text"])

    async def event(self, name):
        """The next event of this name, past others."""
        while True:
            frame = await self.next()
            assert isinstance(frame, dict), frame
            if frame.get("event") == name:
                return frame

    async def ask(self, seq, action, **data):
        """A command; answers its reply, past events."""
        await self.link.send_to(text_data=json.dumps({"seq": seq, "action": action, "data": data}))
        while True:
            frame = await self.next()
            if "event" not in frame:
                return frame

    async def send(self, text):
        await self.link.send_to(text_data=text)


@asynccontextmanager
async def heard(token="", query="", origin=""):
    headers = [(b"host", b"testserver")]
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    headers += [(b"origin", origin.encode())] if origin else []
    link = WebsocketCommunicator(application, f"/api/v4/websocket{query}", headers)
    accepted, _ = await link.connect(SECONDS)
    assert accepted
    try:
        yield Ear(link)
    finally:
        await link.disconnect(timeout=SECONDS)


@pytest.fixture
async def token(bot):
    return await sync_to_async(token_of)(bot)


def post_of(frame):
    return json.loads(frame["data"]["post"])


@sync_to_async
def say(user, room, text, **given):
    return factories.say(user, room, text, **given)


# Who comes


async def test_token_in_the_header_is_greeted(token, bot):
    async with heard(token) as ear:
        hello = await ear.next()
        assert (hello["event"], hello["seq"], len(hello["data"]["connection_id"])) == ("hello", 0, 26)
        assert hello["broadcast"]["user_id"] == ids.of_user(bot.pk)
        pong = await ear.ask(1, "ping")
        assert (pong["status"], pong["seq_reply"], pong["data"]["text"]) == ("OK", 1, "pong")


async def test_token_in_a_challenge_is_greeted_first_and_answered_then(token):
    async with heard() as ear:
        await ear.send(json.dumps({"seq": 1, "action": "authentication_challenge", "data": {"token": token}}))
        assert (await ear.next())["event"] == "hello"
        assert await ear.next() == {"status": "OK", "seq_reply": 1}


async def test_wrong_token_is_closed_without_a_word():
    async with heard() as ear:
        await ear.send('{"seq":1,"action":"authentication_challenge","data":{"token":"wrong"}}')
        assert await ear.next() == 1000


async def test_who_says_nothing_is_closed(monkeypatch):
    monkeypatch.setattr(consumers, "AUTH_SECONDS", 0.1)
    async with heard() as ear:
        assert await ear.next() == 1000


async def test_page_of_another_site_is_refused(token):
    link = WebsocketCommunicator(
        application, "/api/v4/websocket", [(b"host", b"testserver"), (b"origin", b"https://evil.example")]
    )
    accepted, code = await link.connect(SECONDS)
    assert (accepted, code) == (False, 4403)


async def test_token_that_may_not_read_hears_nothing(bot):
    blind = await sync_to_async(token_of)(bot, "messages:write")
    async with heard() as ear:
        await ear.send(json.dumps({"seq": 1, "action": "authentication_challenge", "data": {"token": blind}}))
        assert await ear.next() == 1000


async def test_revoked_token_ends_its_sockets_at_once(token, bot):
    boss = await User.objects.aget(username="boss")
    other = await sync_to_async(token_of)(bot)
    async with heard(token) as ear, heard(token) as second, heard(other) as third:
        for one in (ear, second, third):
            await one.event("hello")
        ended = await ApiToken.objects.filter(user=bot).order_by("pk").afirst()
        await sync_to_async(accounts.revoke_token)(actor=boss, token_id=ended.pk)
        assert [await ear.next(), await second.next()] == [4401, 4401]
        assert (await third.ask(1, "ping"))["status"] == "OK"


async def test_revoked_token_is_not_taken_up_again(token, bot):
    connection = await cut(token)
    boss = await User.objects.aget(username="boss")
    await sync_to_async(accounts.revoke_token)(actor=boss, token_id=(await ApiToken.objects.aget(user=bot)).pk)
    while connection in connections._connections:
        await asyncio.sleep(0.01)


def test_token_is_asked_for_again_at_its_end():
    now = timezone.now()
    assert consumers._until_asked(None) == consumers._until_asked(now + timedelta(days=1)) == 30.0
    assert 0.1 <= consumers._until_asked(now + timedelta(seconds=1)) < 1.2
    assert consumers._until_asked(now - timedelta(days=1)) == 0.1


async def test_token_that_a_backup_took_away_ends_its_socket(token, bot, monkeypatch):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    async with heard(token) as ear:
        await ear.next()
        await ApiToken.objects.filter(user=bot).adelete()
        assert await ear.next() == 4401


async def test_banned_bot_is_closed_at_once(token, bot):
    boss = await sync_to_async(factories.make_person)("chief", is_staff=True, is_superuser=True)
    async with heard(token) as ear:
        await ear.next()
        await sync_to_async(accounts.sanction_user)(actor=boss, user=bot, kind="ban", reason="Noise")
        assert await ear.next() == 4403


# What is heard


async def test_program_hears_what_people_do(token, bot, mina, teo, room):
    async with heard(token) as ear:
        await ear.event("hello")
        said = await say(mina, room, "Hello @builds")
        posted = await ear.event("posted")
        post = post_of(posted)
        assert (post["message"], post["id"], post["user_id"]) == (
            "Hello @builds",
            ids.of_uuid(said.pk),
            ids.of_user(mina.pk),
        )
        assert (posted["data"]["sender_name"], posted["data"]["channel_type"]) == ("@mina", "O")
        assert json.loads(posted["data"]["mentions"]) == [ids.of_user(bot.pk)]
        assert posted["broadcast"]["channel_id"] == ids.of_room(room.pk)
        where = {"room_id": room.pk, "message_id": said.pk}
        await sync_to_async(chat.edit_message)(actor=mina, body="Goodbye", **where)
        edited = await ear.event("post_edited")
        assert (post_of(edited)["message"], "sender_name" in edited["data"]) == ("Goodbye", False)
        await sync_to_async(chat.add_reaction)(actor=teo, emoji="👍", **where)
        added = json.loads((await ear.event("reaction_added"))["data"]["reaction"])
        assert (added["emoji_name"], added["create_at"] > 0) == ("+1", True)
        await sync_to_async(chat.remove_reaction)(actor=teo, emoji="👍", **where)
        assert json.loads((await ear.event("reaction_removed"))["data"]["reaction"])["create_at"] == 0
        await sync_to_async(chat.pin_message)(actor=mina, **where)
        assert post_of(await ear.event("post_edited"))["is_pinned"] is True
        await sync_to_async(chat.delete_message)(actor=mina, **where)
        deleted = await ear.event("post_deleted")
        assert (post_of(deleted)["delete_at"], post_of(deleted)["message"]) == (0, "")
        # Pinning and deleting may say more than one thing, but never leave a number out.
        assert deleted["seq"] >= 6


async def test_page_sees_what_a_program_posts(token, mina, room):
    program = Program(token=token)
    async with testing.connected(mina, application=application) as page:
        await page.command("subscribe", {"topics": {f"room:{room.pk}": None}})
        body = {"channel_id": ids.of_room(room.pk), "message": "Built", "pending_post_id": "me:7", "props": {"n": 1}}
        async with heard(token) as ear:
            await ear.event("hello")
            made = await sync_to_async(program.told)("POST", "posts", body, status=201)
            assert (await page.expect("message.created"))["data"]["message"]["body"] == "Built"
            post = post_of(await ear.event("posted"))
            assert (post["id"], post["pending_post_id"], post["props"]["n"]) == (made["id"], "me:7", 1)


async def test_repeated_reaction_is_told_again(token, bot, mina, room):
    said = await say(mina, room, "Hello")
    program = Program(token=token)
    wish = {"user_id": ids.of_user(bot.pk), "post_id": ids.of_uuid(said.pk), "emoji_name": "heart"}
    async with heard(token) as ear:
        await ear.event("hello")
        for _ in range(2):
            await sync_to_async(program.told)("POST", "reactions", wish, status=201)
            assert json.loads((await ear.event("reaction_added"))["data"]["reaction"])["emoji_name"] == "heart"


async def test_typing_is_told_to_others(token, bot, mina, room):
    other = await sync_to_async(token_of)(mina)
    async with heard(token) as ear, heard(other) as person:
        await ear.event("hello")
        await person.event("hello")
        assert (await person.ask(1, "user_typing", channel_id=ids.of_room(room.pk), parent_id=""))["status"] == "OK"
        typing = await ear.event("typing")
        assert typing["data"]["user_id"] == ids.of_user(mina.pk)
        assert typing["broadcast"]["omit_users"] == {ids.of_user(mina.pk): True}


async def test_token_that_may_only_read_types_nowhere(bot, room):
    reader = await sync_to_async(token_of)(bot, "messages:read")
    async with heard(reader) as ear:
        await ear.event("hello")
        refused = await ear.ask(1, "user_typing", channel_id=ids.of_room(room.pk))
        assert (refused["status"], refused["error"]["status_code"]) == ("FAIL", 403)


async def test_new_room_is_heard_from_its_first_message_on(token, bot, mina):
    async with heard(token) as ear:
        await ear.event("hello")
        room = await sync_to_async(factories.make_room)(mina, bot, kind="private", name="Late")
        await say(mina, room, "First")
        assert (await ear.event("user_added"))["broadcast"]["channel_id"] == ids.of_room(room.pk)
        assert post_of(await ear.event("posted"))["message"] == "First"


async def test_removed_bot_hears_nothing_more(token, bot, mina, room, secret):
    await sync_to_async(chat.invite_person)(actor=mina, room_id=secret.pk, user_id=bot.pk)
    async with heard(token) as ear:
        await ear.event("hello")
        await sync_to_async(chat.remove_member)(actor=mina, room_id=secret.pk, user_id=bot.pk)
        removed = await ear.event("user_removed")
        assert removed["data"]["channel_id"] == ids.of_room(secret.pk)
        await say(mina, secret, "Secret")
        await say(mina, room, "Open")
        assert post_of(await ear.event("posted"))["message"] == "Open"


async def test_bot_that_is_taken_back_at_once_hears_the_room_again(token, bot, mina, secret):
    await sync_to_async(chat.invite_person)(actor=mina, room_id=secret.pk, user_id=bot.pk)
    async with heard(token) as ear:
        await ear.event("hello")
        await sync_to_async(chat.remove_member)(actor=mina, room_id=secret.pk, user_id=bot.pk)
        await sync_to_async(chat.invite_person)(actor=mina, room_id=secret.pk, user_id=bot.pk)
        await ear.event("user_added")
        await say(mina, secret, "Welcome back")
        assert post_of(await ear.event("posted"))["message"] == "Welcome back"
        [connection] = connections._connections.values()
        connection._forget_room(secret.pk)
        await say(mina, secret, "Still here?")
        assert post_of(await ear.event("posted"))["message"] == "Still here?"


async def test_removed_bot_is_told_nothing_again(token, bot, mina, room, secret):
    await sync_to_async(chat.invite_person)(actor=mina, room_id=secret.pk, user_id=bot.pk)
    async with heard(token) as ear:
        await ear.event("hello")
        await sync_to_async(chat.remove_member)(actor=mina, room_id=secret.pk, user_id=bot.pk)
        await ear.event("user_removed")
        for where in (secret, room):
            echoes.tell_again(where.pk, "post_edited", post={"channel_id": ids.of_room(where.pk)})
        assert post_of(await ear.event("post_edited"))["channel_id"] == ids.of_room(room.pk)


async def test_slow_program_is_spared_who_types(token, mina, room, monkeypatch):
    monkeypatch.setattr(connections, "TYPING_QUEUED", 0)
    connection = await cut(token)
    other = await sync_to_async(token_of)(mina)
    await say(mina, room, "First")
    async with heard(other) as person:
        await person.event("hello")
        for number in (1, 2):
            await person.ask(number, "user_typing", channel_id=ids.of_room(room.pk))
    await say(mina, room, "Second")
    async with heard(token, f"?connection_id={connection}&sequence_number=1") as ear:
        frames = [await ear.next() for _ in range(2)]
        assert [(one["event"], one["seq"]) for one in frames] == [("posted", 1), ("posted", 2)]


# Commands that are none


async def test_commands_are_answered_in_their_words(token):
    async with heard(token) as ear:
        await ear.event("hello")
        unknown = await ear.ask(3, "nonsense")
        assert (unknown["status"], unknown["seq_reply"]) == ("FAIL", 3)
        assert unknown["error"]["id"] == "api.web_socket_router.bad_action.app_error"
        assert "seq_reply" not in await ear.ask(0, "ping")
        assert (await ear.ask(2**62, "ping"))["seq_reply"] == 2**62
        assert (await ear.ask(4, "user_typing", channel_id="nonsense"))["status"] == "FAIL"
        assert (await ear.ask(5, "user_typing", channel_id=7))["status"] in {"OK", "FAIL"}


NO_COMMANDS = [
    ("nonsense", 1003),
    ("x" * 9000, 1009),
    ("[]", 1003),
    ('{"seq": 1, "action": "ping", "data": []}', 1003),
    ('{"seq": 1, "action": "\\ud800"}', 1003),
    ("[" * 4000, 1003),
]


@pytest.mark.parametrize(("text", "code"), NO_COMMANDS, ids=["no-json", "long", "list", "data", "surrogate", "deep"])
async def test_frame_that_is_none_closes(token, text, code):
    async with heard(token) as ear:
        await ear.event("hello")
        await ear.send(text)
        assert await ear.next() == code


# Going on


async def cut(token, query=""):
    """A socket that heard its greeting and was cut; answers the id to go on with."""
    async with heard(token, query) as ear:
        hello = await ear.event("hello")
        connection = hello["data"]["connection_id"]
    await detached(connection)
    return connection


async def detached(connection):
    while not (one := connections._connections.get(connection)) or not one.apart_since:
        await asyncio.sleep(0.01)


async def test_cut_line_goes_on_without_a_gap(token, mina, room):
    connection = await cut(token)
    for number in range(5):
        await say(mina, room, f"gap {number}")
    async with heard(token, f"?connection_id={connection}&sequence_number=1") as ear:
        frames = [await ear.next() for _ in range(5)]
        assert [(one["seq"], post_of(one)["message"]) for one in frames] == [(n + 1, f"gap {n}") for n in range(5)]
    await detached(connection)
    # What was sent and lost on the way is sent again.
    async with heard(token, f"?connection_id={connection}&sequence_number=4") as ear:
        assert [(await ear.next())["seq"] for _ in range(2)] == [4, 5]
        assert (await ear.ask(1, "ping"))["status"] == "OK"


@pytest.mark.parametrize("place", ["99", "", "x"], ids=["ahead", "none", "nonsense"])
async def test_place_that_is_not_known_begins_anew(token, place):
    connection = await cut(token)
    async with heard(token, f"?connection_id={connection}&sequence_number={place}") as ear:
        hello = await ear.event("hello")
        assert hello["seq"] == 0
        assert hello["data"]["connection_id"] != connection


async def test_connection_of_somebody_else_is_not_handed_on(token, mina):
    connection = await cut(token)
    other = await sync_to_async(token_of)(mina)
    async with heard(other, f"?connection_id={connection}&sequence_number=1") as ear:
        assert (await ear.event("hello"))["data"]["connection_id"] != connection


async def test_connection_goes_on_with_the_token_that_opened_it(token, bot):
    """Or else the end of that token would not end it."""
    connection = await cut(token)
    other = await sync_to_async(token_of)(bot)
    async with heard(other, f"?connection_id={connection}&sequence_number=1") as ear:
        assert (await ear.event("hello"))["data"]["connection_id"] != connection
    async with heard(token, f"?connection_id={connection}&sequence_number=1") as ear:
        assert (await ear.ask(1, "ping"))["status"] == "OK"


async def test_old_socket_that_is_still_open_keeps_its_connection(token):
    async with heard(token) as ear:
        connection = (await ear.event("hello"))["data"]["connection_id"]
        async with heard(token, f"?connection_id={connection}&sequence_number=1") as second:
            assert (await second.event("hello"))["data"]["connection_id"] != connection


async def test_too_much_missed_begins_anew(token, mina, room, monkeypatch):
    monkeypatch.setattr(connections, "QUEUED_MOST", 3)
    connection = await cut(token)
    for number in range(4):
        await say(mina, room, f"gap {number}")
    while connection in connections._connections:
        await asyncio.sleep(0.01)
    async with heard(token, f"?connection_id={connection}&sequence_number=1") as ear:
        assert (await ear.event("hello"))["data"]["connection_id"] != connection


async def test_connection_is_kept_for_a_while_only(token, monkeypatch):
    monkeypatch.setattr(connections, "KEPT_SECONDS", 0.0)
    async with heard(token) as ear:
        connection = (await ear.event("hello"))["data"]["connection_id"]
    async with heard(token, f"?connection_id={connection}&sequence_number=1") as ear:
        assert (await ear.event("hello"))["data"]["connection_id"] != connection
