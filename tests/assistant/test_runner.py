"""From a question to its answer, over the socket and a provider's HTTP: streams, late joiners, stops, ends."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from collab.asgi import application
from realtime import testing

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]


def here(user: Any) -> Any:
    """A socket of the person to this process."""
    return testing.connected(user, application=application)


async def say(socket: Any, room: Any, body: str, **given: Any) -> dict[str, Any]:
    data = {"cid": str(uuid.uuid4()), "body": body} | given
    answer = await socket.command("message.send", data, topic=f"room:{room.pk}")
    assert answer["type"] == "ack", answer
    return dict(answer["data"])


async def ended(socket: Any) -> dict[str, Any]:
    """The end of the run, past its turns before."""
    while True:
        told = (await socket.expect("run.changed"))["data"]
        if told["run"]["state"] not in {"waiting", "streaming"}:
            return dict(told)


async def test_mina_asks_and_teo_reads_along(provider, agent, mina, teo, room):
    provider.say("It is **green** again.\n\nSince this morning.")
    async with here(mina) as hers, here(teo) as his:
        for socket in (hers, his):
            await socket.subscribe(**{f"room_{room.pk}": None})
        question = await say(hers, room, "@assistant How is the build?")
        made = [(await socket.expect("message.created", ))["data"]["message"] for socket in (hers, his)]
        while made[-1]["kind"] != "assistant":
            made.append((await his.expect("message.created"))["data"]["message"])
        answer = made[-1]
        assert (answer["author"], answer["body"], answer["run"]["state"]) == (agent.pk, "", "waiting")
        assert answer["reply_to"]["id"] == question["id"]
        told = await ended(his)
        assert told["body"] == "It is **green** again.\n\nSince this morning."
        assert "<strong>green</strong>" in told["html"]
        assert told["run"]["state"] == "done"
