"""Lines through the house, as transcripts: what a person does, every function it passes, what the others see.

Each line runs on the whole ASGI application. The functions are noted by the interpreter's own profiler, on every
thread, so a line that takes another way fails here before it surprises a reader of docs/architecture.md.
"""

import asyncio
import contextlib
import json
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Sanction, User
from assistant.fake.server import FakeOpenAI
from assistant.models import Run, Spending
from assistant.services import default_agent
from chat.models import Mention, Message
from collab.asgi import application
from dashboard import flusher
from dashboard import services as boards
from dashboard.models import Series
from dashboard.recorder import Recorder
from editor import services as documents
from realtime import log, testing, threads
from realtime.models import Event
from tests import cluster, factories

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "assistant", "chat", "dashboard", "editor", "integrations", "realtime")
STOREYS = tuple(f"{ROOT}/{app}/" for app in APPS)


class Line:
    """The functions of ours that ran, in the order in which each began for the first time."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def note(self, frame: Any, event: str, _: object) -> None:
        """The profiler's callback."""
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(STOREYS):
            module = code.co_filename.removeprefix(f"{ROOT}/").removesuffix(".py").replace("/", ".")
            self._names.setdefault(f"{module}.{code.co_qualname}")

    def begin(self) -> None:
        """Forgets what came before."""
        self._names = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def of(self, *names: str) -> list[str]:
        """Those of the names that ran, in the order in which they did."""
        return [name for name in list(self._names) if name in names]


@contextlib.contextmanager
def followed() -> Iterator[Line]:
    """Notes the functions on this thread and on those that are started meanwhile, which the services' threads are."""
    # What an earlier test left running would not be noted: an interpreter's profiler is set when a thread starts.
    threads.close()
    line = Line()
    threading.setprofile(line.note)
    sys.setprofile(line.note)
    try:
        yield line
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture
async def site(transactional_db: None, settings: Any) -> AsyncIterator[None]:
    """The application in this process, without background services, and nobody is told who comes.

    Nor does it ask the log by itself: between a commit and its bell that would be another way, just as right.
    """
    settings.REALTIME_START_SERVICES = False
    settings.REALTIME_POLL_SECONDS = 600
    settings.PRESENCE_HOOK = ""
    yield
    await testing.stop_realtime()


async def on_a_thread(call: Callable[[], Any]) -> Any:
    """Runs what a request would run, on a new thread, and closes its connection."""

    def run() -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return await asyncio.get_running_loop().run_in_executor(thread, run)


class Cast:
    """Mina owns the room, Teo is in it, Ines is outside."""

    def __init__(self) -> None:
        self.mina = factories.make_person("mina", display_name="Mina Okafor")
        self.teo = factories.make_person("teo", display_name="Teo Lindqvist")
        self.ines = factories.make_person("ines", display_name="Ines Haddad")
        self.room = factories.make_room(self.mina, self.teo)
        self.root = factories.say(self.teo, self.room, "Shall we?")
        self.topic = f"room:{self.room.pk}"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return Cast()


def here(user: User, **options: Any) -> Any:
    """A socket of the person to this process."""
    return testing.connected(user, application=application, **options)


# Line 1: a keystroke


KEYSTROKE = (
    "realtime.consumers.take_token",
    "editor.consumers.DocumentConsumer.push",
    "editor.changes.ChangeSet.from_json",
    "editor.line.submit",
    "editor.services.updates.submit_batch",
    "editor.services.updates.lock_document",
    "chat.selectors.rights.rights_of",
    "editor.authority.accept",
    "editor.authority.apply_all",
    "editor.selectors.entries.entry_of",
    "editor.services.updates.Batch.store",
    "editor.texts.Sheets.put",
    "realtime.hub.Hub.publish",
    "realtime.feed.Feed.take",
    "realtime.feed.Feed.flush",
)


