"""The imitated server fails when it is told to: lost answers, limits, restarts, other versions, the hardened mode."""

import contextlib
import json
import signal
import subprocess
import sys
import urllib.request

import httpx2
import pytest

from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost.visitor import Visitor


def stored(server, seed):
    return [one.message for one in server.posts(seed.channel_id)]


async def test_lost_answer_leaves_the_post_and_a_lost_request_none(server, bot, seed):
    server.lose_next_response("POST /posts")
    with pytest.raises(httpx2.TransportError):
        await bot.post(seed.channel_id, "Kept", pending_post_id="b:1")
    assert stored(server, seed) == ["Kept"]
    assert (await bot.post(seed.channel_id, "Kept", pending_post_id="b:1"))["message"] == "Kept"
    server.lose_next_request()
    with pytest.raises(httpx2.TransportError):
        await bot.post(seed.channel_id, "Gone")
    assert stored(server, seed) == ["Kept"]


async def test_lost_answer_is_heard_all_the_same(server, bot, seed):
    ear = await bot.listen()
    for chance in (0.0, 1.0):
        server.set(echo_first=chance)
        server.lose_next_response("POST /posts")
        with pytest.raises(httpx2.TransportError):
            await bot.post(seed.channel_id, f"{chance}")
        assert json.loads((await ear.until("posted"))["data"]["post"])["message"] == f"{chance}"


async def test_failures_are_for_the_requests_they_are_meant_for(server, bot, seed):
    server.fail_next(503, "POST /posts", times=2)
    assert (await bot.ask("GET", "/users/me")).status_code == 200
    body = {"channel_id": seed.channel_id, "message": "Hi"}
    assert [(await bot.ask("POST", "/posts", body)).status_code for _ in range(3)] == [503, 503, 201]


async def test_hardened_server_keeps_its_failures_and_its_props_to_itself(server, bot, seed):
    server.set(hardened=True)
    server.fail_next(503)
    blank = (await bot.ask("GET", "/users/me")).json()
    assert (blank["id"], blank["message"], blank["detailed_error"]) == ("", "Internal Server Error", "")
    async with Visitor(server.url, seed.alice_token) as alice:
        body = {"channel_id": seed.channel_id, "message": "Hi", "props": {"from_webhook": "true"}}
        assert (await alice.ask("POST", "/posts", body)).status_code == 400
    assert (await bot.ask("POST", "/posts", body)).status_code == 201


async def test_limited_asker_is_told_in_plain_text_when_to_come_back(server, bot):
    server.rate_limit(per_second=5, burst=3)
    answers = [await bot.ask("GET", "/users/me") for _ in range(12)]
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.text == "limit exceeded"
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert refused.headers["X-Ratelimit-Limit"] == "4"
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert 1 <= int(refused.headers["X-Ratelimit-Reset"]) <= 3
    server.advance(int(refused.headers["Retry-After"]))
    assert (await bot.ask("GET", "/users/me")).status_code == 200


async def test_restart_keeps_posts_and_forgets_lines_and_pending_ids(server, bot, seed):
    ear = await bot.listen()
    await ear.next()
    first = await bot.post(seed.channel_id, "Hi", pending_post_id="b:1")
    server.go_down()
    assert await ear.ended() is None
    with pytest.raises(httpx2.TransportError):
        await bot.ask("GET", "/users/me")
    server.come_up()
    assert (await bot.ask("GET", f"/posts/{first['id']}")).json()["message"] == "Hi"
    assert (await bot.post(seed.channel_id, "Hi", pending_post_id="b:1"))["id"] != first["id"]


async def test_server_that_hangs_answers_when_it_wakes(server, bot, seed):
    server.stop_answering()
    with pytest.raises(httpx2.TimeoutException):
        await bot.ask("GET", "/users/me", timeout=0.2)
    server.answer_again()
    assert (await bot.ask("GET", "/users/me")).status_code == 200


async def test_slow_server_answers_late(server, bot, seed):
    server.set(slow_seconds=30)
    with pytest.raises(httpx2.TimeoutException):
        await bot.ask("GET", "/users/me", timeout=0.2)
    server.set(slow_seconds=0)
    assert (await bot.ask("GET", "/users/me")).status_code == 200


async def test_newer_server_says_more(server, bot, seed):
    server.set(version="10.5.0", refused_emoji={"nonsense"})
    ear = await bot.listen()
    hello = await ear.next()
    assert hello["data"]["server_version"].startswith("10.5.0.")
    assert "server_hostname" in hello["data"]
    assert hello["broadcast"]["omit_connection_id"] == ""
    post = await bot.post(seed.channel_id, "Hi")
    assert post["file_ids"] == []
    wanted = {"user_id": seed.bot_id, "post_id": post["id"]}
    codes = [(await bot.ask("POST", "/reactions", wanted | {"emoji_name": one})) for one in ("+1", "nonsense")]
    assert [one.status_code for one in codes] == [201, 404]
    await bot.ask("POST", "/channels/members/me/view", {"channel_id": seed.channel_id})
    assert list((await ear.until("multiple_channels_viewed"))["data"]["channel_times"]) == [seed.channel_id]


async def test_newer_server_tells_of_a_mention_only_whom_it_concerns(server, bot, seed):
    server.set(version="10.5.0")
    ear = await bot.listen()
    server.say("alice", seed.channel_id, "@bob only")
    assert "mentions" not in (await ear.until("posted"))["data"]
    server.say("alice", seed.channel_id, "@all, but not `@bob`")
    assert json.loads((await ear.until("posted"))["data"]["mentions"]) == [seed.bot_id]


async def test_older_server_knows_no_return(server, bot, seed):
    server.set(version="5.37.0")
    ear = await bot.listen()
    assert list((await ear.next())["data"]) == ["server_version"]


async def test_administrator_may_forbid_bots_and_tokens(server, seed):
    server.set(bots_allowed=False, tokens_allowed=False)
    async with Visitor(server.url, seed.admin_token) as admin:
        assert (await admin.ask("POST", "/bots", {"username": "b2"})).status_code == 403
        assert (await admin.ask("POST", f"/users/{seed.alice_id}/tokens", {})).status_code == 501
        assert (await admin.ask("POST", f"/users/{seed.bot_id}/tokens", {})).status_code == 201
    async with Visitor(server.url, seed.bot_token) as bot:
        assert (await bot.ask("GET", "/config/client")).json()["EnableBotAccountCreation"] == "false"


async def test_same_seed_gives_the_same_ids_twice():
    seeds = []
    for _ in range(2):
        with FakeMattermost(seed=3) as server:
            seeds.append(server.seed())
    assert seeds[0] == seeds[1]


def test_developer_starts_it_by_hand():
    command = [sys.executable, "-m", "tests.fakes.mattermost", "--port", "0", "--seed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            assert process.stdout.readline().startswith("team_id=")
            with urllib.request.urlopen(f"{address}/api/v4/system/ping", timeout=20) as answer:
                assert json.load(answer)["status"] == "OK"
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(ValueError):
                process.communicate(timeout=20)
    assert process.returncode == 0
