"""What a run is given: with the rights of whoever asked, in their room, and nothing that was forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services import sanction_user
from assistant.given import Context
from assistant.models import Note, PersonChoice, RoomChoice, Run
from assistant.prompts import build
from assistant.selectors.context import context_of
from assistant.selectors.runs import view_of
from assistant.services.agents import default_agent
from chat import services as chat
from chat.models import Message, Room
from chat.shapes import BesideView
from editor import services as editor
from editor.models import Document
from realtime.protocol import Refused
from tests.assistant.given import given_to, make_run
from tests.editor.conftest import edit, make_document, push
from tests.factories import make_direct, make_room, say

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def session(teo: User) -> Room:
    return make_direct(teo, default_agent().user)


def texts(messages: object) -> list[str]:
    return [one.text for one in messages]


def test_teo_asks_and_the_room_is_given(mina: User, teo: User, room: Room):
    pinned = say(mina, room, "Read the guide")
    chat.pin_message(actor=mina, room_id=room.pk, message_id=pinned.pk)
    say(mina, room, "The trace is broken")
    gone = say(mina, room, "Never mind")
    chat.delete_message(actor=mina, room_id=room.pk, message_id=gone.pk)
    question = say(teo, room, "@assistant what is broken?")
    say(mina, room, "Said after the question")
    RoomChoice.objects.create(room=room, prompt="Answer in rhymes.")

    found = given_to(teo, room, question)

    assert found.question is not None
    assert found.question.text == "@assistant what is broken?"
    assert texts(found.recent) == ["Read the guide", "The trace is broken"]
    assert texts(found.pins) == ["Read the guide"]
    assert found.recent[-1].author == "Mina Okafor"
    assert found.recent[-1].url == f"/rooms/{room.slug}/m/{found.recent[-1].id}/"
    assert set(found.people) == {"Mina Okafor (@mina)", "Teo Lindqvist (@teo)"}
    assert found.prompts == (("From this room", "Answer in rhymes."),)
    assert (found.direct, found.may_write, found.may_edit) == (False, True, False)


def test_asked_again_the_run_hears_what_was_said_since(mina: User, teo: User, room: Room):
    question = say(teo, room, "@assistant what is broken?")
    answer = say(mina, room, "An earlier answer")
    say(mina, room, "It was the parser")
    found = given_to(teo, room, question, answer_no=2, message=answer)
    assert texts(found.recent) == ["It was the parser"]


def test_in_a_thread_the_thread_is_given_first(mina: User, teo: User, room: Room):
    say(mina, room, "Before")
    root = say(mina, room, "Shall we ship?")
    say(teo, room, "I think so", thread=root.pk)
    question = say(teo, room, "@assistant what is left?", thread=root.pk)
    found = given_to(teo, room, question)
    assert texts(found.thread) == ["Shall we ship?", "I think so"]
    assert texts(found.recent) == ["Before"]


def test_what_a_question_quotes_is_given(mina: User, teo: User, room: Room):
    quoted = say(mina, room, "The second cursor is lost")
    question = say(teo, room, "@assistant why?", reply_to=quoted.pk)
    found = given_to(teo, room, question)
    assert found.quoted is not None
    assert found.quoted.text == "The second cursor is lost"


def test_an_answer_that_is_still_written_is_not_given(mina: User, teo: User, room: Room):
    first = say(mina, room, "@assistant first")
    run = make_run(mina, room, first)
    chat.begin_answer(author=run.agent.user, asker=mina, room_id=room.pk, run=view_of(run))
    found = given_to(teo, room, say(teo, room, "@assistant second"))
    assert texts(found.recent) == ["@assistant first"]


def test_the_document_beside_the_question_is_given_with_the_chosen_lines(mina: User, teo: User, room: Room):
    document = make_document(mina, room, name="session.py", text="one\ntwo\nthree\n")
    beside = BesideView(topic=f"document:{document.pk}", seq=0, start=4, end=7)
    question = say(teo, room, "@assistant what is this?", beside=beside)
    push(mina, document, 0, edit("one\ntwo\nthree\n", 0, 0, "zero\n"))
    found = given_to(teo, room, question)
    assert found.document is not None
    assert found.document.text == "zero\none\ntwo\nthree\n"
    assert found.document.url == f"/rooms/{room.slug}/?doc={document.pk}&v=1"
    chosen = found.document.selected
    assert chosen is not None
    assert (chosen.text, chosen.first_line, chosen.last_line) == ("two", 3, 3)
    assert [one.name for one in found.documents] == ["session.py"]


def test_chosen_lines_that_are_gone_are_given_as_they_were(mina: User, teo: User, room: Room):
    document = make_document(mina, room, text="one\ntwo\nthree\n")
    beside = BesideView(topic=f"document:{document.pk}", seq=0, start=4, end=7)
    question = say(teo, room, "@assistant what is this?", beside=beside)
    push(mina, document, 0, edit("one\ntwo\nthree\n", 3, 8, ""))
    found = given_to(teo, room, question)
    assert found.document is not None
    assert found.document.selected is not None
    assert found.document.selected.text == "two"


def test_a_document_of_another_room_is_not_given_though_the_asker_may_read_it(
    mina: User, teo: User, room: Room, secret: Room
):
    document = make_document(mina, secret, text="the salaries\n")
    question = say(teo, room, "@assistant read it", beside=BesideView(topic=f"document:{document.pk}", seq=0))
    found = given_to(teo, room, question)
    assert found.document is None
    for topic, seq in (("document:999999999", 0), ("board:1", 0), (f"document:{document.pk}", 99)):
        other = say(teo, room, "@assistant read it", beside=BesideView(topic=topic, seq=seq))
        assert given_to(teo, room, other).document is None


def test_a_deleted_document_is_not_given(mina: User, teo: User, room: Room, document: Document):
    question = say(teo, room, "@assistant?", beside=BesideView(topic=f"document:{document.pk}", seq=0))
    editor.delete_document(actor=mina, document_id=document.pk)
    assert given_to(teo, room, question).document is None


@pytest.fixture
def document(mina: User, room: Room) -> Document:
    return make_document(mina, room, text="one\n")


def test_whoever_left_the_room_is_given_nothing(mina: User, teo: User, room: Room):
    run = make_run(teo, room, say(teo, room, "@assistant?"))
    chat.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk)
    with pytest.raises(Refused, match="not in this room") as refused:
        given(run)
    assert refused.value.code == "not_member"


def test_whoever_is_suspended_is_given_nothing(mina: User, teo: User, room: Room):
    run = make_run(teo, room, say(teo, room, "@assistant?"))
    mina.is_staff = mina.is_superuser = True
    mina.save()
    sanction_user(actor=mina, user=teo, kind="ban", reason="Spam, again and again")
    with pytest.raises(Refused) as refused:
        given(run)
    assert refused.value.code == "banned"


def test_a_deleted_question_is_not_answered(teo: User, room: Room):
    question = say(teo, room, "@assistant?")
    run = make_run(teo, room, question)
    chat.delete_message(actor=teo, room_id=room.pk, message_id=question.pk)
    with pytest.raises(Refused) as refused:
        given(run)
    assert refused.value.code == "gone"


def given(run: Run) -> Context:
    return context_of(run_id=run.pk)


def test_a_session_remembers_its_notes_and_its_talk(teo: User, session: Room):
    say(teo, session, "I write Python")
    Note.objects.create(user=teo, text="Likes short answers")
    found = given_to(teo, session, say(teo, session, "And now?"))
    assert found.direct
    assert texts(found.recent) == ["I write Python"]
    assert found.notes == ("Likes short answers",)


def test_what_was_forgotten_is_not_given(teo: User, session: Room):
    say(teo, session, "My secret plan")
    PersonChoice.objects.create(user=teo, forgotten_at=timezone.now())
    say(teo, session, "Something new")
    found = given_to(teo, session, say(teo, session, "And now?"))
    assert texts(found.recent) == ["Something new"]


def test_without_memory_only_the_talk_of_this_hour_is_given(teo: User, session: Room):
    Note.objects.create(user=teo, text="Likes short answers")
    PersonChoice.objects.create(user=teo, remembers=False)
    old = say(teo, session, "Yesterday's plan")
    Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=3))
    say(teo, session, "A minute ago")
    found = given_to(teo, session, say(teo, session, "And now?"))
    assert found.notes == ()
    assert texts(found.recent) == ["A minute ago"]


def test_notes_are_given_in_no_other_room(mina: User, teo: User, room: Room, session: Room):
    Note.objects.create(user=teo, text="Likes short answers")
    group = make_direct(teo, mina, default_agent().user)
    for place in (room, group):
        found = given_to(teo, place, say(teo, place, "@assistant?"))
        assert not found.direct
        assert found.notes == ()


def test_one_persons_session_holds_nothing_of_anothers(mina: User, teo: User, session: Room):
    mine = make_direct(mina, default_agent().user)
    say(mina, mine, "Mina's own plan")
    Note.objects.create(user=mina, text="Mina's note")
    found = given_to(teo, session, say(teo, session, "What does Mina plan?"))
    assert "Mina" not in str(found).replace("What does Mina plan?", "")


def test_a_summary_is_given_what_was_said_and_edited_since(mina: User, teo: User, room: Room):
    say(mina, room, "Old news")
    since = Message.objects.filter(room=room).latest("seq").seq
    root = say(mina, room, "We found it")
    say(mina, room, "In the parser", thread=root.pk)
    document = make_document(mina, room, name="parser.py", text="one\n")
    push(mina, document, 0, edit("one\n", 0, 3, "two\nthree"))
    found = given_to(teo, room, None, since_seq=since)
    assert found.kind == "summary"
    assert texts(found.recent) == ["We found it", "In the parser"]
    assert [(one.name, one.people, one.added, one.removed) for one in found.edited] == [
        ("parser.py", ("Mina Okafor",), 2, 0)
    ]
    prompt = build(found, budget_tokens=4_000)
    assert prompt.sources[0].label == "parser.py, +2 −0"


def test_a_muted_asker_is_told_that_they_may_not_write(mina: User, teo: User, room: Room):
    question = say(teo, room, "@assistant?")
    chat.sanction_member(actor=mina, room_id=room.pk, user_id=teo.pk, kind="mute", seconds=600, reason="Too much talk")
    assert not given_to(teo, room, question).may_write


def test_a_large_room_is_given_in_part(mina: User, teo: User):
    big = make_room(mina, teo, name="Busy")
    for number in range(70):
        chat.send_message(actor=mina, room_id=big.pk, cid=uuid4(), body=f"message {number}")
    found = given_to(teo, big, say(teo, big, "@assistant?"))
    assert len(found.recent) == 60
    assert found.recent[-1].text == "message 69"
    assert found.more_before
