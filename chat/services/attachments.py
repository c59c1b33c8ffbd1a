"""Files of messages: stored when they are uploaded, claimed by the message they go with, removed with it.

Called by the view of uploads, by send_message and delete_message, and by the sweep. Bytes are written before
the row that tells of them and removed after the commit that forgets them, so that a row always has its file; what a
crash leaves behind is swept. Never decides who may read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from chat import files, pictures
from chat.models import Attachment
from chat.selectors.attachments import PER_MESSAGE, check_room_left, check_upload, megabytes
from chat.selectors.file_views import attachment_view
from chat.services.turn import Turn
from chat.shapes import AttachmentView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

FOLDER: Final = "attachments"
HASH_BYTES: Final = 1_048_576
PICTURE_SECONDS: Final = 60
_QUOTAS: Final = 0x75706C64
"""Key of the lock under which quotas are read and used up."""
_picture: Final = threading.Semaphore(1)
"""One picture is decoded at a time: 40 megapixels are 160 MB, twice."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file that is ready to be stored: what it is, and where it lies."""

    found: files.Found
    name: str
    path: Path
    thumbnail: Path | None = None
    width: int | None = None
    height: int | None = None


class _Handed(File):  # type: ignore[type-arg]  # generic for the stubs only
    """A file that the storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        """Where it lies."""
        return str(self.name)


def store_upload(*, actor: User, room_id: int, upload_id: UUID, name: str, source: Path) -> tuple[AttachmentView, bool]:
    """Keeps an uploaded file for a message of this room. It takes the file at `source` away.

    A picture is made anew first, one after the other; nothing is locked meanwhile, unless the caller holds a lock.

    Args:
        actor: whose file it is.
        room_id: for which room.
        upload_id: made by the client; the same again is answered with the first result.
        name: as the person's system calls it.
        source: a file on this machine that nobody else touches.

    Returns:
        The file, and whether it is new.

    Raises:
        Refused: invalid, too_large, not_found, not_member, read_only, muted, quota_full, storage_full, or `conflict`
            for an id that belongs to something else.
    """
    first = stored_before(actor, room_id, upload_id)
    if first is not None:
        return first, False
    size = source.stat().st_size
    check_upload(actor=actor, room_id=room_id, size_bytes=size)
    return keep_upload(actor=actor, room_id=room_id, upload_id=upload_id, name=name, source=source, size=size)


def keep_upload(
    *, actor: User, room_id: int, upload_id: UUID, name: str, source: Path, size: int
) -> tuple[AttachmentView, bool]:
    """As store_upload, of somebody whose right to it was found; for chat.services.bridged as well."""
    with _told_when_full():
        prepared = _prepare(source, files.clean_name(name), size)
        return _store(actor, room_id, upload_id, prepared)


def stored_before(actor: User, room_id: int, upload_id: UUID) -> AttachmentView | None:
    """The file that came under this id before; `conflict` when it is something else's."""
    row = Attachment.objects.filter(pk=upload_id).first()
    if row is None:
        return None
    if row.uploader_id != actor.pk or row.room_id != room_id:
        raise Refused("conflict", "This id was used for another file.", field="id")
    return attachment_view(row)


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Refused("storage_full") from error
        raise


def _prepare(source: Path, name: str, size: int) -> _Prepared:
    if size == 0:
        raise Refused("invalid", "This file is empty.", field="file")
    with source.open("rb") as file:
        found = files.inspect(file.read(files.HEAD_BYTES))
    if found.kind == files.IMAGE:
        return _prepare_picture(source, name, size)
    return _Prepared(found, name, source)


def _prepare_picture(source: Path, name: str, size: int) -> _Prepared:
    if size > settings.UPLOAD_IMAGE_BYTES:
        most = megabytes(settings.UPLOAD_IMAGE_BYTES)
        raise Refused("too_large", f"A picture has at most {most} MB.", field="file")
    if not _picture.acquire(timeout=PICTURE_SECONDS):
        raise Refused("rate_limited", "The server is busy with other pictures. Try again.", retry_after=10)
    try:
        made = pictures.remake(source, source.parent)
    finally:
        _picture.release()
    found = files.Found(files.IMAGE, made.content_type)
    return _Prepared(found, files.name_for(name, made.content_type), made.path, made.thumbnail, made.width, made.height)


