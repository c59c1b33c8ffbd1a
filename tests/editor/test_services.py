"""Documents through the services: made, edited exactly once, rebased, limited, deleted and brought back."""

import contextlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import services as chat
from editor import services
from editor.changes import DOCUMENT_UNITS, ChangeSet
from editor.models import Document, Snapshot, Update
from editor.selectors import texts
from editor.services import DocumentChange, Push
from editor.texts import digest, sheets
from editor.units import to_units
from realtime import log
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, last_event
from tests.editor.conftest import client_of, edit, make_document, push, replay, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

START = "one\ntwo\n"


def refused(code, work, **fields):
    with pytest.raises(Refused) as caught:
        work()
    assert caught.value.code == code, caught.value.message
    for name, value in fields.items():
        assert getattr(caught.value, name) == value


# Making


def test_mina_makes_a_document_and_the_room_is_told(mina, room):
    made = make_document(mina, room, name="session.py", text="import os\r\nprint(1)\r", language="Python")
    assert (made.name, made.language, made.version, made.length) == ("session.py", "python", 0, 19)
    assert text_of(made) == "import os\nprint(1)\n"
    told = last_event(f"room:{room.pk}")
    assert (told["type"], told["data"]["document"]["id"]) == ("document.created", made.pk)


def test_the_same_wish_makes_one_document(mina, room):
    wish = {"actor": mina, "room_id": room.pk, "cid": uuid4(), "name": "a.py"}
    first, again = [services.create_document(**wish) for _ in range(2)]
    assert first == again
    assert Document.objects.count() == 1


def test_teo_is_told_nothing_of_his_document_once_he_was_removed(mina, teo, secret):
    wish = {"actor": teo, "room_id": secret.pk, "cid": uuid4(), "name": "a.py"}
    services.create_document(**wish)
    chat.remove_member(actor=mina, room_id=secret.pk, user_id=teo.pk, reason="Bye")
    refused("not_found", lambda: services.create_document(**wish))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid"),
        (" ", "invalid"),
        ("a/b", "invalid"),
        ("a\\b", "invalid"),
        ("..", "invalid"),
        ("a\x00", "invalid"),
        ("a\u202eb", "invalid"),
        ("a\x07", "invalid"),
        ("\ud800", "invalid"),
        ("x" * 121, "too_large"),
    ],
)
def test_mina_gives_a_name_that_cannot_be_one(mina, room, name, code):
    refused(code, lambda: make_document(mina, room, name=name or "\t"), field="name")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "invalid"),
        ("\ud83d", "invalid"),
        ("\ude00\ud83d", "invalid"),
        ("x" * (DOCUMENT_UNITS + 1), "too_large"),
    ],
)
def test_mina_uploads_what_is_no_text(mina, room, text, code):
    refused(code, lambda: make_document(mina, room, text=text), field="text")


