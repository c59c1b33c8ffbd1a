"""A room full of people with login sessions, in the test's own database or in another one that a test may break.

Run as `python -m tests.faults.cast` it migrates the database of the environment, fills it and tells what it made as
one line of JSON. Used by the fault tests.
"""

import copy
import json
import os
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from asgiref.sync import sync_to_async

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = 20
DOCUMENT = "one\ntwo\n"
BODIES = "SELECT body FROM chat_message WHERE kind = 'user' ORDER BY seq"
SEQS = "SELECT seq FROM realtime_event WHERE topic LIKE 'room:%' ORDER BY seq"


class Cast:
    """The people of the test's own database; the first owns the room and looks after the site.

    Attributes:
        keys: of everybody's session.
        ids: everybody's number.
        document_id: of the document that `begin_document` made.
    """

    def __init__(self) -> None:
        from accounts.services import create_person
        from chat.services import rooms
        from realtime.testing import make_session

        self.people = [
            create_person(
                actor=None, username=f"person{n}", display_name=f"Person {n}", is_staff=n == 0, is_superuser=n == 0
            )
            for n in range(PEOPLE)
        ]
        self.owner = self.people[0]
        others = [person.pk for person in self.people[1:]]
        made = rooms.create_room(
            actor=self.owner, cid=uuid.uuid4(), kind="public", name="Fault room", slug="faults", members=others
        )
        self.room_id = made.room.id
        self.keys = [make_session(person) for person in self.people]
        self.ids = [person.pk for person in self.people]
        self.document_id = 0

    def begin_document(self) -> None:
        """A document in the room, for tests that write one."""
        from editor.services import create_document

        made = create_document(actor=self.owner, room_id=self.room_id, cid=uuid.uuid4(), name="a.py", text=DOCUMENT)
        self.document_id = made.id

    @property
    def topic(self) -> str:
        return f"room:{self.room_id}"

    async def bodies(self) -> list[str]:
        """What was said in the room, in order."""
        return [row[0] for row in await self.rows(BODIES)]

    async def seqs(self) -> list[int]:
        """Of the room's events."""
        return [row[0] for row in await self.rows(SEQS)]

    async def rows(self, query: str) -> list[Any]:
        """What the database answers."""
        return await sync_to_async(self._rows)(query)

    def _rows(self, query: str) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


class CastElsewhere(Cast):
    """The people of another database, made by a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "tests.faults.cast"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        told = json.loads(made.stdout.splitlines()[-1])
        self.environment = environment
        self.room_id, self.document_id = told["room_id"], told["document_id"]
        self.keys, self.ids = told["keys"], told["ids"]
        self._url = environment["DATABASE_URL"]

    def moved_to(self, url: str) -> "CastElsewhere":
        """The same people in a copy of their database."""
        moved = copy.copy(self)
        moved.environment, moved._url = {**self.environment, "DATABASE_URL": url}, url
        return moved

    def _rows(self, query: str) -> list[Any]:
        if self._url.startswith("postgresql"):
            with psycopg.connect(self._url) as server:
                return server.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]
        file = sqlite3.connect(urlsplit(self._url).path)
        try:
            return file.execute(query).fetchall()
        finally:
            file.close()


def main() -> None:
    """Fills the database of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    cast = Cast()
    cast.begin_document()
    told = {name: getattr(cast, name) for name in ("room_id", "document_id", "keys", "ids")}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
