"""Suggestions: they follow the edits of others, each change is decided once, accepting is an edit."""

from uuid import uuid4

import pytest

from editor import selectors, services
from editor.models import Document, Hunk, Suggestion, Update
from editor.selectors.soundness import check_document
from editor.services import Edit, anchors, compaction
from editor.services import suggestions as service
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events
from tests.editor.conftest import make_document, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3\n"
EDITS = [
    Edit("return 1\n", "return 10\n", note="Ten times"),
    Edit("return 2\n", "return 20\n"),
    Edit("def three():\n    return 3\n", ""),
]


@pytest.fixture
def assistant(db):
    return factories.make_person("assistant", display_name="Assistant", kind="assistant")


@pytest.fixture
def code(mina, room):
    return make_document(mina, room, name="session.py", text=CODE)


def propose(assistant, asker, document, edits=EDITS, **given):
    given = {"base_version": Document.objects.get(pk=document.pk).version, "run": "r1", "title": "Ten", **given}
    return services.propose_edits(actor=assistant, on_behalf_of=asker, document_id=document.pk, edits=edits, **given)


def shown(actor, document):
    return selectors.suggestions(actor=actor, document_id=document.pk).suggestions


def decide(actor, document, hunk, accept=True, cid=None):
    return services.decide_hunk(
        actor=actor, document_id=document.pk, hunk_id=hunk.id, accept=accept, cid=cid or uuid4()
    )


def decide_all(actor, document, view, accept=True, cid=None):
    return services.decide_suggestion(
        actor=actor, document_id=document.pk, suggestion_id=view.id, accept=accept, cid=cid or uuid4()
    )


def undo(actor, document, hunk, cid=None):
    return services.undo_hunk(actor=actor, document_id=document.pk, hunk_id=hunk.id, cid=cid or uuid4())


