"""The JSON API of documents: who gets what, uploads, history, names, restores, downloads."""

import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from editor import services
from editor.changes import DOCUMENT_UNITS
from editor.models import Document, Snapshot, Update
from editor.services import DocumentChange
from tests.chat.conftest import head, last_event
from tests.editor.conftest import make_document, signed_in, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def get(user, path, status=200):
    answer = signed_in(user).get(path)
    assert answer.status_code == status, answer.content
    return answer.json()


def send(user, method, path, status=200, **data):
    answer = getattr(signed_in(user), method)(path, json.dumps(data), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def listed(room):
    return f"/api/rooms/{room.pk}/documents/"


def at(document, rest=""):
    return f"/api/documents/{document.pk}/{rest}"


# Lists and making


def test_mina_lists_documents_in_the_order_of_their_tabs(mina, teo, room):
    _, second, gone = [make_document(mina, room, name=name) for name in ("b.py", "a.py", "c.py")]
    services.update_document(actor=mina, document_id=second.pk, change=DocumentChange(position=1))
    services.delete_document(actor=mina, document_id=gone.pk)
    answer = get(teo, listed(room))
    assert [one["name"] for one in answer["documents"]] == ["a.py", "b.py"]
    assert [one["name"] for one in answer["deleted"]] == ["c.py"]
    assert (answer["can_edit"], answer["can_moderate"]) == (True, False)
    assert answer["as_of_seq"] == head(f"room:{room.pk}")
    assert get(mina, listed(room))["can_moderate"] is True


def test_outsiders_see_the_living_of_a_public_room_and_nothing_of_a_private_one(mina, ines, room, secret):
    gone = make_document(mina, room)
    services.delete_document(actor=mina, document_id=gone.pk)
    answer = get(ines, listed(room))
    assert (answer["can_edit"], answer["documents"], answer["deleted"]) == (False, [], [])
    hidden = make_document(mina, secret, text="salaries")
    for path in (listed(secret), *(at(hidden, rest) for rest in ("", "text/", "updates/", "history/", "blame/"))):
        assert get(ines, path, 404)["code"] == "not_found"
    assert signed_in(ines).get(f"/documents/{hidden.pk}/download/").status_code == 404
    for rest in ("text/", "history/", "updates/", "blame/"):
        assert get(ines, at(gone, rest), 404)["code"] == "not_found"
        get(mina, at(gone, rest))


def test_teo_makes_a_document_from_json(teo, room):
    wish = {"cid": str(uuid4()), "name": "notes.md", "text": "# Hi\r\n"}
    made = send(teo, "post", listed(room), 201, **wish)
    assert (made["name"], made["length"], made["created_by"]) == ("notes.md", 5, teo.pk)
    assert send(teo, "post", listed(room), 201, **wish)["id"] == made["id"]


def test_teo_drops_a_file(teo, room):
    file = SimpleUploadedFile("wörk.py", "\ufeffprint('é😀')\r\n".encode())
    answer = signed_in(teo).post(listed(room), {"cid": str(uuid4()), "file": file})
    assert answer.status_code == 201
    made = Document.objects.get(pk=answer.json()["id"])
    assert (made.name, text_of(made)) == ("wörk.py", "print('é😀')\n")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"\xff\xfe\x00", 400, "invalid"),
        (b"a\x00b", 400, "invalid"),
        (b"x" * (3 * DOCUMENT_UNITS + 1), 413, "too_large"),
        (b"x" * (DOCUMENT_UNITS + 1), 413, "too_large"),
    ],
)
def test_a_file_that_is_no_text_or_too_long_is_refused(teo, room, content, status, code):
    file = SimpleUploadedFile("a.bin", content)
    answer = signed_in(teo).post(listed(room), {"cid": str(uuid4()), "file": file})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    "wish", [{}, {"cid": "x", "name": "a"}, {"name": "a"}, {"cid": str(uuid4()), "name": "a", "x": 1}]
)
def test_a_wish_that_is_malformed_is_invalid(teo, room, wish):
    assert send(teo, "post", listed(room), 400, **wish)["code"] == "invalid"


