"""What the assistant may do: with the rights of whoever asked, as they are at each call, in the room of its run."""

from __future__ import annotations

import json
import random
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import User
from assistant.models import Note, PersonChoice, RoomChoice, Run
from assistant.services.agents import default_agent
from assistant.tools import ToolResult, call, execute, offered
from assistant.tools.declared import TOOLS, schema_of
from assistant.tools.work import CONTENT_CHARS
from chat import services as chat
from chat.models import Message, Room
from chat.shapes import SourceView
from editor import selectors as editor_selectors
from editor import services as editor
from editor.models import Document, Update
from realtime import testing
from tests.assistant.given import context, given_to, make_run
from tests.editor.conftest import edit, make_document, push
from tests.factories import give_role, make_direct, make_person, make_room, say

pytestmark = [pytest.mark.django_db, pytest.mark.stack]
CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


@pytest.fixture
def run(teo: User, room: Room) -> Run:
    return make_run(teo, room, say(teo, room, "@assistant please"))


@pytest.fixture
def document(mina: User, room: Room) -> Document:
    return make_document(mina, room, name="session.py", text=CODE)


def use(run: Run, tool: str, /, **arguments: Any) -> ToolResult:
    return call(run_id=run.pk, name=tool, arguments=arguments)


def text_of(document: Document, reader: User) -> str:
    return editor_selectors.view_text(actor=reader, document_id=document.pk).text


# Reading


def test_it_searches_the_room(mina: User, teo: User, room: Room, run: Run):
    said = say(mina, room, "The parser drops the second cursor")
    found = use(run, "search_messages", query="parser cursor")
    assert not found.refused
    assert f"[#{said.seq}]" in found.content
    assert "Mina Okafor: The parser drops the second cursor" in found.content
    assert [source.url for source in found.sources] == [f"/rooms/{room.slug}/m/{said.pk}/"]


def test_no_search_reaches_another_room_of_the_asker(mina: User, teo: User, room: Room, secret: Room, run: Run):
    say(mina, secret, "The salary of Ines is secret")
    session = make_direct(teo, default_agent().user)
    say(teo, session, "My salary wish")
    for query in (
        "salary",
        "salary in:Hiring",
        f"salary in:{room.slug} in:Hiring",
        "salary in:@assistant",
        "from:teo salary",
    ):
        found = use(run, "search_messages", query=query)
        assert "secret" not in found.content
        assert "wish" not in found.content
        assert found.sources == ()


def test_a_search_that_means_nothing_says_why(run: Run):
    found = use(run, "search_messages", query="from:nobody cursor")
    assert found.refused
    assert "nobody" in found.content


def test_it_reads_a_thread_by_number_and_by_link(mina: User, teo: User, room: Room, run: Run):
    root = say(mina, room, "Shall we ship?")
    reply = say(teo, room, "On Monday", thread=root.pk)
    for message in (str(root.seq), f"#{reply.seq}", f"[#{reply.seq}]", f"https://site/rooms/{room.slug}/m/{reply.pk}/"):
        found = use(run, "read_thread", message=message)
        assert not found.refused
        assert "Mina Okafor: Shall we ship?" in found.content
        assert "Teo Lindqvist: On Monday" in found.content


def test_a_message_without_a_thread_is_read_with_those_around_it(mina: User, room: Room, run: Run):
    say(mina, room, "Before")
    middle = say(mina, room, "Middle")
    say(mina, room, "After")
    found = use(run, "read_thread", message=str(middle.seq))
    assert [line.rpartition(": ")[2] for line in found.content.split("\n")][-3:] == ["Before", "Middle", "After"]


def test_messages_of_other_rooms_are_as_if_they_were_not_there(mina: User, room: Room, secret: Room, run: Run):
    hidden = say(mina, secret, "Secret")
    for message in (str(hidden.pk), f"/rooms/x/m/{hidden.pk}/", str(uuid4()), "999999", "nonsense"):
        found = use(run, "read_thread", message=message)
        assert found.refused
        assert "Secret" not in found.content


