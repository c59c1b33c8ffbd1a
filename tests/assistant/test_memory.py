"""What a person's own session remembers: read and forgotten by that person, and known to nobody else."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from assistant.models import Note, PersonChoice
from assistant.services import memory
from assistant.services.agents import default_agent
from chat.models import Room
from realtime.protocol import Refused
from tests.assistant.given import given_to
from tests.factories import make_direct, make_person, say
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def test_teo_reads_what_is_remembered_and_forgets_it(teo: User):
    first = memory.remember(actor=teo, text="Likes tabs")
    memory.remember(actor=teo, text="Lives in Turku")
    client = signed_in(teo)
    seen = client.get("/api/assistant/memory/").json()
    assert [note["text"] for note in seen["notes"]] == ["Lives in Turku", "Likes tabs"]
    assert seen["remembers"] is True
    assert seen["forgotten_at"] is None

    assert client.delete(f"/api/assistant/memory/{first.pk}/").status_code == 200
    assert client.delete(f"/api/assistant/memory/{first.pk}/").status_code == 404
    assert [note["text"] for note in client.get("/api/assistant/memory/").json()["notes"]] == ["Lives in Turku"]

    assert client.delete("/api/assistant/memory/").status_code == 200
    assert client.get("/api/assistant/memory/").json()["notes"] == []
    assert client.get("/api/assistant/memory/").json()["forgotten_at"] is None


def test_everything_is_forgotten_with_what_was_said(teo: User):
    session = make_direct(teo, default_agent().user)
    memory.remember(actor=teo, text="Likes tabs")
    say(teo, session, "My plan is secret")
    seen = signed_in(teo).post("/api/assistant/forget/").json()
    assert seen["notes"] == []
    assert seen["forgotten_at"] is not None
    found = given_to(teo, session, say(teo, session, "What is my plan?"))
    assert found.recent == ()
    assert found.notes == ()


def test_nobody_reads_or_forgets_anothers_notes(mina: User, teo: User):
    note = memory.remember(actor=teo, text="Likes tabs")
    client = signed_in(mina)
    assert client.get("/api/assistant/memory/").json()["notes"] == []
    assert client.delete(f"/api/assistant/memory/{note.pk}/").status_code == 404
    client.delete("/api/assistant/memory/")
    client.post("/api/assistant/forget/")
    assert Note.objects.get().text == "Likes tabs"
    assert signed_in(teo).get(f"/api/assistant/memory/{uuid4()}/").status_code == 405


def test_a_note_is_a_line_of_at_most_500_characters(teo: User):
    assert memory.remember(actor=teo, text=" Likes \n tabs ").text == "Likes tabs"
    for text, code in (("x" * 501, "too_large"), ("  ", "invalid"), ("a\x00b", "invalid")):
        with pytest.raises(Refused) as refused:
            memory.remember(actor=teo, text=text)
        assert refused.value.code == code


def test_without_memory_nothing_is_kept(teo: User):
    PersonChoice.objects.create(user=teo, remembers=False)
    with pytest.raises(Refused, match="does not want"):
        memory.remember(actor=teo, text="Likes tabs")


def test_a_strangers_request_is_turned_down(db: None):
    for path in ("memory/", "forget/"):
        assert Client().get(f"/api/assistant/{path}").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_two_at_once_keep_no_more_than_fifty_notes():
    teo = make_person("teo")
    for number in range(48):
        memory.remember(actor=teo, text=f"Fact {number}")
    begin = threading.Barrier(6)

    def note(number: int) -> None:
        begin.wait()
        try:
            memory.remember(actor=teo, text=f"Late {number}")
        except Refused:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=note, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Note.objects.filter(user=teo).count() == 50


def test_the_session_of_a_person_is_one_room(teo: User, room: Room):
    client = signed_in(teo)
    first = client.post("/api/assistant/session/", {}, content_type="application/json").json()
    assert first == client.post("/api/assistant/session/", {}, content_type="application/json").json()
    found = Room.objects.get(pk=first["room"])
    assert found.kind == "direct"
    assert given_to(teo, found, say(teo, found, "Hello")).direct
    assert not given_to(teo, room, say(teo, room, "Hello")).direct
