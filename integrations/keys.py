"""Keys that other programs hold: made once, kept as a hash only.

Used by the services of webhooks and commands. Pure: never touches Django or a database.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

HINT_CHARS: Final = 4


def new_key() -> tuple[str, str, str]:
    """A key, what is kept of it, and its last characters, by which a person tells it from others."""
    key = secrets.token_hex(20)
    return key, hash_key(key), key[-HINT_CHARS:]


def hash_key(key: str) -> str:
    """What is kept: 64 hexadecimal digits from which the key cannot be found."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