def test_it_reads_lines_of_a_document(mina: User, room: Room, run: Run, document: Document):
    found = use(run, "read_document", name="session.py", from_line=5)
    assert found.content.split("\n")[0] == "session.py, version 0: lines 5 to 7 of 7."
    assert "5| def two():\n6|     return 2" in found.content
    assert found.sources == (
        SourceView(kind="document", label="session.py, lines 5–7", url=f"/rooms/{room.slug}/?doc={document.pk}&v=0"),
    )
    assert use(run, "read_document", name="Session.PY").sources[0].label == "session.py"


def test_a_long_document_is_read_in_parts(mina: User, room: Room, run: Run):
    make_document(mina, room, name="long.txt", text="".join(f"this is line {n}\n" for n in range(1, 2_001)))
    found = use(run, "read_document", name="long.txt", from_line=100)
    assert len(found.content) <= CONTENT_CHARS
    assert "Ask from_line" in found.content
    assert "100| this is line 100" in found.content
    wide = make_document(mina, room, name="wide.txt", text="x" * 50_000)
    assert len(use(run, "read_document", name=wide.name).content) <= CONTENT_CHARS
    assert use(run, "read_document", name=wide.name, from_line=7).refused


def test_an_unknown_document_is_answered_with_the_names_there_are(
    mina: User, room: Room, secret: Room, run: Run, document: Document
):
    make_document(mina, secret, name="salaries.csv", text="a lot")
    gone = make_document(mina, room, name="old.py", text="gone")
    editor.delete_document(actor=mina, document_id=gone.pk)
    for name in ("salaries.csv", "old.py", "../settings.py"):
        found = use(run, "read_document", name=name)
        assert found.refused
        assert "There are: session.py." in found.content


def test_it_lists_who_is_there(run: Run):
    found = use(run, "list_people")
    assert set(found.content.split("\n")) == {"Mina Okafor (@mina): owner", "Teo Lindqvist (@teo): member"}


# Suggesting and editing


def test_it_suggests_changes_that_wait_for_people(mina: User, teo: User, room: Room, run: Run, document: Document):
    edits = [{"quote": "return 2", "text": "return 3", "note": "two was wrong"}]
    for _ in range(2):  # the same call again is the same suggestion
        found = use(run, "propose_edit", document="session.py", edits=edits, title="Mend two")
        assert not found.refused
        assert found.wrote == (document.pk,)
        assert "1 change of session.py (+1 −1)" in found.content
    assert text_of(document, teo) == CODE
    [suggestion] = editor_selectors.suggestions(actor=mina, document_id=document.pk).suggestions
    assert (suggestion.run, suggestion.author, suggestion.asked_by) == (str(run.pk), run.agent_id, teo.pk)
    assert suggestion.hunks[0].note == "two was wrong"


def test_a_quote_that_is_not_there_is_answered_with_what_to_do(run: Run, document: Document):
    found = use(run, "propose_edit", document="session.py", edits=[{"quote": "return 9", "text": "x"}])
    assert found.refused
    assert "not in the document" in found.content
    assert found.wrote == ()


def test_without_the_rooms_leave_it_edits_nothing(teo: User, run: Run, document: Document):
    found = use(run, "edit_document", document="session.py", edits=[{"quote": "return 2", "text": "return 3"}])
    assert found.refused
    assert "propose_edit" in found.content
    assert text_of(document, teo) == CODE


def test_with_the_rooms_leave_it_edits(teo: User, room: Room, run: Run, document: Document):
    RoomChoice.objects.create(room=room, may_edit=True)
    found = use(
        run,
        "edit_document",
        document="session.py",
        edits=[{"quote": "return 2", "text": "return 3"}, {"quote": "def one():\n", "text": "def uno():\n"}],
    )
    assert not found.refused
    assert found.wrote == (document.pk,)
    assert text_of(document, teo) == CODE.replace("return 2", "return 3").replace("one", "uno")
    assert {(row.author_id, row.run) for row in Update.objects.filter(document=document)} == {
        (run.agent_id, str(run.pk))
    }


