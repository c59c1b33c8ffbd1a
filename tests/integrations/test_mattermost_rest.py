"""The client of Mattermost's REST API against the imitated server: what it does, and what each failure is called."""

import asyncio
import contextlib

import pytest

from integrations.mattermost.rest import Kind, Server, ServerRefused
from outbound.client import Client
from tests.fakes.mattermost import FakeMattermost


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def seed(fake):
    return fake.seed()


@pytest.fixture
async def client(fake):
    async with Client() as connections:
        yield connections


@pytest.fixture
def server(fake, seed, client):
    return Server(url=fake.url, token=seed.bot_token, client=client)


async def refused(asking):
    with pytest.raises(ServerRefused) as caught:
        await asking
    assert "Bearer" not in caught.value.words
    return caught.value


def texts(fake, seed):
    return [one.message for one in fake.posts(seed.channel_id)]


async def test_post_is_made_once_whatever_becomes_of_the_answer(fake, seed, server):
    fake.lose_next_response("POST /posts")
    lost = await refused(server.create_post(channel_id=seed.channel_id, message="Hi", pending_id="b:1"))
    assert lost.kind is Kind.UNKNOWN
    post = await server.create_post(channel_id=seed.channel_id, message="Hi", pending_id="b:1", props={"a": 1})
    assert (post.message, post.user_id) == ("Hi", seed.bot_id)
    assert texts(fake, seed) == ["Hi"]


async def test_post_is_edited_answered_and_deleted(fake, seed, server):
    root = await server.create_post(
        channel_id=seed.channel_id, message="Hi", pending_id="b:1", props={"collab": {"m": "1"}}
    )
    reply = await server.create_post(channel_id=seed.channel_id, message="Re", pending_id="b:2", root_id=root.id)
    assert reply.thread_id == root.id
    edited = await server.edit_post(root.id, message="Ho")
    assert (edited.message, edited.props["collab"]) == ("Ho", {"m": "1"})
    await server.delete_post(root.id)
    await server.delete_post(root.id)
    assert await server.post(reply.id) is None


async def test_reactions_and_typing_are_the_accounts_own(fake, seed, server):
    post = fake.say("alice", seed.channel_id, "Hi")
    for _ in range(2):
        await server.add_reaction(user_id=seed.bot_id, post_id=post.id, name="+1")
    assert list(post.reactions) == [(seed.bot_id, "+1")]
    await server.remove_reaction(user_id=seed.bot_id, post_id=post.id, name="+1")
    assert post.reactions == {}
    await server.send_typing(user_id=seed.bot_id, channel_id=seed.channel_id)
    wrong = await refused(server.add_reaction(user_id=seed.alice_id, post_id=post.id, name="+1"))
    assert wrong.kind is Kind.FORBIDDEN


@pytest.mark.parametrize("name", ["a ü b.txt", "100% & more?.bin", "empty"])
async def test_file_goes_there_and_comes_back(fake, seed, server, name):
    data = b"" if name == "empty" else bytes(range(256)) * 1000
    info = await server.upload(channel_id=seed.channel_id, name=name, content=data)
    assert (info.name, info.size) == (name, len(data))
    post = await server.create_post(channel_id=seed.channel_id, message="", pending_id="b:1", file_ids=[info.id])
    assert [file.id for file in post.metadata.files] == [info.id]
    async with server.download(info.id) as incoming:
        assert b"".join([piece async for piece in incoming.pieces()]) == data


async def test_file_is_sent_while_it_is_read(fake, seed, server):
    async def pieces():
        for _ in range(10):
            yield b"x" * 100_000

    assert (await server.upload(channel_id=seed.channel_id, name="big", content=pieces())).size == 1_000_000


async def test_file_that_is_too_large_or_gone_is_said_so(fake, seed, server):
    fake.set(file_bytes_most=10)
    big = await refused(server.upload(channel_id=seed.channel_id, name="big", content=b"x" * 11))
    assert big.kind is Kind.TOO_LARGE

    async def fetch():
        async with server.download("x" * 26):
            pass

    assert (await refused(fetch())).kind is Kind.MISSING


async def test_catching_up_walks_forward_in_pages(fake, seed, server):
    first = fake.say("bob", seed.channel_id, "first")
    for number in range(1150):
        fake.clock.advance(0.002)
        fake.say("bob", seed.channel_id, f"{number}")
    seen, at, pages = [], first.id, 0
    while page := (await server.posts_after(seed.channel_id, at)).oldest_first():
        seen += [one.message for one in page]
        at, pages = page[-1].id, pages + 1
    assert (seen, pages) == ([f"{number}" for number in range(1150)], 6)
    assert len((await server.posts_page(seed.channel_id, 5)).order) == 151


