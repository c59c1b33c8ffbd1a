"""Makes people and logged-in sessions in the database of a subject, and writes their cookies, one a line.

Called by bench.subjects as a program of its own, with the subject's settings in DJANGO_SETTINGS_MODULE.
Never signs anybody in over HTTP: two thousand logins would measure the password hash.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

BATCH = 500


def make_people(count: int) -> list[Any]:
    """People `person0` … with no usable password."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    password = "!bench"
    rows = [
        model(username=f"person{index}", email=f"person{index}@example.org", password=password)
        for index in range(count)
    ]
    model.objects.bulk_create(rows, batch_size=BATCH)
    return list(model.objects.order_by("pk"))


def make_sessions(people: list[Any]) -> list[str]:
    """The Cookie header of one session for each."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    store = SessionStore()
    until = timezone.now() + timedelta(days=1)
    rows = []
    for person in people:
        data = store.encode(
            {
                SESSION_KEY: str(person.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: person.get_session_auth_hash(),
            }
        )
        rows.append(Session(session_key=f"benchsession{person.pk:020d}", session_data=data, expire_date=until))
    Session.objects.bulk_create(rows, batch_size=BATCH)
    return [f"{settings.SESSION_COOKIE_NAME}={row.session_key}" for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--room-people", type=int, default=0, help="ours: members of the room that is talked in")
    parser.add_argument("--documents", type=int, default=0, help="ours: documents in that room")
    parser.add_argument("--cookies", type=Path, required=True)
    options = parser.parse_args()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    people = make_people(options.people)
    if options.room_people:
        from bench.ours.room import make_documents, make_room

        make_room(people[: options.room_people])
        make_documents(options.documents)
    options.cookies.write_text("\n".join(make_sessions(people)) + "\n")


if __name__ == "__main__":
    main()
