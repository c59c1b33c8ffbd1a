"""Files of messages: uploaded, claimed, read by who may, taken away, and swept when nobody sent them."""

import asyncio
import errno
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as site
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services as accounts
from accounts.models import AuditEntry
from chat import selectors, services
from chat.models import Attachment, Message
from chat.services import sweeping
from chat.services.messages import send_message
from realtime import testing, threads
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, last_event, topic_of
from tests.chat.uploading import HTML, POLYGLOT, SVG, browser, moving, photograph, picture, sound, stored, upload_url
from tests.chat.uploading import site as app

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
async def realtime(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.UPLOAD_SPOOL_DIR = str(tmp_path / "spool")
    yield
    await testing.stop_realtime()


def say_with(user, room, *views, body="", **given):
    return factories.say(user, room, body, attachments=[view.id for view in views], **given)


def kept() -> list[str]:
    """Everything that lies in the storage."""
    root = Path(site.MEDIA_ROOT)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def spool() -> list[str]:
    folder = Path(site.UPLOAD_SPOOL_DIR)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def refusal(call, /, *args, **kwargs) -> str:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.code


# Uploading


async def test_mina_uploads_a_photograph_and_teo_sees_it(mina, teo, room):
    one, two = await browser(mina), await browser(teo)
    answer = await one.upload(room, photograph(), name="IMG_0042.JPG")
    view = answer.json
    assert (answer.status, view["kind"], view["name"]) == (201, "image", "IMG_0042.JPG")
    assert (view["width"], view["height"], view["thumbnail"]) == (40, 80, None)
    assert spool() == []
    assert (await two.ask("GET", view["url"])).status == 404
    message = await sync_to_async(factories.say)(mina, room, "", attachments=[UUID(view["id"])])
    read = await two.ask("GET", view["url"])
    assert (read.status, read.headers["content-type"]) == (200, "image/jpeg")
    assert b"SECRET" not in read.body
    [told] = (await sync_to_async(last_event)(topic_of(room)))["data"]["message"]["attachments"]
    assert told == view
    page = await sync_to_async(selectors.message_page)(actor=teo, room_id=room.pk)
    assert [str(found.id) for found in page.messages[-1].attachments] == [view["id"]]
    assert page.messages[-1].id == message.pk


async def test_a_file_that_comes_in_pieces_is_whole(mina, room):
    one = await browser(mina)
    pieces = [os.urandom(700_000) for _ in range(4)]
    view = (await one.upload(room, *pieces, name="data.bin", content_length="")).json
    assert (await one.ask("GET", view["url"])).body == b"".join(pieces)


async def test_a_retry_stores_nothing_twice(mina, room):
    one, upload_id = await browser(mina), uuid4()
    answers = await asyncio.gather(
        *(one.upload(room, b"the same", name="a.txt", upload_id=upload_id) for _ in range(3))
    )
    assert sorted(answer.status for answer in answers) == [200, 200, 201]
    assert len({answer.body for answer in answers}) == 1
    assert len(kept()) == 1


async def test_an_id_belongs_to_one_file_of_one_person(mina, teo, room, secret):
    upload_id = uuid4()
    await sync_to_async(stored)(mina, room, b"first", upload_id=upload_id)
    for user, place in ((teo, room), (mina, secret)):
        answer = await (await browser(user)).upload(place, b"second", upload_id=upload_id)
        assert (answer.status, answer.json["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (SVG, "logo.svg", "file"),
        (HTML, "cat.png", "file"),
        (b"%PDF-1.7", "a.pdf", "file"),
        (b"PK\3\4", "x.png", "file"),
    ],
    ids=["svg", "html as png", "pdf", "zip as png"],
)
async def test_what_may_run_is_only_ever_saved(mina, room, data, name, kind):
    one = await browser(mina)
    view = (await one.upload(room, data, name=name)).json
    assert view["kind"] == kind
    read = await one.ask("GET", view["url"])
    assert read.headers["content-type"] == "application/octet-stream"
    assert read.headers["content-disposition"].startswith("attachment;")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]
    assert "default-src 'none'" in read.headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["../../x.png", "a\0b.png", "\u202egnp.exe", "n" * 300, "CON", "a/b\\c.png", '"\r\n.png']
)
async def test_a_strange_name_harms_nobody(mina, room, name):
    one = await browser(mina)
    view = (await one.upload(room, picture(), name=name)).json
    read = await one.ask("GET", view["url"])
    assert read.status == 200
    assert "\n" not in read.headers["content-disposition"]
    assert all(part not in view["name"] for part in ("/", "\\", "\0", "\u202e", ".."))
    assert [path.count("/") for path in kept()] == [2]


