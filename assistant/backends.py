"""Asks a model's provider over the OpenAI API and streams what it answers; the only file that imports openai.

Called by the runner, the doctor and the admin. Never decides what is asked, never stores anything, and lets no key out:
whatever goes wrong comes as BackendFailed, without the SDK's exceptions and their frames behind it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import openai
from django.conf import settings

from assistant import faults
from assistant.faults import BackendFailed, failure
from assistant.keys import read_key
from assistant.pieces import (
    CHARS_A_TOKEN_MOST,
    Assembly,
    CallPiece,
    EndPiece,
    Piece,
    TextPiece,
    UsagePiece,
    estimate_request,
)

__all__ = ["Ask", "BackendFailed", "CallPiece", "EndPiece", "Piece", "TextPiece", "UsagePiece", "close", "models"]
__all__ += ["stream"]

logger = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 5.0
LIST_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 5.0
"""A provider that asks for a longer wait is not asked again by us: the person decides."""
PAUSE_SECONDS: Final = 0.5
SENT_HEADERS: Final = {
    "host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding",
}  # fmt: skip
"""All else that the SDK would add says something about this machine or comes from variables meant for others."""
OPTIONS: Final = ("stream_options", "temperature", "user", "max_completion_tokens", "max_tokens", "parallel_tool_calls")
"""What a provider may refuse to hear of without the request being wrong."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        key_env: name of the variable that holds the key; empty where none is wanted.
        messages: as the chat completions API has them; so are tools.
        user: an opaque hash of the person, for the provider's own limits.
    """

    model: str
    base_url: str
    key_env: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]]
    max_output_tokens: int
    temperature: float | None
    user: str


class _Key(str):
    """A key whose repr does not show it, for the frames of tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to ask, and how the failures of that place are called."""

    base_url: str
    key_env: str
    model: str = ""

    def failed(self, code: str, *, seconds: float = 0, **more: Any) -> BackendFailed:
        if settings.ASSISTANT_DEMO and code == "unreachable" and self.base_url == settings.OPENAI_BASE_URL:
            code = "demo_absent"
        places = {
            "model": f"“{self.model}”" if self.model else "this model",
            "variable": self.key_env or "its key",
            "seconds": f"{seconds:g}",
        }
        return failure(code, places=places, **more)

    def key(self) -> _Key:
        """Reads the key; raises BackendFailed where it is named and not there."""
        if not self.key_env:
            return _Key("")
        key = _Key(read_key(self.key_env))
        if not key:
            raise self.failed("no_key")
        if not key.isascii() or not key.isprintable():  # it would not fit into a header
            raise self.failed("key_refused", detail="The key has characters that no key has.")
        return key

    def checked_url(self) -> str:
        """The base URL, if it is one; raises BackendFailed."""
        try:
            parts = urlsplit(self.base_url)
            fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
            fit = fit and not (parts.username or parts.query or parts.fragment)
        except ValueError:
            fit = False
        if not fit:
            raise self.failed("wrong_address", detail="The base URL is no plain http or https address.")
        return self.base_url


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], openai.AsyncOpenAI]] = WeakKeyDictionary()
_refused: dict[tuple[str, str], frozenset[str]] = {}
"""Options that a model at an address did not want to hear of, so that each is tried once for each process."""


def _client(place: _Place) -> openai.AsyncOpenAI:
    for loop in [loop for loop in _clients if loop.is_closed()]:
        del _clients[loop]
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    key, url = place.key(), place.checked_url()
    client = clients.get((url, key))
    if client is None:
        client = clients[url, key] = _new_client(url, key)
    return client


def _new_client(url: str, key: _Key) -> openai.AsyncOpenAI:
    async def send_only_ours(request: Any) -> None:
        for name in set(request.headers) - SENT_HEADERS:
            del request.headers[name]
        request.headers["user-agent"] = "Collab"
        if key:
            request.headers["authorization"] = f"Bearer {str.__str__(key)}"

    timeout = openai.Timeout(connect=CONNECT_SECONDS, read=None, write=CONNECT_SECONDS * 2, pool=CONNECT_SECONDS)
    # trust_env: no proxy and no netrc of the environment; a redirect could carry the key and the room's words away.
    http = openai.DefaultAsyncHttpxClient(
        trust_env=False, follow_redirects=False, timeout=timeout, event_hooks={"request": [send_only_ours]}
    )
    return openai.AsyncOpenAI(
        api_key=str.__str__(key) or "none", base_url=url, timeout=timeout, max_retries=0, http_client=http
    )


async def close() -> None:
    """Closes this loop's connections; the next ask opens new ones."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