def test_a_long_text_comes_in_pieces_and_is_whole(teo: User, room: Room, run: Run, document: Document):
    RoomChoice.objects.create(room=room, may_edit=True)
    body = "def one():\n" + "".join(f"    step({number})\n" if number % 5 else "\n" for number in range(60))
    found = use(
        run,
        "edit_document",
        document="session.py",
        edits=[{"quote": "def one():\n    return 1\n", "text": body}, {"quote": "return 2", "text": "return '🙂'"}],
    )
    assert not found.refused
    assert text_of(document, teo) == f"{body}\n\ndef two():\n    return '🙂'\n"
    assert Update.objects.filter(document=document).count() > 10


def test_many_edits_side_by_side_come_out_as_asked(mina: User, teo: User, room: Room, run: Run):
    RoomChoice.objects.create(room=room, may_edit=True)
    dice = random.Random(7)
    for number in range(8):
        lines = [f"{'  ' * dice.randrange(3)}line {place} of {number}\n" for place in range(12)]
        chosen = sorted(dice.sample(range(12), 5))  # some of them are neighbours
        after, edits = list(lines), []
        for place in chosen:
            new = "".join(f"new {place}.{count}\n" for count in range(dice.choice([0, 1, 3, 9])))
            edits.append({"quote": lines[place], "text": new})
            after[place] = new
        dice.shuffle(edits)
        document = make_document(mina, room, name=f"many{number}.txt", text="".join(lines))
        found = use(run, "edit_document", document=document.name, edits=edits)
        assert not found.refused, found.content
        assert text_of(document, teo) == "".join(after)


def test_an_empty_document_is_filled(teo: User, mina: User, room: Room, run: Run):
    RoomChoice.objects.create(room=room, may_edit=True)
    empty = make_document(mina, room, name="new.py")
    text = "".join(f"line {number}\n" for number in range(30))
    assert not use(run, "edit_document", document="new.py", edits=[{"quote": "", "text": text}]).refused
    assert text_of(empty, teo) == text


def test_one_wrong_quote_writes_nothing_at_all(teo: User, room: Room, run: Run, document: Document):
    RoomChoice.objects.create(room=room, may_edit=True)
    found = use(
        run,
        "edit_document",
        document="session.py",
        edits=[{"quote": "return 2", "text": "return 3"}, {"quote": "return 9", "text": "x"}],
    )
    assert found.refused
    assert found.wrote == ()
    assert text_of(document, teo) == CODE


# Rights, as they are at each call


@pytest.mark.parametrize("name", ["search_messages", "read_thread", "read_document", "list_people", "propose_edit"])
def test_whoever_was_removed_is_answered_nothing_more(
    mina: User, teo: User, room: Room, run: Run, document: Document, name: str
):
    chat.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk)
    given: dict[str, dict[str, Any]] = {
        "search_messages": {"query": "please"},
        "read_thread": {"message": "1"},
        "read_document": {"name": "session.py"},
        "propose_edit": {"document": "session.py", "edits": [{"quote": "return 2", "text": "x"}]},
    }
    found = use(run, name, **given.get(name, {}))
    assert found.refused
    assert "not in this room any more" in found.content


def test_a_muted_asker_gets_no_changes_made(mina: User, teo: User, room: Room, run: Run, document: Document):
    RoomChoice.objects.create(room=room, may_edit=True)
    chat.sanction_member(actor=mina, room_id=room.pk, user_id=teo.pk, kind="mute", seconds=600, reason="Too much talk")
    edits = [{"quote": "return 2", "text": "return 3"}]
    assert use(run, "propose_edit", document="session.py", edits=edits).refused
    assert use(run, "edit_document", document="session.py", edits=edits).refused
    assert not use(run, "read_document", name="session.py").refused
    assert text_of(document, mina) == CODE


def test_a_read_only_document_is_not_changed_for_a_member(
    mina: User, teo: User, room: Room, run: Run, document: Document
):
    RoomChoice.objects.create(room=room, may_edit=True)
    editor.update_document(actor=mina, document_id=document.pk, change=editor.DocumentChange(read_only=True))
    found = use(run, "edit_document", document="session.py", edits=[{"quote": "return 2", "text": "return 3"}])
    assert found.refused
    assert text_of(document, mina) == CODE


