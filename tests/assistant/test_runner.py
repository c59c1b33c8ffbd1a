"""From a question to its answer, over the socket and a provider's HTTP: streams, late joiners, stops, ends."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from assistant import listeners
from assistant.growing import CHARS_MOST
from assistant.models import Run, Step
from chat.models import Message
from chat.selectors.views import message_views
from collab.asgi import application
from realtime import testing, threads
from realtime.hub import hub
from tests import factories
from tests.assistant.hearing import ended, made
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]

TEXT = "It is **green** 😀 again.\n\n```py\nx = 1\n\ny = 2\n```\n\n- one\n- two\n\nSince this morning, @mina."
PATIENCE_SECONDS = 30


def here(user: Any) -> Any:
    """A socket of the person to this process."""
    return testing.connected(user, application=application)


async def in_room(socket: Any, room: Any) -> Any:
    await socket.subscribe(**{f"room_{room.pk}": None})
    return socket


async def ask(socket: Any, room: Any, body: str = "@assistant How is the build?", **given: Any) -> dict[str, Any]:
    """Asks, and returns the answer as it was made."""
    data = {"cid": str(uuid.uuid4()), "body": body} | given
    sent = await socket.command("message.send", data, topic=f"room:{room.pk}")
    assert sent["type"] == "ack", sent
    return await made(socket)


async def wait_for(asked: Callable[[], Awaitable[Any]]) -> Any:
    """Polls until something is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := await asked()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.05)
    return found


async def get(user: Any, path: str) -> Any:
    return await sync_to_async(lambda: signed_in(user).get(path).json())()


async def stored(run: str) -> Any:
    return await sync_to_async(Run.objects.get)(pk=run)


class Reader:
    """A page that puts an answer together from what it hears, as the protocol says."""

    def __init__(self, text: str = "") -> None:
        self.text = text.encode("utf-16-le")

    def take(self, delta: dict[str, Any]) -> None:
        new, at = delta["text"].encode("utf-16-le"), delta["offset"] * 2
        assert at <= len(self.text), "something was missed"
        self.text = self.text[:at] + new if at + len(new) > len(self.text) else self.text

    async def read(self, socket: Any, *, until: int) -> None:
        """Takes deltas until there are so many characters, in UTF-16 units."""
        while len(self.text) < until * 2:
            self.take((await socket.expect("run.delta"))["data"])

    def __str__(self) -> str:
        return self.text.decode("utf-16-le")


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


async def test_mina_asks_and_teo_reads_along(provider, agent, mina, teo, room):
    provider.drip(TEXT, 0.02)
    async with here(mina) as hers, here(teo) as his:
        for socket in (hers, his):
            await in_room(socket, room)
        answer = await ask(hers, room)
        assert (answer["author"], answer["body"], answer["run"]["state"]) == (agent.pk, "", "waiting")
        assert answer["reply_to"]["excerpt"] == "@assistant How is the build?"
        for socket in (hers, his):
            reader = Reader()
            await reader.read(socket, until=length(TEXT))
            told = await ended(socket)
            assert str(reader) == told["body"] == TEXT
            assert "<strong>green</strong>" in told["html"]
            assert 'class="at"' not in told["html"]
            assert (told["run"]["state"], told["run"]["stopped_by"]) == ("done", None)
    run = await stored(told["run"]["id"])
    assert (run.text, run.rounds, run.estimated) == (TEXT, 1, False)
    assert run.first_text_at is not None
    assert run.output_tokens > 0
    assert run.reserved_tokens == 0
    steps = await sync_to_async(lambda: list(Step.objects.filter(run=run).values_list("kind", flat=True)))()
    assert steps[0] == "prompt"
    assert steps[-1] == "model"


async def test_who_comes_in_mid_stream_has_all_of_it(provider, agent, mina, teo, room):
    begun = "One 😀.\n\nTwo, "
    provider.hold(begun, "three and four.")
    async with here(mina) as hers, here(teo) as his:
        await in_room(hers, room)
        answer = await ask(hers, room)
        await Reader().read(hers, until=length(begun))
        path = f"/api/runs/{answer['run']['id']}/"
        await wait_for(lambda: _has_text(teo, path, begun.strip()))
        await in_room(his, room)
        late = await get(teo, path)
        snapshot = await get(teo, f"/api/rooms/{room.pk}/snapshot/")
        assert snapshot["messages"][-1]["body"] == late["text"]
        assert late["rendered"] == length("One 😀.\n\n")
        assert late["html"] == "<p>One 😀.</p>\n"
        reader = Reader(late["text"])
        provider.release()
        whole = begun + "three and four."
        await reader.read(his, until=length(whole))
        assert str(reader) == (await ended(his))["body"] == whole


