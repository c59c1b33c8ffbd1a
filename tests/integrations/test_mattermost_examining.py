"""A server is tried before a room is linked: one reads what is there, what will not work and what to do."""

import pytest

from integrations.mattermost.examining import channels_of, in_words, try_server
from integrations.mattermost.rest import Kind, ServerRefused
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


async def tried(url, token, *channels):
    return [one async for one in try_server(url=url, token=token, channels=channels)]


def told(found):
    return [(one.state, one.words) for one in found]


async def test_operator_sees_each_step_and_that_nothing_was_posted(fake, seed):
    found = await tried(fake.url, seed.bot_token, (seed.channel_id, "bridge"))
    assert told(found) == [
        ("good", "Server answers, version 6.7.0"),
        ("good", "Token belongs to @bridgebot"),
        ("good", "WebSocket opens and resumes"),
        ("good", "May post in ~bridge"),
    ]
    assert [one.ms is not None for one in found] == [True, False, True, False]
    assert fake.posts(seed.channel_id) == []


async def test_operator_sees_where_the_bot_is(fake, seed):
    fake.archive(seed.other_id)
    found = await channels_of(url=fake.url, token=seed.bot_token)
    assert [(one.team.name, one.channel.name) for one in found] == [("collab", "bridge")]


async def test_operator_reads_what_to_do_about_channels(fake, seed):
    fake.remove_member(seed.channel_id, "bridgebot")
    fake.archive(seed.other_id)
    found = await tried(fake.url, seed.bot_token, (seed.channel_id, "bridge"), (seed.other_id, "other"))
    assert [(one.words, one.remedy) for one in found[-2:]] == [
        ("May not post in ~bridge", "Add @bridgebot to that channel."),
        ("~other is archived", "Restore it there, or end the link."),
    ]


async def test_operator_reads_what_will_not_work(fake, seed):
    fake.set(version="5.37.0", overrides=False)
    found = await tried(fake.url, seed.alice_token)
    assert [one.state for one in found[:3]] == ["warn", "warn", "warn"]
    assert "keeps nothing" in found[0].remedy
    assert "That is a person" in found[1].remedy
    assert "EnablePostUsernameOverride" in found[2].remedy
    fake.set(version="12.0.0", overrides=True)
    (first, *_) = await tried(fake.url, seed.bot_token)
    assert (first.state, "newer" in first.remedy) == ("warn", True)


async def test_operator_reads_that_the_websocket_is_not_let_through(fake, seed):
    fake.fail_next(502, "GET /websocket", times=9)
    found = await tried(fake.url, seed.bot_token)
    assert found[-1].state == "bad"
    assert found[-1].words.startswith("The WebSocket does not work: 127.0.0.1 opens no WebSocket at this address")


async def test_wrong_token_and_server_that_is_away_are_told_apart(fake, seed):
    found = await tried(fake.url, "x" * 26)
    assert found[-1].words == await in_words(url=fake.url, token="x" * 26)
    assert found[-1].remedy == "Make a new token there and give it to the site."
    assert await in_words(url=fake.url, token=seed.bot_token) == ""
    fake.go_down()
    (away,) = await tried(fake.url, seed.bot_token)
    assert (away.state, "cannot be reached" in away.words) == ("bad", True)
    with pytest.raises(ServerRefused) as refused:
        await channels_of(url=fake.url, token=seed.bot_token)
    assert refused.value.kind is Kind.NOT_REACHED


async def test_server_inside_the_network_is_said_to_need_permission(fake, seed, settings):
    settings.OUTBOUND_ALLOW = []
    (found,) = await tried(fake.url, seed.bot_token)
    assert "is not on the public internet" in found.words
    assert "OUTBOUND_ALLOW" in found.remedy


async def test_server_that_is_asked_too_often_says_so(fake, seed):
    fake.fail_next(429, "GET /users/me", times=9)
    found = await tried(fake.url, seed.bot_token)
    assert found[-1].words == "The server asks us to come more seldom."


async def test_page_that_is_no_server_is_said_so(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]

    async def answer(asked, writer):
        writer.write(reply(200, b"<html>Welcome</html>"))

    async with loopback(answer) as page:
        (found,) = await tried(page.url("", host="127.0.0.1"), "x" * 26)
    assert found.words.startswith("This is no Mattermost server")
