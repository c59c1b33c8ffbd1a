"""What the editor's commands are told on the command line: documents by number, or by room and name.

Called by the commands of this app. Never writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.management.base import CommandError

from editor.models import Document


def find_document(named: str) -> Document:
    """The document with this number, or the living one that is called ROOM/NAME.

    Raises:
        CommandError.
    """
    room, slash, name = named.partition("/")
    if slash:
        found = Document.objects.filter(room__slug=room, name=name, deleted_at=None).first()
    else:
        found = Document.objects.filter(pk=int(named)).first() if named.isdecimal() and len(named) < 19 else None
    if found is None:
        raise CommandError(f"There is no document “{named}”. Give its number, or ROOM/NAME with the room's address.")
    return found


def write_whole(path: Path, texts: Iterable[str]) -> int:
    """Writes a file that is there whole or not at all; returns how many pieces it was made of.

    Raises:
        CommandError: it cannot be written.
    """
    count = 0
    try:
        with NamedTemporaryFile(
            "w", dir=path.parent, prefix=".document.", encoding="utf-8", newline="", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                for text in texts:
                    file.write(text)
                    count += 1
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CommandError(f"{path} was not written: {error.strerror}.") from error
    return count