async def _has_text(user: Any, path: str, text: str) -> bool:
    return text in (await get(user, path)).get("text", "")


async def test_closed_blocks_come_as_html_each_once(provider, agent, mina, room):
    provider.hold(TEXT, "")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        at, html = 0, ""
        last = length(TEXT[: TEXT.index("Since")])
        while at < last:
            told = (await hers.expect("run.rendered"))["data"]
            assert told["start"] == at
            at, html = told["end"], html + told["html"]
        provider.release()
        end = await ended(hers)
        assert at == last
        assert end["html"].startswith(html)
        assert html.count("<pre") == html.count("<ul") == 1


async def test_a_stop_ends_the_stream_and_keeps_what_is_there(provider, agent, mina, teo, room):
    provider.hang("Let me think about")
    async with here(mina) as hers, here(teo) as his:
        await in_room(hers, room)
        answer = await ask(hers, room)
        await Reader().read(hers, until=10)
        begun = time.monotonic()
        run = answer["run"]["id"]
        stopped = await his.command("run.stop", {"run": run}, topic=f"room:{room.pk}")
        assert stopped["data"]["run"] == run
        told = await ended(hers)
        assert time.monotonic() - begun < PATIENCE_SECONDS
        assert (told["run"]["state"], told["run"]["stopped_by"]) == ("stopped", teo.pk)
        assert told["body"].startswith("Let me think")
        again = await his.command("run.stop", {"run": run}, topic=f"room:{room.pk}")
        assert again["data"]["state"] == "stopped"
        await wait_for(lambda: _left(provider))
    assert (await stored(run)).estimated


async def _left(provider: Any) -> bool:
    return provider.requests[-1].left


