"""The same conversation on every server: `serve` with both WebSocket classes, plain uvicorn, daphne."""

import asyncio
import uuid

import pytest
import websockets
from asgiref.sync import sync_to_async
from django.conf import settings

from accounts.services import sanction_user
from tests.cluster import Process, Wire, connected, open_socket, running

pytestmark = [pytest.mark.fault, pytest.mark.stack]
SERVERS = ["serve", "serve-sansio", "uvicorn", "daphne"]


@pytest.fixture(scope="module", params=SERVERS)
def process(request, module_environment):
    with running(module_environment, server=request.param) as [one]:
        yield one


def message(body):
    return {"cid": str(uuid.uuid4()), "body": body}


async def test_two_people_talk_resume_and_are_refused_alike(process: Process, cast):
    topic, room = cast.topic, f"room_{cast.room_id}"
    async with connected(process, cast.keys[0]) as one, connected(process, cast.keys[1]) as two:
        head = (await two.subscribe(**{room: None}))[topic]["head"]
        sent = await one.command("message.send", message("hello 👋 \u2028 é"), topic=topic)
        heard = await two.expect("message.created")
        assert heard["seq"] == sent["data"]["seq"] == head + 1
        assert heard["data"]["message"]["body"] == "hello 👋 \u2028 é"
        await two.send_raw("{")
        assert (await two.expect("error"))["code"] == "bad_frame"
        assert (await two.command("ping"))["type"] == "ack"
    for number in range(120):
        await sync_to_async(say)(cast, str(number))
    async with connected(process, cast.keys[1]) as two:
        assert (await two.subscribe(**{room: head}))[topic]["mode"] == "resume"
        seqs = [(await two.expect("message.created"))["seq"] for _ in range(121)]
        assert seqs == list(range(head + 1, head + 122))


def say(cast, body):
    from chat.services.messages import send_message

    send_message(actor=cast.owner, room_id=cast.room_id, cid=uuid.uuid4(), body=body)


async def test_a_burst_of_1000_reaches_one_tab_whole_and_in_order(process: Process, cast):
    async with connected(process, cast.keys[1]) as tab:
        head = (await tab.subscribe(**{f"room_{cast.room_id}": None}))[cast.topic]["head"]
        # The tab takes them while they are said: one that takes nothing for a minute is closed.
        saying = asyncio.create_task(sync_to_async(lambda: [say(cast, str(number)) for number in range(1000)])())
        seqs = [(await tab.expect("message.created"))["seq"] for _ in range(1000)]
        await saying
    assert seqs == list(range(head + 1, head + 1001))


async def test_a_ban_is_told_and_closes_with_its_code(process: Process, cast):
    async with connected(process, cast.keys[1]) as socket:
        await sync_to_async(sanction_user)(actor=cast.owner, user=cast.people[1], kind="ban", reason="Enough now")
        assert (await socket.expect("error"))["message"] == "Enough now"
        await socket.expect_closed(4403)


async def test_a_frame_above_the_limit_gets_its_error(process: Process, cast):
    async with connected(process, cast.keys[0]) as socket:
        answer = await socket.command("message.send", message("x" * 70_000), topic=cast.topic)
        assert answer["code"] == "too_large"
        assert (await socket.command("ping"))["type"] == "ack"


async def test_nobody_gets_in_without_a_session_or_from_a_foreign_page(process: Process, cast):
    url = process.url.replace("http", "ws") + "/ws/chat/"
    stranger = await websockets.connect(url, origin=websockets.Origin(process.url), proxy=None)
    assert "forbidden" in str(await Wire(stranger).receive())
    assert await Wire(stranger).receive() == 4401
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cast.keys[0]}"}
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await websockets.connect(
            url, origin=websockets.Origin("http://evil.example"), additional_headers=cookie, proxy=None
        )


async def test_the_21st_tab_closes_the_first(process: Process, cast):
    first = await open_socket(process, cast.keys[0])
    tabs = [await open_socket(process, cast.keys[0]) for _ in range(20)]
    await first.expect_closed(4409)
    for tab in tabs:
        await tab.close()
