"""Stored files in a backup: those that rows of the copied database tell of. Called by taking.py and putting.py.

A file may be deleted while the backup runs, after the moment of the database. So every file of a local storage is
linked before that moment; what came between is read from the storage itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from collab.backup.archive import MEDIA, BackupError, Writer

_HOLD: Final = ".backup-"


def _folder() -> Path | None:
    """Where files lie, when they lie on this machine."""
    storage: Any = default_storage
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


@contextmanager
def held() -> Iterator[Path | None]:
    """Keeps every file that is there now, whoever deletes it meanwhile, as long as the block lasts.

    Yields:
        Where they are; None when the storage is elsewhere.
    """
    folder = _folder()
    if folder is None or not folder.is_dir():
        yield None
        return
    with TemporaryDirectory(prefix=_HOLD, dir=folder) as name:
        hold = Path(name)
        for path in _files_in(folder):
            target = hold / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(path, target)
        yield hold


def _files_in(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_HOLD)]
        yield from (Path(where, name) for name in names)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except FileNotFoundError:
        return  # deleted this very moment, so the database's moment is after that
    except OSError:
        shutil.copy2(path, target)  # a disk without links


def add_files(writer: Writer, names: Iterable[str], hold: Path | None) -> Iterator[str | None]:
    """Puts files into the archive, one after the other; yields None for each, or its name if there is none.

    Args:
        names: what the storage calls them.
        hold: from `held`.
    """
    for name in names:
        try:
            with _open(name, hold) as file:
                writer.add(f"{MEDIA}/{name}", file)
        except FileNotFoundError:
            yield name
        else:
            yield None


def _open(name: str, hold: Path | None) -> IO[bytes]:
    if hold is not None and (hold / name).is_file():
        return (hold / name).open("rb")
    file: Any = default_storage.open(name, "rb")
    return file  # type: ignore[no-any-return]


def is_empty() -> bool:
    """Whether there are no files yet."""
    folder = _folder()
    if folder is None:
        folders, names = default_storage.listdir("")
        return not folders and not names
    return not folder.is_dir() or next(_files_in(folder), None) is None


def put_in_place(unpacked: Path, aside: Path) -> None:
    """Makes the unpacked files the site's; those of before move to `aside`, if they lie on this machine.

    Raises:
        BackupError: the storage calls a file otherwise than it was called.
    """
    target, source = _folder(), unpacked / MEDIA
    if target is None:
        _store(source)
        return
    if not is_empty():
        aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.replace(aside / MEDIA) if _same_disk(target, aside) else shutil.move(target, aside / MEDIA)
    if source.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(source, target)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _store(source: Path) -> None:
    for path in _files_in(source) if source.is_dir() else ():
        name = path.relative_to(source).as_posix()
        default_storage.delete(name)
        with path.open("rb") as file:
            stored = default_storage.save(name, File(file))
        if stored != name:
            raise BackupError(f"The storage calls {name} {stored}: rows would not find it.")
