"""A disk that is really full while an upload comes in: one is told, nothing is left, and it goes on afterwards."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.models import Attachment
from tests.chat.uploading import browser
from tests.people import mina as mina
from tests.people import room as room
from tests.people import teo as teo

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.allow_logged_errors("Django tells of every answer from 500 on"),
]
SMALL_BYTES = 60_000
LARGE_BYTES = 3_000_000


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of its own, of one megabyte, or with room for no second file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=1m,{request.param}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("whoever runs the tests may not mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def pieces(size: int) -> list[bytes]:
    return [bytes(64_000)] * (size // 64_000)


@pytest.mark.parametrize("disk", ["mode=700"], indirect=True)
async def test_an_upload_that_the_disk_cannot_hold_leaves_nothing(mina, room, disk, settings):
    settings.UPLOAD_SPOOL_DIR = str(disk)
    one = await browser(mina)
    answer = await one.upload(room, *pieces(LARGE_BYTES), name="large.bin")
    assert (answer.status, answer.json["code"]) == (507, "storage_full")
    assert list(disk.iterdir()) == []
    assert not await Attachment.objects.aexists()
    assert (await one.upload(room, b"x" * SMALL_BYTES, name="small.bin")).status == 201
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("disk", ["nr_inodes=1"], indirect=True)
async def test_a_disk_that_takes_no_further_file_is_told_as_well(mina, room, disk, settings):
    settings.UPLOAD_SPOOL_DIR = str(disk)
    answer = await (await browser(mina)).upload(room, b"x" * SMALL_BYTES)
    assert (answer.status, answer.json["code"]) == (507, "storage_full")


@pytest.mark.parametrize("disk", ["mode=700"], indirect=True)
async def test_a_file_that_fits_the_spool_and_not_the_storage_leaves_nothing(mina, room, disk, settings, tmp_path):
    settings.MEDIA_ROOT = str(disk)
    settings.UPLOAD_SPOOL_DIR = str(tmp_path / "spool")
    one = await browser(mina)
    answer = await one.upload(room, *pieces(LARGE_BYTES), name="large.bin")
    assert (answer.status, answer.json["code"]) == (507, "storage_full")
    assert [path for path in disk.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "spool").iterdir()) == []
    assert not await Attachment.objects.aexists()
    assert (await one.upload(room, b"x" * SMALL_BYTES, name="small.bin")).status == 201