@pytest.mark.parametrize("typed", ["x", "def", "😀"])
async def test_mina_types_and_teo_sees_what_is_stored(cast, typed):
    document = await on_a_thread(partial(make_document, cast))
    topic, path = f"document:{document}", f"/ws/editor/{document}/"
    change = [4, [0, typed]]
    with followed() as line:
        async with here(cast.mina, path=path) as mina, here(cast.teo, path=path) as teo:
            for user, socket in ((cast.mina, mina), (cast.teo, teo)):
                join = {"client_id": f"{user.pk}-tab", "version": None}
                assert (await socket.command("document.join", join, topic=topic))["data"]["version"] == 0
            line.begin()
            answer = await mina.command("document.push", {"version": 0, "updates": [change]}, topic=topic)
            own, heard = await mina.expect("document.updates"), await teo.expect("document.updates")
    assert line.of(*KEYSTROKE) == list(KEYSTROKE)
    assert own == heard
    assert answer["data"] == {"version": heard["seq"]} == {"version": 1}
    update = {"version": 1, "client_id": f"{cast.mina.pk}-tab", "author": cast.mina.pk, "changes": change, "run": None}
    assert heard["data"]["updates"] == [update]
    await on_a_thread(lambda: kept_as_seen(cast, document, heard, "ab\nc" + typed))


def make_document(cast: Cast) -> int:
    made = documents.create_document(
        actor=cast.teo, room_id=cast.room.pk, cid=uuid.uuid4(), name="notes.py", text="ab\nc"
    )
    return made.id


def kept_as_seen(cast: Cast, document: int, heard: dict[str, Any], text: str) -> None:
    assert json.loads(log.read(f"document:{document}", 0, 10)[0].frame) == heard
    reader = Client()
    reader.force_login(cast.teo)
    shown = reader.get(f"/api/documents/{document}/text/").json()
    assert (shown["version"], shown["text"], shown["author"]) == (1, text, cast.mina.pk)


# Line 2: a message


MESSAGE = (
    "chat.consumers.messages.MessageCommands.send_message",
    "chat.markdown.render",
    "chat.services.messages.send_message",
    "realtime.log.reserve",
    "chat.permissions.can_post",
    "realtime.log.append",
    "chat.hooks.message_posted",
    "realtime.hub.Hub.publish",
    "realtime.feed.Feed.take",
    "realtime.feed.Feed.flush",
)


@pytest.mark.parametrize(
    ("given", "html", "mentioned"),
    [
        ({"body": "Hello **all**"}, "<p>Hello <strong>all</strong></p>", False),
        ({"body": "Look, @teo"}, '<p>Look, <span class="at" data-user="{teo}">@teo</span></p>', True),
        ({"body": "Yes.", "thread": "root", "also_in_room": True}, "<p>Yes.</p>", False),
        ({"body": "Yes!", "reply_to": "root"}, "<p>Yes!</p>", False),
    ],
    ids=["plain", "mention", "thread", "reply"],
)
async def test_mina_says_something_and_teo_hears_what_is_stored(cast, given, html, mentioned):
    data = {"cid": str(uuid.uuid4())} | {
        key: str(cast.root.pk) if value == "root" else value for key, value in given.items()
    }
    with followed() as line:
        async with here(cast.mina) as mina, here(cast.teo) as teo:
            for socket in (mina, teo):
                await socket.subscribe(**{f"room_{cast.room.pk}": None})
            line.begin()
            answer = await mina.command("message.send", data, topic=cast.topic)
            own, heard = await mina.expect("message.created"), await teo.expect("message.created")
    assert line.of(*MESSAGE) == list(MESSAGE)
    assert own == heard
    assert answer["data"] == {"id": heard["data"]["message"]["id"], "seq": heard["seq"], "duplicate": False}
    assert heard["data"]["message"]["html"].strip() == html.format(teo=cast.teo.pk)
    await on_a_thread(lambda: stored_as_heard(cast, heard, mentioned))