def test_a_guest_reads_what_a_guest_may(mina: User, teo: User, room: Room, run: Run, document: Document):
    give_role(room, teo, "guest")
    assert not use(run, "read_document", name="session.py").refused


def test_a_run_that_is_over_does_nothing(teo: User, run: Run, document: Document):
    Run.objects.filter(pk=run.pk).update(stop_wanted_at=timezone.now())
    assert use(run, "list_people").content == "Refused: This run is over."
    Run.objects.filter(pk=run.pk).update(stop_wanted_at=None, state=Run.State.DONE)
    assert use(run, "list_people").refused
    assert call(run_id=uuid4(), name="list_people", arguments={}).refused


def test_the_log_of_a_call_copies_nothing_that_was_read_or_is_remembered(
    mina: User, teo: User, room: Room, run: Run, document: Document
):
    said = say(mina, room, "The password is 1234")
    session = make_direct(teo, default_agent().user)
    own = make_run(teo, session, say(teo, session, "Remember it"))
    for found in (
        use(run, "search_messages", query="password"),
        use(run, "read_thread", message=str(said.seq)),
        use(run, "read_document", name="session.py"),
        use(own, "remember", text="The code is 1234"),
    ):
        assert not found.refused
        assert "1234" not in found.detail + found.title
        assert "return 1" not in found.detail
    assert use(run, "read_document", name="x").detail.startswith('{"name":"x"}\n\nRefused: ')
    made = use(run, "propose_edit", document="session.py", edits=[{"quote": "return 1", "text": "return 4"}])
    assert made.detail.endswith(made.content)


