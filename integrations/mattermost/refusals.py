"""Why a Mattermost server refused, or was not reached: a kind for programs, a sentence for whoever runs the bridge.

Called by integrations.mattermost.rest, which hands both on. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from integrations.mattermost.wire import Problem, Unreadable, read_object
from outbound.refusing import OutboundRefused

_ARCHIVED: Final = frozenset(
    {
        "api.post.create_post.can_not_post_to_deleted.error",
        "api.post.update_post.can_not_update_post_in_deleted.error",
    }
)
_NOT_SENT: Final = frozenset({"name_unknown", "unreachable", "certificate"})


class Kind(StrEnum):
    """Why a request failed, and so what comes next."""

    TOKEN = "token"
    """Nobody believes the token: somebody has to give another one."""
    FORBIDDEN = "forbidden"
    """Not allowed, or (of channels) not there: a bot that was removed."""
    ARCHIVED = "archived"
    """The channel takes nothing until somebody restores it."""
    MISSING = "missing"
    INVALID = "invalid"
    """Refused as it is; it would be refused again."""
    TOO_LARGE = "too_large"
    LIMITED = "limited"
    """Asked too often for too long; nothing was done."""
    BUSY = "busy"
    """The same post is being saved: ask again in a moment."""
    NOT_REACHED = "not_reached"
    """Nothing was sent; it may be repeated."""
    UNKNOWN = "unknown"
    """The server failed or the line broke: what was asked may be done or not."""


class ServerRefused(Exception):
    """A request failed.

    Attributes:
        words: a sentence for whoever runs the bridge; it holds no token.
        code: the server's own name of the error, empty where it gave none.
    """

    def __init__(self, kind: Kind, words: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(kind, words)
        self.kind, self.words, self.code, self.status = kind, words, code, status


_MEANINGS: Final = {
    401: (Kind.TOKEN, "The server does not accept the token any more."),
    403: (Kind.FORBIDDEN, "The server does not allow this: is the bot still in the channel?"),
    404: (Kind.MISSING, "The server has nothing there."),
    413: (Kind.TOO_LARGE, "This is larger than the server takes."),
    501: (Kind.INVALID, "This is switched off on the server."),
    429: (Kind.LIMITED, "The server asks us to come more seldom."),
}


def read_refusal(status: int, body: bytes) -> ServerRefused:
    """What an answer with an error means. The body of a 429, or of whatever stands before the server, is no JSON."""
    try:
        problem = read_object(body, Problem)
    except Unreadable:
        problem = Problem()
    kind, words = _meaning(status, problem)
    return ServerRefused(kind, words, code=problem.id, status=status)


def _meaning(status: int, problem: Problem) -> tuple[Kind, str]:
    if problem.id == "api.post.deduplicate_create_post.pending":
        return Kind.BUSY, "The server is still saving this post."
    if problem.id in _ARCHIVED:
        return Kind.ARCHIVED, "The channel is archived."
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= 500:
        return Kind.UNKNOWN, f"The server failed with status {status}."
    if status < 400:
        return Kind.INVALID, f"The address leads elsewhere (status {status}): give the one the server answers at."
    said = problem.message or problem.id or "no reason"
    return Kind.INVALID, f"The server refused with status {status}: {said[:200]}"


def read_failure(refused: OutboundRefused) -> ServerRefused:
    """What it means that nothing was fetched."""
    if refused.code == "too_large":
        return ServerRefused(Kind.TOO_LARGE, refused.words)
    if refused.code in _NOT_SENT:
        return ServerRefused(Kind.NOT_REACHED, refused.words)
    kind = Kind.UNKNOWN if refused.passing or refused.code == "unreadable" else Kind.INVALID
    return ServerRefused(kind, refused.words)