def stored_as_heard(cast: Cast, heard: dict[str, Any], mentioned: bool) -> None:
    message = Message.objects.get(pk=heard["data"]["message"]["id"])
    assert (message.room_id, message.seq, message.author_id) == (cast.room.pk, heard["seq"], cast.mina.pk)
    assert Mention.objects.filter(message=message, user_id=cast.teo.pk).exists() is mentioned
    assert log.read(cast.topic, heard["seq"] - 1, 10)[0].frame.decode().count(str(message.pk)) >= 1
    reader = Client()
    reader.force_login(cast.teo)
    snapshot = reader.get(f"/api/rooms/{cast.room.pk}/snapshot/").json()
    assert snapshot["as_of_seq"] == heard["seq"]
    assert heard["data"]["message"] in snapshot["messages"]


@pytest.mark.parametrize(
    ("who", "data", "code", "field"),
    [
        ("ines", {"body": "Let me in"}, "not_member", None),
        ("mina", {"body": "x" * 8001}, "too_large", "body"),
        ("mina", {"body": " \n "}, "invalid", "body"),
        ("mina", {"body": "a\x00b"}, "invalid", "body"),
        ("mina", {"body": "To nobody", "thread": str(uuid.uuid4())}, "not_found", None),
    ],
    ids=["stranger", "too long", "empty", "NUL", "no such thread"],
)
async def test_who_is_refused_is_told_why_and_nobody_hears_anything(cast, who, data, code, field):
    before = await on_a_thread(lambda: log.heads([cast.topic]))
    with followed() as line:
        async with here(getattr(cast, who)) as socket, here(cast.teo) as teo:
            await teo.subscribe(**{f"room_{cast.room.pk}": None})
            line.begin()
            answer = await socket.command("message.send", {"cid": str(uuid.uuid4())} | data, topic=cast.topic)
            await teo.expect_silence()
    assert (answer["type"], answer["code"], answer["field"]) == ("error", code, field)
    assert "realtime.log.append" not in line
    assert await on_a_thread(lambda: log.heads([cast.topic])) == before


async def test_mina_sends_the_same_again_and_teo_hears_it_once(cast):
    data = {"cid": str(uuid.uuid4()), "body": "Once"}
    async with here(cast.mina) as mina, here(cast.teo) as teo:
        await teo.subscribe(**{f"room_{cast.room.pk}": None})
        first, again = [await mina.command("message.send", data, topic=cast.topic) for _ in range(2)]
        changed = await mina.command("message.send", data | {"body": "Twice"}, topic=cast.topic)
        assert again["data"] == first["data"] | {"duplicate": True}
        assert (changed["code"], changed["field"]) == ("conflict", "cid")
        assert (await teo.expect("message.created"))["data"]["message"]["body"] == "Once"
        await teo.expect_silence()


# Line 3: @assistant


ASKED = (
    "chat.services.messages.send_message",
    "assistant.listeners.answer",
    "assistant.services.runs.start_run",
    "chat.services.answers.begin_answer",
    "assistant.services.spending.reserve",
    "assistant.runner.wake",
    "assistant.services.claims.claim_next",
    "chat.services.answers.change_answer",
    "assistant.execution.Execution.begin",
    "assistant.selectors.context.context_of",
    "assistant.prompts.build",
    "assistant.backends.stream",
    "assistant.growing.Growing.add",
    "realtime.hub.Hub.publish_ephemeral",
    "assistant.services.endings.end_run",
    "assistant.services.spending.settle",
)


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    """A model's provider that says what it is told, over HTTP."""
    with FakeOpenAI() as fake:
        settings.OPENAI_BASE_URL, settings.ASSISTANT_DEMO = fake.base_url, False
        monkeypatch.setenv(settings.ASSISTANT_KEY_ENV, "sk-test-0123456789abcdef")
        yield fake


