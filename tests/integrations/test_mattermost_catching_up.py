"""Catching up with the imitated server: after any absence a mirror of the channel equals the channel."""

import asyncio
import random

import pytest

from integrations.mattermost.catching_up import Place, catch_up, find_gone, find_place
from integrations.mattermost.heard import Deleted, Edited, Posted, Reacted, told_by
from integrations.mattermost.listening import Cursor, Listener, Pace
from integrations.mattermost.rest import Server, ServerRefused
from outbound.client import Client
from tests.fakes.mattermost import FakeMattermost

QUICK = Pace(ping=0.2, pong=15.0, connect=15.0, retry_least=0.02, retry_most=0.1, settled=0.0)
PATIENCE_SECONDS = 30.0


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def seed(fake):
    return fake.seed()


@pytest.fixture
async def server(fake, seed):
    async with Client() as client:
        yield Server(url=fake.url, token=seed.bot_token, client=client)


class Mirror:
    """What a reader knows of a channel by catching up and by listening, applied as a bridge would."""

    def __init__(self, server, channel_id):
        self.server, self.channel_id = server, channel_id
        self.posts, self.gone = {}, set()
        self.place, self.cursor = Place(), Cursor()
        self.words, self.order = [], []

    async def catch_up(self, place=None):
        async for found in catch_up(self.server, self.channel_id, place or self.place):
            for post in found.posts:
                self.upsert(post)
                self.posts[post.id]["reactions"] = {(one.user_id, one.emoji_name) for one in post.metadata.reactions}
            for post_id in found.deleted:
                self.delete(post_id)
            if found.walked is not None:
                taken = {post_id: post["create_at"] for post_id, post in self.posts.items()}
                for post_id in await find_gone(self.server, found.walked, taken):
                    self.delete(post_id)
            self.place = found.place

    def upsert(self, post):
        known = self.posts.get(post.id)
        if post.id in self.gone or (known is not None and known["edit_at"] > post.edit_at):
            return
        if known is None:
            self.order.append(post.id)
        reactions = known["reactions"] if known else set()
        self.posts[post.id] = {
            "message": post.message,
            "root": post.root_id,
            "create_at": post.create_at,
            "edit_at": post.edit_at,
            "reactions": reactions,
        }

    def delete(self, post_id):
        replies = [one for one, post in self.posts.items() if post["root"] == post_id]
        for one in (post_id, *replies):
            self.gone.add(one)
            self.posts.pop(one, None)

    async def take(self, events, cursor):
        for event in events:
            self.hear(told_by(event))
        self.cursor = cursor

    def hear(self, told):
        match told:
            case Posted(post=post) | Edited(post=post) if post.is_content:
                self.upsert(post)
            case Deleted(post=post):
                self.delete(post.id)
            case Reacted(added=added, reaction=one) if one.post_id in self.posts:
                held = self.posts[one.post_id]["reactions"]
                (held.add if added else held.discard)((one.user_id, one.emoji_name))
            case _:
                pass

    async def missed(self):
        await self.catch_up()

    async def connected(self, *, resumed):
        self.words.append("resumed" if resumed else "fresh")

    async def disconnected(self, words, *, retry_seconds):
        self.words.append(words)

    @property
    def seen(self):
        return {post_id: (post["message"], post["root"], post["reactions"]) for post_id, post in self.posts.items()}


def truth(fake, channel_id):
    return {one.id: (one.message, one.root_id, set(one.reactions)) for one in fake.posts(channel_id)}


def say(fake, seed, count, name="bob"):
    return [fake.say(name, seed.channel_id, f"{number}") for number in range(count)]


async def begun(fake, seed, server):
    """A mirror of a channel that had something in it before."""
    say(fake, seed, 3)
    mirror = Mirror(server, seed.channel_id)
    mirror.place = await find_place(server, seed.channel_id)
    return mirror, truth(fake, seed.channel_id)


def since(truth_now, before):
    return {post_id: post for post_id, post in truth_now.items() if post_id not in before}


@pytest.mark.parametrize("count", [0, 1, 250, 1150])
async def test_new_posts_are_found_all_and_once_each(fake, seed, server, count):
    mirror, before = await begun(fake, seed, server)
    say(fake, seed, count)
    await mirror.catch_up()
    assert since(mirror.seen, before) == since(truth(fake, seed.channel_id), before)
    times = [mirror.posts[post_id]["create_at"] for post_id in mirror.order if post_id not in before]
    assert times == sorted(times)
    assert len(mirror.order) == len(set(mirror.order))


async def test_second_look_finds_nothing_new_and_asks_little(fake, seed, server):
    mirror, _ = await begun(fake, seed, server)
    say(fake, seed, 250)
    await mirror.catch_up()
    known = dict(mirror.seen)
    before = len(fake.requests)
    await mirror.catch_up()
    assert mirror.seen == known
    assert len(fake.requests) - before <= 3


async def test_absence_is_made_up_for(fake, seed, server):
    mirror, _ = await begun(fake, seed, server)
    kept = say(fake, seed, 8)
    root = fake.say("alice", seed.channel_id, "Root")
    replies = [fake.say("bob", seed.channel_id, "Reply", root_id=root.id) for _ in range(4)]
    fake.react("alice", kept[5].id, "+1")
    await mirror.catch_up()
    assert mirror.posts[replies[0].id]["root"] == root.id
    for post in kept[:3]:
        fake.edit("bob", post.id, f"{post.message} edited")
    fake.delete("bob", kept[3].id)
    fake.delete("alice", root.id)
    for name in ("heart", "tada"):
        fake.react("alice", kept[4].id, name)
    fake.unreact("alice", kept[5].id, "+1")
    fake.pin("alice", kept[6].id)
    await mirror.catch_up()
    assert mirror.seen == truth(fake, seed.channel_id)
    assert root.id not in mirror.seen
    assert not {one.id for one in replies} & mirror.seen.keys()
    assert mirror.posts[kept[6].id]["edit_at"] == 0


