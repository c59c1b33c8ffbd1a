"""The snapshot law: for every durable event, the old snapshot and the event make what a fresh snapshot says.

The same transcripts go to the page's reducer (`--write-transcripts` writes them, every other run compares).
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from chat import events as chat_events
from chat import services
from chat.models import Membership, Message, Reminder
from chat.services.reminders import tell_due
from chat.shapes import BesideView
from editor import services as editor
from editor.models import Document, Snapshot
from realtime.protocol import Refused
from tests import factories, law
from tests.chat.uploading import stored
from tests.law import World, newest
from tests.law_scenes import SCENES, scene

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def ids(world: World, *names: str) -> list[int]:
    return [world.people[name].pk for name in names]


@scene("teo", "somebody says something")
def _(world: World) -> None:
    factories.say(world.people["mina"], world.room, "A *new* message, @teo\n\n```py\nreturn 1\n```")


@scene("mina", "one says something oneself")
def _(world: World) -> None:
    factories.say(world.people["mina"], world.room, "Mine")


@scene("mina", "somebody asks about lines of what is open")
def _(world: World) -> None:
    beside = BesideView(topic="document:7", seq=391, start=40, end=80)
    factories.say(world.people["teo"], world.room, "Is this loop right?", beside=beside)


@scene("mina", "a message about lines is deleted")
def _(world: World) -> None:
    beside = BesideView(topic="document:7", seq=391, start=40, end=80)
    delete(world.people["teo"], factories.say(world.people["teo"], world.room, "Or not", beside=beside))


@scene("mina", "somebody sends files and nothing else")
def _(world: World) -> None:
    say_with_files(world, "", "plan.txt", "notes.txt")


@scene("teo", "a file is taken away by a moderator")
def _(world: World) -> None:
    message = say_with_files(world, "Two of them", "plan.txt", "notes.txt")
    file = message.attachments.get(name="notes.txt")
    services.block_attachment(actor=world.people["mina"], attachment_id=file.pk, reason="private")


@scene("mina", "a message with a file is deleted")
def _(world: World) -> None:
    delete(world.people["teo"], say_with_files(world, "Look", "plan.txt"))


@scene("mina", "a discussion of lines is resolved")
def _(world: World) -> None:
    document = Document.objects.create(pk=301, room=world.room, name="session.py", length=8)
    Snapshot.objects.create(document=document, version=0, text="one\ntwo\n", at=timezone.now())
    beside = BesideView(topic="document:301", seq=0, start=4, end=7)
    asked = factories.say(world.people["teo"], world.room, "Is this line right?", beside=beside)
    editor.bind_messages(document_id=document.pk)
    editor.resolve_discussion(
        actor=world.people["teo"], document_id=document.pk, message_id=asked.pk, resolved=True, at=timezone.now()
    )


@scene("mina", "somebody quotes")
def _(world: World) -> None:
    quoted = newest(world.room, by=world.people["mina"])
    factories.say(world.people["teo"], world.room, "Yes", reply_to=quoted.pk)


@scene("mina", "somebody replies in the thread")
def _(world: World) -> None:
    factories.say(world.people["teo"], world.room, "Thanks @mina", thread=world.root)


@scene("mina", "somebody replies in the thread and in the room")
def _(world: World) -> None:
    factories.say(world.people["teo"], world.room, "For everybody", thread=world.root, also_in_room=True)


@scene("mina", "somebody replies to a message without a thread")
def _(world: World) -> None:
    first = Message.objects.filter(room=world.room).exclude(kind="system").order_by("seq").first()
    assert first is not None
    factories.say(world.people["teo"], world.room, "A new thread", thread=first.pk)


@scene("mina", "somebody writes in a direct room")
def _(world: World) -> None:
    factories.say(world.people["teo"], world.rooms["direct"], "Psst")


@scene("teo", "the last message is edited and addresses somebody")
def _(world: World) -> None:
    message = factories.say(world.people["mina"], world.rooms["closed"], "Hello")
    edit(world.people["mina"], message, "Hello @teo")


@scene("teo", "an edit takes a mention back")
def _(world: World) -> None:
    edit(world.people["mina"], newest_mention(world), "Good morning everybody")


@scene("mina", "a quoted message is edited")
def _(world: World) -> None:
    quoted = Message.objects.filter(quoted_by__isnull=False).get()
    edit(world.people["mina"], quoted, "Good evening")


@scene("mina", "the root of the thread is edited")
def _(world: World) -> None:
    edit(world.people["teo"], Message.objects.get(pk=world.root), "Who looks at the *other* build?")


@scene("teo", "an unread message that addresses one is deleted")
def _(world: World) -> None:
    delete(world.people["mina"], newest_mention(world))


@scene("teo", "the last message is deleted by a moderator")
def _(world: World) -> None:
    delete(world.people["mina"], newest(world.room, by=world.people["teo"]))


@scene("teo", "the only reply is deleted")
def _(world: World) -> None:
    delete(world.people["mina"], Message.objects.get(thread_root=world.root))


@scene("mina", "the root of the thread is deleted")
def _(world: World) -> None:
    delete(world.people["teo"], Message.objects.get(pk=world.root))


@scene("mina", "somebody reacts")
def _(world: World) -> None:
    react(world, "teo", "🎉")


@scene("mina", "somebody reacts as another did")
def _(world: World) -> None:
    react(world, "teo", "👀")


@scene("teo", "a reaction is taken back")
def _(world: World) -> None:
    services.remove_reaction(actor=world.people["mina"], room_id=world.room.pk, message_id=world.root, emoji="👀")


@scene("teo", "somebody joins")
def _(world: World) -> None:
    services.join_room(actor=world.people["ines"], room_id=world.room.pk)


@scene("teo", "somebody who wrote and left comes back")
def _(world: World) -> None:
    services.invite_person(actor=world.people["mina"], room_id=world.room.pk, user_id=world.people["jun"].pk)


@scene("mina", "somebody who wrote leaves")
def _(world: World) -> None:
    services.leave_room(actor=world.people["teo"], room_id=world.room.pk)


@scene("mina", "somebody who never wrote is removed")
def _(world: World) -> None:
    services.remove_member(actor=world.people["mina"], room_id=201, user_id=enter(world, "ines").pk)


@scene("teo", "one becomes a moderator")
def _(world: World) -> None:
    role(world, "teo", "moderator")


@scene("mina", "another becomes an owner")
def _(world: World) -> None:
    role(world, "teo", "owner")


@scene("mina", "somebody goes by another name")
def _(world: World) -> None:
    accounts.update_profile(actor=world.people["teo"], display_name="Aaron Lindqvist", time_zone="UTC")


@scene("mina", "one goes by another name oneself")
def _(world: World) -> None:
    accounts.update_profile(actor=world.people["mina"], display_name="Zora Okafor", time_zone="UTC")


@scene("teo", "the room becomes read-only and slow")
def _(world: World) -> None:
    factories.change(world.people["mina"], world.room, read_only=True, slow_mode_seconds=30, name="Quiet")


@scene("mina", "the room is archived")
def _(world: World) -> None:
    factories.change(world.people["mina"], world.room, archived=True)


@scene("teo", "one reads on in another tab")
def _(world: World) -> None:
    services.set_read(actor=world.people["teo"], room_id=world.room.pk, seq=newest(world.room).seq)


@scene("teo", "one reads a part")
def _(world: World) -> None:
    services.set_read(actor=world.people["teo"], room_id=world.room.pk, seq=1)


@scene("teo", "one joins a room")
def _(world: World) -> None:
    factories.say(world.people["mina"], world.rooms["other"], "Welcome")
    services.join_room(actor=world.people["teo"], room_id=world.rooms["other"].pk)


@scene("teo", "one is removed from a room")
def _(world: World) -> None:
    services.remove_member(
        actor=world.people["mina"], room_id=world.rooms["closed"].pk, user_id=world.people["teo"].pk, reason="moved"
    )


@scene("teo", "one leaves a room")
def _(world: World) -> None:
    services.leave_room(actor=world.people["teo"], room_id=world.rooms["closed"].pk)


@scene("teo", "one changes a preference in another tab")
def _(world: World) -> None:
    accounts.update_preferences(actor=world.people["teo"], theme="dark", enter_sends=False)


# What is followed, kept and marked


@scene("teo", "one wants to hear nothing of a room for a while")
def _(world: World) -> None:
    quiet = timezone.now() + timedelta(days=3)
    services.set_notify(actor=world.people["teo"], room_id=world.rooms["closed"].pk, level="nothing", quiet_until=quiet)


@scene("teo", "a message is pinned")
def _(world: World) -> None:
    services.pin_message(actor=world.people["mina"], room_id=world.room.pk, message_id=world.root)


@scene("teo", "a message is unpinned")
def _(world: World) -> None:
    services.unpin_message(actor=world.people["mina"], room_id=world.room.pk, message_id=pinned(world).pk)


@scene("teo", "a pinned message is deleted")
def _(world: World) -> None:
    delete(world.people["mina"], pinned(world))


@scene("teo", "one saves a message")
def _(world: World) -> None:
    services.add_bookmark(actor=world.people["teo"], room_id=world.room.pk, message_id=newest(world.room).pk)


@scene("mina", "one lets go of a saved message")
def _(world: World) -> None:
    services.remove_bookmark(actor=world.people["mina"], message_id=world.root)


@scene("teo", "one stops following a thread")
def _(world: World) -> None:
    services.follow_thread(actor=world.people["teo"], room_id=world.room.pk, root_id=world.root, following=False)


@scene("teo", "one reads a thread")
def _(world: World) -> None:
    services.set_thread_read(actor=world.people["teo"], room_id=world.room.pk, root_id=world.root, seq=10**6)


@scene("teo", "an unread reply is deleted")
def _(world: World) -> None:
    delete(world.people["mina"], Message.objects.get(thread_root=world.root))


@scene("teo", "one marks a message unread")
def _(world: World) -> None:
    teo, addressed = world.people["teo"], newest_mention(world)
    services.set_read(actor=teo, room_id=world.room.pk, seq=newest(world.room).seq)
    services.mark_unread(actor=teo, room_id=world.room.pk, message_id=addressed.pk)


@scene("mina", "one marks a reply unread")
def _(world: World) -> None:
    own = Message.objects.get(thread_root=world.root)
    services.mark_unread(actor=world.people["mina"], room_id=world.room.pk, message_id=own.pk)


def pinned(world: World) -> Message:
    return Message.objects.get(pin__isnull=False)


def say_with_files(world: World, body: str, *names: str) -> Message:
    teo = world.people["teo"]
    views = [stored(teo, world.room, b"Some text", name=name) for name in names]
    return factories.say(teo, world.room, body, attachments=[view.id for view in views])


@scene("teo", "one begins a reply in another tab")
def _(world: World) -> None:
    draft(world, "teo", "Thanks", thread=world.root)


@scene("teo", "one writes on what another tab did not know")
def _(world: World) -> None:
    draft(world, "teo", "At home")
    draft(world, "teo", "On the train")


@scene("teo", "one sends what one began to write")
def _(world: World) -> None:
    rev = draft(world, "teo", "I look at it")
    factories.say(world.people["teo"], world.room, "I look at it", draft_rev=rev)


@scene("teo", "one discards what one began to write")
def _(world: World) -> None:
    draft(world, "teo", "Never mind")
    services.discard_draft(actor=world.people["teo"], room_id=world.room.pk, thread=None, rev=None)


@scene("teo", "one is reminded")
def _(world: World) -> None:
    remind(world, "teo", 401, "Look at the build")


@scene("teo", "one closes a reminder in another tab")
def _(world: World) -> None:
    remind(world, "teo", 401, "Look at the build")
    remind(world, "teo", 402, "Look again")
    services.dismiss_reminder(actor=world.people["teo"], reminder_id=401)


def remind(world: World, name: str, number: int, text: str) -> None:
    due = timezone.now()
    Reminder.objects.create(pk=number, user=world.people[name], room=world.room, text=text, due_at=due)
    tell_due()


def draft(world: World, name: str, body: str, thread: UUID | None = None) -> int:
    return services.save_draft(
        actor=world.people[name], room_id=world.room.pk, thread=thread, body=body, reply_to=None, rev=0
    ).rev


def edit(actor: User, message: Message, body: str) -> None:
    services.edit_message(actor=actor, room_id=message.room_id, message_id=message.pk, body=body)


def delete(actor: User, message: Message) -> None:
    services.delete_message(actor=actor, room_id=message.room_id, message_id=message.pk)


def newest_mention(world: World) -> Message:
    found = Message.objects.filter(room=world.room, mentions__user=world.people["teo"], thread_root=None)
    return found.order_by("-seq")[0]


def react(world: World, name: str, emoji: str) -> None:
    services.add_reaction(actor=world.people[name], room_id=world.room.pk, message_id=world.root, emoji=emoji)


def enter(world: World, name: str) -> User:
    person = world.people[name]
    services.join_room(actor=person, room_id=world.room.pk)
    return person


def role(world: World, name: str, role: str) -> None:
    services.set_role(actor=world.people["mina"], room_id=world.room.pk, user_id=world.people[name].pk, role=role)


@pytest.mark.parametrize("name", SCENES)
def test_a_snapshot_and_its_events_make_the_next_one(name, request):
    viewer_name, act = SCENES[name]
    world = law.fill(law.make_world())
    viewer = world.people[viewer_name]
    before, heads = law.sight(world, viewer), law.heads(world)
    act(world)
    after = law.sight(world, viewer)
    events = [law.frame(*place) for place in law.heard(viewer, heads, law.heads(world))]
    assert events
    for kind in law.comparable(after, events):
        assert law.reduced(kind, before[kind], events, viewer.pk) == after[kind], kind
        if before[kind] != after[kind]:
            told = [event for event in events if law.reduced(kind, before[kind], [event], viewer.pk) != before[kind]]
            text = law.transcript(name, kind, viewer, before[kind], told, after[kind])
            compare(law.path_of(name, kind), text, write=request.config.getoption("--write-transcripts"))


def compare(path, text: str, *, write: bool) -> None:
    if write:
        path.write_text(text)
    assert path.is_file(), f"{path.name} is missing: run with --write-transcripts"
    assert path.read_text() == text, f"{path.name} is out of date: run with --write-transcripts"


def test_no_transcript_is_left_of_a_scene_that_is_gone():
    known = {law.path_of(name, "room").name.removesuffix(".room.json") for name in SCENES}
    assert {path.name.split(".")[0] for path in law.FOLDER.glob("*.json")} == known


def test_every_durable_event_of_rooms_and_lists_has_a_scene():
    kinds = {kind.type for kind in vars(chat_events).values() if getattr(kind, "durable", False) and kind.type}
    texts = "".join(path.read_text() for path in law.FOLDER.glob("*.json"))
    assert {kind for kind in kinds if f'"type": "{kind}"' not in texts} == set()


# Any order of anything


class Walk:
    """Everybody does this and that, in an order that the seed decides."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)

    def step(self) -> str:
        name = self.chance.choice(list(self.world.people))
        actor = self.world.people[name]
        acts = [self.say] * 6 + [self.edit, self.delete, self.react, self.unreact, self.read] * 2
        acts += [self.pin, self.save, self.follow, self.read_thread, self.unread]
        rare = [self.join, self.leave, self.remove, self.invite, self.role, self.change, self.rename]
        act = self.chance.choice([*acts, *rare])
        try:
            act(actor)
        except Refused as refused:
            return f"{name} {act.__name__} {refused.code}"
        return f"{name} {act.__name__}"

    def other(self) -> User:
        return self.chance.choice(list(self.world.people.values()))

    def some_room(self) -> int:
        return self.chance.choice([*[self.world.room] * 4, self.world.rooms["closed"], self.world.rooms["direct"]]).pk

    def some_message(self, actor: User | None = None) -> Message:
        found = Message.objects.filter(room=self.world.room)
        mine = list(found.filter(author=actor).order_by("seq")) if actor else []
        return self.chance.choice(mine or list(found.order_by("seq")))

    def body(self) -> str:
        return f"word {self.chance.random()} " + self.chance.choice(["", "@teo", "@mina @jun", "@room", "**b**"])

    def say(self, actor: User) -> None:
        room_id = self.some_room()
        given: dict[str, Any] = {}
        if room_id == self.world.room.pk:
            given["thread"] = self.chance.choice([None, None, self.world.root])
            given["reply_to"] = self.chance.choice([None, self.some_message().pk])
            given["also_in_room"] = self.chance.random() < 0.3
        services.send_message(actor=actor, room_id=room_id, cid=uuid4(), body=self.body(), **given)

    def edit(self, actor: User) -> None:
        edit(actor, self.some_message(actor), self.body())

    def delete(self, actor: User) -> None:
        delete(actor, self.some_message(actor))

    def react(self, actor: User) -> None:
        emoji = self.chance.choice("👍🎉👀")
        message_id = self.some_message().pk
        services.add_reaction(actor=actor, room_id=self.world.room.pk, message_id=message_id, emoji=emoji)

    def unreact(self, actor: User) -> None:
        emoji = self.chance.choice("👍🎉👀")
        message_id = self.some_message().pk
        services.remove_reaction(actor=actor, room_id=self.world.room.pk, message_id=message_id, emoji=emoji)

    def read(self, actor: User) -> None:
        services.set_read(actor=actor, room_id=self.some_room(), seq=self.some_message().seq)

    def pin(self, actor: User) -> None:
        act = self.chance.choice([services.pin_message, services.unpin_message])
        act(actor=actor, room_id=self.world.room.pk, message_id=self.some_message().pk)

    def save(self, actor: User) -> None:
        message_id = self.some_message().pk
        if self.chance.random() < 0.5:
            services.add_bookmark(actor=actor, room_id=self.world.room.pk, message_id=message_id)
        else:
            services.remove_bookmark(actor=actor, message_id=message_id)

    def follow(self, actor: User) -> None:
        following = self.chance.random() < 0.5
        room_id = self.world.room.pk
        services.follow_thread(actor=actor, room_id=room_id, root_id=self.world.root, following=following)

    def read_thread(self, actor: User) -> None:
        seq = self.some_message().seq
        services.set_thread_read(actor=actor, room_id=self.world.room.pk, root_id=self.world.root, seq=seq)

    def unread(self, actor: User) -> None:
        services.mark_unread(actor=actor, room_id=self.world.room.pk, message_id=self.some_message().pk)

    def join(self, actor: User) -> None:
        services.join_room(actor=actor, room_id=self.world.room.pk)

    def leave(self, actor: User) -> None:
        services.leave_room(actor=actor, room_id=self.some_room())

    def remove(self, actor: User) -> None:
        services.remove_member(actor=actor, room_id=self.world.room.pk, user_id=self.other().pk)

    def invite(self, actor: User) -> None:
        services.invite_person(actor=actor, room_id=self.some_room(), user_id=self.other().pk)

    def role(self, actor: User) -> None:
        given = self.chance.choice(["owner", "moderator", "member", "guest"])
        services.set_role(actor=actor, room_id=self.world.room.pk, user_id=self.other().pk, role=given)

    def change(self, actor: User) -> None:
        given: dict[str, Any] = self.chance.choice([{"name": self.body()}, {"slow_mode_seconds": 0}, {"purpose": "x"}])
        factories.change(actor, self.world.room, **given)

    def rename(self, actor: User) -> None:
        # Rooms that somebody left keep the name of that time.
        if Membership.objects.filter(room=self.world.room, user=actor).exists():
            name = self.chance.choice(["Bo", "Åsa Öst", "mina", "Zed"])
            accounts.update_profile(actor=actor, display_name=name, time_zone="UTC")