# Arguments


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search_messages", "{"),
        ("search_messages", "[]"),
        ("search_messages", '{"query": "x", "room": 2}'),
        ("search_messages", '{"query": ""}'),
        ("read_document", '{"name": "session.py", "from_line": 0}'),
        ("read_document", '{"name": "session.py", "version": 1}'),
        ("propose_edit", '{"document": "session.py", "edits": []}'),
        ("propose_edit", '{"document": "session.py", "edits": [{"quote": "x"}]}'),
        ("propose_edit", '{"document": "session.py", "edits": "all"}'),
        ("delete_room", "{}"),
        ("__init__", "{}"),
        ("remember", '{"text": "x"}'),
        ("read_metrics", '{"query": ""}'),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_wrong_arguments_are_answered_in_words(run: Run, document: Document, name: str, arguments: str):
    found = call(run_id=run.pk, name=name, arguments=arguments)
    assert found.refused
    assert found.content.startswith("Refused: ")
    assert len(found.title) <= 200


def test_arguments_may_be_json_or_what_was_read_of_it(run: Run, document: Document):
    given = {"name": "session.py", "from_line": "5"}
    assert call(run_id=run.pk, name="read_document", arguments=given) == call(
        run_id=run.pk, name="read_document", arguments=json.dumps(given)
    )


def test_what_is_said_of_a_call_names_its_document(run: Run, document: Document):
    assert use(run, "read_document", name="session.py").activity == "Reads session.py"
    assert use(run, "read_document", name="no\nsuch").activity == "Reads no such"
    assert use(run, "list_people").activity == "Looks who is here"


# What is offered


def test_tools_are_offered_as_the_room_and_the_asker_allow():
    def names(**given: Any) -> set[str]:
        return {one["function"]["name"] for one in offered(context=context(**given))}

    reading = {"search_messages", "read_thread", "read_document", "list_people"}
    assert names() == {*reading, "propose_edit"}
    assert names(may_edit=True) == {*reading, "propose_edit", "edit_document"}
    assert names(may_edit=True, may_write=False) == reading
    assert names(direct=True) == {*reading, "propose_edit", "remember"}
    assert names(direct=True, memory_off=True) == {*reading, "propose_edit"}
    assert names(metrics=True) == {*reading, "propose_edit", "read_metrics"}
    assert names(demo=True) == set()
    assert names(kind="summary", question=None) == set()


@pytest.mark.parametrize("name", list(TOOLS))
def test_tools_are_declared_whole_and_without_references(name: str):
    declared = schema_of(name)
    assert declared["type"] == "function"
    assert declared["function"]["description"]
    parameters = declared["function"]["parameters"]
    assert parameters["type"] == "object"
    assert parameters["additionalProperties"] is False
    assert "$ref" not in json.dumps(declared)
    assert len(json.dumps(declared)) < 2_000


def figures(*, actor: User, room_id: int, query: str) -> tuple[str, list[SourceView]]:
    return f"{query} of {actor.username} in {room_id}: 42", [SourceView(kind="metric", label="Errors", url="/board/")]


def test_figures_are_read_where_an_app_has_some(settings: Any, teo: User, room: Room, run: Run):
    settings.ASSISTANT_METRICS = f"{__name__}.figures"
    found = use(run, "read_metrics", query="errors 1h")
    assert found.content == f"errors 1h of teo in {room.pk}: 42"
    assert found.sources[0].kind == "metric"
    assert given_to(teo, room, run.question).metrics


# Memory


def test_in_their_own_session_a_person_is_remembered(teo: User):
    session = make_direct(teo, default_agent().user)
    run = make_run(teo, session, say(teo, session, "Remember that I like tabs"))
    assert not use(run, "remember", text="Likes  tabs").refused
    assert not use(run, "remember", text="Likes tabs").refused
    assert [note.text for note in Note.objects.filter(user=teo)] == ["Likes tabs"]
    for number in range(60):
        last = use(run, "remember", text=f"Fact {number}")
    assert last.refused
    assert Note.objects.filter(user=teo).count() == 50


def test_nothing_is_remembered_where_others_read_or_where_it_is_not_wanted(mina: User, teo: User, run: Run):
    agent = default_agent().user
    group = make_direct(teo, mina, agent)
    session = make_direct(teo, agent)
    PersonChoice.objects.create(user=teo, remembers=False)
    for one in (
        run,
        make_run(teo, group, say(teo, group, "@assistant remember")),
        make_run(teo, session, say(teo, session, "remember")),
    ):
        assert use(one, "remember", text="A secret").refused
    assert not Note.objects.exists()


# In pieces, before everybody's eyes


@pytest.mark.django_db(transaction=True)
async def test_a_long_edit_grows_and_others_write_meanwhile(monkeypatch: pytest.MonkeyPatch):
    def people() -> tuple[User, User, Document, Run]:
        mina, teo = make_person("mina"), make_person("teo")
        room = make_room(mina, teo)
        RoomChoice.objects.create(room=room, may_edit=True)
        document = make_document(mina, room, name="grow.py", text="start\nend\n")
        return mina, teo, document, make_run(teo, room, say(teo, room, "@assistant write"))

    mina, teo, document, run = await sync_to_async(people)()
    lines = "".join(f"line {number}\n" for number in range(24))
    told: list[str] = []
    wrote: list[int] = []
    typed = 0

    async def type_above(seconds: float) -> None:
        """While the assistant pauses, Mina types at the top."""
        nonlocal typed
        assert seconds > 0
        typed += 1

        def type_one() -> None:
            now = Document.objects.get(pk=document.pk)
            push(mina, now, now.version, edit(text_of(now, mina), 0, 0, f"# {typed}\n"), client=f"{mina.pk}-m{typed}")

        await sync_to_async(type_one)()

    monkeypatch.setattr("assistant.tools.calling.asyncio.sleep", type_above)
    try:
        found = await execute(
            run_id=run.pk,
            name="edit_document",
            arguments={"document": "grow.py", "edits": [{"quote": "start\n", "text": f"start\n{lines}"}]},
            tell=told.append,
            wrote=wrote,
        )
        assert not found.refused
        assert wrote == [document.pk]
        assert told == ["Edits grow.py"]
        text = await sync_to_async(text_of)(document, teo)
        assert f"start\n{lines}end\n" in text
        assert typed >= 5
        assert text.count("# ") == typed
        read = await execute(run_id=run.pk, name="read_document", arguments={"name": "grow.py"}, wrote=wrote)
        assert not read.refused
        assert await sync_to_async(Message.objects.count)() > 0
    finally:
        await testing.stop_realtime()
