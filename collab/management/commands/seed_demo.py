"""`manage.py seed_demo`: a small invented team with rooms and conversation, to look at and to try things in.

Called by bin/run on the first start and by hand. All of it or nothing is made, once; it never touches other people's
accounts and rooms.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import msgspec
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.services import create_person
from assistant.services.choices import RoomWish, choose_for_room
from chat import services
from collab.management import drawing, writing
from collab.management.charting import make_boards
from collab.management.writing import write_document

if TYPE_CHECKING:
    from accounts.models import User

DATA: Final = Path(__file__).resolve().parents[1] / "demo.toml"
DOMAIN: Final = "northwind.example"
PASSWORD_CHARS: Final = 12

_DAYS: Final = re.compile(r"(\d+)d (\d\d):(\d\d)")
_MINUTES: Final = re.compile(r"(\d+)m")


class Person(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody of the team."""

    name: str
    shown: str
    zone: str
    admin: bool = False


class Say(msgspec.Struct, forbid_unknown_fields=True):
    """A message; `thread` and `quote` are keys of earlier ones, `react` is emoji to names, `pin` who pins it.

    `files` are names of what collab.management.drawing makes; `report` names who asks a moderator, with their notes.

    `saved` names those who save it for later.
    """

    who: str
    at: str
    text: str
    key: str = ""
    thread: str = ""
    quote: str = ""
    also_in_room: bool = False
    edit: str = ""
    edited: str = ""
    react: dict[str, list[str]] = {}
    files: list[str] = []
    pin: str = ""
    report: dict[str, str] = {}
    saved: list[str] = []


