"""The world of the snapshot law: people and rooms with fixed ids, what each of them sees, and what they hear.

Used by tests/test_snapshot_law.py, which also writes what it finds as transcripts for the page's reducer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from accounts.models import User
from chat import selectors, services
from chat.models import Membership, Message, Room
from realtime import log, protocol
from tests import factories
from tests.reducer import REDUCERS, Json

FOLDER = Path(__file__).resolve().parent.parent / "frontend" / "test" / "transcripts"
NAMES = {"mina": "Mina Okafor", "teo": "Teo Lindqvist", "ines": "Ines Haddad", "jun": "Jun Kato"}

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MADE_UP = re.compile(r"(deleted-\d+)-[0-9a-f]{8}")
"""What somebody is called whose account was deleted."""
FIRST_STAMP = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass
class World:
    """Mina owns two rooms, Teo and Jun are in both, Ines in none; Mina and Teo have a direct room."""

    people: dict[str, User] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    thread: UUID | None = None

    @property
    def room(self) -> Room:
        return self.rooms["open"]

    @property
    def root(self) -> UUID:
        """Root of the thread in the open room."""
        assert self.thread is not None
        return self.thread


def make_world() -> World:
    """People and rooms with the same ids on every database."""
    world = World()
    for number, (username, name) in enumerate(NAMES.items(), start=101):
        world.people[username] = User.objects.create(pk=number, username=username, display_name=name)
    for number, key in enumerate(("open", "closed", "direct", "other"), start=201):
        world.rooms[key] = _make_room(world, number, key)
    return world


def _make_room(world: World, number: int, key: str) -> Room:
    kind = {"closed": Room.Kind.PRIVATE, "direct": Room.Kind.DIRECT}.get(key, Room.Kind.PUBLIC)
    direct = key == "direct"
    room = Room.objects.create(
        pk=number,
        kind=kind,
        slug=f"{key}-room",
        name="" if direct else key.capitalize(),
        direct_key="101-102" if direct else None,
    )
    inside = {"direct": ["mina", "teo"], "other": ["mina", "jun"]}.get(key, ["mina", "teo", "jun"])
    for username in inside:
        role = Membership.Role.OWNER if username == "mina" and not direct else Membership.Role.MEMBER
        Membership.objects.create(room=room, user=world.people[username], role=role)
    return room


def fill(world: World) -> World:
    """Some talk in the open room: a quote, a reaction, a thread, somebody who wrote and left."""
    mina, teo, jun = (world.people[name] for name in ("mina", "teo", "jun"))
    first = factories.say(mina, world.room, "Good morning @teo")
    factories.say(jun, world.room, "I go on holiday")
    services.leave_room(actor=jun, room_id=world.room.pk)
    factories.say(teo, world.room, "Morning!", reply_to=first.pk)
    root = factories.say(teo, world.room, "Who looks at the build?")
    factories.say(mina, world.room, "I do, @teo", thread=root.pk)
    services.add_reaction(actor=mina, room_id=world.room.pk, message_id=root.pk, emoji="👀")
    factories.say(teo, world.rooms["direct"], "Have a minute?")
    world.thread = root.pk
    services.pin_message(actor=mina, room_id=world.room.pk, message_id=first.pk)
    services.add_bookmark(actor=mina, room_id=world.room.pk, message_id=root.pk)
    return world


def newest(room: Room, *, by: User | None = None) -> Message:
    """The newest message that people wrote."""
    found = Message.objects.filter(room=room, deleted_at__isnull=True).exclude(kind="system")
    message = (found.filter(author=by) if by else found).order_by("-seq").first()
    assert message is not None
    return message


# What somebody sees and hears


def plain(value: Any) -> Json:
    """A struct as the client has it."""
    decoded: Json = json.loads(protocol.encode(value))
    return decoded


def sight(world: World, viewer: User) -> dict[str, Json]:
    """Fresh snapshots: home, the open room while one is in it, the thread."""
    found = {
        "home": plain(selectors.home_snapshot(actor=viewer)),
        "attention": plain(selectors.attention_view(actor=viewer)),
    }
    if Membership.objects.filter(room=world.room, user=viewer).exists():
        found["room"] = plain(selectors.room_snapshot(actor=viewer, room_id=world.room.pk))
        found["thread"] = plain(selectors.thread_snapshot(actor=viewer, room_id=world.room.pk, root_id=world.root))
    return found


def comparable(after: dict[str, Json], events: list[Json]) -> set[str]:
    """What the events must lead to. What is kept comes back with a room: a client loads it again after room.added."""
    back = any(event["type"] == "room.added" for event in events)
    return {kind for kind in after if not (back and kind == "attention")}


def heads(world: World) -> dict[str, int]:
    """The head of every topic."""
    topics = [f"room:{pk}" for pk in Room.objects.order_by("pk").values_list("pk", flat=True)]
    topics += [user.topic for user in world.people.values()]
    return {topic: found[0] for topic, found in log.heads(topics).items()}


def frame(topic: str, seq: int) -> Json:
    """One event as the log tells it now."""
    [entry] = log.read(topic, seq - 1, 1)
    decoded: Json = msgspec.json.decode(entry.frame)
    return decoded


def heard(viewer: User, before: dict[str, int], after: dict[str, int]) -> list[tuple[str, int]]:
    """(topic, seq) of what came since: rooms first, then the person's own topic, as services append."""
    own = [name for name in after if name.startswith("room:")] + [viewer.topic]
    return [(name, seq) for name in own for seq in range(before.get(name, 0) + 1, after[name] + 1)]


def reduced(kind: str, state: Json, events: list[Json], me: int) -> Json:
    """The snapshot after the events."""
    for event in events:
        state = REDUCERS[kind](state, event, me)
    return state


# Transcripts


def transcript(name: str, kind: str, viewer: User, before: Json, events: list[Json], after: Json) -> str:
    """The file of one transcript, the same on every run: ids and times are numbered."""
    whole = {
        "name": name,
        "me": viewer.pk,
        "snapshot": kind,
        "before": before,
        "events": events,
        "after": after,
    }
    return tidied(json.dumps(whole, ensure_ascii=False, indent=1)) + "\n"


def tidied(text: str) -> str:
    """A text in which what differs from run to run is numbered."""
    text = _MADE_UP.sub(r"\1-00000000", text)
    ids = list(dict.fromkeys(_UUID.findall(text)))
    text = _UUID.sub(lambda match: f"00000000-0000-4000-8000-{ids.index(match[0]):012x}", text)
    stamps = sorted(set(_STAMP.findall(text)))
    return _STAMP.sub(lambda match: _stamp(stamps.index(match[0])), text)


def _stamp(number: int) -> str:
    return (FIRST_STAMP + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def path_of(name: str, kind: str) -> Path:
    """Where a transcript is kept."""
    return FOLDER / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.{kind}.json"
