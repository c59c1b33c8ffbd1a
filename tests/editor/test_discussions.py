"""Discussions bound to lines: they follow every edit, say what became of the lines, and are resolved."""

import json
import random
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Sanction
from chat import services as chat
from chat.shapes import BesideView
from editor import authority, selectors, services
from editor.changes import ChangeSet
from editor.models import Anchor, Document
from editor.services import anchors, compaction
from editor.spans import Lines, lines_changed, lines_of, move_span
from editor.units import Units
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head
from tests.editor.conftest import make_document, signed_in, write
from tests.editor.strategies import DOCUMENTS, chains, unhurried

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

CODE = "def at(self):\n    for one in log:\n        edit(one)\n    return log\n"
CASES = Path(__file__).parents[2] / "frontend" / "test" / "spans.json"
LOOP = (14, 51)
"""From the for to the end of the next line."""


@pytest.fixture
def code(mina, room):
    return make_document(mina, room, name="session.py", text=CODE)


def beside(document, version=0, start=LOOP[0], end=LOOP[1]):
    return BesideView(topic=f"document:{document.pk}", seq=version, start=start, end=end)


def discuss(actor, document, body="Is this loop right?", **place):
    message = factories.say(actor, document.room, body, beside=beside(document, **place))
    services.bind_messages(document_id=document.pk)
    return message


def shown(actor, document):
    return selectors.discussions(actor=actor, document_id=document.pk).discussions


def resolve(actor, document, message, resolved=True):
    return services.resolve_discussion(actor=actor, document_id=document.pk, message_id=message.pk, resolved=resolved)


