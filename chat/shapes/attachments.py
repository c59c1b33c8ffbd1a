"""The shapes of files that hang on messages, and of what may be uploaded.

Exported by chat.shapes. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from uuid import UUID

from realtime.protocol import Struct


class AttachmentView(Struct, frozen=True, kw_only=True):
    """A file of a message. One that a moderator took away has `blocked`, no name, no address and no size.

    Attributes:
        kind: image, audio, video or file; only the first three are ever shown, the last is only saved.
        content_type: found from the bytes; images are re-encoded.
        width, height: of images, in pixels.
        duration_ms: of audio and video, where their headers tell it.
        url: where it is read, by whoever may see the message.
        thumbnail: the address of a smaller picture; null where the picture itself is small enough.
    """

    id: UUID
    kind: str
    name: str
    content_type: str
    size_bytes: int
    url: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    thumbnail: str | None = None
    blocked: bool = False


class UploadLimits(Struct, frozen=True, kw_only=True):
    """What the server takes, so that a page can say no before a byte is sent.

    Attributes:
        file_bytes, image_bytes: the size of one file, of one picture.
        per_message: files of one message.
        left_bytes: what the person and the room together still have room for.
    """

    file_bytes: int
    image_bytes: int
    per_message: int
    left_bytes: int


class UploadList(Struct, frozen=True, kw_only=True):
    """`GET /api/rooms/<id>/uploads/`: limits, and one's own files that no message has claimed yet, oldest first.

    `POST` there with the file as its body and `?id=<uuid>&name=<name>` answers an AttachmentView (201; 200 for an id
    that was stored before), `DELETE /api/rooms/<id>/uploads/<uuid>/` takes one back.
    """

    limits: UploadLimits
    pending: list[AttachmentView]