@pytest.mark.parametrize(
    ("data", "code"), [(POLYGLOT, "invalid"), (picture("JPEG", (600, 400))[:-4000], "invalid"), (b"", "invalid")]
)
async def test_what_is_refused_leaves_nothing(mina, room, data, code):
    answer = await (await browser(mina)).upload(room, data, name="a.gif")
    assert (answer.status, answer.json["code"]) == (400, code)
    assert not await Attachment.objects.aexists()
    assert kept() == spool() == []


async def test_too_much_is_refused_before_it_is_read(mina, room, settings):
    settings.UPLOAD_BYTES_MOST = 1_000
    talk = ApplicationCommunicator(
        app, (await browser(mina)).scope("POST", upload_url(room), {"content-length": "1001"})
    )
    start = await talk.receive_output(20)
    assert start["status"] == 413
    await talk.receive_output(20)
    await talk.wait(20)
    answer = await (await browser(mina)).upload(room, b"x" * 600, b"x" * 600, content_length="")
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert spool() == []


async def test_a_picture_has_a_limit_of_its_own(mina, room, settings):
    settings.UPLOAD_IMAGE_BYTES = 100
    assert (await (await browser(mina)).upload(room, picture())).json["code"] == "too_large"


async def test_who_goes_away_in_the_middle_leaves_nothing(mina, room):
    talk = ApplicationCommunicator(app, (await browser(mina)).scope("POST", upload_url(room), {}))
    await talk.send_input({"type": "http.request", "body": b"x" * 2_000_000, "more_body": True})
    await talk.send_input({"type": "http.disconnect"})
    await talk.wait(20)
    assert spool() == kept() == []


class FullStorage(FileSystemStorage):
    """A disk that takes one more file and then no other."""

    def _save(self, name, content):
        if kept():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super()._save(name, content)  # type: ignore[misc]