@pytest.mark.parametrize("raw", ["", "[]", "{", '{"name":"\\ud800"}', "[" * 5000])
def test_rubbish_is_invalid(teo, room, raw):
    answer = signed_in(teo).post(listed(room), raw, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_body_over_the_limit_is_too_large(teo, room, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    wish = {"cid": str(uuid4()), "name": "a", "text": "x" * 2000}
    assert send(teo, "post", listed(room), 413, **wish)["code"] == "too_large"


def test_nobody_gets_in_without_signing_in_or_with_a_forged_form(teo, room, document):
    assert Client().get(listed(room)).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(teo)
    for method, path in (("post", listed(room)), ("patch", at(document)), ("delete", at(document))):
        answer = getattr(strict, method)(path, "{}", content_type="application/json")
        assert answer.status_code == 403
    assert Document.objects.get(pk=document.pk).deleted_at is None


def test_an_address_says_which_methods_it_answers(teo, document):
    answer = signed_in(teo).put(at(document))
    assert (answer.status_code, answer["Allow"]) == (405, "GET, PATCH, DELETE")
    assert signed_in(teo).get(at(document, "revert/")).status_code == 405
    assert signed_in(teo).head(at(document)).status_code == 200


def test_a_flood_of_writes_is_slowed(teo, document):
    client = signed_in(teo)
    codes = first_slowed(lambda n: client.patch(at(document), "{}", content_type="application/json").status_code)
    assert codes == [200] * (len(codes) - 1) + [429]
    assert len(codes) > 30


def test_a_flood_of_what_is_costly_is_slowed(teo, document):
    client = signed_in(teo)
    codes = first_slowed(lambda n: client.get(at(document, ("blame/", "history/")[n % 2])).status_code)
    assert codes == [200] * (len(codes) - 1) + [429]
    assert len(codes) > 30


def first_slowed(ask: Callable[[int], int]) -> list[int]:
    """The answers up to the first that is not 200; on a slow machine that takes longer."""
    codes = []
    for number in range(400):
        codes.append(ask(number))
        if codes[-1] != 200:
            break
    return codes


# Changing


def test_mina_renames_deletes_and_brings_back(mina, document):
    assert send(mina, "patch", at(document), name="new.py")["name"] == "new.py"
    assert send(mina, "patch", at(document), read_only=True)["read_only"] is True
    assert send(mina, "delete", at(document))["deleted_by"] == mina.pk
    assert get(mina, at(document))["deleted_at"] is not None
    assert send(mina, "patch", at(document), 410, name="x.py")["code"] == "gone"
    assert send(mina, "post", at(document, "restore/"))["deleted_at"] is None


@pytest.mark.parametrize(
    "patch", [{"position": -1}, {"position": 2**31}, {"position": True}, {"name": 5}, {"color": 1}]
)
def test_a_change_that_is_none_is_invalid(mina, document, patch):
    assert send(mina, "patch", at(document), 400, **patch)["code"] == "invalid"


def test_a_taken_name_is_a_conflict(mina, room, document):
    other = make_document(mina, room, name="taken.py")
    answer = send(mina, "patch", at(document), 409, name=other.name)
    assert (answer["code"], answer["field"]) == ("conflict", "name")


# Texts and history


def test_teo_reads_the_text_of_every_version(mina, teo, document):
    write(mina, document, 0, 0, "zero\n")
    write(teo, document, 0, 4, "ZERO")
    texts = [get(teo, at(document, f"text/?v={version}")) for version in range(3)]
    assert [one["text"] for one in texts] == ["one\ntwo\n", "zero\none\ntwo\n", "ZERO\none\ntwo\n"]
    assert [one["author"] for one in texts] == [mina.pk, mina.pk, teo.pk]
    assert get(teo, at(document, "text/"))["version"] == 2
    assert get(teo, at(document, "text/?v=3"), 409)["code"] == "unknown_version"
    for version in ("99999999999999999999", "x", "-1"):
        assert get(teo, at(document, f"text/?v={version}"), 400)["code"] == "invalid"


def test_the_history_is_made_of_stretches(mina, teo, document):
    begin = timezone.now() - timedelta(hours=1)
    script = [(mina, 0), (mina, 1), (teo, 2), (teo, 8), (mina, 9)]
    for who, minutes in script:
        write(who, document, 0, 0, "x", at=begin + timedelta(minutes=minutes))
    write(mina, document, 0, 0, "r", client="run-5", run="5", at=begin + timedelta(minutes=9, seconds=5))
    send(teo, "post", at(document, "versions/"), version=2, name="Before the change")
    answer = get(teo, at(document, "history/"))
    parts = [(one["first"], one["last"], one["author"], one["run"]) for one in answer["stretches"]]
    assert parts == [
        (1, 2, mina.pk, None),
        (3, 3, teo.pk, None),
        (4, 4, teo.pk, None),
        (5, 5, mina.pk, None),
        (6, 6, mina.pk, "5"),
    ]
    assert (answer["version"], answer["oldest"]) == (6, 0)
    assert [(one["version"], one["name"], one["author"]) for one in answer["named"]] == [
        (2, "Before the change", teo.pk)
    ]
    assert [one["id"] for one in answer["people"]] == sorted([mina.pk, teo.pk])


def test_updates_come_in_pages(mina, document):
    for _ in range(5):
        write(mina, document, 0, 0, "x")
    page = get(mina, at(document, "updates/?after=1&limit=3"))
    assert ([one["version"] for one in page["updates"]], page["more"]) == ([2, 3, 4], True)
    rest = get(mina, at(document, "updates/?after=4"))
    assert ([one["changes"] for one in rest["updates"]], rest["more"]) == ([[[0, "x"], 12]], False)
    assert get(mina, at(document, "updates/?after=6"), 409)["code"] == "unknown_version"


def test_blame_names_who_touched_each_line_last(mina, teo, document):
    write(teo, document, 4, 4, "new\n")
    write(mina, document, 0, 3, "ONE")
    answer = get(teo, at(document, "blame/"))
    blocks = [(one["line"], one["count"], one["version"], one["author"]) for one in answer["blocks"]]
    assert blocks == [(1, 1, 2, mina.pk), (2, 1, 1, teo.pk), (3, 2, 0, mina.pk)]
    assert get(teo, at(document, "blame/?v=0"))["blocks"][0]["count"] == 3
    Update.objects.update(author=None)
    assert get(teo, at(document, "blame/"))["blocks"][0]["author"] is None


def test_blame_goes_back_as_far_as_the_work_allows(mina, teo, document, monkeypatch):
    write(mina, document, 0, 0, "x\n")
    write(teo, document, 0, 0, "y" * 200 + "\n")
    write(teo, document, 0, 1, "z")
    monkeypatch.setattr(import_module("editor.selectors.history"), "BLAME_CHARS", 100)
    blocks = get(teo, at(document, "blame/"))["blocks"]
    assert [(block["version"], block["author"]) for block in blocks] == [(3, teo.pk), (2, None)]
    assert signed_in(teo).get(at(document, "blame/?v=4")).json()["code"] == "unknown_version"


def test_a_version_is_named_renamed_and_unnamed(mina, teo, document):
    write(mina, document, 0, 0, "x")
    named = send(teo, "post", at(document, "versions/"), version=0, name=" First  draft ")
    assert (named["name"], named["author"]) == ("First draft", teo.pk)
    told = last_event(f"room:{document.room_id}")
    assert (told["type"], told["data"]["named"]["version"]) == ("document.version_named", 0)
    send(mina, "post", at(document, "versions/"), version=0, name="Start")
    assert [one["name"] for one in get(mina, at(document, "history/"))["named"]] == ["Start"]
    seq = head(f"room:{document.room_id}")
    send(mina, "post", at(document, "versions/"), version=0, name="Start")
    assert head(f"room:{document.room_id}") == seq
    send(mina, "post", at(document, "versions/"), version=0, name="")
    assert get(mina, at(document, "history/"))["named"] == []
    assert Snapshot.objects.get(document=document, version=0).text == "one\ntwo\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"version": 9, "name": "x"}, "unknown_version"),
        ({"version": -1, "name": "x"}, "invalid"),
        ({"version": True, "name": "x"}, "invalid"),
        ({"version": 0, "name": "x" * 121}, "too_large"),
        ({"version": 0, "name": "\u202e"}, "invalid"),
        ({"version": 0}, "invalid"),
    ],
)
def test_a_name_for_no_version_or_no_name_is_refused(mina, document, body, code):
    status = {"too_large": 413, "unknown_version": 409}.get(code, 400)
    assert send(mina, "post", at(document, "versions/"), status, **body)["code"] == code


