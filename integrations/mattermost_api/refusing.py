"""What programs made for Mattermost are told when something is refused: its status, its word, our sentence.

Used by the views and the socket. Pure: never touches Django or a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from integrations.mattermost_api.ids import new_id
from realtime.protocol import Refused

PERMISSIONS: Final = "api.context.permissions.app_error"
SESSION: Final = "api.context.session_expired.app_error"
_WORDS: Final = {
    "unauthenticated": (401, SESSION),
    "banned": (403, PERMISSIONS),
    "forbidden": (403, PERMISSIONS),
    "not_member": (403, PERMISSIONS),
    "read_only": (403, PERMISSIONS),
    "muted": (403, PERMISSIONS),
    "not_found": (404, "app.post.get.app_error"),
    "gone": (404, "app.post.get.app_error"),
    "too_large": (400, "model.post.is_valid.msg.app_error"),
    "quota_full": (413, "api.file.upload_file.storage_quota.app_error"),
    "storage_full": (507, "api.file.upload_file.write.app_error"),
    "internal": (500, "api.context.internal.app_error"),
}
_OTHER: Final = (400, "api.context.invalid_body_param.app_error")
LIMITED: Final = frozenset({"rate_limited", "slow_mode"})
"""These are answered in plain text."""


@dataclass
class Failed(Exception):
    """A refusal with a word of its own, where the general one would be wrong."""

    status: int
    word: str
    message: str


def failed_of(refused: Refused) -> Failed:
    """The refusal of a service in Mattermost's words."""
    status, word = _WORDS.get(refused.code, _OTHER)
    return Failed(status, word, refused.message)


def told(failed: Failed) -> dict[str, Any]:
    """The body of an error."""
    return {
        "id": failed.word,
        "message": failed.message,
        "detailed_error": "",
        "request_id": new_id(),
        "status_code": failed.status,
    }