def refusal(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def told(document):
    return [event["type"] for event in events(f"room:{document.room_id}")]


def states(view):
    return [hunk.state for hunk in view.hunks]


# Made


def test_the_assistant_proposes_and_teo_sees_where(assistant, mina, teo, code):
    message = factories.say(mina, code.room, "@assistant tenfold, please")
    made = propose(assistant, mina, code, message_id=message.pk)
    [found] = shown(teo, code)
    assert found == made
    assert (found.author, found.asked_by, found.run, found.message) == (assistant.pk, mina.pk, "r1", message.pk)
    assert (found.added, found.removed, found.base_version) == (2, 4, 0)
    assert [(hunk.line, hunk.last_line, hunk.note) for hunk in found.hunks] == [
        (2, 2, "Ten times"),
        (6, 6, ""),
        (9, 10, ""),
    ]
    assert (found.hunks[0].quote, found.hunks[0].text) == ("    return 1\n", "    return 10\n")
    assert text_of(code) == CODE
    assert told(code)[-1] == "suggestion.created"


def test_the_same_wish_is_one_suggestion(assistant, mina, code):
    cid = uuid4()
    assert propose(assistant, mina, code, cid=cid) == propose(assistant, mina, code, cid=cid)
    assert Suggestion.objects.count() == 1
    assert len([kind for kind in told(code) if kind == "suggestion.created"]) == 1


def test_the_rights_of_who_asked_count(assistant, mina, teo, ines, secret, code, monkeypatch):
    hidden = make_document(mina, secret, text=CODE)
    assert refusal(lambda: propose(assistant, ines, hidden)).code == "not_found"
    assert refusal(lambda: propose(assistant, ines, code)).code == "not_member"
    assert refusal(lambda: propose(assistant, mina, code, base_version=7)).code == "unknown_version"
    assert "is not in the document" in refusal(lambda: propose(assistant, mina, code, [Edit("x", "y")])).message
    monkeypatch.setattr(service, "OPEN_MOST", 0)
    assert refusal(lambda: propose(assistant, mina, code)).code == "too_large"
    services.delete_document(actor=mina, document_id=code.pk)
    assert refusal(lambda: propose(assistant, mina, code)).code == "gone"
    assert not Suggestion.objects.exists()


# Followed


def test_changes_follow_what_others_type(assistant, mina, teo, code):
    propose(assistant, mina, code)
    write(teo, code, 0, 0, "# top\n")
    [found] = shown(mina, code)
    assert [hunk.line for hunk in found.hunks] == [3, 7, 10]
    assert states(found) == ["open", "open", "open"]
    assert found.version == 1


@pytest.mark.parametrize("carried", [False, True], ids=["read", "carried"])
def test_a_change_is_stale_when_teo_wrote_in_its_lines(assistant, mina, teo, code, carried):
    [_, second, _] = propose(assistant, mina, code).hunks
    at = CODE.index("return 2")
    write(teo, code, at, at, "x = 1; ")
    if carried:
        compaction.compact_document(document_id=code.pk, before=Update.objects.get().at.replace(year=2999), keep=0)
        assert Hunk.objects.get(pk=second.id).version == 1
    [found] = shown(mina, code)
    assert states(found) == ["open", "stale", "open"]
    assert found.hunks[1].changed_by == teo.pk
    refused = refusal(lambda: decide(mina, code, second))
    assert (refused.code, refused.message) == ("conflict", "Changed by Teo Lindqvist since, ask again.")
    assert states(decide(mina, code, second, accept=False)) == ["open", "rejected", "open"]


def test_changes_of_long_ago_are_carried_step_by_step(assistant, mina, teo, code, monkeypatch):
    propose(assistant, mina, code)
    monkeypatch.setattr(anchors, "CARRIED_MOST", 2)
    for _ in range(7):
        write(teo, code, 0, 0, "#")
    services.catch_up_anchors(document_id=code.pk)
    assert Hunk.objects.filter(version__gte=7 - anchors.CARRIED_MOST).count() == len(EDITS)
    assert shown(mina, code)[0].hunks[0].start == CODE.index("    return 1") + 7


# Decided


def test_accepting_is_an_edit_of_the_acceptor(assistant, mina, teo, code):
    [first, _, third] = propose(assistant, mina, code).hunks
    write(mina, code, 0, 0, "# top\n")
    view = decide(teo, code, first)
    assert text_of(code) == "# top\n" + CODE.replace("return 1", "return 10")
    update = Update.objects.get(document=code, version=2)
    assert (update.author, update.run, view.hunks[0].accepted_version) == (teo, None, 2)
    assert states(view) == ["accepted", "open", "open"]
    assert (view.hunks[0].decided_by, view.version) == (teo.pk, 2)
    decide(mina, code, third)
    assert text_of(code).endswith("    return 2\n\n\n")
    assert shown(teo, code)[0].hunks[1].line == 7


def test_only_what_differs_is_written(assistant, mina, teo, code):
    [first, _, _] = propose(assistant, mina, code).hunks
    decide(teo, code, first)
    [row] = Update.objects.filter(document=code)
    at = CODE.index("return 1") + len("return 1")
    assert row.changes == f'[{at},[0,"0"],{len(CODE) - at}]'


def test_the_first_decision_wins_and_repeating_it_is_harmless(assistant, mina, teo, code):
    [first, _, _] = propose(assistant, mina, code).hunks
    cid = uuid4()
    view = decide(teo, code, first, cid=cid)
    assert decide(teo, code, first, cid=cid) == view
    refused = refusal(lambda: decide(mina, code, first, accept=False))
    assert (refused.code, refused.message) == ("conflict", "Teo Lindqvist accepted this change already.")
    assert Update.objects.count() == 1
    assert told(code).count("suggestion.changed") == 1


def test_all_that_fit_are_accepted_at_once(assistant, mina, teo, code):
    view = propose(assistant, mina, code)
    at = CODE.index("return 2")
    write(teo, code, at, at, "x = 1; ")
    done = decide_all(mina, code, view)
    assert states(done) == ["accepted", "stale", "accepted"]
    assert (
        text_of(code)
        == CODE.replace("return 1", "return 10").replace("return 2", "x = 1; return 2").partition("def three")[0]
    )
    assert len({hunk.accepted_version for hunk in done.hunks if hunk.accepted_version}) == 2
    assert told(code).count("suggestion.changed") == 1
    assert refusal(lambda: decide_all(mina, code, view)).code == "conflict"
    assert states(decide_all(mina, code, view, accept=False)) == ["accepted", "rejected", "accepted"]
    assert refusal(lambda: decide_all(mina, code, view, accept=False)).code == "conflict"


def test_who_may_not_edit_decides_nothing(assistant, mina, teo, ines, code):
    view = propose(assistant, mina, code)
    [first, _, _] = view.hunks
    assert refusal(lambda: decide(ines, code, first)).code == "not_member"
    services.update_document(actor=mina, document_id=code.pk, change=services.DocumentChange(read_only=True))
    assert refusal(lambda: decide(teo, code, first)).code == "read_only"
    assert refusal(lambda: decide_all(teo, code, view, accept=False)).code == "read_only"
    other = make_document(mina, code.room, text=CODE)
    assert refusal(lambda: decide(mina, other, first)).code == "not_found"
    assert states(decide(mina, code, first)) == ["accepted", "open", "open"]


# Undone


def test_an_accepted_change_is_undone_and_open_again(assistant, mina, teo, code):
    [first, _, third] = propose(assistant, mina, code).hunks
    decide(teo, code, first)
    decide(teo, code, third)
    write(mina, code, 0, 0, "# top\n")
    cid = uuid4()
    view = undo(mina, code, third, cid=cid)
    assert undo(mina, code, third, cid=cid) == view
    assert text_of(code) == "# top\n" + CODE.replace("return 1", "return 10")
    assert states(view) == ["accepted", "open", "open"]
    assert (view.hunks[2].line, view.hunks[2].last_line) == (10, 11)
    view = undo(mina, code, first)
    assert text_of(code) == "# top\n" + CODE
    assert states(view) == ["open", "open", "open"]
    assert refusal(lambda: undo(mina, code, first)).code == "conflict"
    assert states(decide(mina, code, third)) == ["open", "open", "accepted"]
    assert text_of(code) == "# top\n" + CODE.partition("def three")[0]


def test_what_others_typed_into_an_accepted_change_stays_when_it_is_undone(assistant, mina, teo, code):
    [first, _, _] = propose(assistant, mina, code).hunks
    decide(teo, code, first)
    at = text_of(code).index("return 10") + len("return 10")
    write(mina, code, at, at, "  # ten")
    view = undo(teo, code, first)
    assert text_of(code) == CODE.replace("return 1\n", "return 1  # ten\n")
    assert states(view)[0] == "stale"


def test_a_rejected_change_opens_again(assistant, mina, code):
    [first, _, _] = propose(assistant, mina, code).hunks
    decide(mina, code, first, accept=False)
    assert states(undo(mina, code, first)) == ["open", "open", "open"]
    assert text_of(code) == CODE


def test_a_change_that_points_nowhere_is_found(assistant, mina, code):
    [first, _, _] = propose(assistant, mina, code).hunks
    assert list(check_document(code.pk)) == []
    Hunk.objects.filter(pk=first.id).update(version=9)
    [told] = check_document(code.pk)
    assert told == f"document:{code.pk}: suggested change {first.id} points to no place of a version that can be shown."
