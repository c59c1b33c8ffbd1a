"""Days of talk through the bridge while lines are cut and processes end: both rooms are equal in the end.

The small twin of `python -m bench.bridge`, which measures the same with hundreds of lines a minute.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.talk import EMOJI, Done, Line, number_of, share_out, thread_of
from bench.verdict import differences
from chat import services as chat
from chat.models import Message, Room
from integrations.mattermost.listening import Pace
from integrations.models import BridgeInbox, BridgeOutbox
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

DAYS = 3
LATER = 4
"""So many lines after what was said it is changed, deleted or reacted to."""
QUICK = Pace(ping=0.5, pong=5.0, connect=15.0, retry_least=0.02, retry_most=0.1, settled=0.0)
PATIENCE = 240.0


def lines_of_days() -> list[Line]:
    """What stands in talk.txt, said again on each day by the same people."""
    told = [row for row in (Path(__file__).parent / "talk.txt").read_text().splitlines() if not row.startswith("#")]
    lines: list[Line] = []
    for _ in range(DAYS):
        for row in told:
            author, above, body = row.split("|", 2)
            number = len(lines)
            lines.append(Line(number, author, body.strip(), number - int(above) if above else None))
    share_out(lines, seed=5)
    return lines


class Talk:
    """People on both sides who say their lines, change some of them and react to others."""

    def __init__(self, both: Bridged, lines: list[Line]) -> None:
        self.both, self.lines, self.done = both, lines, Done()
        self.due: list[list[Any]] = [[] for _ in range(len(lines) + 2 * LATER + 1)]
        names = sorted({line.author for line in lines})
        self.sides = {line.author: line.here for line in lines}
        self.people = {name: factories.make_person(name) for name in names if self.sides[name]}
        for person in self.people.values():
            chat.join_room(actor=person, room_id=both.room.pk)
        for name in names:
            if not self.sides[name]:
                user = both.fake.state.add_user(name)
                both.fake.state.teams[both.seed.team_id].members.add(user.id)
                both.fake.add_member(both.seed.channel_id, name)

    def go_on(self, until: int, *, only_say: bool = False) -> None:
        """Says everything up to a line, and does what is due meanwhile, or later."""
        for line in self.lines[len(self.done.said) : until]:
            self.say(line)
            if not only_say:
                self.catch_up(line.number)

    def catch_up(self, until: int) -> None:
        """Does what is due."""
        for works in self.due[: until + 1]:
            while works:
                works.pop(0)()

    def say(self, line: Line) -> None:
        root = thread_of(line, self.lines)
        place = self.find(root, here=line.here) if root is not None else ""
        if root is not None and place:
            self.done.roots[line.number] = root
        if line.here:
            self.both.say(self.people[line.author], line.text(), **({"thread": place} if place else {}))
        else:
            self.both.hear(line.text(), line.author, root_id=place)
        self.done.said[line.number] = time.time()
        if line.change:
            self.due[line.number + LATER].append(partial(self.change, line))
        for touch in line.touches:
            self.due[line.number + LATER].append(partial(self.react, line, touch, put=True))
            if touch.taken_back:
                self.due[line.number + 2 * LATER].append(partial(self.react, line, touch, put=False))
            else:
                self.done.touched.add((line.number, touch.author, touch.emoji, touch.here))

    def find(self, number: int, *, here: bool) -> Any:
        """What a line is called on one side; nothing where it is not there yet."""
        if here:
            found = Message.objects.filter(room=self.both.room, body__endswith=f" ·{number}").first()
            return found.pk if found is not None else ""
        return next((post.id for post in self.both.posts() if number_of(post.message) == number), "")

    def change(self, line: Line) -> None:
        found = self.find(line.number, here=line.here)
        where = {"room_id": self.both.room.pk, "message_id": found}
        if not line.here:
            edit, delete = self.both.fake.edit, self.both.fake.delete
            edit(line.author, found, line.final()) if line.change == "edit" else delete(line.author, found)
        elif line.change == "edit":
            chat.edit_message(actor=self.people[line.author], body=line.final(), **where)
        else:
            chat.delete_message(actor=self.people[line.author], **where)

    def react(self, line: Line, touch: Any, *, put: bool) -> None:
        # Nobody reacts to what they do not see.
        wait_until(lambda: self.find(line.number, here=touch.here), self.both.difference, PATIENCE)
        found = self.find(line.number, here=touch.here)
        if touch.here:
            do = chat.add_reaction if put else chat.remove_reaction
            person = self.people[touch.author]
            do(actor=person, room_id=self.both.room.pk, message_id=found, emoji=EMOJI[touch.emoji])
        else:
            (self.both.fake.react if put else self.both.fake.unreact)(touch.author, found, touch.emoji)

    # What both sides say in the end

    def here(self) -> list[dict[str, Any]]:
        rows = Message.objects.filter(room=self.both.room, deleted_at=None).exclude(kind="system").order_by("seq")
        return [
            {
                "id": row.pk,
                "text": row.body,
                "root": row.thread_root_id or "",
                "reactions": [(one.user.username, one.emoji, one.user.kind == "bridge") for one in row.reactions.all()],
            }
            for row in rows.prefetch_related("reactions__user")
        ]

    def there(self) -> list[dict[str, Any]]:
        names = {user.id: user.username for user in self.both.fake.state.users.values()}
        return [
            {
                "id": post.id,
                "text": post.message,
                "root": post.root_id,
                "reactions": [(names[user], emoji) for user, emoji in post.reactions],
            }
            for post in self.both.posts()
        ]

    def differences(self) -> dict[str, list[str]]:
        found = differences(self.lines, self.done, self.here(), self.there())
        return {kind: wrong for kind, wrong in found.items() if wrong}

    def ended(self) -> bool:
        """Whether nothing waits and both sides are equal; asked now and then, for it reads everything."""
        time.sleep(0.3)
        return is_quiet() and not self.differences()


def is_quiet() -> bool:
    return not BridgeOutbox.objects.exists() and not BridgeInbox.objects.exists()


def asked_for_a_message(actor: User, room: Room) -> list[str]:
    """What the database is asked for one message and by all who listen to messages."""
    with CaptureQueriesContext(connection) as asked:
        factories.say(actor, room, "How much does this cost?")
    return [query["sql"].split(maxsplit=1)[0] for query in asked.captured_queries]


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(fake, room):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    return Bridged(fake, room, boss)


def test_days_of_talk_with_cuts_and_restarts_end_in_equal_rooms(both, fake):
    talk = Talk(both, lines_of_days())
    with both.running(QUICK):
        wait_until(both.listening)
        talk.go_on(20)
        fake.cut_sockets()
        talk.go_on(50)
        fake.freeze_sockets()
        talk.go_on(80)
        fake.go_down()
        talk.go_on(95, only_say=True)
        fake.come_up()
        talk.go_on(110)
    # Nobody is at work for a while: what is said waits on both sides.
    talk.go_on(124, only_say=True)
    with both.running(QUICK):
        talk.go_on(len(talk.lines))
        talk.catch_up(len(talk.due))
        wait_until(talk.ended, lambda: (talk.differences(), both.difference()), PATIENCE)


def test_reaction_under_a_message_of_ours_is_caught_up(both, fake, teo):
    """Its post carries our mark; who reacted to it while nobody listened counts all the same."""
    both.say(teo, "ours")
    both.pump()
    fake.react("alice", both.posts()[0].id, "tada")
    both.pump()
    assert [emoji for _, emoji in both.reactions_here()] == ["🎉"]
    fake.unreact("alice", both.posts()[0].id, "tada")
    both.pump()
    assert both.reactions_here() == []


def test_message_costs_the_same_in_a_room_with_and_without_a_link(both, mina, teo, settings):
    """What listens to messages asks twice, and writes nothing where nobody wants to be told."""
    other = factories.make_room(mina, teo, name="Not linked")
    for room in (both.room, other):
        factories.say(teo, room, "to know the room")
    linked, free = asked_for_a_message(teo, both.room), asked_for_a_message(teo, other)
    settings.MESSAGE_POSTED_HOOKS = []
    alone = asked_for_a_message(teo, other)
    assert linked == free
    assert free == [*alone, "SELECT", "SELECT"]


def test_messages_of_one_commit_ask_once_who_listens(both, mina, teo):
    """A thousand a second are stored in groups: what listens to each must not ask for each."""
    other = factories.make_room(mina, teo, name="Busy")
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        for number in range(10):
            factories.say(teo, other, f"number {number}")
        before = len(asked.captured_queries)
    after = [query["sql"] for query in asked.captured_queries[before:]]
    assert [sql.split(maxsplit=1)[0] for sql in after if "COMMIT" not in sql] == ["SELECT", "SELECT"]