FAULTS = {
    "401": (lambda fake: fake.fail(401), "", "key_refused"),
    "500": (lambda fake: [fake.fail(500), fake.fail(500)], "", "broken"),
    "cut": (lambda fake: fake.cut("It is"), "It is", "cut"),
    "garbled": (lambda fake: fake.garble("It is"), "It is", "garbled"),
    "reset": (lambda fake: fake.reset("It is"), "It is", "cut"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failure_keeps_the_text_and_can_be_tried_again(fault, provider, agent, mina, room):
    fail, text, code = FAULTS[fault]
    fail(provider)
    async with here(mina) as hers:
        await in_room(hers, room)
        answer = await ask(hers, room)
        told = await ended(hers)
        assert (told["run"]["state"], told["body"]) == ("failed", text)
        assert told["run"]["problem"]
        assert (await stored(told["run"]["id"])).fault == code
        provider.say("It is green.")
        data = {"cid": str(uuid.uuid4()), "message": answer["id"]}
        repeated = await hers.command("run.repeat", data, topic=f"room:{room.pk}")
        again = await hers.command("run.repeat", data, topic=f"room:{room.pk}")
        assert again["data"]["run"] == repeated["data"]["run"]
        end = await ended(hers)
        assert (end["message"], end["body"], end["run"]["answers"]) == (answer["id"], "It is green.", 2)
    versions = await get(mina, f"/api/messages/{answer['id']}/answers/")
    assert [one["text"] for one in versions] == ["It is green.", text]


async def test_a_provider_that_asks_to_wait_is_quoted(provider, agent, mina, room):
    provider.fail(429, retry_after=40)
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        told = await ended(hers)
    assert told["run"]["retry_at"] is not None
    assert "40" in told["run"]["problem"]


async def test_a_question_too_many_waits_for_its_place(provider, agent, mina, teo, room):
    provider.hold("First")
    provider.say("Second")
    provider.say("Third")
    async with here(mina) as hers, here(teo) as his:
        for socket in (hers, his):
            await in_room(socket, room)
        answers = [await ask(hers, room)]
        await made(his)
        await Reader().read(hers, until=3)
        for socket, other in ((his, hers), (hers, his)):
            answers.append(await ask(socket, room))
            await made(other)
        assert [one["run"]["place"] for one in answers] == [0, 1, 2]
        third = answers[2]["id"]
        provider.release()
        assert [(await ended(his))["body"] for _ in range(3)] == ["First", "Second", "Third"]
        turns = [await hers.expect("run.changed", message=third) for _ in range(3)]
        assert [(turn["data"]["run"]["state"], turn["data"]["run"]["place"]) for turn in turns] == [
            ("waiting", 1),
            ("streaming", 0),
            ("done", 0),
        ]


async def test_a_stopped_question_lets_those_behind_it_move_up(provider, agent, mina, teo, room):
    provider.hold("First")
    async with here(mina) as hers:
        await in_room(hers, room)
        answers = [await ask(hers, room) for _ in range(3)]
        await Reader().read(hers, until=3)
        await hers.command("run.stop", {"run": answers[1]["run"]["id"]}, topic=f"room:{room.pk}")
        assert (await ended(hers, message=answers[1]["id"]))["run"]["state"] == "stopped"
        moved = await hers.expect("run.changed", message=answers[2]["id"])
        assert moved["data"]["run"]["place"] == 1
        provider.release()


async def test_the_asker_alone_is_told_why_nobody_answers(agent, mina, teo, room, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    async with here(mina) as hers, here(teo) as his:
        await in_room(hers, room)
        await in_room(his, room)
        await hers.subscribe(**{f"user_{mina.pk}": None})
        data = {"cid": str(uuid.uuid4()), "body": "@assistant Why?"}
        sent = await hers.command("message.send", data, topic=f"room:{room.pk}")
        told = (await hers.expect("assistant.refused"))["data"]
        assert (told["message"], told["code"]) == (sent["data"]["id"], "assistant_unavailable")
        assert "OPENAI_API_KEY" in told["words"]
        await his.expect("message.created")
        await his.expect_silence()


async def test_slash_ask_is_a_question_like_any_other(provider, agent, mina, room):
    provider.say("Because.")
    async with here(mina) as hers:
        await in_room(hers, room)
        data = {"cid": str(uuid.uuid4()), "text": "/ask Why?"}
        assert (await hers.command("command.run", data, topic=f"room:{room.pk}"))["type"] == "ack"
        assert (await hers.expect("message.created"))["data"]["message"]["body"] == "@assistant Why?"
        assert (await ended(hers))["body"] == "Because."


async def test_a_question_is_answered_once_however_often_it_is_heard(provider, agent, mina, room):
    async with here(mina) as hers:
        await in_room(hers, room)
        provider.say("Once.")
        answer = await ask(hers, room)
        await ended(hers)
        await Reader().read(hers, until=5)  # the last piece may come after the end
        run = await stored(answer["run"]["id"])
        question = await sync_to_async(lambda: message_views([Message.objects.get(pk=run.question_id)])[0])()
        for _ in range(2):
            await threads.write(listeners.answer, message=question)
        await hers.expect_silence()
    assert len(provider.requests) == 1


async def test_whoever_is_removed_is_not_answered_any_more(provider, agent, mina, teo, room):
    provider.hang("Let me think")
    async with here(mina) as hers, here(teo) as his:
        await in_room(hers, room)
        await in_room(his, room)
        await ask(his, room)
        await Reader().read(hers, until=5)
        removed = await hers.command("member.remove", {"user": teo.pk}, topic=f"room:{room.pk}")
        assert removed["type"] == "ack", removed
        told = await ended(hers)
    assert (told["run"]["state"], told["run"]["stopped_by"]) == ("stopped", None)
    assert told["run"]["problem"]


async def test_the_end_of_a_room_ends_its_answers(provider, agent, mina, room):
    provider.hang("Let me think")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        await Reader().read(hers, until=5)
        archived = await hers.command("room.update", {"archived": True}, topic=f"room:{room.pk}")
        assert archived["type"] == "ack", archived
        told = await ended(hers)
    assert (told["run"]["state"], told["run"]["stopped_by"]) == ("stopped", None)
    assert told["body"].startswith("Let me")


async def test_a_deleted_answer_stops_quietly(provider, agent, mina, room):
    provider.hang("Let me think")
    async with here(mina) as hers:
        await in_room(hers, room)
        answer = await ask(hers, room)
        await Reader().read(hers, until=5)
        deleted = await hers.command("message.delete", {"id": answer["id"]}, topic=f"room:{room.pk}")
        assert deleted["type"] == "ack", deleted
        await wait_for(lambda: _is_over(answer["run"]["id"]))
    assert (await stored(answer["run"]["id"])).state == "stopped"


async def _is_over(run: str) -> bool:
    return (await stored(run)).ended_at is not None


async def test_an_endless_answer_is_cut_and_says_so(provider, agent, mina, room, settings):
    settings.ASSISTANT_ANSWER_TOKENS = 100_000
    settings.ASSISTANT_PERSON_DAY_TOKENS = settings.ASSISTANT_ROOM_DAY_TOKENS = 0
    settings.ASSISTANT_PERSON_DAY_COST = settings.ASSISTANT_ROOM_DAY_COST = "0"
    provider.say("word " * 6_000)
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        told = await ended(hers)
    assert told["run"]["state"] == "done"
    assert told["body"][:CHARS_MOST] == ("word " * 6_000)[:CHARS_MOST]
    assert "24,000 characters" in told["body"][CHARS_MOST:]


async def test_an_answer_that_takes_too_long_is_ended(provider, agent, mina, room, settings):
    settings.ASSISTANT_RUN_SECONDS = 1
    provider.hang("Let me think")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        told = await ended(hers)
    assert (told["run"]["state"], told["run"]["problem"]) == (
        "failed",
        "The answer took longer than 1 s and was ended.",
    )


async def test_a_process_that_ends_hands_over_what_was_not_begun(provider, agent, mina, room):
    provider.hang()
    async with here(mina) as hers:
        await in_room(hers, room)
        answer = await ask(hers, room)
        await wait_for(lambda: _asked(provider))
    await hub.stop()
    run = await stored(answer["run"]["id"])
    assert (run.state, run.holder, run.slot) == ("waiting", "", None)


async def _asked(provider: Any) -> bool:
    return bool(provider.requests)


async def test_a_process_that_ends_keeps_what_was_written(provider, agent, mina, room):
    provider.hang("Let me think")
    async with here(mina) as hers:
        await in_room(hers, room)
        answer = await ask(hers, room)
        await Reader().read(hers, until=5)
    await hub.stop()
    run = await stored(answer["run"]["id"])
    assert run.state == "interrupted"
    assert run.text.startswith("Let me")


async def test_the_model_searches_before_it_answers(provider, agent, mina, teo, room):
    await sync_to_async(factories.say)(teo, room, "The build broke because of a pelican.")
    provider.call_tool("search_messages", {"query": "pelican"}, say="Let me look.")
    provider.say("A pelican did it.")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        # What is over within a few milliseconds is not told at all: the last word wins.
        assert (await hers.expect("run.activity"))["data"]["text"] in {"Searches this room", ""}
        told = await ended(hers)
    assert told["body"] == "Let me look.\n\nA pelican did it."
    run = await stored(told["run"]["id"])
    assert run.rounds == 2
    second = provider.requests[-1].body["messages"]
    assert second[-1]["role"] == "tool"
    assert "pelican" in second[-1]["content"]
    step = await sync_to_async(lambda: Step.objects.get(run=run, kind="tool"))()
    assert not step.refused
    assert step.ms is not None


async def test_a_model_that_only_calls_is_made_to_answer(provider, agent, mina, room, settings):
    settings.ASSISTANT_ROUNDS_MOST = 2
    for _ in range(2):
        provider.call_tool("list_people")
    provider.say("There are two of you.")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        told = await ended(hers)
    assert told["body"] == "There are two of you."
    assert ["tools" in request.body for request in provider.requests] == [True, True, False]


async def test_ones_own_session_needs_no_name(provider, agent, mina, room):
    provider.say("Good morning.")
    session = await sync_to_async(factories.make_direct)(mina, agent)
    async with here(mina) as hers:
        await in_room(hers, session)
        answer = await ask(hers, session, "Good morning!")
        assert answer["reply_to"] is None
        assert (await ended(hers))["body"] == "Good morning."


async def test_answer_at_its_limit_says_so_outside_of_the_code_that_it_cut(provider, agent, mina, room):
    provider.say("So:\n\n```py\nx = 1", finish="length")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        told = await ended(hers)
    assert told["body"].startswith("So:\n\n```py\nx = 1\n```\n\n*The answer ends here because")
    assert (
        told["html"]
        .rstrip()
        .endswith("<em>The answer ends here because it may be no longer. Ask it to go on.</em></p>")
    )
