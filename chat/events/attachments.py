"""What happens to files that hang on messages. They come with `message.created`; uploads are HTTP.

Exported by chat.events. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from realtime.protocol import Event


class AttachmentBlocked(Event, frozen=True, kw_only=True):
    """A moderator took a file away: its view is blocked from now on, in the log as well."""

    type: ClassVar[str] = "attachment.blocked"
    topic: ClassVar[str] = "room"
    message: UUID
    attachment: UUID
