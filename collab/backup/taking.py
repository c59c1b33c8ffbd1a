"""Takes a backup of the running site: the database at one moment, the files its rows tell of, the made key.

Called by `manage.py backup`. Changes nothing on the site, keeps no writer waiting, and never leaves half an archive.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import IO, Final

import msgspec
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from collab.backup import media, postgres, sqlite
from collab.backup.archive import ABOUT, FORMAT, KEY, About, Writer, writing
from collab.backup.dump import Dump

Progress = Callable[[str, int, int], None]
"""(what, done, of how many)."""
ENGINES: Final[dict[str, ModuleType]] = {"sqlite": sqlite, "postgresql": postgres}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a backup holds."""

    rows: int
    files: int
    missing: list[str]
    with_key: bool
    size_bytes: int


def key_mark(key: str) -> str:
    """A sign by which two sites know that they have the same SECRET_KEY; the key cannot be found from it."""
    return salted_hmac("collab.backup", "the same key", secret=key, algorithm="sha256").hexdigest()[:32]


def kept_key_file() -> Path | None:
    """The file of the key that the site made for itself; None when the environment gives the key."""
    path = Path(settings.DATA_DIR) / "secret_key"
    made = path.is_file() and path.read_text() == settings.SECRET_KEY
    return path if made else None


def take(path: Path, *, with_key: bool, told: Progress) -> Taken:
    """Writes the archive, for its owner's eyes only.

    Args:
        path: of the archive; what is there is replaced at the end.
        with_key: put the key in that the site made for itself, if it did.
        told: hears how far it is.
    """
    with _whole(path) as file, TemporaryDirectory(prefix=".backup-", dir=path.parent) as work, media.held() as hold:
        folder = Path(work)
        dump: Dump = ENGINES[connection.vendor].dump(folder, lambda done, of: told("database", done, of))
        key_file = kept_key_file() if with_key else None
        with writing(file) as writer:
            writer.add_bytes(ABOUT, msgspec.json.encode(_about(dump)))
            if key_file is not None:
                writer.add_bytes(KEY, key_file.read_bytes())
            for name in dump.files:
                with (folder / name).open("rb") as content:
                    writer.add(name, content)
            missing = _add_media(writer, sorted(dump.media), hold, told)
            writer.finish(tables=dump.tables, missing=missing)
    return Taken(
        rows=sum(table.rows for table in dump.tables),
        files=len(dump.media) - len(missing),
        missing=missing,
        with_key=key_file is not None,
        size_bytes=path.stat().st_size,
    )


def _about(dump: Dump) -> About:
    return About(
        format=FORMAT,
        site=settings.SITE_URL,
        made_at=timezone.now(),
        engine=connection.vendor,
        migrations=dump.migrations,
        key=key_mark(settings.SECRET_KEY),
    )


def _add_media(writer: Writer, names: list[str], hold: Path | None, told: Progress) -> list[str]:
    missing = []
    for done, name in enumerate(media.add_files(writer, names, hold), 1):
        told("files", done, len(names))
        if name is not None:
            missing.append(name)
    return missing


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all."""
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)