async def test_since_says_when_it_may_not_be_whole(fake, seed, server):
    post = fake.say("bob", seed.channel_id, "first")
    fake.edit("bob", post.id, "second")
    listed = await server.posts_since(seed.channel_id, post.create_at - 1)
    assert listed.is_whole
    assert [one.message for one in listed.oldest_first() if one.is_content] == ["second"]
    for number in range(1000):
        fake.say("bob", seed.channel_id, f"{number}")
    assert not (await server.posts_since(seed.channel_id, post.create_at - 1)).is_whole


async def test_people_and_places_are_found(fake, seed, server):
    assert (await server.me()).is_bot
    assert [one.username for one in await server.users([seed.alice_id, "x" * 26])] == ["alice"]
    assert [one.id for one in await server.users_named(["bob"])] == [seed.bob_id]
    (team,) = await server.teams()
    assert {one.name for one in await server.channels(team.id)} == {"bridge", "other"}
    assert (await server.channel(seed.channel_id)).display_name == "Bridge"
    assert (await server.options())["EnablePostUsernameOverride"] == "true"


async def test_bot_that_was_removed_hears_it_and_may_join_again(fake, seed, server):
    fake.remove_member(seed.channel_id, "bridgebot")
    asked = {"channel_id": seed.channel_id, "message": "Hi", "pending_id": "b:1"}
    assert (await refused(server.create_post(**asked))).kind is Kind.FORBIDDEN
    await server.join(channel_id=seed.channel_id, user_id=seed.bot_id)
    await server.create_post(**asked)
    fake.archive(seed.channel_id)
    assert (await refused(server.create_post(**asked | {"pending_id": "b:2"}))).kind is Kind.ARCHIVED


async def test_each_failure_has_its_kind(fake, seed, server, client):
    asked = {"channel_id": seed.channel_id, "message": "Hi", "pending_id": "b:1"}
    fake.collide_next_pending()
    assert (await refused(server.create_post(**asked))).kind is Kind.BUSY
    fake.set(hardened=True)
    fake.fail_next(503)
    assert (await refused(server.me())).kind is Kind.UNKNOWN
    long = await refused(server.create_post(**asked | {"message": "x" * 16_384}))
    assert (long.kind, long.code) == (Kind.INVALID, "model.post.is_valid.msg.app_error")
    wrong = Server(url=fake.url, token="x" * 26, client=client)
    assert (await refused(wrong.me())).kind is Kind.TOKEN
    fake.go_down()
    assert (await refused(server.me())).kind is Kind.NOT_REACHED


async def test_bridge_never_asks_inside_the_network_unless_allowed(fake, seed, server, settings):
    settings.OUTBOUND_ALLOW = []
    async with Client() as guarded:
        inside = Server(url=fake.url, token=seed.bot_token, client=guarded)
        assert (await refused(inside.me())).kind is Kind.INVALID
    assert fake.requests == []


async def test_limited_bridge_waits_as_long_as_it_is_told_and_loses_nothing(fake, seed, server):
    fake.rate_limit(per_second=5, burst=1)
    for number in range(5):
        await server.create_post(channel_id=seed.channel_id, message=f"{number}", pending_id=f"b:{number}")
    assert texts(fake, seed) == [f"{number}" for number in range(5)]
    refusals = [one for one in fake.requests if one.status == 429]
    assert 0 < len(refusals) <= 5


async def test_limited_download_holds_the_next_request_back(fake, seed, server):
    info = await server.upload(channel_id=seed.channel_id, name="a", content=b"x")
    fake.rate_limit(per_second=1, burst=0)
    await server.me()
    with pytest.raises(ServerRefused) as limited:
        async with server.download(info.id):
            pass
    assert limited.value.kind is Kind.LIMITED
    before = len(fake.requests)
    assert (await server.me()).is_bot
    assert [one.status for one in fake.requests[before:]] == [200]


async def test_revoked_token_is_told_by_the_next_request(fake, seed, server):
    await server.me()
    fake.revoke(seed.bot_token)
    assert (await refused(server.me())).kind is Kind.TOKEN


async def test_cancelled_request_leaves_the_client_usable(fake, server):
    fake.set(slow_seconds=30)
    asking = asyncio.create_task(server.me())
    while not fake.requests:
        await asyncio.sleep(0.01)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    fake.set(slow_seconds=0)
    assert (await server.me()).username == "bridgebot"