def _store(actor: User, room_id: int, upload_id: UUID, prepared: _Prepared) -> tuple[AttachmentView, bool]:
    size, digest = _measure(prepared.path)
    playing = prepared.found.kind in {files.AUDIO, files.VIDEO}
    duration = files.duration_ms(prepared.path) if playing else None
    kept: list[str] = []
    try:
        row = Attachment(
            id=upload_id,
            room_id=room_id,
            uploader=actor,
            kind=prepared.found.kind,
            name=prepared.name,
            content_type=prepared.found.content_type,
            sha256=digest,
            size_bytes=size,
            width=prepared.width,
            height=prepared.height,
            duration_ms=duration,
            file=_keep(room_id, prepared.path, kept),
            thumbnail=_keep(room_id, prepared.thumbnail, kept) if prepared.thumbnail else "",
        )
        _add_row(actor, row)
    except IntegrityError:
        # The same upload came twice at once; the other one was faster.
        remove_files(kept)
        first = stored_before(actor, room_id, upload_id)
        if first is None:
            raise
        return first, False
    except BaseException:
        remove_files(kept)
        raise
    return attachment_view(row), True


def _measure(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file, which is on the disk itself after that."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_BYTES):
            digest.update(piece)
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()


def _keep(room_id: int, path: Path, kept: list[str]) -> str:
    """Puts a file into the storage, under a name that says nothing of it; adds the name to `kept`."""
    # Named before it is written: on a full disk a part of it may lie there.
    kept.append(f"{FOLDER}/{room_id}/{uuid4().hex}")
    with path.open("rb") as file:
        kept[-1] = default_storage.save(kept[-1], _Handed(file, name=str(path)))
    return kept[-1]


@transaction.atomic
def _add_row(actor: User, row: Attachment) -> None:
    """The row, if there is still room for it once nobody else can take that room."""
    if connection.vendor == "postgresql":
        # SQLite lets one transaction write at a time as it is.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_QUOTAS])
    check_room_left(actor=actor, room_id=row.room_id, size_bytes=row.size_bytes)
    row.save(force_insert=True)


@transaction.atomic
def discard_upload(*, actor: User, room_id: int, upload_id: UUID) -> None:
    """Takes back one's own file that no message has claimed; one that is not there is no error.

    Raises:
        Refused: `conflict` for a file that was sent meanwhile: it goes with its message.
    """
    row = Attachment.objects.select_for_update().filter(pk=upload_id, room=room_id, uploader=actor).first()
    if row is None:
        return
    if row.state != Attachment.State.PENDING:
        raise Refused("conflict", "This file was sent already. Delete the message instead.")
    row.delete()
    _remove_after_commit([row])


def claim_attachments(*, turn: Turn, message_id: UUID, wanted: Sequence[UUID]) -> list[AttachmentView]:
    """Makes pending files of the sender part of a message, in the given order; part of send_message's transaction.

    Raises:
        Refused: `invalid` when one is another's, another room's, sent already, removed or swept.
    """
    if len(wanted) > PER_MESSAGE or len(set(wanted)) != len(wanted):
        raise Refused("invalid", f"A message has at most {PER_MESSAGE} files, each once.", field="attachments")
    rows = (
        Attachment.objects.select_for_update()
        .filter(room=turn.room_id, uploader=turn.actor, state=Attachment.State.PENDING)
        .in_bulk(wanted)
    )
    if len(rows) != len(wanted):
        raise Refused("invalid", "A file is not there any more. Add it again.", field="attachments")
    claimed = [rows[pk] for pk in wanted]
    for position, row in enumerate(claimed):
        row.message_id, row.position, row.state = message_id, position, Attachment.State.CLAIMED
    Attachment.objects.bulk_update(claimed, ["message", "position", "state"])
    return [attachment_view(row) for row in claimed]


def claimed_by(message_id: UUID) -> list[UUID]:
    """The files of a message in their order, to compare a repeated send with."""
    return list(Attachment.objects.filter(message=message_id).order_by("position").values_list("pk", flat=True))


def remove_attachments(messages: Sequence[UUID]) -> None:
    """Forgets the files of messages that are deleted in this transaction; their bytes go after its commit."""
    rows = list(Attachment.objects.filter(message__in=messages))
    if rows:
        Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
        _remove_after_commit(rows)


def discard_unsent(*, user_id: int) -> None:
    """Forgets what a person uploaded and never sent, in the transaction that ends their account."""
    rows = list(Attachment.objects.filter(uploader=user_id, state=Attachment.State.PENDING))
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    _remove_after_commit(rows)


def _remove_after_commit(rows: Sequence[Attachment]) -> None:
    names = names_of(rows)
    transaction.on_commit(lambda: remove_files(names), robust=True)


def names_of(rows: Sequence[Attachment]) -> list[str]:
    """What the storage calls these files and their thumbnails."""
    return [name for row in rows for name in (row.file.name, row.thumbnail.name) if name]


def remove_files(names: Sequence[str]) -> None:
    """Removes bytes that no row tells of; what is gone already is no error."""
    for name in names:
        default_storage.delete(name)