def test_outsiders_name_and_restore_nothing(mina, ines, document):
    write(mina, document, 0, 0, "x")
    assert send(ines, "post", at(document, "versions/"), 403, version=0, name="Mine")["code"] == "not_member"
    assert send(ines, "post", at(document, "revert/"), 403, version=0)["code"] == "not_member"


def test_teo_restores_a_version_as_a_new_edit(mina, teo, document):
    write(mina, document, 0, 0, "😀 zero\n")
    write(teo, document, 3, 7, "ZERO")
    write(mina, document, 8, 11, "")
    answer = send(teo, "post", at(document, "revert/"), version=1)
    assert answer["version"] == 4
    assert text_of(document) == "😀 zero\none\ntwo\n"
    row = Update.objects.get(document=document, version=4)
    assert row.author_id == teo.pk
    assert row.client_id.startswith(f"{teo.pk}-restore-")
    assert send(teo, "post", at(document, "revert/"), version=1)["version"] == 4
    assert send(teo, "post", at(document, "revert/"), 409, version=9)["code"] == "unknown_version"


def test_a_text_as_long_as_can_be_is_restored_in_pieces_every_socket_takes(mina, room):
    long = "".join(chr(0x4E00 + n % 5000) + ("\n" if n % 50 == 0 else "") for n in range(400_000)) + "😀" * 100_000
    document = make_document(mina, room, text=long)
    write(mina, document, 0, document.length, "gone")
    send(mina, "post", at(document, "revert/"), version=0)
    assert text_of(document) == long
    sizes = [len(row.changes) for row in Update.objects.filter(document=document)]
    assert max(sizes) < 300_000


# Download


def test_a_download_is_a_file_and_nothing_else(mina, room):
    document = make_document(mina, room, name='é "q".html', text="<script>alert(1)</script>\n")
    answer = signed_in(mina).get(f"/documents/{document.pk}/download/")
    assert answer.content == b"<script>alert(1)</script>\n"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%C3%A9")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    write(mina, document, 0, document.length, "new")
    assert signed_in(mina).get(f"/documents/{document.pk}/download/?v=0").content.startswith(b"<script>")