async def stream(ask: Ask) -> AsyncGenerator[Piece, None]:
    """Streams an answer: words and calls as they come, then exactly one UsagePiece and one EndPiece.

    Asks once more by itself where nothing had come and the cause may be over in a moment. When it fails after words
    had come, an estimated UsagePiece comes before the exception. Close the generator (`aclosing`) to stop the provider.

    Raises:
        BackendFailed: with a code of assistant.faults.WORDS.
    """
    for last in (False, True):
        begun = False
        try:
            async with aclosing(_answer(ask)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
            return
        except BackendFailed as failed:
            wait = PAUSE_SECONDS if failed.retry_after_seconds is None else failed.retry_after_seconds
            if last or begun or failed.code not in faults.WORTH_ANOTHER_TRY or wait > PATIENCE_SECONDS:
                raise
        await asyncio.sleep(wait)


async def _answer(ask: Ask) -> AsyncGenerator[Piece, None]:
    answer = _Answer(ask)
    try:
        async with aclosing(answer.pieces()) as pieces:
            async for piece in pieces:
                yield piece
    except Exception as error:  # noqa: BLE001 - the SDK lets errors of JSON, UTF-8 and transport through as they are
        failed = answer.explain(error)
    else:
        return
    if answer.assembly.begun:
        yield answer.assembly.usage()
    raise failed  # outside of the except block: nothing of the SDK stays behind it


@dataclass(slots=True)
class _Answer:
    """One attempt at an answer, and where it stands."""

    ask: Ask
    place: _Place = field(init=False)
    assembly: Assembly = field(init=False)
    _deadline: float = 0
    _heard: bool = False

    def __post_init__(self) -> None:
        self.place = _Place(self.ask.base_url, self.ask.key_env, self.ask.model)
        estimate = estimate_request(self.ask.messages, self.ask.tools)
        self.assembly = Assembly(estimate, chars_most=self.ask.max_output_tokens * CHARS_A_TOKEN_MOST)

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        client = _client(self.place)
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + settings.ASSISTANT_FIRST_SECONDS
        response = await self._open(client)
        async with aclosing(response):
            self._check_kind(response.response.headers.get("content-type", ""))
            fragments = aiter(response)
            while True:
                async with asyncio.timeout_at(self._deadline):
                    fragment = await anext(fragments, None)
                if fragment is None:
                    break
                self._heard = True
                self._deadline = loop.time() + settings.ASSISTANT_SILENT_SECONDS
                for piece in self.assembly.take(fragment):
                    yield piece
        for last in self.assembly.close():
            yield last

    async def _open(self, client: openai.AsyncOpenAI) -> openai.AsyncStream[Any]:
        known = (self.ask.base_url, self.ask.model)
        while True:
            request = _request(self.ask, without=_refused.get(known, frozenset()))
            try:
                async with asyncio.timeout_at(self._deadline):
                    response: openai.AsyncStream[Any] = await client.chat.completions.create(**request)
                return response
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                option = _refused_option(error, request)
                if option is None:
                    raise
                _refused[known] = _refused.get(known, frozenset()) | {option}

    def _check_kind(self, kind: str) -> None:
        if kind.startswith(("text/html", "application/json")):
            raise self.place.failed("wrong_address", detail=f"A stream was asked for; {kind} came.")

    def explain(self, error: Exception) -> BackendFailed:
        """Makes of whatever went wrong what people may read."""
        if isinstance(error, TimeoutError):
            if self._heard:
                return self.place.failed("stalled", detail=f"Silent for {settings.ASSISTANT_SILENT_SECONDS} s.")
            return self.place.failed("slow", seconds=settings.ASSISTANT_FIRST_SECONDS)
        return _explain(error, self.place, heard=self._heard)


def _request(ask: Ask, *, without: frozenset[str]) -> dict[str, Any]:
    limit = "max_completion_tokens" if _is_of_openai(ask.base_url) or "max_tokens" in without else "max_tokens"
    options: dict[str, Any] = {
        "stream_options": {"include_usage": True},
        limit: ask.max_output_tokens,
        "user": ask.user or None,
        "temperature": ask.temperature,
    }
    sent = {name: value for name, value in options.items() if value is not None and name not in without}
    tools = {"tools": list(ask.tools)} if ask.tools else {}
    return {"model": ask.model, "messages": list(ask.messages), "stream": True, **tools, **sent}


def _is_of_openai(url: str) -> bool:
    # Its newer models refuse max_tokens; most others know nothing else, and some ignore the new name silently.
    return (urlsplit(url).hostname or "").endswith(("openai.com", "openai.azure.com"))


def _refused_option(error: openai.APIStatusError, request: Mapping[str, Any]) -> str | None:
    said = f"{error.param or ''} {faults.said_by(error.body)} {error.message}"
    return next((name for name in OPTIONS if name in request and name in said), None)


async def models(base_url: str, key_env: str) -> list[str]:
    """Lists the models of a provider, by name.

    Raises:
        BackendFailed: with a code of assistant.faults.WORDS.
    """
    place = _Place(base_url, key_env)
    try:
        async with asyncio.timeout(LIST_SECONDS):
            page = await _client(place).models.list()
        return sorted(_names(page))
    except TimeoutError:
        failed = place.failed("slow", seconds=LIST_SECONDS)
    except Exception as error:  # noqa: BLE001 - as in _answer
        failed = _explain(error, place, heard=False)
    raise failed


def _names(page: Any) -> Iterator[str]:
    data = getattr(page, "data", None)
    if not isinstance(data, list):
        raise failure("wrong_address", detail="The list of models has another shape.")
    for model in data:
        name = getattr(model, "id", None)
        if isinstance(name, str):
            yield name


def _explain(error: Exception, place: _Place, *, heard: bool) -> BackendFailed:
    if isinstance(error, BackendFailed):
        return error
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error, place)
    detail = _detail(error, place)
    if not isinstance(error, (openai.OpenAIError, ValueError)):  # what nobody foresaw shall be looked at
        logger.error("An answer failed in a way that is not known: %s", detail)
    if isinstance(error, openai.APIConnectionError):
        return place.failed("cut" if heard else "unreachable", detail=detail)
    if isinstance(error, openai.APIError):  # an error inside the stream
        said = f"{error.code or ''} {error.type or ''} {error.message}"
        return place.failed(faults.code_of_stream_error(error.code, said=said), detail=detail)
    return place.failed("garbled", detail=detail)


def _explain_status(error: openai.APIStatusError, place: _Place) -> BackendFailed:
    said = f"{error.code or ''} {error.type or ''} {faults.said_by(error.body) or error.message}"
    status = error.status_code
    code = faults.code_of_status(status, said=said)
    if code == "model_unknown" and not place.model:
        code = "wrong_address"
    return place.failed(
        code,
        detail=_scrubbed(f"HTTP {status}: {said}", place),
        status=status,
        retry_after_seconds=faults.retry_after(error.response.headers, now=datetime.now(UTC)),
    )


def _detail(error: Exception, place: _Place) -> str:
    cause = error.__cause__
    said = f"{type(error).__name__}: {error}" + (f" ({type(cause).__name__}: {cause})" if cause else "")
    return _scrubbed(said, place)


def _scrubbed(text: str, place: _Place) -> str:
    return faults.scrub(text, key=read_key(place.key_env) if place.key_env else "")
