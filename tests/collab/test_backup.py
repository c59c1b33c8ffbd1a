"""backup and restore: what was there is there again elsewhere, and what is damaged or in the way changes nothing."""

import io
import sqlite3
import tarfile
from pathlib import Path

import msgspec
import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import services as accounts
from chat.models import Room
from collab.backup import media
from collab.backup.archive import BackupError, unpack
from collab.backup.taking import take
from realtime import log
from realtime.testing import make_session
from tests import factories
from tests.elsewhere import Elsewhere

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]


@pytest.fixture
def other(tmp_path):
    return Elsewhere(tmp_path / "other")


@pytest.fixture
def site(transactional_db):
    mina, teo = factories.make_person("mina"), factories.make_person("teo")
    mina.profile.avatar.save("mina.webp", ContentFile(b"a picture"))
    room = factories.make_room(mina, teo, name="Design", kind="private")
    root = factories.say(mina, room, "Zwölf boxing wizards\tjump \\N\n\\. 🧙")
    factories.say(teo, room, "In the thread", thread=root.pk)
    accounts.record_audit(actor=mina, action="test.look", target="user:1", detail={"quote": 'a "word"'})
    yield room
    default_storage.delete(str(mina.profile.avatar))


def backup(path, **options):
    call_command("backup", str(path), verbosity=0, **options)
    return path


def test_operator_finds_everything_again_elsewhere(site, other, tmp_path, capsys):
    path = backup(tmp_path / "one.tar.gz")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "1 files" in capsys.readouterr().out
    said = other.run("restore", path)
    assert "Rooms checked: 1. Nothing is wrong." in said
    assert other.rows("SELECT body FROM chat_message WHERE kind = 'user' ORDER BY seq") == [
        ("Zwölf boxing wizards\tjump \\N\n\\. 🧙",),
        ("In the thread",),
    ]
    assert other.rows("SELECT action, actor_name FROM accounts_auditentry WHERE action = 'test.look'") == [
        ("test.look", "mina")
    ]
    [(picture,)] = other.rows("SELECT avatar FROM accounts_profile WHERE avatar <> ''")
    assert (other.folder / "media" / picture).read_bytes() == b"a picture"
    assert not list(tmp_path.glob(".*")), "nothing half done is left"


def test_nobody_goes_on_from_a_seq_or_an_id_that_the_lost_site_gave_out(site, other, tmp_path):
    make_session(factories.make_person("ines"))
    topic = f"room:{site.pk}"
    head = log.heads([topic])[topic][0]
    other.run("restore", backup(tmp_path / "one.tar.gz"))
    [(later, oldest)] = other.rows(f"SELECT head_seq, min_seq FROM realtime_topic WHERE key = '{topic}'")
    assert (later - head, oldest) == (1_000_000_000, later + 1)
    assert other.rows("SELECT COUNT(*) FROM realtime_event") == [(0,)]
    assert other.rows("SELECT COUNT(*) FROM django_session") == [(0,)]
    other.run("create_room", "After", "--owner", "mina")
    [(made,)] = other.rows("SELECT id FROM chat_room WHERE slug = 'after'")
    assert made > site.pk + 999_999
    with pytest.raises((sqlite3.DatabaseError, psycopg.DatabaseError), match="the trail is"):
        other.rows("DELETE FROM accounts_auditentry WHERE id > 0 RETURNING id")


def test_operator_is_kept_from_replacing_a_site_by_accident(site, other, tmp_path):
    path = backup(tmp_path / "one.tar.gz")
    other.run("restore", path)
    refused = other.manage("restore", path)
    assert (refused.returncode, "There is a site here already" in refused.stderr) == (1, True)
    until = "'2099-01-01 00:00:00+00'"
    other.rows(f"INSERT INTO realtime_lease (name, holder, until) VALUES ('x', 'y', {until}) RETURNING name")
    refused = other.manage("restore", path, "--force")
    assert (refused.returncode, "are running" in refused.stderr) == (1, True)
    assert not list(other.folder.glob("before-restore-*"))
    other.rows("DELETE FROM realtime_lease RETURNING name")
    other.run("restore", path, "--force")
    assert other.rows("SELECT COUNT(*) FROM chat_room") == [(1,)]
    [aside] = other.folder.glob("before-restore-*")
    assert (aside / "media").is_dir()


