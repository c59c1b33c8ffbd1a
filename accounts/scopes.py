"""What the key of a script is called, and how far it reaches: words that each address of the HTTP API asks for.

Used by the services, forms and admin of tokens and by the API. Pure: never touches Django or a database.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from realtime.protocol import Refused

TOKEN_NAME_CHARS: Final = 80
SCOPES: Final[dict[str, str]] = {
    "rooms:read": "See rooms and their members",
    "rooms:write": "Make, join and change rooms",
    "messages:read": "Read messages and files",
    "messages:write": "Write messages and react",
    "files:write": "Upload files",
    "search:read": "Search",
    "documents:read": "Read documents",
    "documents:write": "Edit documents",
    "metrics:read": "Read boards and numbers",
    "metrics:write": "Push numbers",
    "tokens:write": "See and revoke your tokens",
}
"""Every scope, with the words that a person reads beside it."""


def clean_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes without repetition, in the order of SCOPES.

    Raises:
        Refused: `invalid` for none at all, or for one that does not exist.
    """
    wanted = set(scopes)
    if unknown := sorted(wanted - SCOPES.keys()):
        raise Refused("invalid", f"There is no scope {unknown[0][:40]}.", field="scopes")
    if not wanted:
        raise Refused("invalid", "Choose at least one thing that the token may do.", field="scopes")
    return [scope for scope in SCOPES if scope in wanted]


def clean_token_name(name: str) -> str:
    """What a token is for, on one line, in NFC with single spaces.

    Raises:
        Refused: `invalid` when it is empty, too long, or carries invisible characters.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(tidy) <= TOKEN_NAME_CHARS:
        raise Refused("invalid", f"Say in 1 to {TOKEN_NAME_CHARS} characters what it is for.", field="name")
    if any(unicodedata.category(char)[0] == "C" for char in tidy):
        raise Refused("invalid", "A name cannot hold invisible characters.", field="name")
    return tidy
