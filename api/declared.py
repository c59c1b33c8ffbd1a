"""How an address of the API is declared: its signature says what it takes and answers, the decorator who may come.

Used by api.endpoints; read by the dispatcher and by the description (OpenAPI). Never answers a request itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, get_args, get_type_hints
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from accounts.tokens import Bearer
from api.shapes import NoQuery

if TYPE_CHECKING:
    from accounts.models import User

Q = TypeVar("Q")
B = TypeVar("B")
H = TypeVar("H", bound=Callable[..., Any])

BODY_BYTES: Final = 65_536
"""What a body may weigh where an address does not say otherwise."""
WORD_CHARS: Final = 32
"""Longest word in an address."""
ANY_TOKEN: Final = ""
"""Instead of a scope: whoever has a living token."""
Once = Literal["", "cid", "kept"]
"""What an Idempotency-Key does: nothing, it becomes the lasting id of what is made, or the answer is kept."""
_PARAMETER: Final = re.compile(r"<(\w+):(\w+)>")


@dataclass(slots=True)
class Call(Generic[Q, B]):
    """One request, checked and read.

    Attributes:
        bearer: who asks.
        query, body: what is asked, as the handler's signature declares them.
        cid: lasting id of what is made, from the Idempotency-Key or new.
        status: of the answer; a handler may change it.
        pages: query parameters of related pages by their relation (next, prev).
    """

    request: HttpRequest
    bearer: Bearer
    query: Q
    body: B
    cid: UUID
    status: int
    pages: dict[str, dict[str, int]] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def user(self) -> User:
        """Whose token it is."""
        return self.bearer.user


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of an address: int, uuid or str."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    Attributes:
        path: a Django route below /api/v1/.
        scope: that the token must have; ANY_TOKEN asks for none.
        refuses: codes that it may answer besides those that every address may.
        query, body, answer: types; None for no body and for no answer.
        takes_file: the body is a file, which stands before the dispatcher (collab.uploads).
        gives: ids that its answer holds, for the addresses that go on from there: name and JSON pointer.
        formats: content types that the body may have, each as OpenAPI describes it; the handler reads `call.raw`.
    """

    handler: Callable[..., Any]
    method: str
    path: str
    tag: str
    scope: str
    status: int
    refuses: tuple[str, ...]
    once: Once
    body_bytes: int
    query: type[Any]
    body: type[Any] | None
    answer: Any
    takes_file: bool = False
    gives: dict[str, str] = field(default_factory=dict)
    formats: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def sends_file(self) -> bool:
        """Whether the answer is a file and not JSON."""
        return self.answer is HttpResponseBase

    @property
    def name(self) -> str:
        """What a client library would call it."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]

    @property
    def description(self) -> str:
        """The rest of it, a line for each paragraph."""
        rest = (self.handler.__doc__ or "").strip().partition("\n")[2]
        paragraphs = [" ".join(part.split()) for part in rest.split("\n\n")]
        return "\n\n".join(part for part in paragraphs if part)

    @property
    def template(self) -> str:
        """The address as OpenAPI writes it."""
        return "/" + _PARAMETER.sub(r"{\2}", self.path)

    @property
    def parameters(self) -> list[Parameter]:
        """The parts of the address that vary."""
        return [Parameter(name, kind) for kind, name in _PARAMETER.findall(self.path)]


ENDPOINTS: Final[list[Endpoint]] = []


def endpoint(
    method: str,
    path: str,
    *,
    tag: str,
    scope: str,
    status: int = 200,
    refuses: tuple[str, ...] = (),
    once: Once = "",
    body_bytes: int = BODY_BYTES,
    takes_file: bool = False,
    gives: dict[str, str] | None = None,
    formats: dict[str, dict[str, Any]] | None = None,
) -> Callable[[H], H]:
    """Declares `handler(call: Call[Query, Body], **path) -> Answer` as one method of one address."""

    def declare(handler: H) -> H:
        hints = get_type_hints(handler, include_extras=True)
        query, body = get_args(hints["call"])
        given = (handler, method, path, tag, scope, status, refuses, once, body_bytes, query, _or_none(body))
        ENDPOINTS.append(Endpoint(*given, _or_none(hints["return"]), takes_file, gives or {}, formats or {}))
        return handler

    return declare


def _or_none(hint: Any) -> Any:
    return None if hint is type(None) else hint


def by_path() -> dict[str, dict[str, Endpoint]]:
    """Endpoints by path and method, in the order of their declaration."""
    found: dict[str, dict[str, Endpoint]] = {}
    for one in ENDPOINTS:
        found.setdefault(one.path, {})[one.method] = one
    return found


__all__ = [
    "ANY_TOKEN",
    "ENDPOINTS",
    "WORD_CHARS",
    "Call",
    "Endpoint",
    "NoQuery",
    "Once",
    "Parameter",
    "by_path",
    "endpoint",
]
