"""import_room and export_room: what comes in is a room like any other, once, and goes out as it came."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.services import create_person
from chat import lines, services
from chat.models import ImportedLine, Membership, Message, Room
from chat.selectors import home_snapshot, message_page, pins_page, thread_snapshot
from chat.selectors.views import message_views
from chat.services import imports
from chat.shapes import BesideView
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, topic_of

pytestmark = [pytest.mark.django_db, pytest.mark.stack]

SAID: list[dict[str, Any]] = [
    {"line": 0, "time": "23:50", "author": "Mole_", "body": "does anybody have `gpilotd` running?", "reply_to": None},
    {"line": 2, "time": "23:51", "author": "|Quad-", "body": "  indented\n\tand <b>raw</b> & ü 🙂", "reply_to": None},
    {"line": 3, "time": "23:58", "author": "mole_", "body": "another mole, @mina", "reply_to": 0},
    {"line": 4, "time": "00:02", "author": "Mole_", "body": "yes, after midnight", "reply_to": 3},
    {"line": 9, "time": "00:02", "author": "|Quad-", "body": "what was before the file?", "reply_to": 1},
    {"line": 11, "time": "00:03", "author": "|Quad-", "body": "line one\nline two", "reply_to": 2},
]


@pytest.fixture
def boss(db: None) -> User:
    return factories.make_person("boss", is_superuser=True, is_staff=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "support-2005-02-06.jsonl", SAID)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def bring(*files: Path, **options: Any) -> Room:
    call_command("import_room", *files, verbosity=0, **options)
    return Room.objects.get(slug=options.get("room") or files[0].stem)


def export(room: Room, tmp_path: Path, **options: Any) -> str:
    output = tmp_path / "out.jsonl"
    call_command("export_room", room.slug, output=output, **options)
    return output.read_text(encoding="utf-8")


def said_in(room: Room) -> list[Message]:
    return list(Message.objects.filter(room=room).exclude(kind="system").order_by("seq"))


def test_operator_imports_and_the_export_is_the_same_file(boss, file, tmp_path):
    room = bring(file)
    assert (room.kind, room.name, room.created_by) == ("public", "support-2005-02-06", boss)
    assert export(room, tmp_path) == file.read_text()
    call_command("check_integrity", verbosity=0)


def test_authors_become_people_who_cannot_sign_in_and_are_no_members(boss, file):
    room = bring(file)
    people = User.objects.filter(kind="bridge").order_by("pk")
    assert [person.display_name for person in people] == ["Mole_", "|Quad-", "mole_"]
    assert len({person.username for person in people}) == 3
    assert not any(person.is_active or person.has_usable_password() for person in people)
    assert list(Membership.objects.filter(room=room).values_list("user__username", flat=True)) == ["boss"]
    assert {message.kind for message in said_in(room)} == {"bridge"}


def test_replies_hang_on_the_first_line_of_their_chain_and_stand_in_the_room(boss, file):
    room = bring(file)
    first, quad, mole, late, lost, last = said_in(room)
    thread = thread_snapshot(actor=boss, room_id=room.pk, root_id=first.pk)
    assert [reply.id for reply in thread.replies] == [mole.pk, late.pk]
    assert [reply.reply_to and reply.reply_to.id for reply in thread.replies] == [None, mole.pk]
    assert thread.root.thread is not None
    assert (thread.root.thread.replies, thread.root.thread.people) == (2, [first.author_id, mole.author_id])
    assert (lost.thread_root, last.thread_root) == (None, quad)
    page = message_page(actor=boss, room_id=room.pk)
    assert [message.id for message in page.messages[1:]] == [message.pk for message in said_in(room)]


def test_lines_have_their_day_and_the_room_is_as_old_as_the_first(boss, file):
    room = bring(file)
    times = [f"{message.created_at:%d %H:%M}" for message in said_in(room)]
    assert times == ["06 23:50", "06 23:51", "06 23:58", "07 00:02", "07 00:02", "07 00:03"]
    assert Message.objects.get(room=room, kind="system").created_at == said_in(room)[0].created_at


def test_html_is_made_here_and_addresses_nobody(boss, file):
    factories.make_person("mina")
    room = bring(file)
    html = [message.html for message in said_in(room)]
    assert "<code>gpilotd</code>" in html[0]
    assert "<b>" not in html[1]
    assert "data-user" not in html[2]
    assert home_snapshot(actor=boss).rooms[0].mentions == 0


def test_the_log_tells_what_a_fresh_page_shows(boss, file):
    room = bring(file)
    told = [event["data"] for event in events(topic_of(room)) if event["type"] == "message.created"]
    shown = msgspec.to_builtins(message_views(said_in(room)))
    # A root is told before it has replies; the last reply tells what stands under it.
    assert [event["message"] for event in told] == [view | {"thread": None} for view in shown]
    threads = {event["message"]["thread_root"]: event["thread"] for event in told}
    assert {view["id"]: view["thread"] for view in shown if view["thread"]} == {
        root: thread for root, thread in threads.items() if root
    }
    assert [event["person"]["display_name"] for event in told] == [row["author"] for row in SAID]


def test_a_member_finds_imported_lines_unread_and_can_answer_them(boss, file, tmp_path):
    teo = factories.make_person("teo")
    room = factories.make_room(boss, teo, name="support-2005-02-06")
    bring(file)
    assert home_snapshot(actor=teo).rooms[0].unread == len(SAID)
    root = said_in(room)[0]
    factories.say(teo, room, "It runs here.", thread=root.pk)
    assert thread_snapshot(actor=teo, room_id=room.pk, root_id=root.pk).replies[-1].body == "It runs here."
    last = json.loads(export(room, tmp_path).splitlines()[-1])
    assert (last["line"], last["author"], last["reply_to"]) == (12, "teo", 0)


def test_repeating_adds_nothing_and_an_ended_import_goes_on(boss, file, tmp_path):
    room = bring(file, limit=2)
    assert list(ImportedLine.objects.order_by("line").values_list("line", flat=True)) == [0, 2]
    bring(file, limit=0)
    bring(file)
    before = head(topic_of(room))
    bring(file)
    assert head(topic_of(room)) == before
    assert User.objects.filter(kind="bridge").count() == 3
    assert export(room, tmp_path) == file.read_text()
    call_command("check_integrity", verbosity=0)


def test_a_private_room_is_found_again_although_its_address_is_secret(boss, file):
    for _ in range(2):
        call_command("import_room", file, kind="private", verbosity=0)
    room = Room.objects.get()
    assert (room.kind, len(said_in(room))) == ("private", len(SAID))


def test_several_days_share_a_room_and_come_out_apart(boss, file, tmp_path):
    other = write(tmp_path / "support-2005-02-08.jsonl", [SAID[0], SAID[2] | {"body": "second day"}])
    room = bring(file, other, room="support")
    assert len(said_in(room)) == len(SAID) + 2
    assert User.objects.filter(kind="bridge").count() == 3
    assert export(room, tmp_path, source=other.stem) == other.read_text()
    assert export(room, tmp_path, source=file.stem) == file.read_text()
    whole = [json.loads(text) for text in export(room, tmp_path, full_times=True).splitlines()]
    assert [row["line"] for row in whole[-2:]] == [12, 13]
    assert whole[-1]["reply_to"] == 12
    assert whole[-1]["time"] == "2005-02-08T23:58:00Z"


def test_an_export_can_be_imported_elsewhere(boss, file, tmp_path):
    room = bring(file)
    factories.say(boss, room, "from here", beside=BesideView(topic="document:7", seq=3, start=1, end=9))
    services.pin_message(actor=boss, room_id=room.pk, message_id=said_in(room)[0].pk)
    copy = tmp_path / "copy.jsonl"
    copy.write_text(export(room, tmp_path, full_times=True))
    other = bring(copy, match_people=True)
    assert said_in(other)[-1].author == boss
    assert [(m.body, m.created_at.replace(second=0, microsecond=0)) for m in said_in(other)] == [
        (m.body, m.created_at.replace(second=0, microsecond=0)) for m in said_in(room)
    ]
    assert export(other, tmp_path, full_times=True) == copy.read_text()
    assert [pin.message.body for pin in pins_page(actor=boss, room_id=other.pk).pins] == [said_in(room)[0].body]
    shown = message_page(actor=boss, room_id=other.pk).messages[-1]
    assert shown.beside == BesideView(topic="document:7", seq=3, start=1, end=9)
    call_command("check_integrity", verbosity=0)


def test_names_of_people_here_are_theirs_only_when_asked(boss, tmp_path):
    mina = factories.make_person("mina")
    file = write(tmp_path / "x-2005-02-06.jsonl", [SAID[0] | {"author": "mina"}])
    stranger = said_in(bring(file))[0].author
    assert stranger is not None
    assert (stranger.kind, stranger.display_name, stranger == mina) == ("bridge", "mina", False)
    message = said_in(bring(file, room="again", match_people=True))[0]
    assert (message.author, message.kind) == (mina, "user")


def test_deleted_messages_stay_deleted_and_out_of_the_export(boss, file, tmp_path):
    room = bring(file)
    root = said_in(room)[0]
    services.delete_message(actor=boss, room_id=room.pk, message_id=root.pk)
    bring(file)
    rows = [json.loads(text) for text in export(room, tmp_path).splitlines()]
    assert rows == SAID[1:]
    assert b"gpilotd" not in b"".join(json.dumps(event["data"]).encode() for event in events(topic_of(room)))
    call_command("check_integrity", verbosity=0)


def test_what_somebody_wrote_whose_account_is_gone_is_exported_too(boss, tmp_path):
    room = factories.make_room(boss)
    teo = factories.make_person("teo")
    services.join_room(actor=teo, room_id=room.pk)
    factories.say(teo, room, "still here")
    teo.delete()
    assert json.loads(export(room, tmp_path))["author"] == "somebody"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"owner": "nobody"}, "There is nobody called “nobody”"),
        ({"limit": -1}, "--limit cannot be negative"),
        ({"room": "Not a slug"}, "Use up to 60 small letters"),
    ],
)
def test_operator_is_told_what_is_wrong_with_the_command(boss, file, options, told):
    with pytest.raises(CommandError, match=told):
        bring(file, **options)
    assert not Room.objects.exists()


def test_a_file_with_a_fault_is_not_imported_at_all(boss, file, tmp_path):
    bad = tmp_path / "bad-2005-02-06.jsonl"
    bad.write_bytes(file.read_bytes() + b"nonsense\n")
    with pytest.raises(CommandError, match=r"was not imported\.\nLine 7 of the file"):
        bring(file, bad)
    assert not Room.objects.exists()
    assert not User.objects.filter(kind="bridge").exists()


def test_a_day_is_needed_and_may_be_given(boss, file, tmp_path):
    dayless = file.rename(tmp_path / "support.jsonl")
    with pytest.raises(CommandError, match="give --date"):
        bring(dayless)
    room = bring(dayless, date=date(2006, 1, 31))
    assert f"{said_in(room)[-1].created_at:%Y-%m-%d}" == "2006-02-01"


def test_a_missing_file_an_archived_room_and_a_missing_owner_are_said(file, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        bring(tmp_path / "none.jsonl")
    with pytest.raises(CommandError, match="give --owner USERNAME"):
        bring(file)
    mina = factories.make_person("mina")
    room = factories.make_room(mina, name="support-2005-02-06")
    factories.change(mina, room, archived=True)
    for dry in (True, False):
        with pytest.raises(CommandError, match="archived"):
            call_command("import_room", file, dry_run=dry, verbosity=0)


def test_a_name_that_the_database_cannot_keep_is_refused_before_anything_is_made(boss, file, tmp_path):
    with pytest.raises(CommandError, match="at most 120 characters"):
        bring(file.rename(tmp_path / f"{'x' * 121}-2005-02-06.jsonl"))
    assert not Room.objects.exists()


def test_a_dry_run_changes_nothing(boss, file, capsys):
    call_command("import_room", file, dry_run=True)
    assert "would add 6 by 3 people to a new room “support-2005-02-06”" in capsys.readouterr().out
    assert not Room.objects.exists()
    assert not User.objects.filter(kind="bridge").exists()


def test_the_name_of_an_imported_author_is_taken_from_nobody(boss, file):
    bring(file, limit=0)
    taken = imports.import_authors(actor=None, names=["Mole_"])["Mole_"].name
    User.objects.all().delete()
    create_person(actor=None, username=taken)
    with pytest.raises(Refused, match="belongs to somebody else"):
        imports.import_authors(actor=None, names=["Mole_"])


def test_an_export_that_fails_leaves_the_old_file(boss, file, tmp_path):
    room = bring(file)
    with pytest.raises(CommandError, match="was not written"):
        call_command("export_room", room.slug, output=tmp_path / "none" / "out.jsonl")
    with pytest.raises(CommandError, match="There is no room “nowhere”"):
        call_command("export_room", "nowhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name]


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_bring_every_line_once(tmp_path):
    room = factories.make_room(factories.make_person("boss", is_superuser=True))
    rows = [
        {"line": n, "time": "10:00", "author": f"a{n % 5}", "body": f"line {n}", "reply_to": n - 3 if n > 2 else None}
        for n in range(300)
    ]
    dated = lines.give_dates(lines.parse(write(tmp_path / "x.jsonl", rows).read_bytes()), date(2005, 2, 6))
    authors = imports.import_authors(actor=None, names=[f"a{n}" for n in range(5)])

    def run(_: int) -> None:
        # Whoever comes second may be refused as a conflict; the repetition below is what an operator would do.
        with closing(connection), suppress(Refused):
            for start in range(0, 300, 50):
                batch = dated[start : start + 50]
                imports.import_lines(actor=None, room_id=room.pk, source="x", lines=batch, authors=authors)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    run(0)
    assert list(ImportedLine.objects.order_by("message__seq").values_list("line", flat=True)) == list(range(300))
    call_command("check_integrity", verbosity=0)


def test_a_batch_costs_few_queries_however_many_lines_it_has(boss, tmp_path, django_assert_max_num_queries):
    room = factories.make_room(boss)
    rows = [SAID[0] | {"line": n, "time": "10:00", "reply_to": n - 1 if n % 7 else None} for n in range(1000)]
    dated = lines.give_dates(lines.parse(write(tmp_path / "x.jsonl", rows).read_bytes()), date(2005, 2, 6))
    authors = imports.import_authors(actor=None, names=["Mole_"])
    for start in (0, 500):
        with django_assert_max_num_queries(40):
            batch = dated[start : start + 500]
            assert imports.import_lines(actor=None, room_id=room.pk, source="x", lines=batch, authors=authors) == 500