class Join(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody comes in by themselves."""

    who: str
    at: str


class Room(msgspec.Struct, forbid_unknown_fields=True):
    """A room and what is said in it; direct and group rooms have no slug. `prompt` is the assistant's in this room."""

    made: str
    owner: str
    members: list[str]
    says: list[Say]
    kind: str = "public"
    slug: str = ""
    purpose: str = ""
    joins: list[Join] = []
    unread: dict[str, int] = {}
    drafts: dict[str, str] = {}
    read_only: bool = False
    archived: str = ""
    prompt: str = ""


class Demo(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    people: list[Person]
    rooms: list[Room]


def read_demo() -> Demo:
    """The team and its rooms as they stand in the data file."""
    return msgspec.toml.decode(DATA.read_bytes(), type=Demo)


class Command(BaseCommand):
    """`manage.py seed_demo [--if-empty] [--password PASSWORD]`."""

    help = "Make the demo team, once. Prints who can sign in."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="Only where nobody has an account yet.")
        parser.add_argument("--password", help="Of everybody; default: $DEMO_PASSWORD, else one is made.")

    def handle(self, *args: Any, **options: Any) -> None:
        demo = read_demo()
        given = options["password"] or os.environ.get("DEMO_PASSWORD", "")
        people = get_user_model().objects
        known = dict(people.filter(email__endswith=f"@{DOMAIN}").values_list("username", "email"))
        if all(person.name in known for person in demo.people):
            self._tell(demo, _kept_password(demo.people))
        elif not (options["if_empty"] and people.exclude(kind="assistant").exists()):
            _check_names(demo, known)
            password = given or secrets.token_urlsafe(PASSWORD_CHARS)
            _check_password(password)
            with transaction.atomic():
                seed(demo, password=password, now=timezone.now())
                _keep_password("" if given else password)
            self._tell(demo, "the one that was given" if given else password)

    def _tell(self, demo: Demo, password: str) -> None:
        names = ", ".join(person.name for person in demo.people if not person.admin)
        staff = ", ".join(person.name for person in demo.people if person.admin)
        self.stdout.write(f"Sign in as {names}, or as {staff}, who also sees /admin/.")
        self.stdout.write(f"Password of all of them: {password or 'as it was set'}")
        self.stdout.write("Unread messages and mentions wait for jun.")


def _check_names(demo: Demo, known: Collection[str]) -> None:
    names = [person.name for person in demo.people]
    taken = get_user_model().objects.filter(username__in=names).exclude(username__in=known)
    for name in taken.values_list("username", flat=True):
        raise CommandError(f"@{name} is somebody else here; the demo needs that name. Nothing was made.")
    if known:
        raise CommandError("A part of the demo's people is here already. Nothing was made.")


def _check_password(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _password_file() -> Path:
    return Path(settings.DATA_DIR) / "demo_password"


def _keep_password(password: str) -> None:
    """Keeps a made password for the next start, readable to the server's user only."""
    path = _password_file()
    path.unlink(missing_ok=True)
    if password:
        path.touch(mode=0o600)
        path.write_text(password)


def _kept_password(people: list[Person]) -> str:
    """The password that was made, as long as the admin still has it."""
    path = _password_file()
    admin = get_user_model().objects.filter(username__in=[person.name for person in people if person.admin]).first()
    password = path.read_text() if path.exists() else ""
    return password if password and admin is not None and admin.check_password(password) else ""


def seed(demo: Demo, *, password: str, now: datetime) -> None:
    """Makes everybody and everything, as if it had happened over the last days; call it in a transaction."""
    people = {
        person.name: create_person(
            actor=None,
            username=person.name,
            display_name=person.shown,
            email=f"{person.name}@{DOMAIN}",
            password=password,
            time_zone=person.zone,
            is_staff=person.admin,
            is_superuser=person.admin,
        )
        for person in demo.people
    }
    stories = [_Story(room, people, now) for room in demo.rooms]
    rooms = {room.slug: story.room_id for room, story in zip(demo.rooms, stories, strict=True)}
    for story in stories:
        story.tell()
    for document in writing.read_documents():
        write_document(document, room_id=rooms[document.room], people=people, when=lambda text: moment(text, now))
    for story in stories:
        story.read()
    make_boards(people=people, staff=[person.name for person in demo.people if person.admin], rooms=rooms, now=now)


def moment(text: str, now: datetime) -> datetime:
    """When something was: `2d 09:14` is two days ago at that time of day, `48m` is 48 minutes ago.

    Raises:
        ValueError: it is neither.
    """
    if match := _DAYS.fullmatch(text):
        days, hour, minute = map(int, match.groups())
        return datetime.combine(now.date() - timedelta(days=days), time(hour, minute), UTC)
    if match := _MINUTES.fullmatch(text):
        return now - timedelta(minutes=int(match[1]))
    raise ValueError(f"{text!r} is no time of the demo")


class _Story:
    """One room, told from its beginning."""

    def __init__(self, room: Room, people: dict[str, User], now: datetime) -> None:
        self._room = room
        self._people = people
        self._now = now
        self._ids: dict[str, UUID] = {}
        self._seqs: list[int] = []
        self._roots: set[UUID] = set()
        self.room_id = self._make()

    def _at(self, text: str) -> datetime:
        return moment(text, self._now)

    def _make(self) -> int:
        room = self._room
        owner, others = self._people[room.owner], [self._people[name].pk for name in room.members]
        at = self._at(room.made)
        if room.kind in {"direct", "group"}:
            return services.open_direct(actor=owner, users=others, at=at).room.id
        made = services.create_room(
            actor=owner, cid=uuid4(), kind=room.kind, name=room.slug, purpose=room.purpose, members=others, at=at
        )
        return made.room.id

    def tell(self) -> None:
        """Everything in the order in which it happened."""
        if self._room.read_only:
            self._change(services.RoomChange(read_only=True), self._room.made)
        steps: list[Join | Say] = [*self._room.joins, *self._room.says]
        for step in sorted(steps, key=lambda step: self._at(step.at)):
            if isinstance(step, Join):
                services.join_room(actor=self._people[step.who], room_id=self.room_id, at=self._at(step.at))
            else:
                self._say(step)
        if self._room.prompt:
            wish = RoomWish(prompt=self._room.prompt)
            choose_for_room(actor=self._people[self._room.owner], room_id=self.room_id, wish=wish)
        if self._room.archived:
            self._change(services.RoomChange(archived=True), self._room.archived)

    def read(self) -> None:
        """Who has read how far, when all is said."""
        for name in [self._room.owner, *self._room.members, *(join.who for join in self._room.joins)]:
            self._read(name)
        for name, body in self._room.drafts.items():
            services.save_draft(
                actor=self._people[name], room_id=self.room_id, thread=None, body=body, reply_to=None, rev=0
            )

    def _say(self, say: Say) -> None:
        who = self._people[say.who]
        sent = services.send_message(
            actor=who,
            room_id=self.room_id,
            cid=uuid4(),
            body=say.text.strip("\n"),
            thread=self._ids[say.thread] if say.thread else None,
            reply_to=self._ids[say.quote] if say.quote else None,
            also_in_room=say.also_in_room,
            attachments=[self._store(who, name) for name in say.files],
            at=self._at(say.at),
        )
        self._ids[say.key or str(sent.id)] = sent.id
        if not say.thread or say.also_in_room:
            self._seqs.append(sent.seq)
        if say.edit:
            services.edit_message(
                actor=who,
                room_id=self.room_id,
                message_id=sent.id,
                body=say.edit.strip("\n"),
                at=self._at(say.edited),
            )
        for emoji, names in say.react.items():
            for name in names:
                services.add_reaction(actor=self._people[name], room_id=self.room_id, message_id=sent.id, emoji=emoji)
        self._keep(say, sent.id)

    def _keep(self, say: Say, message_id: UUID) -> None:
        if say.thread:
            self._roots.add(self._ids[say.thread])
        for name, note in say.report.items():
            services.report_message(
                actor=self._people[name], room_id=self.room_id, message_id=message_id, reason="private", note=note
            )
        if say.pin:
            services.pin_message(
                actor=self._people[say.pin], room_id=self.room_id, message_id=message_id, at=self._at(say.at)
            )
        for name in say.saved:
            services.add_bookmark(actor=self._people[name], room_id=self.room_id, message_id=message_id)

    def _store(self, who: User, name: str) -> UUID:
        """A file of the demo, uploaded."""
        with TemporaryDirectory() as folder:
            source = Path(folder) / "upload"
            source.write_bytes(drawing.FILES[name]())
            view, _ = services.store_upload(
                actor=who, room_id=self.room_id, upload_id=uuid4(), name=name, source=source
            )
        return view.id

    def _change(self, change: services.RoomChange, at: str) -> None:
        services.update_room(actor=self._people[self._room.owner], room_id=self.room_id, change=change, at=self._at(at))

    def _read(self, name: str) -> None:
        left = self._room.unread.get(name, 0)
        seq = self._seqs[-left] - 1 if left else 2**31
        services.set_read(actor=self._people[name], room_id=self.room_id, seq=seq)
        for root in () if left else self._roots:
            services.set_thread_read(actor=self._people[name], room_id=self.room_id, root_id=root, seq=2**31)