@pytest.mark.parametrize("seed", range(4))
def test_the_law_holds_after_any_order_of_anything(seed):
    world = law.fill(law.make_world())
    walk, done = Walk(world, seed), []
    before, heads = {name: law.sight(world, user) for name, user in world.people.items()}, law.heads(world)
    for _ in range(40):
        done.append(walk.step())
        after, now = {name: law.sight(world, user) for name, user in world.people.items()}, law.heads(world)
        for name, user in world.people.items():
            events = [law.frame(*place) for place in law.heard(user, heads, now)]
            for kind in before[name].keys() & law.comparable(after[name], events):
                made = law.reduced(kind, before[name][kind], events, user.pk)
                assert made == after[name][kind], (name, kind, done)
        before, heads = after, now


@pytest.mark.parametrize("seed", range(10, 15))
def test_who_replays_the_log_after_deletions_ends_where_the_others_are(seed):
    world = law.fill(law.make_world())
    walk, order = Walk(world, seed), []
    stays = world.people["mina"]
    start, heads = law.sight(world, stays), law.heads(world)
    for _ in range(60):
        before = law.heads(world)
        walk.step()
        order += law.heard(stays, before, law.heads(world))
    assert Membership.objects.filter(room=world.room, user=stays).exists()
    assert any(event["type"] == "message.deleted" for event in (law.frame(*place) for place in order))
    events = [law.frame(*place) for place in order]
    after = law.sight(world, stays)
    assert heads != law.heads(world)
    for kind in law.comparable(after, events):
        assert law.reduced(kind, start[kind], events, stays.pk) == after[kind], kind