async def test_mina_asks_and_teo_reads_the_answer_as_it_comes(cast, provider):
    await on_a_thread(default_agent)
    provider.say("It is **green** 😀 again.")
    with followed() as line:
        async with here(cast.mina) as mina, here(cast.teo) as teo:
            for socket in (mina, teo):
                await socket.subscribe(**{f"room_{cast.room.pk}": None})
            line.begin()
            data = {"cid": str(uuid.uuid4()), "body": "@assistant How is the build?"}
            sent = await mina.command("message.send", data, topic=cast.topic)
            await teo.expect("message.created", thread=None)
            made = (await teo.expect("message.created"))["data"]["message"]
            begun = (await teo.expect("run.changed"))["data"]
            text = ""
            while len(text.encode("utf-16-le")) < 2 * len("It is **green** 😀 again.x"):
                delta = (await teo.expect("run.delta"))["data"]
                assert delta["offset"] == len(text.encode("utf-16-le")) // 2
                text += delta["text"]
            heard = await teo.expect("run.changed")
    assert line.of(*ASKED) == list(ASKED)
    assert (made["kind"], made["body"], made["reply_to"]["id"]) == ("assistant", "", sent["data"]["id"])
    assert begun["run"]["state"] == "streaming"
    assert text == heard["data"]["body"] == "It is **green** 😀 again."
    assert heard["data"]["html"].strip() == "<p>It is <strong>green</strong> 😀 again.</p>"
    await on_a_thread(lambda: answered_as_heard(cast, made["id"], heard))


def answered_as_heard(cast: Cast, message_id: str, heard: dict[str, Any]) -> None:
    """The row, the log, a fresh snapshot and the account book say what Teo heard."""
    message = Message.objects.get(pk=message_id)
    assert (message.body, message.html) == (heard["data"]["body"], heard["data"]["html"])
    run = Run.objects.get(message=message)
    assert (run.state, run.asker_id, run.text) == ("done", cast.mina.pk, message.body)
    book = Spending.objects.get(scope="person", key=cast.mina.pk)
    assert (book.tokens, book.reserved_tokens) == (run.input_tokens + run.output_tokens, 0)
    assert json.loads(log.read(cast.topic, heard["seq"] - 1, 10)[0].frame) == heard
    reader = Client()
    reader.force_login(cast.teo)
    shown = reader.get(f"/api/rooms/{cast.room.pk}/snapshot/").json()["messages"][-1]
    assert (shown["id"], shown["body"], shown["run"]) == (message_id, message.body, heard["data"]["run"])


# Line 4: a metric


METRIC = (
    "chat.hooks.message_posted",
    "dashboard.listeners.count_message",
    "realtime.metrics.happened",
    "dashboard.flusher.Hand.offer",
    "dashboard.flusher.Counts.look",
    "realtime.metrics.take_happened",
    "dashboard.services.recording.store_flush",
    "dashboard.recorder.Recorder.tick",
    "dashboard.services.recording.record",
    "dashboard.flushed.Tally.rows",
    "dashboard.selectors.watched.watched_boards",
    "realtime.hub.Hub.publish_ephemeral",
    "realtime.feed.Feed.flush_ephemeral",
)


async def test_mina_says_something_and_teo_sees_it_on_the_board_of_the_room(cast):
    board = await on_a_thread(partial(boards.ensure_room_board, actor=cast.teo, room_id=cast.room.pk))
    series = await on_a_thread(lambda: Series.objects.get(key=f"room/{cast.room.pk}/messages").pk)
    await flusher.hand.offer(anyway=True)  # what was counted before
    recorder = Recorder()
    await recorder.tick()
    with followed() as line:
        async with here(cast.mina) as mina, here(cast.teo, path=f"/ws/dashboard/{board}/") as teo:
            await teo.subscribe(**{f"dashboard_{board}": None})
            line.begin()
            await mina.command("message.send", {"cid": str(uuid.uuid4()), "body": "Hello"}, topic=cast.topic)
            await flusher.hand.offer()
            recorded = await recorder.tick()
            heard = (await teo.expect("samples.recorded"))["data"]
    assert line.of(*METRIC) == list(METRIC)
    assert (heard["tick"], heard["before"]) == (recorded.tick, recorded.before)
    [bucket] = [point[1:] for point in heard["points"] if point[0] == series]
    assert bucket[2] >= 1
    await on_a_thread(lambda: recorded_as_heard(cast, board, series, bucket))