def refusal(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code


# What follows the edits


def test_mina_discusses_lines_and_teo_sees_which(mina, teo, code):
    message = discuss(mina, code)
    factories.say(teo, code.room, "It is", thread=message.pk)
    [found] = shown(teo, code)
    assert (found.message, found.author, found.excerpt, found.replies) == (message.pk, mina.pk, message.body, 1)
    assert (found.line, found.last_line, found.said_line) == (2, 3, 2)
    assert found.quote == "    for one in log:\n        edit(one)"
    assert found.html.startswith('<span class="k">for</span>')
    assert found.changed is None


def test_lines_move_down_as_teo_writes_above_them(mina, teo, code):
    discuss(mina, code)
    write(teo, code, 0, 0, "import log\n\n")
    [found] = shown(mina, code)
    assert (found.start, found.end, found.line, found.last_line, found.said_line) == (26, 63, 4, 5, 2)
    assert found.changed is None


def test_a_changed_line_is_told_by_its_number_of_now(mina, teo, code):
    discuss(mina, code)
    write(teo, code, 0, 0, "import log\n")
    write(teo, code, 58, 61, "two")
    [found] = shown(mina, code)
    assert (found.line, found.last_line, found.changed) == (3, 4, [4, 4])
    assert found.quote == "    for one in log:\n        edit(one)"


def test_lines_that_are_gone_stay_gone_when_others_take_their_place(mina, teo, code):
    discuss(mina, code)
    write(teo, code, 10, 55, "")
    write(teo, code, 10, 10, CODE[10:55])
    [found] = shown(mina, code)
    assert found.start == found.end
    assert (found.changed, found.said_line) == (None, 2)
    assert "for one in log" in found.quote


def test_the_quote_holds_whole_lines_and_characters_outside_the_basic_plane(mina, room):
    document = make_document(mina, room, text="a🎉b\nc👩‍💻d\ne")
    discuss(mina, document, start=3, end=7)
    [found] = shown(mina, document)
    assert (found.quote, found.line, found.last_line, found.changed) == ("a🎉b\nc👩‍💻d", 1, 2, None)


def test_an_anchor_at_an_old_version_is_bound_where_it_was_meant(mina, teo, code):
    for _ in range(5):
        write(teo, code, 0, 0, "#\n")
    discuss(mina, code, version=2, start=LOOP[0] + 4, end=LOOP[1] + 4)
    [found] = shown(mina, code)
    assert (found.said_line, found.line, found.changed) == (4, 7, None)


def test_anchors_are_stored_forward_with_a_text_and_before_old_edits_are_given_up(mina, code, monkeypatch):
    discuss(mina, code)
    monkeypatch.setattr("editor.services.updates.SNAPSHOT_UPDATES", 10)
    for _ in range(23):
        write(mina, code, 0, 0, "#\n")
    anchor = Anchor.objects.get()
    assert (anchor.version, anchor.start, anchor.said_start) == (20, LOOP[0] + 40, LOOP[0])
    [before] = shown(mina, code)
    assert compaction.compact_document(document_id=code.pk, before=timezone.now(), keep=1) == 22
    assert shown(mina, code) == [before]
    assert (before.line, before.last_line) == (25, 26)


def test_anchors_far_behind_are_left_for_whoever_reads(mina, code):
    discuss(mina, code)
    for _ in range(3):
        write(mina, code, 0, 0, "#\n")
    anchors.carry_anchors(document_id=code.pk, upto=3, most=2)
    assert Anchor.objects.get().version == 0
    assert shown(mina, code)[0].line == 5


def test_reading_many_discussions_costs_a_fixed_number_of_queries(mina, code):
    discuss(mina, code)
    write(mina, code, 0, 0, "#\n")
    with CaptureQueriesContext(connection) as one:
        shown(mina, code)
    for _ in range(5):
        discuss(mina, code, version=Document.objects.get(pk=code.pk).version)
        write(mina, code, 0, 0, "#\n")
    with CaptureQueriesContext(connection) as many:
        assert len(shown(mina, code)) == 6
    assert len(many) == len(one)


@unhurried
@given(DOCUMENTS, st.data())
def test_a_span_is_moved_as_the_authority_moves_it(text, data):
    changes = data.draw(chains(text, most=6))
    place = st.integers(0, len(text))
    start, stop = sorted(data.draw(st.tuples(place, place)))
    assert move_span(start, stop, changes) == authority.map_span(start, stop, changes)


def test_the_page_moves_spans_as_the_server_does(request):
    """The page's own way, CodeMirror's mapPos, is held to the same cases by frontend/test/spans.test.ts."""
    text = span_cases(random.Random(20261122))
    if request.config.getoption("--write-transcripts"):
        CASES.write_text(text)
    assert CASES.read_text() == text, "spans.json is out of date: run with --write-transcripts"


def span_cases(chance):
    cases = []
    for _ in range(400):
        units = first = Units("".join(chance.choice("abc\n") for _ in range(chance.randrange(4, 30))))
        start, stop = sorted(chance.choices(range(len(units) + 1), k=2))
        changes = []
        for _ in range(chance.randrange(1, 6)):
            places = sorted(chance.choices(range(len(units) + 1), k=2 * chance.randrange(1, 3)))
            pairs = zip(places[::2], places[1::2], strict=True)
            edits = [(low, high, chance.choice(["", "x", "yy\nz", "\n"])) for low, high in pairs]
            changes.append(ChangeSet.from_edits(len(units), edits))
            units = changes[-1].apply(units)
        now = move_span(start, stop, changes)
        lines = lines_of(units, *now)
        told = lines_changed(lines_of(first, start, stop).units, lines)
        wire = [change.to_json() for change in changes]
        case = {"text": first, "span": [start, stop], "changes": wire, "now": now}
        cases.append(case | {"lines": [lines.first, lines.last], "changed": told})
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"


@pytest.mark.parametrize(
    ("start", "stop", "lines"),
    [
        (0, 2, (1, 1, "ab")),
        (1, 2, (1, 1, "ab")),
        (0, 3, (1, 1, "ab")),
        (1, 4, (1, 2, "ab\ncd")),
        (3, 6, (2, 2, "cd")),
        (6, 6, (3, 3, "")),
        (2, 2, (1, 1, "ab")),
        (6, 7, (3, 3, "")),
        (7, 9, (4, 4, "ef")),
    ],
)
def test_a_span_touches_whole_lines(start, stop, lines):
    found = lines_of(Units("ab\ncd\n\nef"), start, stop)
    assert (found.first, found.last, found.units) == lines


@pytest.mark.parametrize(
    ("said", "now", "told"),
    [
        ("a\nb\nc", "a\nb\nc", None),
        ("a\nb\nc", "a\nX\nc", (11, 11)),
        ("a\nb\nc", "X\nb\nX", (10, 12)),
        ("a\nb\nc", "a\nX\nY\nc", (11, 12)),
        ("a\nb\nc", "a\nc", (11, 11)),
        ("a\nb\nc", "a\nb", (11, 11)),
        ("a\na", "a\na\na", (12, 12)),
    ],
)
def test_changed_lines_are_counted_in_the_text_of_now(said, now, told):
    assert lines_changed(said, Lines(10, 10 + now.count("\n"), Units(now))) == told


# What is bound, and to what


def test_a_posted_message_is_bound_by_itself(mina, code, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        factories.say(mina, code.room, "Right?", beside=beside(code))
        factories.say(mina, code.room, "Only what was open", beside=BesideView(topic=f"document:{code.pk}", seq=0))
        factories.say(mina, code.room, "Something else", beside=BesideView(topic="board:7", seq=0, start=1, end=2))
    assert Anchor.objects.count() == 1


def test_the_same_message_again_is_one_discussion(mina, code, django_capture_on_commit_callbacks):
    cid = uuid4()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            chat.send_message(actor=mina, room_id=code.room_id, cid=cid, body="Right?", beside=beside(code))
        services.bind_messages(document_id=code.pk)
    assert len(shown(mina, code)) == 1


@pytest.mark.parametrize("place", [{"end": 500}, {"version": 9}, {"start": 70, "end": 71}])
def test_a_range_that_never_was_is_no_discussion_and_is_looked_at_once(mina, code, place):
    message = discuss(mina, code, **place)
    assert shown(mina, code) == []
    assert not selectors.unbound(actor=mina, document_id=code.pk)
    assert refusal(lambda: resolve(mina, code, message)) == "not_found"


def test_a_text_too_long_to_quote_is_not_bound(mina, room):
    document = make_document(mina, room, text="x" * 9_000)
    discuss(mina, document, start=0, end=9_000)
    assert shown(mina, document) == []


def test_a_document_of_another_room_cannot_be_named(mina, teo, ines, code):
    elsewhere = factories.make_room(ines, name="Elsewhere")
    message = factories.say(ines, elsewhere, "What is there?", beside=beside(code))
    assert services.bind_messages(document_id=code.pk) == 0
    assert shown(mina, code) == []
    assert refusal(lambda: resolve(ines, code, message)) in {"not_member", "not_found"}


def test_a_reply_in_a_thread_is_no_discussion_of_its_own(mina, teo, code):
    root = discuss(mina, code)
    factories.say(teo, code.room, "Here", thread=root.pk, beside=beside(code))
    services.bind_messages(document_id=code.pk)
    assert [one.message for one in shown(mina, code)] == [root.pk]


def test_a_deleted_message_ends_its_discussion(mina, code):
    message = discuss(mina, code)
    chat.delete_message(actor=mina, room_id=code.room_id, message_id=message.pk)
    assert shown(mina, code) == []
    assert refusal(lambda: resolve(mina, code, message)) == "not_found"


def test_imported_messages_are_bound_when_somebody_reads(mina, code):
    factories.say(mina, code.room, "From a file", beside=beside(code))
    found = signed_in(mina).get(f"/api/documents/{code.pk}/discussions/").json()
    assert [(one["excerpt"], one["line"]) for one in found["discussions"]] == [("From a file", 2)]
    assert (found["document"]["name"], found["can_write"]) == ("session.py", True)
    assert [person["display_name"] for person in found["people"]] == ["Mina Okafor"]


# Who sees and who resolves


def test_teo_resolves_and_the_room_hears_it_once(mina, teo, code):
    message = discuss(mina, code)
    write(mina, code, 0, 0, "#\n")
    before = head(f"room:{code.room_id}")
    done = resolve(teo, code, message)
    assert (done.resolved_by, done.resolved_at is not None) == (teo.pk, True)
    told = [event for event in events(f"room:{code.room_id}") if event["seq"] > before]
    assert [event["type"] for event in told] == ["discussion.changed"]
    data = told[0]["data"]
    assert (data["document"], data["discussion"]) == (code.pk, str(message.pk))
    assert (data["resolved"], data["by"]) == (True, teo.pk)
    assert data["message"]["body"] == "Teo Lindqvist resolved the discussion on session.py lines 3–4"
    assert resolve(teo, code, message) == done
    assert head(f"room:{code.room_id}") == before + 1


def test_mina_opens_it_again(mina, teo, code):
    message = discuss(mina, code)
    resolve(teo, code, message)
    write(mina, code, 0, len(CODE), "")
    assert resolve(mina, code, message, resolved=False).resolved_at is None
    line = events(f"room:{code.room_id}")[-1]["data"]["message"]["body"]
    assert line == "Mina Okafor reopened the discussion on session.py, whose lines are gone"


def test_who_only_looks_sees_discussions_and_resolves_none(mina, ines, code):
    message = discuss(mina, code)
    assert len(shown(ines, code)) == 1
    assert refusal(lambda: resolve(ines, code, message)) == "not_member"
    assert not selectors.discussions(actor=ines, document_id=code.pk).can_write


def test_who_is_muted_resolves_nothing(mina, teo, code):
    message = discuss(mina, code)
    Sanction.objects.create(user=teo, kind="mute", room_id=code.room_id, created_by=mina)
    assert refusal(lambda: resolve(teo, code, message)) == "muted"


def test_a_private_room_shows_strangers_nothing(mina, ines, secret):
    document = make_document(mina, secret, text=CODE)
    message = discuss(mina, document)
    client = signed_in(ines)
    base = f"/api/documents/{document.pk}/discussions/"
    assert client.get(base).status_code == 404
    answer = client.post(f"{base}{message.pk}/", json.dumps({"resolved": True}), content_type="application/json")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_deleted_document_keeps_its_discussions_for_members(mina, ines, code):
    message = discuss(mina, code)
    services.delete_document(actor=mina, document_id=code.pk)
    assert len(shown(mina, code)) == 1
    assert refusal(lambda: shown(ines, code)) == "not_found"
    assert refusal(lambda: resolve(mina, code, message)) == "gone"


def test_resolving_through_the_api(mina, code):
    message = discuss(mina, code)
    url = f"/api/documents/{code.pk}/discussions/{message.pk}/"
    client = signed_in(mina)
    done = client.post(url, json.dumps({"resolved": True}), content_type="application/json").json()
    assert done["resolved_by"] == mina.pk
    wrong = client.post(url, json.dumps({"resolved": "yes"}), content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid")
    assert client.get(f"/api/documents/{2**70}/discussions/").status_code == 404


def test_one_edit_does_not_cost_more_because_something_is_discussed(mina, code):
    write(mina, code, 0, 0, "#\n")
    with CaptureQueriesContext(connection) as before:
        write(mina, code, 0, 0, "#\n")
    discuss(mina, code, version=2)
    with CaptureQueriesContext(connection) as after:
        write(mina, code, 0, 0, "#\n")
    assert len(before) == len(after)


def test_a_message_about_a_version_of_long_ago_is_carried_to_now_once(mina, teo, code, monkeypatch):
    monkeypatch.setattr("editor.services.anchors.CARRIED_MOST", 3)
    for _ in range(10):
        write(mina, code, 0, 0, "#")
    discuss(teo, code, version=1, start=LOOP[0] + 1, end=LOOP[1] + 1)
    answer = signed_in(teo).get(f"/api/documents/{code.pk}/discussions/").json()["discussions"]
    assert [(one["start"], one["end"]) for one in answer] == [(LOOP[0] + 10, LOOP[1] + 10)]
    anchor = Anchor.objects.get()
    assert (anchor.version, anchor.start, anchor.end) == (7, LOOP[0] + 7, LOOP[1] + 7)
    assert anchor.said_version == 1