@pytest.mark.parametrize("damage", ["cut", "flipped", "no archive", "empty", "another file"])
def test_a_damaged_archive_is_told_from_a_sound_one(site, tmp_path, damage):
    path = backup(tmp_path / "one.tar.gz")
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) * 2 // 3]
    elif damage == "flipped":
        data[len(data) // 2] ^= 0xFF
    elif damage == "another file":
        data = bytearray(_with(data, "database/extra.copy", b"1\n"))
    else:
        data = bytearray(b"" if damage == "empty" else b"Not a backup at all.")
    path.write_bytes(data)
    with pytest.raises(BackupError, match=r"no backup|damaged|cut short"):
        unpack(path, tmp_path / "unpacked")


def _with(data, name, content, **info_values):
    """The archive with one file more, before its manifest."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as old,
        tarfile.open(fileobj=target, mode="w:gz") as new,
    ):
        for member in old.getmembers():
            if member.name == "manifest.json":
                info = tarfile.TarInfo(name)
                info.size = len(content)
                for key, value in info_values.items():
                    setattr(info, key, value)
                new.addfile(info, io.BytesIO(content))
            new.addfile(member, old.extractfile(member))
    return target.getvalue()


@pytest.mark.parametrize("name", ["../outside", "media/../../outside", "/{folder}/outside"])
def test_a_file_cannot_lie_outside_the_site(site, tmp_path, name):
    path = backup(tmp_path / "one.tar.gz")
    path.write_bytes(_with(path.read_bytes(), name.format(folder=tmp_path), b"!"))
    with pytest.raises(BackupError, match="which no backup does"):
        unpack(path, tmp_path / "unpacked")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_nothing_but_files_is_unpacked(site, tmp_path, kind):
    path = backup(tmp_path / "one.tar.gz")
    path.write_bytes(_with(path.read_bytes(), "media/way", b"", type=kind, linkname="/etc/passwd"))
    with pytest.raises(BackupError, match="which no backup does"):
        unpack(path, tmp_path / "unpacked")


def test_a_manifest_of_rubbish_is_told(site, tmp_path):
    path = backup(tmp_path / "one.tar.gz")
    path.write_bytes(_replaced(path.read_bytes(), b'{"files": {"\xff": 1}}', name="manifest.json"))
    with pytest.raises(BackupError, match="no backup, or it is damaged"):
        unpack(path, tmp_path / "unpacked")


def test_an_archive_cannot_smuggle_commands_or_leave_the_database_out(site, tmp_path):
    """Its manifest names columns, which become part of a command; without a database there is nothing to put back."""
    path = backup(tmp_path / "one.tar.gz")
    with tarfile.open(path) as tar:
        manifest = msgspec.json.decode(tar.extractfile("manifest.json").read())
    if connection.vendor == "sqlite":
        del manifest["files"]["database/collab.sqlite3"]
        dropped = "database/collab.sqlite3"
        told = "holds no database"
    else:
        table = next(table for table in manifest["tables"] if table["name"] == "accounts_user")
        table["columns"][0] = 'id") FROM STDIN; DROP TABLE chat_pin; --'
        dropped, told = "", "other columns"
    data = _replaced(path.read_bytes(), msgspec.json.encode(manifest), name="manifest.json", without=dropped)
    path.write_bytes(data)
    with pytest.raises(CommandError, match=told):
        call_command("restore", str(path), force=True)
    assert Room.objects.filter(pk=site.pk).exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda about: about["migrations"].append("chat.9999_from_the_future"), "later version"),
        (lambda about: about.update(format=2), "this version reads 1"),
        (lambda about: about.update(engine="mysql"), "The backup is of mysql"),
        (lambda about: about.update(engine=7), "no backup that this version reads"),
    ],
)
def test_a_backup_of_another_kind_of_site_is_refused(site, tmp_path, change, told):
    path = backup(tmp_path / "one.tar.gz")
    with tarfile.open(path) as tar:
        about = msgspec.json.decode(tar.extractfile("about.json").read())
    change(about)
    path.write_bytes(_replaced(path.read_bytes(), msgspec.json.encode(about)))
    with pytest.raises(CommandError, match=told):
        call_command("restore", str(path))


def _replaced(data, told, name="about.json", without=""):
    """The archive with another content of one file, and perhaps without another one."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as old,
        tarfile.open(fileobj=target, mode="w:gz") as new,
    ):
        for member in old.getmembers():
            if member.name == without:
                continue
            content = told if member.name == name else old.extractfile(member).read()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target.getvalue()


def test_a_backup_does_not_replace_another_one_unasked(site, tmp_path):
    path = backup(tmp_path / "one.tar.gz")
    with pytest.raises(CommandError, match="exists"):
        backup(path)
    backup(path, overwrite=True)
    with pytest.raises(CommandError, match="There is no folder"):
        backup(tmp_path / "nowhere" / "one.tar.gz")


def test_a_backup_of_an_earlier_version_is_migrated_on(other, tmp_path, transactional_db):
    first = Elsewhere(tmp_path / "first")
    first.run("migrate", "--no-input")
    first.run("migrate", "chat", "0004")
    first.run("backup", tmp_path / "one.tar.gz")
    tables = "SELECT COUNT(*) FROM django_migrations WHERE app = 'chat'"
    [(earlier,)] = first.rows(tables)
    other.run("restore", tmp_path / "one.tar.gz")
    [(now,)] = other.rows(tables)
    assert now > earlier == 4
    if connection.vendor == "postgresql":
        # Its tables are another version's now: nothing is poured into them.
        refused = other.manage("restore", tmp_path / "one.tar.gz", "--force")
        assert (refused.returncode, "The schema of this database" in refused.stderr) == (1, True)


@pytest.mark.parametrize("part", ["database", "files"])
def test_a_backup_that_is_stopped_leaves_nothing_behind(site, tmp_path, part):
    def stop(what, done, of):
        if what == part:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(tmp_path / "one.tar.gz", with_key=False, told=stop)
    assert not list(tmp_path.iterdir())
    assert not list(Path(default_storage.location).glob(".backup-*"))


def test_a_file_that_is_deleted_meanwhile_is_still_in_the_backup():
    name = default_storage.save("attachments/1/kept", ContentFile(b"words"))
    with media.held() as hold:
        default_storage.delete(name)
        assert hold is not None
        assert (hold / name).read_bytes() == b"words"
    assert not (hold / name).exists()


def test_the_key_that_a_site_made_for_itself_comes_along(other, tmp_path, transactional_db):
    first = Elsewhere(tmp_path / "first")
    first.run("migrate", "--no-input")
    with_key, without = tmp_path / "with.tar.gz", tmp_path / "without.tar.gz"
    assert "with the SECRET_KEY" in first.run("backup", with_key)
    assert "keep it elsewhere" in first.run("backup", without, "--without-key")
    told = other.manage("restore", without)
    assert (told.returncode, "SECRET_KEY_FALLBACKS" in told.stderr) == (0, True)
    told = other.manage("restore", with_key)
    assert (told.returncode, told.stderr) == (0, "")
    assert (other.folder / "secret_key").read_text() == (first.folder / "secret_key").read_text()