def recorded_as_heard(cast: Cast, board: int, series: int, bucket: list[float]) -> None:
    reader = Client()
    reader.force_login(cast.teo)
    samples = reader.get(f"/api/boards/{board}/samples/?seconds=900").json()
    assert bucket in samples["series"][str(series)]
    outsider = Client()
    outsider.force_login(cast.ines)
    assert outsider.get(f"/api/boards/{board}/samples/?seconds=900").status_code == 404


# Line 5: a ban


BAN = (
    "accounts.admin.people.PersonAdmin.suspend",
    "accounts.services.sanctions.sanction_user",
    "realtime.log.reserve",
    "accounts.services.audit.record_audit",
    "accounts.services.sessions.delete_sessions",
    "realtime.log.append",
    "realtime.hub.Hub.publish",
    "realtime.hub.Hub.apply_effect",
    "realtime.hub.Hub.close",
)


def visit(user: User) -> Client:
    """A browser in which the person is signed in and has seen a page, so that it is on the device list."""
    client = Client()
    client.force_login(user)
    assert client.get("/account/profile/").status_code == 200
    return client


def key_of(client: Client) -> str:
    return str(client.session.session_key)


def suspend(office: Client, user: User, reason: str) -> None:
    answer = office.post(
        reverse("admin:accounts_user_changelist"),
        {
            "action": "suspend",
            "_selected_action": [user.pk],
            "answered": "1",
            "reason": reason,
            "until_0": "",
            "until_1": "",
        },
    )
    assert answer.status_code == 302


async def test_staff_bans_teo_and_every_process_closes_his_sockets(cast, site_environment):
    boss = await on_a_thread(lambda: factories.make_person("boss", is_staff=True, is_superuser=True))
    people = (boss, cast.teo, cast.teo, cast.mina)
    office, laptop, phone, minas = [await on_a_thread(partial(visit, user)) for user in people]
    with cluster.running(site_environment) as [elsewhere], followed() as line:
        async with (
            here(cast.teo, session_key=key_of(laptop)) as at_home,
            cluster.connected(elsewhere, key_of(phone)) as on_the_way,
            here(cast.mina, session_key=key_of(minas)) as mina,
        ):
            line.begin()
            await on_a_thread(partial(suspend, office, cast.teo, "Spam in all rooms."))
            for socket in (at_home, on_the_way):
                assert (await socket.expect("error"))["message"] == "Spam in all rooms."
                await socket.expect_closed(4403)
            assert (await mina.command("ping"))["type"] == "ack"
    assert line.of(*BAN) == list(BAN)
    await on_a_thread(lambda: is_out(cast.teo, boss, laptop))


def is_out(user: User, boss: User, laptop: Client) -> None:
    sanction = Sanction.objects.get(user=user)
    assert (sanction.kind, sanction.reason, sanction.created_by) == ("ban", "Spam in all rooms.", boss)
    audit = AuditEntry.objects.get(action="sanction.ban")
    assert (audit.actor_id, audit.target, audit.reason) == (boss.pk, user.topic, "Spam in all rooms.")
    assert not UserSession.objects.filter(user=user).exists()
    assert not [s for s in Session.objects.all() if s.get_decoded().get("_auth_user_id") == str(user.pk)]
    assert Event.objects.filter(topic=user.topic).latest("seq").type == "sanction.applied"
    assert laptop.get("/account/profile/").status_code == 302
