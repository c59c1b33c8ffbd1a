"""Files of messages: who may read them, and how much room is left for more.

Called by services and by the views of uploads and downloads. Never writes, never opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, Sum

from chat.models import Attachment
from chat.selectors.file_views import attachment_view
from chat.selectors.rights import refuse_to_write, rights_in
from chat.selectors.standing import find_place
from chat.shapes import UploadLimits, UploadList
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

PER_MESSAGE: Final = 10
PENDING_MOST: Final = 100
"""Files of one person that wait for a message, in all rooms."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the bytes of a file lie, for somebody who may read them.

    Attributes:
        path: its name in the storage.
        shown: whether a browser may show it; everything else is only saved.
        etag: changes with the bytes.
    """

    path: str
    name: str
    content_type: str
    shown: bool
    etag: str


def find_file(*, actor: User, attachment_id: UUID, thumbnail: bool = False) -> StoredFile:
    """A file that the person may read now: their own until it is sent, then whoever sees the message.

    Raises:
        Refused: `not_found`, whether there is nothing, or nothing any more, or nothing for them.
    """
    row = Attachment.objects.filter(pk=attachment_id).exclude(state=Attachment.State.BLOCKED).first()
    if row is None:
        raise Refused("not_found")
    if row.state == Attachment.State.PENDING and row.uploader_id != actor.pk:
        raise Refused("not_found")
    find_place(actor=actor, room_id=row.room_id)
    if thumbnail:
        if not row.thumbnail:
            raise Refused("not_found")
        return StoredFile(str(row.thumbnail), "thumbnail.webp", "image/webp", shown=True, etag=f"{row.sha256}-small")
    shown = row.kind != Attachment.Kind.FILE
    return StoredFile(str(row.file), row.name, row.content_type, shown=shown, etag=row.sha256)


def sent_files(message_id: UUID) -> list[tuple[UUID, StoredFile]]:
    """The files of a message in their order, for whoever carries the whole room elsewhere; asks nobody's rights."""
    rows = Attachment.objects.filter(message=message_id, state=Attachment.State.CLAIMED).order_by("position")
    return [
        (row.pk, StoredFile(str(row.file), row.name, row.content_type, shown=False, etag=row.sha256)) for row in rows
    ]


def upload_list(*, actor: User, room_id: int) -> UploadList:
    """What the person may still upload here, and what waits to be sent.

    Raises:
        Refused: `not_found`.
    """
    find_place(actor=actor, room_id=room_id)
    rows = Attachment.objects.filter(room=room_id, uploader=actor, state=Attachment.State.PENDING).order_by("pk")
    limits = UploadLimits(
        file_bytes=settings.UPLOAD_BYTES_MOST,
        image_bytes=settings.UPLOAD_IMAGE_BYTES,
        per_message=PER_MESSAGE,
        left_bytes=max(0, room_left(actor=actor, room_id=room_id)),
    )
    return UploadList(limits=limits, pending=[attachment_view(row) for row in rows])


def check_upload(*, actor: User, room_id: int, size_bytes: int) -> None:
    """Whether a file of this size may be added, before anything of it is read.

    Raises:
        Refused: not_found, not_member, read_only, muted, too_large, quota_full.
    """
    rights = rights_in(actor=actor, room_id=room_id)
    refused = refuse_to_write(actor=actor, room_id=room_id, rights=rights)
    if refused is not None:
        raise refused
    if size_bytes > settings.UPLOAD_BYTES_MOST:
        raise Refused("too_large", f"A file has at most {megabytes(settings.UPLOAD_BYTES_MOST)} MB.", field="file")
    check_room_left(actor=actor, room_id=room_id, size_bytes=size_bytes)


def check_room_left(*, actor: User, room_id: int, size_bytes: int) -> None:
    """Whether the quotas of the person and of the room have room for so much more.

    Raises:
        Refused: `quota_full`.
    """
    own = Attachment.objects.filter(uploader=actor)
    if own.filter(state=Attachment.State.PENDING).count() >= PENDING_MOST:
        raise Refused("quota_full", f"{PENDING_MOST} of your files wait to be sent. Send or remove some first.")
    if _used(own) + size_bytes > settings.UPLOAD_PERSON_BYTES:
        most = megabytes(settings.UPLOAD_PERSON_BYTES)
        raise Refused("quota_full", f"Your files take up {most} MB, which is all you have. Delete some first.")
    if _used(Attachment.objects.filter(room=room_id)) + size_bytes > settings.UPLOAD_ROOM_BYTES:
        raise Refused("quota_full", "The files of this room take up all the space it has.")


def room_left(*, actor: User, room_id: int) -> int:
    """How many bytes the quotas of the person and of the room leave together."""
    own = settings.UPLOAD_PERSON_BYTES - _used(Attachment.objects.filter(uploader=actor))
    return int(min(own, settings.UPLOAD_ROOM_BYTES - _used(Attachment.objects.filter(room=room_id))))


def _used(rows: QuerySet[Attachment]) -> int:
    """What files take up, those that wait and those that were taken away too."""
    return int(rows.aggregate(total=Sum("size_bytes"))["total"] or 0)


def megabytes(size_bytes: int) -> int:
    """Whole megabytes, as a person is told them."""
    return size_bytes // 1_000_000
