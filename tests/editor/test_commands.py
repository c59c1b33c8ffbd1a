"""The operator's commands: documents are proved, compacted and written out; all of it may be repeated."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chat.shapes import BesideView
from editor import selectors, services
from editor.changes import ChangeSet
from editor.models import Anchor, Document, Snapshot, Update
from editor.selectors.soundness import check_document
from editor.services.compaction import purge_document
from realtime import log
from realtime.protocol import Refused
from tests import factories
from tests.editor.conftest import make_document, push, replay, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

NOW = timezone.now() + timedelta(hours=1)


@pytest.fixture(autouse=True)
def frequent_texts(monkeypatch):
    monkeypatch.setattr("editor.services.updates.SNAPSHOT_UPDATES", 5)


@pytest.fixture
def grown(mina, teo, room):
    """Thirty updates, one a day up to today; version 7 has a name."""
    document = make_document(mina, room, name="old.py", text="one\ntwo\n")
    for number in range(30):
        write((mina, teo)[number % 2], document, 0, 0, f"{number} ", at=NOW - timedelta(days=30 - number))
    services.name_version(actor=mina, document_id=document.pk, version=7, name="Seven")
    return Document.objects.get(pk=document.pk)


def faults(document):
    return list(check_document(document.pk))


# verify_documents


def test_operator_proves_every_document(grown, mina, room, capsys):
    make_document(mina, room)
    call_command("verify_documents", verbosity=0)
    assert "Documents checked: 2. Nothing is wrong." in capsys.readouterr().out
    call_command("verify_documents", document=["realtime-core/old.py"], verbosity=0)
    assert "Documents checked: 1." in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no document"):
        call_command("verify_documents", document=["realtime-core/none.py"])


def spoil_length(document):
    Document.objects.filter(pk=document.pk).update(length=1)


def spoil_text(document):
    Snapshot.objects.filter(document=document, version=10).update(text="nonsense")


def spoil_start(document):
    Snapshot.objects.filter(document=document, version=0).delete()


def lose_an_update(document):
    Update.objects.filter(document=document, version=12).delete()


def lose_the_last(document):
    Update.objects.filter(document=document, version=30).delete()


def change_an_update(document):
    Update.objects.filter(document=document, version=12).update(changes="[5]")


def forget_the_version(document):
    Document.objects.filter(pk=document.pk).update(version=20)


SPOILERS = {
    spoil_length: "its length is said to be 1 and is 88",
    spoil_text: "the text stored at 10 is not what its updates make",
    spoil_start: "there is no text at 0, where its log starts",
    lose_an_update: "update 12 is missing",
    lose_the_last: "update 30 is missing",
    change_an_update: "an update after 11 cannot be applied",
    forget_the_version: "10 updates are outside its log, 1 to 20",
}


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
def test_a_fault_is_found_and_named(grown, capsys, spoil):
    assert faults(grown) == []
    spoil(grown)
    with pytest.raises(CommandError, match="Faults found"):
        call_command("verify_documents", verbosity=0)
    assert SPOILERS[spoil] in capsys.readouterr().out


# compact_documents


def test_operator_gives_up_what_is_older_than_ten_days(grown, mina, capsys):
    before = replay(grown)
    call_command("compact_documents", older_than=10, keep=0, dry_run=True, verbosity=0)
    assert "Would delete 20 updates of 1 documents." in capsys.readouterr().out
    assert Update.objects.count() == 30
    for told in ("Deleted 20 updates.", "Deleted 0 updates."):
        call_command("compact_documents", older_than=10, keep=0, verbosity=0)
        assert told in capsys.readouterr().out
    now = Document.objects.get(pk=grown.pk)
    assert (now.log_start, now.version) == (20, 30)
    assert faults(now) == []
    assert log.heads([f"document:{now.pk}"]) == {f"document:{now.pk}": (30, 21)}
    shown = [selectors.view_text(actor=mina, document_id=now.pk, version=version).text for version in range(20, 31)]
    assert shown == before[20:]
    assert selectors.view_text(actor=mina, document_id=now.pk, version=7).text == before[7]
    with pytest.raises(Refused, match="Versions 20 to 30"):
        selectors.view_text(actor=mina, document_id=now.pk, version=8)
    history = selectors.history(actor=mina, document_id=now.pk)
    assert (history.oldest, [named.name for named in history.named]) == (20, ["Seven"])
    assert write(mina, now, 0, 0, "on ") == 31


def test_the_newest_stay_whatever_their_age(grown):
    call_command("compact_documents", older_than=0, keep=12, verbosity=0)
    assert Document.objects.get(pk=grown.pk).log_start == 18


def test_compaction_goes_in_steps(grown, monkeypatch):
    monkeypatch.setattr("editor.services.compaction.STEP_UPDATES", 3)
    call_command("compact_documents", older_than=0, keep=0, document=[str(grown.pk)], verbosity=0)
    now = Document.objects.get(pk=grown.pk)
    assert (now.log_start, Update.objects.count()) == (30, 0)
    assert faults(now) == []
    assert text_of(now).endswith("0 one\ntwo\n")


def test_who_comes_from_before_the_log_cannot_push_and_gets_the_text(grown, mina, teo):
    call_command("compact_documents", older_than=0, keep=5, verbosity=0)
    with pytest.raises(Refused) as caught:
        push(mina, grown, 24, ChangeSet.from_edits(70, [(0, 0, "x")]))
    assert caught.value.code == "unknown_version"
    opening = selectors.open_document(actor=mina, document_id=grown.pk, version=24)
    assert opening.text == text_of(grown)
    assert selectors.open_document(actor=mina, document_id=grown.pk, version=25).text is None
    blocks = selectors.blame(actor=mina, document_id=grown.pk).blocks
    assert [(block.line, block.version, block.author) for block in blocks] == [(1, 30, teo.pk), (2, 25, None)]


def test_anchors_move_along(grown, mina, room):
    said = {"said_version": 3, "said_start": 6, "said_end": 9}
    message = factories.say(mina, room, "Why?")
    Anchor.objects.create(document=grown, message_id=message.pk, version=3, start=6, end=9, quote="one", **said)
    call_command("compact_documents", older_than=10, keep=0, verbosity=0)
    anchor = Anchor.objects.get()
    text = selectors.view_text(actor=mina, document_id=grown.pk, version=20).text
    assert (anchor.version, text[anchor.start : anchor.end]) == (20, "one")
    assert (anchor.said_version, anchor.said_start, anchor.said_end) == (3, 6, 9)
    assert faults(grown) == []


def test_operator_purges_what_was_deleted_a_month_ago(grown, mina, room, capsys):
    """What stays keeps its past, and what was said beside the document stays said."""
    beside = BesideView(topic=f"document:{grown.pk}", seq=3, start=0, end=3)
    message = factories.say(mina, room, "Why?", beside=beside)
    services.bind_messages(document_id=grown.pk)
    fresh = make_document(mina, room)
    for document, days in ((grown, 31), (fresh, 29)):
        services.delete_document(actor=mina, document_id=document.pk, at=timezone.now() - timedelta(days=days))
    listed = selectors.document_list(actor=mina, room_id=room.pk).deleted
    assert [one.id for one in listed] == [fresh.pk]
    call_command("compact_documents", purge_deleted=30, dry_run=True, verbosity=0)
    assert "Would delete 1 documents for good." in capsys.readouterr().out
    for told in ("Deleted 1 documents for good.", "Deleted 0 documents for good."):
        call_command("compact_documents", purge_deleted=30, verbosity=0)
        assert told in capsys.readouterr().out
    assert list(Document.objects.all()) == [fresh]
    assert not Update.objects.exists()
    assert not Anchor.objects.exists()
    assert type(message).objects.get(pk=message.pk).body == "Why?"
    with pytest.raises(Refused) as caught:
        services.bring_back(actor=mina, document_id=grown.pk)
    assert caught.value.code == "not_found"
    assert services.bring_back(actor=mina, document_id=fresh.pk).deleted_at is None
    assert purge_document(document_id=fresh.pk, before=timezone.now()) is False


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "Say --older-than"),
        ({"purge_deleted": 29}, "for 30 days"),
        ({"purge_deleted": 40, "document": ["1"]}, "does not go with --document"),
    ],
)
def test_what_cannot_be_purged_is_said(db, options, told):
    with pytest.raises(CommandError, match=told):
        call_command("compact_documents", **options)


@pytest.mark.parametrize("options", [{"older_than": -1}, {"older_than": 1, "keep": -1}])
def test_negative_numbers_are_refused(options):
    with pytest.raises(CommandError, match="cannot be negative"):
        call_command("compact_documents", **options)


# export_document


def test_operator_writes_a_text_out(grown, tmp_path, capsys):
    call_command("export_document", "realtime-core/old.py", at=1)
    assert capsys.readouterr().out == "0 one\ntwo\n"
    file = tmp_path / "old.py"
    for _ in range(2):
        call_command("export_document", str(grown.pk), output=file)
    assert file.read_bytes().decode() == text_of(grown)
    assert list(tmp_path.iterdir()) == [file]


def test_operator_writes_the_log_out_and_it_replays(grown, teo, mina, room, capsys):
    write(mina, grown, 0, 0, "é😀")
    call_command("export_document", str(grown.pk), updates=True, verbosity=0)
    first, *rest = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    text = first["text"]
    for line in rest:
        text = ChangeSet.from_json(line["changes"]).apply(text)
    assert text.encode("utf-16", "surrogatepass").decode("utf-16") == text_of(grown)
    assert [line["author"] for line in rest[:2]] == ["mina", "teo"]


@pytest.mark.parametrize(
    ("name", "options"), [("none", {}), ("99999", {}), ("x/y", {}), ("realtime-core/old.py", {"at": 99})]
)
def test_what_is_not_there_is_said(grown, name, options):
    with pytest.raises(CommandError):
        call_command("export_document", name, **options)


def test_a_folder_that_is_not_there_is_said(grown, tmp_path):
    with pytest.raises(CommandError, match="was not written: No such file"):
        call_command("export_document", str(grown.pk), output=tmp_path / "no" / "file")
