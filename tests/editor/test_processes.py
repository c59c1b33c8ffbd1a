"""Several processes, killed and raced: every acknowledged edit is stored once, and everybody ends with one text."""

import asyncio
import contextlib
from collections import Counter
from uuid import uuid4

import pytest
import websockets
from asgiref.sync import sync_to_async

from editor import services
from editor.models import Document, Update
from editor.selectors.soundness import check_document
from realtime.testing import make_session
from tests import factories
from tests.cluster import open_socket, running
from tests.editor.conftest import client_of, edit, on_a_thread, replay, text_of
from tests.editor.typist import Typist

pytestmark = [pytest.mark.fault, pytest.mark.stack, pytest.mark.django_db(transaction=True)]

PEOPLE = 4
START = "one\ntwo\n"


class Team:
    """Some people with sessions, in a room with a document."""

    def __init__(self) -> None:
        self.people = [factories.make_person(f"typist{number}") for number in range(PEOPLE)]
        room = factories.make_room(self.people[0], *self.people[1:])
        made = services.create_document(
            actor=self.people[0], room_id=room.pk, cid=uuid4(), name="shared.py", text=START
        )
        self.document = Document.objects.get(pk=made.id)
        self.keys = [make_session(person) for person in self.people]

    def typists(self, processes):
        return [
            Typist(processes, self.keys[n], self.people[n].pk, self.document.pk, n) for n in range(len(self.people))
        ]


@pytest.fixture(scope="module")
def pair(module_environment):
    """Two processes that live as long as this module, because each takes seconds to start."""
    with running(module_environment, count=2) as processes:
        yield processes


@pytest.fixture
def team(transactional_db) -> Team:
    return Team()


async def type_on(typist, rounds, pause=0.0):
    """Types while pushes are on their way, as people do."""
    await typist.send_all()
    for number in range(rounds):
        typist.type()
        if number % 3 != 2:
            await typist.send_all()
        await asyncio.sleep(pause)
    await typist.send_all()


async def agree(typists, team):
    """Everybody has the text that the log makes, in which each letter stands once for each time it was typed."""
    version = await on_a_thread(lambda: Document.objects.get(pk=team.document.pk).version)
    for typist in typists:
        await typist.catch_up(version)
    texts, faults, rows = await on_a_thread(
        lambda: (
            (replay(team.document)[-1], text_of(team.document)),
            list(check_document(team.document.pk)),
            Counter(Update.objects.values_list("client_id", flat=True)),
        )
    )
    assert faults == []
    assert {*texts, *(typist.units for typist in typists)} == {texts[0]}
    assert {typist.letter: texts[0].count(typist.letter) for typist in typists} == {
        typist.letter: typist.typed for typist in typists
    }
    assert rows == {typist.client_id: typist.typed for typist in typists}


async def test_two_processes_race_for_every_version(pair, team):
    typists = team.typists(pair)
    await asyncio.gather(*(type_on(typist, 15) for typist in typists))
    await agree(typists, team)


async def test_killing_a_process_in_mid_typing_loses_and_doubles_nothing(pair, team):
    typists = team.typists(pair)
    typing = asyncio.gather(*(type_on(typist, 25, 0.03) for typist in typists))
    await asyncio.sleep(0.6)
    await asyncio.to_thread(pair[0].kill)
    await asyncio.sleep(0.3)
    await asyncio.to_thread(pair[0].start)
    await typing
    await agree(typists, team)


@pytest.mark.parametrize("moment", ["before_commit", "after_commit", "after_publish"])
async def test_a_crash_at_any_moment_of_a_push_stores_it_once_in_the_end(pair, site_environment, team, moment):
    mina, teo = team.people[:2]
    topic = f"document:{team.document.pk}"
    first, second = edit(START, 0, 0, "A"), edit("A" + START, 1, 1, "B")
    dying = {**site_environment, "DJANGO_SETTINGS_MODULE": "tests.editor.dying", "DIE_AT": moment}
    healthy = pair[0]
    with running(dying) as [doomed]:
        listener = await open_socket(healthy, team.keys[1], path=f"/ws/editor/{team.document.pk}/")
        join = {"client_id": client_of(teo), "version": None}
        assert (await listener.command("document.join", join, topic=topic))["type"] == "ack"
        for process, updates, version in ((doomed, [first], None), (healthy, [first, second], 0)):
            socket = await open_socket(process, team.keys[0], path=f"/ws/editor/{team.document.pk}/")
            again = {"client_id": client_of(mina), "version": version}
            assert (await socket.command("document.join", again, topic=topic))["type"] == "ack"
            push = {"version": 0, "updates": [change.to_json() for change in updates]}
            with contextlib.suppress(websockets.ConnectionClosed, AssertionError):
                answer = await socket.command("document.push", push, topic=topic)
                assert process is healthy, answer
            await socket.close()
        assert answer["data"] == {"version": 2}
        async with asyncio.timeout(30):
            while doomed.is_alive:
                await asyncio.sleep(0.05)
        heard = [await listener.expect("document.updates") for _ in range(2)]
        assert [frame["seq"] for frame in heard] == [1, 2]
        assert [frame["data"]["updates"][0]["changes"] for frame in heard] == [first.to_json(), second.to_json()]
        await listener.command("ping")
        assert not any(frame["type"] == "document.updates" for frame in listener._frames)
        await listener.close()
    assert await sync_to_async(lambda: text_of(team.document))() == "AB" + START


@pytest.mark.parametrize("server", ["serve", "daphne"])
async def test_a_large_push_comes_through_and_a_larger_one_is_told(site_environment, team, server):
    topic, path = f"document:{team.document.pk}", f"/ws/editor/{team.document.pk}/"
    with running(site_environment, server=server) as [process]:
        socket = await open_socket(process, team.keys[0], path=path)
        join = {"client_id": client_of(team.people[0]), "version": None}
        assert (await socket.command("document.join", join, topic=topic))["type"] == "ack"
        for size, outcome in ((250_000, "ack"), (270_000, "too_large"), (900_000, "too_large"), (1, "ack")):
            version, length = (0, len(START)) if size > 1 else (1, len(START) + 250_000)
            push = {"version": version, "updates": [[[0, "x" * size], length]]}
            answer = await socket.command("document.push", push, topic=topic)
            assert answer.get("code", answer["type"]) == outcome
        await socket.close()
