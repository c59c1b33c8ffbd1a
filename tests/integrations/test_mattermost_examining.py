"""A server is looked at before a room is linked: whoever sets it up reads what is there and what will not work."""

import pytest

from integrations.mattermost.examining import examine, in_words
from integrations.mattermost.rest import Kind, ServerRefused
from integrations.mattermost.wire import Unreadable
from tests.fakes.mattermost import FakeMattermost
from tests.outbound.conftest import loopback, reply


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def seed(fake):
    return fake.seed()


async def test_operator_sees_where_the_bot_is(fake, seed):
    fake.archive(seed.other_id)
    found = await examine(url=fake.url, token=seed.bot_token)
    assert (found.version, found.account.username, found.renames, found.notes) == ("6.7.0", "bridgebot", True, [])
    assert [(one.team.name, one.channel.name) for one in found.channels] == [("collab", "bridge")]


async def test_operator_reads_what_will_not_work(fake, seed):
    fake.set(version="5.37.0", overrides=False)
    for channel_id in (seed.channel_id, seed.other_id):
        fake.remove_member(channel_id, "alice")
    found = await examine(url=fake.url, token=seed.alice_token)
    assert [note.split()[0] for note in found.notes] == ["Version", "This", "The", "@alice"]


async def test_operator_reads_that_the_websocket_is_not_let_through(fake, seed):
    fake.fail_next(502, "GET /websocket", times=9)
    found = await examine(url=fake.url, token=seed.bot_token)
    (note,) = found.notes
    assert note.startswith("The WebSocket does not work (127.0.0.1 opens no WebSocket at this address)")


async def test_wrong_token_and_wrong_server_are_told_apart(fake, seed):
    with pytest.raises(ServerRefused) as refused:
        await examine(url=fake.url, token="x" * 26)
    assert refused.value.kind is Kind.TOKEN
    assert await in_words(url=fake.url, token="x" * 26) == refused.value.words
    assert await in_words(url=fake.url, token=seed.bot_token) == ""
    fake.go_down()
    with pytest.raises(ServerRefused) as away:
        await examine(url=fake.url, token=seed.bot_token)
    assert away.value.kind is Kind.NOT_REACHED


async def test_page_that_is_no_server_is_said_so(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]

    async def answer(asked, writer):
        writer.write(reply(200, b"<html>Welcome</html>"))

    async with loopback(answer) as page:
        with pytest.raises(Unreadable):
            await examine(url=page.url("", host="127.0.0.1"), token="x" * 26)