@pytest.mark.allow_logged_errors("Django tells of every answer from 500 on")
async def test_a_full_disk_is_told_and_leaves_nothing(mina, room, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": f"{__name__}.FullStorage"}}
    one = await browser(mina)
    answer = await one.upload(room, picture("JPEG", (1200, 1200)), name="a.jpg")
    assert (answer.status, answer.json["code"]) == (507, "storage_full")
    assert not await Attachment.objects.aexists()
    assert kept() == spool() == []


async def test_an_upload_of_another_site_is_refused(mina, room):
    one = await browser(mina)
    answer = await one.upload(room, b"forged", x_csrftoken="wrong" * 8)
    assert answer.status == 403
    assert kept() == spool() == []


async def test_who_may_not_write_may_not_upload(mina, teo, ines, room, secret):
    boss = await sync_to_async(factories.make_person)("boss", is_staff=True, is_superuser=True)
    stranger, nobody, member = await browser(ines), await browser(None), await browser(teo)
    for place, code in ((room, "not_member"), (secret, "not_found")):
        assert (await stranger.upload(place, b"x")).json["code"] == code
    assert (await nobody.upload(room, b"x")).status == 401
    await sync_to_async(factories.change)(mina, room, read_only=True)
    assert (await member.upload(room, b"x")).json["code"] == "read_only"
    await sync_to_async(accounts.sanction_user)(actor=boss, user=teo, kind="ban", reason="spam")
    assert (await member.upload(secret, b"x")).status in {401, 403}
    assert spool() == []


async def test_the_quota_holds_when_many_come_at_once(mina, room, settings):
    settings.UPLOAD_PERSON_BYTES = 2_500
    one = await browser(mina)
    answers = await asyncio.gather(*(one.upload(room, os.urandom(1_000)) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 201, 413, 413]
    assert {answer.json["code"] for answer in answers if answer.status == 413} == {"quota_full"}
    assert len(kept()) == 2
    listed = (await one.ask("GET", f"/api/rooms/{room.pk}/uploads/")).json
    assert listed["limits"]["left_bytes"] == 500
    assert len(listed["pending"]) == 2


async def test_a_room_has_a_quota_as_well(mina, teo, room, settings):
    settings.UPLOAD_ROOM_BYTES = 1_500
    await sync_to_async(stored)(mina, room, b"x" * 1_000)
    assert (await (await browser(teo)).upload(room, b"x" * 1_000)).json["code"] == "quota_full"


async def test_one_takes_a_file_back(mina, teo, room):
    one, two = await browser(mina), await browser(teo)
    view = (await one.upload(room, b"oops", name="a.txt")).json
    address = f"/api/rooms/{room.pk}/uploads/{view['id']}/"
    assert (await two.ask("DELETE", address)).status == 204
    assert len(kept()) == 1
    assert (await one.ask("DELETE", address)).status == 204
    assert kept() == []
    assert (await one.ask("DELETE", address)).status == 204
    assert (await one.ask("GET", address)).status == 405


# Sending


def test_a_message_may_be_files_only_and_keeps_their_order(mina, room):
    views = [stored(mina, room, b"%d" % number, name=f"{number}.txt") for number in range(10)]
    message = say_with(mina, room, *reversed(views))
    assert message.body == ""
    [view] = [one for one in selectors.message_page(actor=mina, room_id=room.pk).messages if one.id == message.pk]
    assert [one.name for one in view.attachments] == [f"{number}.txt" for number in reversed(range(10))]


def test_a_repeat_of_the_cid_is_the_same_message(mina, room):
    cid, view = uuid4(), stored(mina, room, b"x")
    say_with(mina, room, view, body="Look", cid=cid)
    again = send_message(actor=mina, room_id=room.pk, cid=cid, body="Look", attachments=[view.id])
    assert again.duplicate
    assert refusal(send_message, actor=mina, room_id=room.pk, cid=cid, body="Look") == "conflict"


def test_what_is_not_ones_own_here_and_waiting_cannot_be_sent(mina, teo, room, secret):
    others, elsewhere, sent = stored(teo, room, b"1"), stored(mina, secret, b"2"), stored(mina, room, b"3")
    say_with(mina, room, sent)
    mine = stored(mina, room, b"4")
    for wanted in ([others], [elsewhere], [sent], [mine, mine], [mine, others]):
        ids = [view.id for view in wanted]
        code = refusal(send_message, actor=mina, room_id=room.pk, cid=uuid4(), body="x", attachments=ids)
        assert code == "invalid"
    assert Attachment.objects.get(pk=mine.id).state == "pending"
    assert refusal(send_message, actor=mina, room_id=room.pk, cid=uuid4(), body="") == "invalid"


async def test_a_file_is_claimed_once_when_two_messages_want_it(mina, room):
    view = await sync_to_async(stored)(mina, room, b"x")
    talks = [
        threads.write_to(
            topic_of(room), send_message, actor=mina, room_id=room.pk, cid=uuid4(), body="", attachments=[view.id]
        )
        for _ in range(3)
    ]
    results = await asyncio.gather(*talks, return_exceptions=True)
    assert sum(not isinstance(result, Refused) for result in results) == 1
    assert await Message.objects.filter(room=room, body="").acount() == 1


# Reading


async def test_who_lost_the_room_lost_its_files(mina, teo, ines, secret):
    view = await sync_to_async(stored)(mina, secret, b"plans")
    await sync_to_async(say_with)(mina, secret, view)
    two, stranger = await browser(teo), await browser(ines)
    assert (await two.ask("GET", view.url)).status == 200
    assert (await stranger.ask("GET", view.url)).status == 404
    assert (await (await browser(None)).ask("GET", view.url)).status == 404
    await sync_to_async(services.remove_member)(actor=mina, room_id=secret.pk, user_id=teo.pk)
    assert (await two.ask("GET", view.url)).status == 404


async def test_whoever_looks_into_a_public_room_sees_its_files(mina, ines, room):
    view = await sync_to_async(stored)(mina, room, b"open")
    await sync_to_async(say_with)(mina, room, view)
    assert (await (await browser(ines)).ask("GET", view.url)).status == 200


@pytest.mark.parametrize(
    ("asked", "status", "told", "length"),
    [
        ("bytes=0-9", 206, "bytes 0-9/8044", 10),
        ("bytes=8000-", 206, "bytes 8000-8043/8044", 44),
        ("bytes=-4", 206, "bytes 8040-8043/8044", 4),
        ("bytes=8000-99999", 206, "bytes 8000-8043/8044", 44),
        ("bytes=-99999", 200, None, 8044),
        ("bytes=0-", 200, None, 8044),
        ("bytes=8044-", 416, "bytes */8044", 0),
        ("bytes=-0", 416, "bytes */8044", 0),
        ("bytes=9-2", 200, None, 8044),
        ("bytes=0-1,5-6", 200, None, 8044),
        ("lines=1-2", 200, None, 8044),
        ("bytes=-", 200, None, 8044),
    ],
)
async def test_a_player_asks_for_a_piece(mina, room, asked, status, told, length):
    data = sound(0.5)
    view = await sync_to_async(stored)(mina, room, data, name="knock.wav")
    one = await browser(mina)
    read = await one.ask("GET", view.url, range=asked)
    assert (read.status, read.headers.get("content-range"), len(read.body)) == (status, told, length)
    assert read.headers["accept-ranges"] == "bytes"
    if status == 206:
        first = int(read.headers["content-range"].split()[1].partition("-")[0])
        assert read.body == data[first : first + length]
    assert view.duration_ms == 500


async def test_a_piece_of_other_bytes_is_not_mixed_in(mina, room):
    view = await sync_to_async(stored)(mina, room, sound(0.5))
    one = await browser(mina)
    whole = await one.ask("GET", view.url)
    tag = whole.headers["etag"]
    assert (await one.ask("GET", view.url, range="bytes=0-1", if_range=tag)).status == 206
    assert (await one.ask("GET", view.url, range="bytes=0-1", if_range='"other"')).status == 200
    again = await one.ask("GET", view.url, if_none_match=tag)
    assert (again.status, again.body, again.headers["cache-control"]) == (304, b"", "private, no-cache")
    head = await one.ask("HEAD", view.url)
    assert (head.status, head.headers["content-length"], head.body) == (200, "8044", b"")
    assert (await one.ask("POST", view.url)).status == 405


async def test_a_thumbnail_is_small_and_as_private(mina, teo, secret):
    view = await sync_to_async(stored)(mina, secret, picture("JPEG", (2400, 1200)), name="wide.jpg")
    assert view.thumbnail is not None
    one, two = await browser(mina), await browser(teo)
    small = await one.ask("GET", view.thumbnail)
    assert (small.status, small.headers["content-type"]) == (200, "image/webp")
    assert (await two.ask("GET", view.thumbnail)).status == 404
    plain = await sync_to_async(stored)(mina, secret, b"x", name="thumbnail")
    assert (await one.ask("GET", plain.url)).body == b"x"
    assert (await one.ask("GET", f"/files/{plain.id}/thumbnail")).status == 404


async def test_nginx_sends_the_bytes_when_it_stands_before_us(mina, room, settings):
    view = await sync_to_async(stored)(mina, room, moving(), name="party.gif")
    settings.X_ACCEL_PREFIX = "/media/"
    read = await (await browser(mina)).ask("GET", view.url)
    assert read.headers["x-accel-redirect"] == "/media/" + quote(kept()[0])
    assert (read.headers["content-type"], read.body) == ("image/webp", b"")
    assert 'filename="party.webp"' in read.headers["content-disposition"]


async def test_bytes_that_are_lost_are_no_error_of_ours(mina, room):
    view = await sync_to_async(stored)(mina, room, b"x")
    for name in kept():
        await sync_to_async(default_storage.delete)(name)
    assert (await (await browser(mina)).ask("GET", view.url)).status == 404


# Taking away


async def test_a_deleted_message_takes_its_files_along(mina, room):
    views = [await sync_to_async(stored)(mina, room, picture("JPEG", (2000, 1500))) for _ in range(2)]
    message = await sync_to_async(say_with)(mina, room, *views, body="Look")
    assert len(kept()) == 4
    await sync_to_async(services.delete_message)(actor=mina, room_id=room.pk, message_id=message.pk)
    assert kept() == []
    assert (await (await browser(mina)).ask("GET", views[0].url)).status == 404
    told = await sync_to_async(events)(topic_of(room))
    assert str(views[0].id) not in str([event["data"] for event in told])


async def test_a_moderator_takes_a_file_away(mina, teo, ines, room):
    views = [await sync_to_async(stored)(teo, room, b"%d" % number, name=f"{number}.txt") for number in range(2)]
    message = await sync_to_async(say_with)(teo, room, *views)
    block = sync_to_async(services.block_attachment)
    for user in (teo, ines):
        with pytest.raises(Refused, match="forbidden"):
            await block(actor=user, attachment_id=views[0].id, reason="")
    done = await block(actor=mina, attachment_id=views[0].id, reason="private data")
    assert (await block(actor=mina, attachment_id=views[0].id, reason="again")).seq == 0
    one = await browser(teo)
    assert (await one.ask("GET", views[0].url)).status == 404
    assert (await one.ask("GET", views[1].url)).status == 200
    told = await sync_to_async(events)(topic_of(room))
    assert (told[-1]["seq"], told[-1]["type"]) == (done.seq, "attachment.blocked")
    assert told[-1]["effect"].forget == {topic_of(room): message.seq}
    assert "0.txt" not in str(told)
    page = await sync_to_async(selectors.message_page)(actor=teo, room_id=room.pk)
    assert [(one.name, one.blocked) for one in page.messages[-1].attachments] == [("", True), ("1.txt", False)]
    entry = await AuditEntry.objects.aget(action="attachment.block")
    assert (entry.reason, entry.detail["name"]) == ("private data", "0.txt")


def test_a_moderator_takes_all_files_of_a_message_away_for_a_reason(mina, teo, ines, room):
    views = [stored(teo, room, b"%d" % number, name=f"{number}.txt") for number in range(2)]
    message = say_with(teo, room, *views)
    plain = factories.say(teo, room, "No file")
    given = {"room_id": room.pk, "message_id": message.pk, "reason": "private data"}
    for user in (teo, ines):
        assert refusal(services.block_files, actor=user, **given) == "forbidden"
    assert refusal(services.block_files, actor=mina, **given | {"reason": "  "}) == "invalid"
    assert refusal(services.block_files, actor=mina, **given | {"message_id": plain.pk}) == "invalid"
    assert refusal(services.block_files, actor=mina, **given | {"message_id": views[0].id}) == "not_found"
    services.block_files(actor=mina, **given)
    services.block_files(actor=mina, **given)
    told = [event["type"] for event in events(topic_of(room))]
    assert told.count("attachment.blocked") == 2
    page = selectors.message_page(actor=teo, room_id=room.pk)
    assert [one.blocked for one in page.messages[-2].attachments] == [True, True]
    entries = AuditEntry.objects.filter(action="attachment.block")
    assert [entry.reason for entry in entries] == ["private data"] * 2


def test_staff_take_away_what_a_public_room_shows(mina, room, secret):
    helper = factories.make_person("helper", is_staff=True)
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    for place, user, code in ((room, helper, "forbidden"), (secret, helper, "not_found"), (secret, boss, "")):
        view = stored(mina, place, b"x")
        say_with(mina, place, view)
        if code:
            assert refusal(services.block_attachment, actor=user, attachment_id=view.id, reason="x") == code
        else:
            assert services.block_attachment(actor=user, attachment_id=view.id, reason="x").seq


# Sweeping


def aged(view, hours=25):
    Attachment.objects.filter(pk=view.id).update(created_at=timezone.now() - timedelta(hours=hours))


def make_old(path: Path) -> None:
    past = (timezone.now() - timedelta(hours=25)).timestamp()
    os.utime(path, (past, past))


def test_what_nobody_sent_is_swept_after_a_day(mina, room, capsys):
    forgotten, young, sent = (stored(mina, room, b"%d" % number) for number in range(3))
    aged(forgotten)
    aged(young, hours=23)
    say_with(mina, room, sent)
    aged(sent)
    stray, fresh = (Path(site.MEDIA_ROOT) / "attachments" / str(room.pk) / name for name in ("stray", "fresh"))
    broken = Path(site.UPLOAD_SPOOL_DIR) / "broken"
    for path in (stray, fresh, broken):
        path.write_bytes(b"x")
    make_old(stray)
    make_old(broken)
    for path in Path(site.MEDIA_ROOT).rglob("*"):
        if path.is_file() and path != fresh:
            make_old(path)
    call_command("sweep_uploads", "--dry-run", verbosity=0)
    assert "Would be removed: 1 uploads, 1 files without a message, 1 broken uploads." in capsys.readouterr().out
    assert len(kept()) == 5
    call_command("sweep_uploads", verbosity=0)
    assert "Removed: 1 uploads, 1 files without a message, 1 broken uploads." in capsys.readouterr().out
    assert set(Attachment.objects.values_list("pk", flat=True)) == {young.id, sent.id}
    assert len(kept()) == 3
    assert not broken.exists()
    call_command("sweep_uploads", verbosity=0)
    assert "Removed: 0 uploads, 0 files" in capsys.readouterr().out


def test_a_sweep_leaves_a_sent_file_alone_whose_room_has_gone_quiet(mina, room):
    view = stored(mina, room, b"x")
    say_with(mina, room, view)
    later = timezone.now() + timedelta(days=400)
    assert list(sweeping.sweep(now=later)) == []
    assert len(kept()) == 1


def test_a_message_without_files_asks_for_none(mina, room):
    with CaptureQueriesContext(connection) as asked:
        factories.say(mina, room, "Plain")
    assert not [query for query in asked.captured_queries if "chat_attachment" in query["sql"]]
