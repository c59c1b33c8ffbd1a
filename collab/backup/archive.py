"""The archive of a backup: a gzipped tar with what the site is first, its files, and a manifest of checksums last.

Called by taking.py and putting.py. A file that was cut short has no manifest and is refused. Knows no database.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

FORMAT: Final = 1
ABOUT: Final = "about.json"
MANIFEST: Final = "manifest.json"
KEY: Final = "secret_key"
DATABASE: Final = "database"
MEDIA: Final = "media"
_LEVEL: Final = 4
"""Of gzip: pictures are packed already, and texts hardly shrink more beyond it."""
_PIECE: Final = 1_048_576


class BackupError(Exception):
    """Why there is no backup, or why one is not restored; a sentence for the operator."""


class Table(msgspec.Struct, frozen=True):
    """A table of the database at that moment; `columns` only where its rows are a file of their own."""

    name: str
    rows: int
    columns: list[str] = []


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What stands first.

    Attributes:
        engine: sqlite or postgresql.
        migrations: applied ones, as app.name.
        key: says whether a site has the same SECRET_KEY, and nothing of the key.
    """

    format: int
    site: str
    made_at: datetime
    engine: str
    migrations: list[str]
    key: str


class Content(msgspec.Struct, frozen=True):
    """A file of the archive."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands last.

    Attributes:
        files: everything before it.
        missing: files that rows tell of and that were not there.
    """

    files: dict[str, Content]
    tables: list[Table]
    missing: list[str] = []


class Writer:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._files: dict[str, Content] = {}

    def add(self, name: str, file: IO[bytes]) -> None:
        """Adds a file that can seek, from its beginning."""
        info = tarfile.TarInfo(name)
        info.size = file.seek(0, io.SEEK_END)
        info.mode = 0o600
        file.seek(0)
        reader = _Hashing(file)
        self._tar.addfile(info, reader)
        self._files[name] = Content(info.size, reader.digest.hexdigest())

    def add_bytes(self, name: str, data: bytes) -> None:
        """Adds a small file."""
        self.add(name, io.BytesIO(data))

    def finish(self, *, tables: list[Table], missing: list[str]) -> Manifest:
        """Writes the manifest; nothing comes after it."""
        manifest = Manifest(files=dict(self._files), tables=tables, missing=missing)
        self.add_bytes(MANIFEST, msgspec.json.encode(manifest))
        return manifest


class _Hashing:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


@contextmanager
def writing(file: IO[bytes]) -> Iterator[Writer]:
    """An archive that goes into this file."""
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield Writer(tar)


def read_about(path: Path) -> About:
    """What the archive says of itself, without reading the rest.

    Raises:
        BackupError: it is no backup, or one of a later Collab.
    """
    with _reading(path) as tar:
        member = tar.next()
        content = tar.extractfile(member) if member is not None and member.name == ABOUT else None
        if content is None:
            raise BackupError(f"{path} is no backup of Collab.")
        return _about(path, content.read())


def _about(path: Path, data: bytes) -> About:
    try:
        about = msgspec.json.decode(data, type=About)
    except msgspec.DecodeError as error:
        raise BackupError(f"{path} is no backup that this version reads: {error}.") from error
    if about.format != FORMAT:
        raise BackupError(f"{path} has format {about.format}; this version reads {FORMAT}.")
    return about


def unpack(path: Path, folder: Path) -> Manifest:
    """Puts all files into an empty folder and compares each with its checksum.

    Raises:
        BackupError: something is damaged, missing or not listed, or would lie outside the folder.
    """
    found: dict[str, Content] = {}
    with _reading(path) as tar:
        for member in tar:
            if member.name == MANIFEST:
                break
            found[member.name] = _extract(tar, member, folder)
        else:
            raise BackupError(f"{path} ends too early: it was cut short.")
        content = tar.extractfile(member)
        manifest = msgspec.json.decode(content.read() if content else b"", type=Manifest)
    wrong = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
    if wrong:
        raise BackupError(f"{path} is damaged: {', '.join(wrong[:5])} do not fit their checksums.")
    return manifest


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r|gz") as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, msgspec.DecodeError, ValueError) as error:
        # ValueError: bytes that are no UTF-8, or a NUL in the name of a file.
        raise BackupError(f"{path} is no backup, or it is damaged: {error}.") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Content:
    name = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isfile() else None
    if content is None or name.is_absolute() or ".." in name.parts:
        raise BackupError(f"The archive holds {member.name!r}, which no backup does.")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += file.write(piece)
    return Content(size, digest.hexdigest())
