"""What happened while somebody was away: counted without a model, summed up with one, each sentence to its source."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from assistant.marks import link_marks, summary_html
from assistant.models import Run
from chat import services as chat
from chat.models import Message, Room
from chat.selectors.since import is_question
from editor import services as editor
from tests.assistant.given import context, make_run, said
from tests.editor.conftest import edit, make_document, push
from tests.factories import say
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def ask(user: User, room: Room, since: int) -> Any:
    answer = signed_in(user).get(f"/api/rooms/{room.pk}/catch-up/", {"since": since})
    assert answer.status_code == 200, answer.content
    return answer.json()


def head(room: Room) -> int:
    return Message.objects.filter(room=room).latest("seq").seq


def test_teo_was_away(mina: User, teo: User, room: Room):
    say(mina, room, "Old?")
    since = head(room)
    open_question = say(mina, room, "Who runs the trace again?")
    answered = say(mina, room, "Is it Monday?")
    say(teo, room, "It is", thread=answered.pk)
    quoted = say(mina, room, "Is it fixed?")
    say(teo, room, "Yes", reply_to=quoted.pk)
    gone = say(mina, room, "Forget this?")
    chat.delete_message(actor=mina, room_id=room.pk, message_id=gone.pk)
    mention = say(mina, room, "@teo please look")
    document = make_document(mina, room, name="session.py", text="one\ntwo\n")
    push(mina, document, 0, edit("one\ntwo\n", 4, 7, "zwei\ndrei"))
    url = f"/rooms/{room.slug}/"

    found = ask(teo, room, since)

    assert found["messages"] == 4
    assert [person["name"] for person in found["people"]] == ["mina"]
    assert [(one["message"], one["url"]) for one in found["mentions"]] == [(str(mention.pk), f"{url}m/{mention.pk}/")]
    assert [one["excerpt"] for one in found["questions"]] == [open_question.body]
    assert found["files"] == [
        {
            "document": document.pk,
            "name": "session.py",
            "people": [mina.pk],
            "added": 3,
            "removed": 0,
            "from_version": 0,
            "version": 1,
            "url": f"{url}?doc={document.pk}&v=0",
        }
    ]
    assert found["head_seq"] >= head(room)
    assert found["run"] is None


def test_an_older_document_tells_lines_that_came_and_went(mina: User, teo: User, room: Room):
    document = make_document(mina, room, name="session.py", text="one\ntwo\nthree\n")
    push(mina, document, 0, edit("one\ntwo\nthree\n", 0, 0, "zero\n"))
    say(mina, room, "See you")
    push(teo, document, 1, edit("zero\none\ntwo\nthree\n", 0, 5, ""))
    push(mina, document, 2, edit("one\ntwo\nthree\n", 4, 14, "2\n3\n4\n"))
    [file] = ask(teo, room, head(room))["files"]
    assert (file["from_version"], file["version"], file["added"], file["removed"]) == (1, 3, 3, 3)
    assert file["people"] == [mina.pk, teo.pk]


def test_what_one_did_oneself_is_no_news(mina: User, teo: User, room: Room):
    since = head(room)
    say(teo, room, "I wonder?")
    document = make_document(teo, room, text="one\n")
    push(teo, document, 0, edit("one\n", 0, 3, "two"))
    found = ask(teo, room, since)
    assert (found["messages"], found["files"], found["questions"]) == (0, [], [])
    assert ask(mina, room, since)["messages"] == 1


def test_a_deleted_document_is_no_news(mina: User, teo: User, room: Room):
    since = head(room)
    document = make_document(mina, room, text="one\n")
    push(mina, document, 0, edit("one\n", 0, 3, "two"))
    editor.delete_document(actor=mina, document_id=document.pk)
    assert ask(teo, room, since)["files"] == []


def test_nobody_catches_up_on_a_room_they_may_not_see(ines: User, secret: Room):
    client = signed_in(ines)
    assert client.get(f"/api/rooms/{secret.pk}/catch-up/", {"since": 0}).status_code == 404
    assert client.get("/api/rooms/999999/catch-up/", {"since": 0}).status_code == 404
    assert client.get(f"/api/rooms/{secret.pk}/catch-up/").status_code == 400
    assert client.get(f"/api/rooms/{secret.pk}/catch-up/", {"since": "x"}).status_code == 400
    assert client.post(f"/api/rooms/{secret.pk}/catch-up/").status_code == 405


def test_a_summary_is_shown_until_something_is_said(mina: User, teo: User, room: Room):
    since = head(room)
    say(mina, room, "News")
    run = make_run(teo, room, None, since_seq=since, html="<p>Mina had news.</p>")
    assert ask(teo, room, since)["run"] is None  # it is not ready
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)
    assert ask(teo, room, since) | {"run": str(run.pk), "html": "<p>Mina had news.</p>"} == ask(teo, room, since)
    assert ask(mina, room, since)["html"] == ""
    assert ask(teo, room, since + 1)["html"] == ""
    Message.objects.filter(pk=say(mina, room, "More").pk).update(created_at=timezone.now() + timedelta(seconds=1))
    assert ask(teo, room, since)["html"] == ""


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        pytest.param("Why?", True, id="plain"),
        pytest.param("Why? ", True, id="blank"),
        pytest.param("**Why?**", True, id="bold"),
        pytest.param("(why?)", True, id="brackets"),
        pytest.param("なぜ？", True, id="wide"),
        pytest.param("لماذا؟", True, id="arabic"),
        pytest.param("Why.", False, id="point"),
        pytest.param("? no", False, id="before"),
    ],
)
def test_a_question_ends_with_its_mark(body: str, asks: bool):
    assert is_question(body) is asks


# Marks of a summary


MARKS = {
    "#12": ("Mina, 09:12", "/rooms/core/m/a/"),
    "#15": ("Teo [x](y), 09:15", "/rooms/core/m/b/"),
    "@1": ("a*b.py", "/d"),
}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("- Found it [#12]", r"- Found it [Mina, 09\:12](/rooms/core/m/a/)"),
        ("Both agreed [#12] [#12].", r"Both agreed [Mina, 09\:12](/rooms/core/m/a/) [Mina, 09\:12](/rooms/core/m/a/)."),
        ("Changed [@1]", r"Changed [a\*b\.py](/d)"),
        ("Other room [#99], evil [#12](http://evil.example).", r"Other room, evil [Mina, 09\:12](/rooms/core/m/a/)."),
        ("Joined [#12, #99; @1]", r"Joined [Mina, 09\:12](/rooms/core/m/a/) [a\*b\.py](/d)"),
        ("An array [1] stays", "An array [1] stays"),
    ],
    ids=["one", "twice", "document", "unknown", "joined", "none"],
)
def test_marks_become_links_only_where_they_were_given(text: str, linked: str):
    assert link_marks(text, MARKS) == linked


def test_a_summary_shows_no_foreign_pictures_and_no_scripts():
    made = context(
        kind="summary",
        question=None,
        recent=(said("x", seq=12, author="<img src=x onerror=alert(1)> [a](javascript:b) @teo"),),
    )
    text = "![p](https://evil.example/?q=1) [l](javascript:alert(1)) <script>x</script> @teo said so [#12]"
    html = summary_html(text=text, context=made)
    assert "<img" not in html
    assert "<script" not in html
    assert 'href="javascript:' not in html
    assert 'class="at"' not in html
    assert f'href="{made.recent[0].url}"' in html
