"""How a receiver knows that a request is ours and new: HMAC-SHA256 over the moment and the body.

Used by deliveries. Pure: never touches Django or a database. docs/integrations.md shows the other side.
"""

from __future__ import annotations

import hashlib
import hmac

WINDOW_SECONDS = 300
"""What receivers are told to take: an older request is a repeat of somebody else's."""


def sign(secret: str, *, at: int, body: bytes) -> str:
    """The value of X-Collab-Signature for a request at this Unix time."""
    return "v1=" + hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def holds(secret: str, signature: str, *, at: int, body: bytes, now: int) -> bool:
    """Whether a request is signed with the secret and not older than the window, compared in constant time."""
    return hmac.compare_digest(sign(secret, at=at, body=body), signature) and abs(now - at) <= WINDOW_SECONDS
