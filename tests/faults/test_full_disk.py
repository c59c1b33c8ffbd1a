"""A disk that is full while an upload comes in: one is told, nothing is left, and it goes on afterwards.

What a full disk does to one file, a limit on this process's files does as well (RLIMIT_FSIZE): the kernel writes what
fits and refuses the rest. Only a disk that takes no further file has to be mounted.
"""

import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from chat.models import Attachment
from chat.services import store_upload
from realtime.protocol import Refused
from tests.chat.uploading import browser, spooled, stored
from tests.people import mina as mina
from tests.people import room as room
from tests.people import teo as teo

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.allow_logged_errors("Django tells of every answer from 500 on"),
]
SMALL_BYTES = 60_000
FULL_BYTES = 64_000_000
"""More than the tests' own database has."""
PIECE = bytes(1_000_000)
LARGE = [PIECE] * (FULL_BYTES // len(PIECE) + 2)
OTHER_DISKS = ("/dev/shm", "/tmp", "/var/tmp", "/run", str(Path.home()))
NO_MOUNT = "only root may mount a disk: run this test as root, or in `unshare --map-root-user --mount`"


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond FULL_BYTES."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for no file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=1", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.fail(NO_MOUNT, pytrace=False)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another disk than the spool: a file that is moved there has to be copied."""
    here = tmp_path.stat().st_dev
    place = next((place for place in map(Path, OTHER_DISKS) if place.is_dir() and place.stat().st_dev != here), None)
    if place is None:
        pytest.fail(f"{', '.join(OTHER_DISKS)} are one disk with {tmp_path}: set TMPDIR to another", pytrace=False)
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_upload_that_the_disk_cannot_hold_leaves_nothing(mina, room, settings, tmp_path):
    settings.UPLOAD_SPOOL_DIR = str(tmp_path)
    one = await browser(mina)
    with full_disk():
        answer = await one.upload(room, *LARGE, name="large.bin")
        assert (answer.status, answer.json["code"]) == (507, "storage_full")
        assert list(tmp_path.iterdir()) == []
        assert not await Attachment.objects.aexists()
        assert (await one.upload(room, b"x" * SMALL_BYTES, name="small.bin")).status == 201
    assert list(tmp_path.iterdir()) == []
    assert (await one.upload(room, *LARGE, name="large.bin")).status == 201


async def test_a_disk_that_takes_no_further_file_is_told_as_well(mina, room, disk, settings):
    settings.UPLOAD_SPOOL_DIR = str(disk)
    answer = await (await browser(mina)).upload(room, b"x" * SMALL_BYTES)
    assert (answer.status, answer.json["code"]) == (507, "storage_full")


async def test_a_file_that_fits_the_spool_and_not_the_storage_leaves_nothing(
    mina, room, settings, tmp_path, other_disk
):
    settings.UPLOAD_SPOOL_DIR, settings.MEDIA_ROOT = str(tmp_path), str(other_disk)
    source = await sync_to_async(spooled)(b"".join(LARGE))
    with full_disk(), pytest.raises(Refused) as refused:
        await sync_to_async(store_upload)(
            actor=mina, room_id=room.pk, upload_id=uuid4(), name="large.bin", source=source
        )
    assert refused.value.code == "storage_full"
    assert files_in(other_disk) == []
    assert not await Attachment.objects.aexists()
    await sync_to_async(stored)(mina, room, b"x" * SMALL_BYTES)
    assert [path.stat().st_size for path in files_in(other_disk)] == [SMALL_BYTES]