async def test_posts_of_one_millisecond_are_not_lost_between_pages(fake, seed, server):
    mirror, before = await begun(fake, seed, server)
    at = fake.clock.ms() + 60_000
    for number in range(490):
        fake.say("admin", seed.channel_id, f"{number}", create_at=at + number // 7)
    *pages, _touched = [found async for found in catch_up(server, seed.channel_id, mirror.place)]
    found = {post.id for page in pages for post in page.posts}
    assert found == since(truth(fake, seed.channel_id), before).keys()


async def test_place_that_the_server_forgot_is_found_again(fake, seed, server):
    mirror, before = await begun(fake, seed, server)
    mirror.place = Place(post_id="x" * 26, create_at_ms=mirror.place.create_at_ms, since_ms=mirror.place.since_ms)
    fake.advance(60)
    say(fake, seed, 450)
    fake.advance(60)
    await mirror.catch_up()
    assert since(mirror.seen, before) == since(truth(fake, seed.channel_id), before)


async def test_empty_channel_is_followed_from_its_first_word(fake, seed, server):
    mirror = Mirror(server, seed.channel_id)
    mirror.place = await find_place(server, seed.channel_id)
    await mirror.catch_up()
    say(fake, seed, 450)
    await mirror.catch_up()
    assert mirror.seen == truth(fake, seed.channel_id)


async def test_words_of_the_system_move_the_place_and_are_nobodys(fake, seed, server):
    mirror, _ = await begun(fake, seed, server)
    await mirror.catch_up()
    known = dict(mirror.seen)
    fake.remove_member(seed.channel_id, "bob")
    fake.add_member(seed.channel_id, "bob")
    await mirror.catch_up()
    assert mirror.seen == known
    assert mirror.place.create_at_ms == fake.state.channels[seed.channel_id].last_post_at


async def test_more_changes_than_one_list_holds_are_walked(fake, seed, server):
    mirror, _ = await begun(fake, seed, server)
    kept = say(fake, seed, 600)
    await mirror.catch_up()
    fake.advance(60)
    for post in kept:
        fake.edit("bob", post.id, f"{post.message} edited")
    for post in kept[::5]:
        fake.delete("bob", post.id)
    await mirror.catch_up()
    now = truth(fake, seed.channel_id)
    assert mirror.seen == now
    assert len(now) == 3 + 480


async def test_catching_up_goes_on_where_it_failed(fake, seed, server):
    mirror, before = await begun(fake, seed, server)
    say(fake, seed, 900)
    fake.fail_next(503, f"GET /channels/{seed.channel_id}/posts")
    with pytest.raises(ServerRefused, match="503"):
        await mirror.catch_up()
    fake.lose_next_response("GET /channels")
    with pytest.raises(ServerRefused):
        await mirror.catch_up()
    await mirror.catch_up()
    assert since(mirror.seen, before) == since(truth(fake, seed.channel_id), before)


def act(fake, seed, dice):
    """Somebody does something."""
    live = fake.posts(seed.channel_id)
    post = dice.choice(live)
    author = fake.state.users[post.user_id].username
    match dice.choice(["say", "say", "say", "reply", "edit", "delete", "react", "unreact", "pin"]):
        case "say":
            fake.say(dice.choice(["alice", "bob"]), seed.channel_id, f"{dice.random()}")
        case "reply":
            fake.say("alice", seed.channel_id, f"{dice.random()}", root_id=post.root_id or post.id)
        case "edit":
            fake.edit(author, post.id, f"{dice.random()}")
        case "delete" if len(live) > 5:
            fake.delete(author, post.id)
        case "react":
            fake.react("alice", post.id, dice.choice(["+1", "heart"]))
        case "unreact":
            fake.unreact("alice", post.id, dice.choice(["+1", "heart"]))
        case "pin":
            fake.pin("bob", post.id)


def hurt(fake, dice):
    """Something goes wrong."""
    match dice.choice(["cut", "cut", "restart", "forget", "lose", "fail"]):
        case "cut":
            fake.cut_sockets()
        case "restart":
            fake.restart()
        case "forget":
            fake.hold_requests()
            fake.cut_sockets()
            fake.advance(640)
            fake.release_requests()
        case "lose":
            fake.lose_next_response("GET /channels")
        case "fail":
            fake.fail_next(503, "GET /channels")


class Patient(Mirror):
    """A mirror that catches up until it works, as a bridge does."""

    async def missed(self):
        while True:
            try:
                return await self.catch_up()
            except ServerRefused:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", range(6))
async def test_mirror_equals_the_channel_whatever_happened(fake, seed, server, number):
    dice = random.Random(number)
    say(fake, seed, 10)
    mirror = Patient(server, seed.channel_id)
    listener = Listener(url=fake.url, token=seed.bot_token, hearer=mirror, pace=QUICK)
    task = asyncio.create_task(listener.run())
    try:
        for _ in range(250):
            act(fake, seed, dice)
            if dice.random() < 0.06:
                hurt(fake, dice)
            if dice.random() < 0.3:
                await asyncio.sleep(0.005)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while mirror.seen != truth(fake, seed.channel_id):
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "fresh" in mirror.words
