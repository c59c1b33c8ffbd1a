"""Reverts: a run or a person's last edits go, by one new edit, and what others typed meanwhile stays."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from chat.models import Membership
from editor import selectors, services
from editor.changes import ChangeSet
from editor.models import Document, Reversal, Update
from editor.selectors import reverting
from realtime.protocol import Refused
from tests.editor.agents import CODE, run_writes
from tests.editor.agents import assistant as assistant
from tests.editor.agents import code as code
from tests.editor.conftest import make_document, push, replay, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def revert(actor, document, **wanted):
    return services.revert_updates(actor=actor, document_id=document.pk, **{"cid": uuid4(), **wanted})


def preview(actor, document, **wanted):
    return selectors.revert_preview(actor=actor, document_id=document.pk, **wanted)


def refusal(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code


def test_teo_reverts_a_run_after_mina_typed_into_it(assistant, mina, teo, code):
    run_writes(assistant, teo, code, ("return 1", "value = 1\n    return value"), ("return 2", "return 3"))
    at = text_of(code).index("value = 1") + len("value = 1")
    write(mina, code, at, at, "  # why")
    done = revert(teo, code, run="r1")
    assert text_of(code) == CODE.replace("return 1", "return 1  # why")
    assert (done.updates, done.skipped) == (2, 0)
    assert Update.objects.get(document=code, version=done.version).author == teo
    assert replay(code)[-1] == text_of(code)


def test_a_run_is_reverted_once_whoever_asks_again(assistant, mina, teo, code):
    run_writes(assistant, teo, code, ("def two():\n    return 2\n", ""))
    cid = uuid4()
    first = revert(teo, code, run="r1", cid=cid)
    assert text_of(code) == CODE
    assert revert(teo, code, run="r1", cid=cid) == first
    again = revert(mina, code, run="r1")
    assert (again.version, again.updates, again.skipped) == (first.version, 0, 1)
    assert text_of(code) == CODE


def test_whoever_takes_a_revert_back_is_the_author_of_what_stands_there_again(assistant, mina, teo, code):
    run_writes(assistant, teo, code, ("return 2", "return 3"))
    since = timezone.now()
    revert(teo, code, run="r1")
    revert(mina, code, author_id=teo.pk, since=since, reason="not so fast")
    assert text_of(code) == CODE.replace("return 2", "return 3")
    assert revert(teo, code, run="r1").updates == 0
    assert revert(mina, code, author_id=mina.pk).updates == 1
    assert text_of(code) == CODE


def test_mina_takes_back_what_teo_wrote_in_the_last_minutes(mina, teo, code):
    long_ago = timezone.now() - timedelta(hours=2)
    write(teo, code, 0, 0, "# old\n", at=long_ago)
    write(mina, code, 0, 0, "# mina\n")
    write(teo, code, 0, 0, "# spam\n")
    shown = preview(mina, code, author_id=teo.pk, since=timezone.now() - timedelta(minutes=10))
    assert (shown.updates, shown.difference.added, shown.difference.removed) == (1, 0, 1)
    assert [(line.sign, line.text) for line in shown.difference.parts[0].lines][:2] == [
        ("-", "# spam"),
        (" ", "# mina"),
    ]
    revert(mina, code, author_id=teo.pk, since=timezone.now() - timedelta(minutes=10), reason="only spam")
    assert text_of(code) == "# mina\n# old\n" + CODE
    entry = AuditEntry.objects.get(action="edits.revert")
    assert (entry.actor, entry.target, entry.reason) == (mina, f"user:{teo.pk}", "only spam")
    assert entry.detail["document"] == code.pk
    assert entry.detail["updates"] == 1


def test_a_preview_writes_nothing_and_names_who_stays(assistant, mina, teo, code):
    run_writes(assistant, teo, code, ("return 1", "return 10"))
    write(mina, code, 0, 0, "# top\n")
    before = Document.objects.get(pk=code.pk).version
    shown = preview(teo, code, run="r1")
    assert [person.id for person in shown.people] == shown.others == [mina.pk]
    assert [line.text for line in shown.difference.parts[0].lines if line.sign == "+"] == ["    return 1"]
    assert [line.text for line in shown.difference.parts[0].lines if line.sign == "-"] == ["    return 10"]
    assert Document.objects.get(pk=code.pk).version == before == shown.version
    assert not Reversal.objects.exists()


def test_who_may_take_back_what(assistant, mina, teo, ines, room, code):
    run_writes(assistant, teo, code, ("return 1", "return 10"))
    write(mina, code, 0, 0, "# mina\n")
    write(teo, code, 0, 0, "# teo\n")
    assert refusal(lambda: revert(ines, code, run="r1")) == "not_member"
    assert refusal(lambda: revert(teo, code, author_id=mina.pk, reason="no reason")) == "forbidden"
    assert refusal(lambda: preview(teo, code, author_id=mina.pk)) == "forbidden"
    assert refusal(lambda: revert(mina, code, author_id=teo.pk)) == "invalid"  # without a reason
    assert refusal(lambda: revert(teo, code)) == "invalid"
    assert refusal(lambda: revert(teo, code, run="r1", author_id=teo.pk)) == "invalid"
    assert revert(teo, code, author_id=teo.pk).updates == 1
    assert not AuditEntry.objects.filter(action="edits.revert").exists()
    services.update_document(actor=mina, document_id=code.pk, change=services.DocumentChange(read_only=True))
    assert refusal(lambda: revert(teo, code, run="r1")) == "read_only"
    services.delete_document(actor=mina, document_id=code.pk)
    assert refusal(lambda: revert(mina, code, run="r1")) == "gone"


def test_strangers_do_not_learn_of_a_private_document(ines, mina, secret):
    hidden = make_document(mina, secret, text="secret")
    assert refusal(lambda: revert(ines, hidden, run="r1")) == "not_found"
    assert refusal(lambda: preview(ines, hidden, author_id=mina.pk)) == "not_found"
    assert refusal(lambda: selectors.edited_documents(actor=ines, room_id=secret.pk, author_id=mina.pk)) == "not_found"


def test_staff_take_back_what_a_person_wrote_in_a_room_that_they_are_not_in(teo, ines, code):
    User.objects.filter(pk=ines.pk).update(is_staff=True, is_superuser=True)
    staff = User.objects.get(pk=ines.pk)
    write(teo, code, 0, 0, "# spam\n")
    assert revert(staff, code, author_id=teo.pk, reason="reported twice").updates == 1
    assert text_of(code) == CODE


def test_moderators_see_in_which_files_somebody_wrote(mina, teo, room, code):
    other = make_document(mina, room, name="notes.md")
    make_document(mina, room, name="untouched.md")
    write(teo, code, 0, 0, "1")
    write(teo, other, 0, 0, "2")
    write(teo, other, 0, 0, "3")
    found = selectors.edited_documents(actor=mina, room_id=room.pk, author_id=teo.pk).documents
    assert [(one.name, one.updates) for one in found] == [("notes.md", 2), ("session.py", 1)]
    soon = timezone.now() + timedelta(minutes=1)
    assert not selectors.edited_documents(actor=mina, room_id=room.pk, author_id=teo.pk, since=soon).documents
    assert refusal(lambda: selectors.edited_documents(actor=teo, room_id=room.pk, author_id=mina.pk)) == "forbidden"


def test_what_is_too_long_ago_is_counted_not_taken_back(mina, teo, code, monkeypatch):
    monkeypatch.setattr(reverting, "REVERT_UPDATES", 2)
    for letter in "abc":
        write(teo, code, 0, 0, letter)
    done = revert(teo, code, author_id=teo.pk)
    assert (done.updates, done.skipped) == (2, 1)
    assert text_of(code) == "a" + CODE


def test_a_long_deletion_comes_back_in_pieces_that_sockets_can_take(assistant, mina, teo, room):
    long = "".join(f"line {number:05d} 😀\n" for number in range(12_000))
    document = make_document(mina, room, text=long)
    now = Document.objects.get(pk=document.pk)
    Membership.objects.create(room=room, user=assistant)
    gone = ChangeSet.from_edits(now.length, [(0, now.length, "")])
    push(assistant, now, 0, gone, client="run-r1", run="r1")
    done = revert(teo, document, run="r1")
    assert text_of(document) == long
    assert Reversal.objects.get().count == done.version - 1 > 1


@pytest.mark.parametrize("seed", range(6))
def test_a_run_between_people_who_type_goes_and_they_stay(seed, assistant, mina, teo, room):
    chance = random.Random(seed)
    document = make_document(mina, room, text="0123456789\n" * 4)
    Membership.objects.create(room=room, user=assistant)
    typed = []
    for number in range(60):
        who = chance.choice([assistant, assistant, mina, teo])
        now = Document.objects.get(pk=document.pk)
        behind = chance.randint(0, min(3, now.version))
        at = chance.randint(0, now.length)
        if who is assistant:
            stop = min(now.length, at + chance.choice([0, 0, 3]))
            change = ChangeSet.from_edits(now.length, [(at, stop, "X" * chance.randint(1, 4))])
            push(assistant, now, now.version, change, client="run-r1", run="r1")
        else:
            word = f"<{number}>"
            typed.append(word)
            base = now.version - behind
            length = len(replay(document)[base])
            at = min(at, length)
            change = ChangeSet.from_edits(length, [(at, at, word)])
            push(who, now, base, change, client=f"{who.pk}-{number}")
    before = text_of(document)
    whole = [word for word in typed if word in before]
    revert(teo, document, run="r1")
    after = text_of(document)
    assert "X" not in after
    assert [word for word in whole if word not in after] == []
    rest = after
    for word in sorted(typed, key=len, reverse=True):
        rest = rest.replace(word, "") if word in whole else rest
    if len(whole) == len(typed):
        assert rest == "0123456789\n" * 4
    assert revert(mina, document, run="r1").updates == 0
    assert text_of(document) == after
