"""Files of messages as clients see them. Called by the selectors and services that show messages.

Never asks who may see a message, never opens a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote
from uuid import UUID

from chat import files
from chat.models import Attachment
from chat.shapes import AttachmentView


def attachment_view(row: Attachment) -> AttachmentView:
    """One file as clients see it."""
    if row.state == Attachment.State.BLOCKED:
        return blocked_view(row.pk, row.kind)
    # The last part is for people only, and one word of it is taken.
    name = "file" if row.name == "thumbnail" else row.name
    return AttachmentView(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        width=row.width,
        height=row.height,
        duration_ms=row.duration_ms,
        url=f"/files/{row.pk}/{quote(name, safe='')}",
        thumbnail=f"/files/{row.pk}/thumbnail" if row.thumbnail else None,
    )


def blocked_view(attachment_id: UUID, kind: str) -> AttachmentView:
    """What is left of a file that a moderator took away."""
    return AttachmentView(
        id=attachment_id, kind=kind, name="", content_type=files.UNKNOWN, size_bytes=0, url="", blocked=True
    )


def attachments_of(messages: Iterable[UUID]) -> dict[UUID, list[AttachmentView]]:
    """The files of each of these messages that has some, in their order."""
    wanted = list(messages)
    found: dict[UUID, list[AttachmentView]] = defaultdict(list)
    if wanted:
        for row in Attachment.objects.filter(message__in=wanted).order_by("message", "position"):
            if row.message_id is not None:
                found[row.message_id].append(attachment_view(row))
    return found