def test_a_document_may_be_as_long_as_the_limit_and_no_longer(mina, room):
    made = make_document(mina, room, text="😀" * (DOCUMENT_UNITS // 2))
    assert made.length == DOCUMENT_UNITS
    refused("too_large", lambda: write(mina, made, 0, 0, "x"))
    assert write(mina, made, 0, 2, "x") == 1


def test_a_name_is_free_again_when_its_document_is_deleted(mina, room):
    first = make_document(mina, room, name="a.py")
    refused("conflict", lambda: make_document(mina, room, name="a.py"), field="name")
    services.delete_document(actor=mina, document_id=first.pk)
    make_document(mina, room, name="a.py")
    refused("conflict", lambda: services.bring_back(actor=mina, document_id=first.pk), field="name")


def test_a_full_room_takes_no_more(mina, room, monkeypatch):
    monkeypatch.setattr(services.documents, "DOCUMENTS_MOST", 2)
    make_document(mina, room)
    gone = make_document(mina, room)
    refused("too_large", lambda: make_document(mina, room))
    services.delete_document(actor=mina, document_id=gone.pk)
    make_document(mina, room)
    refused("too_large", lambda: services.bring_back(actor=mina, document_id=gone.pk))


def test_what_was_deleted_within_a_month_counts_against_new_documents(mina, room, monkeypatch):
    monkeypatch.setattr(services.documents, "KEPT_MOST", 3)
    made = [make_document(mina, room) for _ in range(3)]
    for days, document in ((29, made[0]), (31, made[1])):
        at = timezone.now() - timedelta(days=days)
        services.delete_document(actor=mina, document_id=document.pk, at=at)
    make_document(mina, room)
    told = "Too many documents of this room were deleted within 30 days."
    refused("too_large", lambda: make_document(mina, room), message=told)
    assert services.bring_back(actor=mina, document_id=made[0].pk).deleted_at is None


# Changing


def test_teo_renames_moves_and_colours_and_nothing_new_is_not_told(teo, document):
    change = DocumentChange(name="session.py", language="python", position=7)
    view = services.update_document(actor=teo, document_id=document.pk, change=change)
    assert (view.name, view.language, view.position) == ("session.py", "python", 7)
    topic = f"room:{document.room_id}"
    told = last_event(topic)
    assert (told["type"], told["data"]["document"]["name"]) == ("document.listed", "session.py")
    assert services.update_document(actor=teo, document_id=document.pk, change=change) == view
    assert last_event(topic)["seq"] == told["seq"]


def test_only_moderators_and_the_maker_close_and_delete(mina, teo, room, document):
    close = DocumentChange(read_only=True)
    refused("forbidden", lambda: services.update_document(actor=teo, document_id=document.pk, change=close))
    refused("forbidden", lambda: services.delete_document(actor=teo, document_id=document.pk))
    services.update_document(actor=mina, document_id=document.pk, change=close)
    refused("read_only", lambda: write(teo, document, 0, 0, "x"))
    rename = DocumentChange(name="mine.py")
    refused("read_only", lambda: services.update_document(actor=teo, document_id=document.pk, change=rename))
    assert write(mina, document, 0, 0, "x") == 1
    own = make_document(teo, room)
    assert services.delete_document(actor=teo, document_id=own.pk).deleted_by == teo.pk


def test_a_deleted_document_takes_no_edit_and_comes_back_as_it_was(mina, document):
    write(mina, document, 0, 0, "zero\n")
    services.delete_document(actor=mina, document_id=document.pk)
    refused("gone", lambda: write(mina, document, 0, 0, "x"))
    rename = DocumentChange(name="new.py")
    refused("gone", lambda: services.update_document(actor=mina, document_id=document.pk, change=rename))
    back = services.bring_back(actor=mina, document_id=document.pk)
    assert (back.deleted_at, back.version) == (None, 1)
    assert text_of(document) == "zero\none\ntwo\n"


@pytest.mark.parametrize("language", ["c++", "c#", "objective-c", ""])
def test_a_language_is_one_word(teo, document, language):
    change = DocumentChange(language=language)
    assert services.update_document(actor=teo, document_id=document.pk, change=change).language == language


@pytest.mark.parametrize("language", ["a b", "<script>", "x" * 41, "é"])
def test_what_is_no_word_is_no_language(teo, document, language):
    change = DocumentChange(language=language)
    refused("invalid", lambda: services.update_document(actor=teo, document_id=document.pk, change=change))


# Rights


def test_strangers_learn_nothing_of_a_private_room(mina, ines, secret):
    hidden = make_document(mina, secret, text="salaries")
    refused("not_found", lambda: write(ines, hidden, 0, 0, "x"))
    refused("not_found", lambda: services.delete_document(actor=ines, document_id=hidden.pk))
    refused("not_found", lambda: make_document(ines, secret))
    refused("not_found", lambda: push(ines, Document(pk=hidden.pk + 99), 0, edit("", 0, 0, "x")))
    refused("not_found", lambda: push(ines, Document(pk=2**63), 0, edit("", 0, 0, "x")))


def test_who_looks_in_from_outside_edits_nothing(ines, document, room):
    refused("not_member", lambda: write(ines, document, 0, 0, "x"))
    refused("not_member", lambda: make_document(ines, room))


def test_rights_are_read_in_each_push(mina, teo, room, document):
    write(teo, document, 0, 0, "a")
    chat.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk)
    refused("not_member", lambda: write(teo, document, 0, 0, "b"))
    factories.change(mina, room, archived=True)
    refused("read_only", lambda: write(mina, document, 0, 0, "c"))
    assert text_of(document) == "a" + START


def test_the_muted_are_told_until_when(mina, teo, room, document):
    from accounts.services import sanction_user

    sanction_user(actor=mina, user=teo, kind="mute", reason="Noise", room_id=room.pk)
    refused("muted", lambda: write(teo, document, 0, 0, "x"))


@pytest.mark.parametrize("client", ["{mina}-a", "{teo}", "{teo}9-a", "run-7", ""])
def test_teo_cannot_speak_as_somebody_else(mina, teo, document, client):
    name = client.format(mina=mina.pk, teo=teo.pk) or "x"
    refused("forbidden", lambda: push(teo, document, 0, edit(START, 0, 0, "x"), client=name), field="client_id")


def test_a_run_edits_under_its_own_name(teo, document):
    push(teo, document, 0, edit(START, 0, 0, "x"), client="run-7", run="7")
    row = Update.objects.get()
    assert (row.run, row.client_id, row.author_id) == ("7", "run-7", teo.pk)


# Exactly once


def test_the_same_push_twice_and_thrice_is_stored_once(mina, document):
    change = edit(START, 3, 3, "!")
    assert [push(mina, document, 0, change) for _ in range(3)] == [1, 1, 1]
    assert text_of(document) == "one!\ntwo\n"


def test_a_lost_ack_then_the_push_with_new_edits_stores_each_once(mina, teo, document):
    first, second = edit(START, 0, 0, "A"), edit("A" + START, 1, 1, "B")
    push(mina, document, 0, first)
    write(teo, document, 9, 9, "T")
    assert push(mina, document, 0, first, second) == 3
    assert text_of(document) == "ABone\ntwo\nT"
    assert [row.author_id for row in Update.objects.order_by("version")] == [mina.pk, teo.pk, mina.pk]


def test_a_resend_that_differs_is_refused(mina, document):
    push(mina, document, 0, edit(START, 0, 0, "A"))
    refused("bad_change", lambda: push(mina, document, 0, edit(START, 0, 0, "B")))


def test_two_editors_of_one_person_do_not_swallow_each_other(mina, document):
    push(mina, document, 0, edit(START, 0, 0, "A"), client=client_of(mina, "a"))
    push(mina, document, 0, edit(START, 0, 0, "B"), client=client_of(mina, "b"))
    assert sorted(text_of(document)[:2]) == ["A", "B"]


def test_five_hundred_edits_made_offline_merge(mina, teo, document):
    """In two pushes, as a client does: the second is made on what came back of the first."""
    for number in range(200):
        write(teo, document, 0, 0, "ab"[number % 2])
    typed = "0123456789" * 50
    begin = len(START)
    push(mina, document, 0, *(edit("-" * (begin + n), begin + n, begin + n, typed[n]) for n in range(256)))
    now = Document.objects.get(pk=document.pk)
    end = now.length
    rest = [edit("-" * (end + n), end + n, end + n, typed[256 + n]) for n in range(244)]
    assert push(mina, document, now.version, *rest) == 700
    assert text_of(document) == replay(document)[-1] == "ba" * 100 + START + typed


# Versions that are none


def test_a_text_has_the_digest_that_the_page_makes_of_it():
    for text, number in (("", 0), ("123456789", 0xCBF43926), ("Grüße 😀\n二\r\u2028", 697462604)):
        assert digest(to_units(text)) == number


@pytest.mark.parametrize("version", [1, 2**40, -1])
def test_an_unknown_version_is_refused(mina, document, version):
    refused("unknown_version", lambda: push(mina, document, version, edit(START, 0, 0, "x")), field="version")


def test_a_push_from_too_far_behind_must_pull_first(mina, teo, document, monkeypatch):
    monkeypatch.setattr("editor.authority.REBASE_WINDOW", 3)
    for _ in range(4):
        write(teo, document, 0, 0, "x")
    refused("conflict", lambda: push(mina, document, 0, edit(START, 0, 0, "m")))
    assert push(mina, document, 1, edit("x" + START, 0, 0, "m")) == 5


def test_a_push_reaches_back_behind_what_memory_holds(mina, teo, document, monkeypatch):
    monkeypatch.setattr("editor.texts.TAIL_UPDATES", 2)
    for _ in range(5):
        write(teo, document, 0, 0, "x")
    assert push(mina, document, 0, edit(START, len(START), len(START), "m")) == 6
    assert text_of(document) == "xxxxx" + START + "m"


def test_an_edit_that_others_cut_into_too_many_pieces_is_refused_and_the_document_still_opens(mina, teo, room):
    wide = make_document(mina, room, text="x" * 10_000)
    spread = [(2 * at, 2 * at, "y") for at in range(4_500)]
    push(teo, wide, 0, ChangeSet.from_edits(10_000, spread))
    push(teo, wide, 1, ChangeSet.from_edits(14_500, [(3 * at + 2, 3 * at + 2, "z") for at in range(4_500)]))
    refused("too_large", lambda: push(mina, wide, 0, ChangeSet.from_edits(10_000, [(0, 10_000, "")])))
    assert push(teo, wide, 2, ChangeSet.from_edits(19_000, [(0, 0, "!")])) == 3
    sheets.forget(texts.key_of(wide))
    assert len(text_of(wide)) == 19_001


def test_a_push_from_behind_many_long_updates_must_pull_first(mina, teo, document, monkeypatch):
    monkeypatch.setattr("editor.texts.TAIL_UPDATES", 2)
    monkeypatch.setattr("editor.services.updates.MISSED_PAGE", 3)
    monkeypatch.setattr("editor.services.updates.MISSED_CHARS", 400)
    for _ in range(8):
        write(teo, document, 0, 0, "x" * 100)
    refused("conflict", lambda: push(mina, document, 0, edit(START, 0, 0, "m")))
    assert push(mina, document, 4, edit("x" * 400 + START, 0, 0, "m")) == 9


def test_a_text_is_stored_after_much_was_pasted(mina, document):
    for _ in range(24):
        write(mina, document, 0, Document.objects.get(pk=document.pk).length, "x" * 200_000)
    stored = list(document.snapshots.order_by("version").values_list("version", flat=True))
    assert stored == [0, 21]
    assert text_of(document) == "x" * 200_000


def test_the_log_is_read_in_pieces_where_edits_are_long(mina, document, monkeypatch):
    monkeypatch.setattr("editor.selectors.entries.PAGE_UPDATES", 2)
    monkeypatch.setattr("editor.selectors.entries.READ_BYTES", 1_500)
    for _ in range(7):
        write(mina, document, 0, 0, "x" * 300)
    topic, pieces, after = f"document:{document.pk}", [], 0
    while entries := log.read(topic, after, 500):
        pieces.append([entry.seq for entry in entries])
        after = pieces[-1][-1]
    assert pieces == [[1, 2, 3, 4], [5, 6, 7]]
    assert [entry.seq for entry in log.read(topic, 1, 3)] == [2, 3, 4]


# Batches


def test_one_refused_push_of_a_batch_does_not_harm_the_others(mina, teo, ines, document):
    pushes = [
        Push(mina, client_of(mina), 0, [edit(START, 0, 0, "M")]),
        Push(ines, client_of(ines), 0, [edit(START, 0, 0, "I")]),
        Push(teo, client_of(teo), 0, [edit("wrong length", 0, 0, "T")]),
        Push(teo, client_of(teo), 0, [edit(START, 8, 8, "T")]),
        Push(mina, client_of(mina), 7, [edit(START, 0, 0, "M")]),
    ]
    outcomes = services.submit_batch(document_id=document.pk, pushes=pushes)
    codes = [outcome.code if isinstance(outcome, Refused) else outcome.version for outcome in outcomes]
    assert codes == [1, "not_member", "bad_change", 2, "unknown_version"]
    assert text_of(document) == "M" + START + "T"
    assert [entry.seq for entry in log.read(f"document:{document.pk}", 0, 10)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_a_batch_costs_the_same_queries_for_one_push_and_for_sixty_four(mina, document):
    def queries(count):
        now = Document.objects.get(pk=document.pk)
        changes = [ChangeSet.from_edits(now.length, [(0, 0, "x")]) for _ in range(count)]
        pushes = [Push(mina, client_of(mina, str(n)), now.version, [one]) for n, one in enumerate(changes)]
        with CaptureQueriesContext(connection) as captured:
            services.submit_batch(document_id=document.pk, pushes=pushes)
        return [query["sql"] for query in captured if query["sql"].split()[0] not in {"BEGIN", "COMMIT"}]

    write(mina, document, 0, 0, "warm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("editor.services.updates.SNAPSHOT_UPDATES", 10**9)
        one, many = queries(1), queries(64)
    assert len(one) == len(many) == 4, one


# Texts


def test_the_text_at_every_version_is_the_replay(mina, teo, document, monkeypatch):
    monkeypatch.setattr("editor.services.updates.SNAPSHOT_UPDATES", 7)
    for number in range(40):
        text = text_of(document)
        start, stop = [len(to_units(text[: min(at, len(text))])) for at in (number % 9, number % 9 + number % 3)]
        write((mina, teo)[number % 2], document, start, stop, "é😀\n"[: number % 4])
    now = Document.objects.get(pk=document.pk)
    assert Snapshot.objects.filter(document=document).count() == 6
    assert [texts.text_at(now, version) for version in range(41)] == replay(document)
    assert now.length == len(replay(document)[-1].encode("utf-16-le")) // 2


@pytest.mark.django_db(transaction=True)
def test_memory_forgets_a_rolled_back_edit(mina, document):
    write(mina, document, 0, 0, "kept")
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        assert write(mina, document, 0, 0, "lost") == 2
        raise ZeroDivisionError
    assert text_of(document) == "kept" + START
    assert write(mina, document, 0, 0, "x") == 2
    assert replay(document)[-1] == text_of(document) == "xkept" + START


@pytest.mark.parametrize(
    "text", ["😀", "👩‍👩‍👧", "a\u2028b", "a\u2029b", "\u0085", "\v\f", "\ufeff", "é", "مرحبا", "\u0007", "𝒳𝒴"]
)
def test_every_kind_of_character_comes_back_at_both_ends(mina, document, text):
    write(mina, document, 0, 0, text)
    end = Document.objects.get(pk=document.pk).length
    write(mina, document, end, end, text)
    sheets.forget(texts.key_of(document))
    assert text_of(document) == replay(document)[-1] == text + START + text


def test_a_carriage_return_becomes_a_line_feed(mina, document):
    write(mina, document, 0, 0, "a\r\nb\rc")
    assert text_of(document) == "a\nb\nc" + START


def test_an_edit_cannot_cut_a_character_in_half(mina, room):
    document = make_document(mina, room, text="a😀b")
    refused("bad_change", lambda: write(mina, document, 1, 2, ""))
    refused("bad_change", lambda: write(mina, document, 2, 2, "x"))
    refused("bad_change", lambda: write(mina, document, 2, 3, ""))
    assert write(mina, document, 1, 3, "") == 1
    assert text_of(document) == "ab"


def test_the_log_of_the_document_tells_each_update_once(mina, teo, document):
    write(mina, document, 0, 0, "a")
    write(teo, document, 0, 0, "b")
    told = events(f"document:{document.pk}")
    assert [(frame["seq"], frame["type"]) for frame in told] == [(1, "document.updates"), (2, "document.updates")]
    assert told[1]["data"]["updates"] == [
        {"version": 2, "client_id": client_of(teo), "author": teo.pk, "changes": [[0, "b"], 9], "run": None}
    ]
    assert log.heads([f"document:{document.pk}", f"room:{document.room_id}"])[f"document:{document.pk}"] == (2, 1)
