"""Fetches addresses that people typed: HTTP with every connection checked, and an end to how long and how much.

Called by services and background services of any app. `fetch` is one request; a `Client` keeps connections open for
many to one server. Reads no proxy, no password file and no cookie from anywhere.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import cache
from types import TracebackType
from typing import Final, Self

import httpcore2
import msgspec
from django.conf import settings

from outbound.decoding import Decoder, too_large
from outbound.dialing import CONNECT_SECONDS, GuardedBackend, Resolve, resolve_name, site_policy
from outbound.links import Wish
from outbound.policy import Policy
from outbound.refusing import OutboundRefused

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
KEPT_SECONDS: Final = 30.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """An end to everything.

    Attributes:
        seconds: for all of it: name, connection, redirects, body, and what the caller does between its pieces.
        connect_seconds: for each connection, its name and its TLS.
        body_bytes: of the answer, unpacked.
        redirects: that are followed; with 0 a redirect is an answer like any other.
    """

    seconds: float = 10.0
    connect_seconds: float = CONNECT_SECONDS
    body_bytes: int = 1_000_000
    redirects: int = 3


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server said, whatever its status.

    Attributes:
        headers: names in lower case; repeated ones joined by a comma.
        url: where it came from, after redirects.
    """

    status: int
    headers: dict[str, str]
    url: str
    body: bytes


class Incoming:
    """An answer whose body is still on its way; read `pieces` once, or not at all."""

    def __init__(self, response: httpcore2.Response, url: str, most: int) -> None:
        self.status = response.status
        self.url = url
        self.headers = _joined(response.headers)
        self._response = response
        self._most = most

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, unpacked.

        Raises:
            OutboundRefused: `too_large`, `unreadable`, `broken`.
        """
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._most:
            raise too_large(self._most)
        decoder = Decoder(self.headers.get("content-encoding", ""), self._most)
        async for data in self._response.aiter_stream():
            for piece in decoder.feed(data):
                yield piece
        decoder.finish()


class Client:
    """Connections to servers that people named, kept open for a while; of one event loop.

    Args:
        policy: where it may connect to; what the site's settings say when it is left out.
        resolve: how a name becomes addresses.
        trust: the certificates that TLS believes; those of the system, or of SSL_CERT_FILE, when it is left out.
        connections: at once, to all servers.
    """

    def __init__(
        self,
        *,
        policy: Policy | None = None,
        resolve: Resolve = resolve_name,
        trust: ssl.SSLContext | None = None,
        connections: int = 10,
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trust or _system_trust(),
            max_connections=connections,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=GuardedBackend(policy=policy or site_policy(), resolve=resolve),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._pool.aclose()

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> Answer:
        """One request and its whole answer; see `stream`."""
        async with self.stream(url, method=method, headers=headers, content=content, limits=limits) as incoming:
            body = b"".join([piece async for piece in incoming.pieces()])
            return Answer(status=incoming.status, headers=incoming.headers, url=incoming.url, body=body)

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> AsyncIterator[Incoming]:
        """One request; its answer can be read while it comes, or left alone.

        Redirects are followed and checked like the address itself: 303 always, 301 and 302 for anything but HEAD, go on
        as GET without the body; headers that may be keys stay with their origin.

        Args:
            content: the body; an iterator is sent once, so that no redirect can be followed with it.

        Raises:
            OutboundRefused: see outbound.refusing; a status of 400 and more is an answer, not a refusal.
        """
        wish = Wish(url=url, method=method, headers=headers or {}, content=content)
        try:
            async with asyncio.timeout(limits.seconds) as deadline, AsyncExitStack() as opened:
                with _in_words(wish):
                    yield await self._follow(wish, limits, opened)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            words = f"{wish.url.host} did not finish within {limits.seconds:g} seconds."
            raise OutboundRefused("too_slow", words) from error

    async def _follow(self, wish: Wish, limits: Limits, opened: AsyncExitStack) -> Incoming:
        for _ in range(limits.redirects + 1):
            hop = await opened.enter_async_context(AsyncExitStack())
            response = await hop.enter_async_context(self._send(wish, limits))
            incoming = Incoming(response, str(wish.url), limits.body_bytes)
            location = incoming.headers.get("location")
            if incoming.status not in REDIRECTS or not location or not limits.redirects:
                return incoming
            await hop.aclose()
            wish.redirect(incoming.status, location)
        raise OutboundRefused("redirects", f"The address redirects more than {limits.redirects} times.")

    def _send(self, wish: Wish, limits: Limits) -> AbstractAsyncContextManager[httpcore2.Response]:
        url = wish.url
        ours = {"host": url.netloc.decode("ascii"), "accept-encoding": "gzip"}
        headers = {"user-agent": f"Collab (+{settings.SITE_URL})"} | wish.headers | ours
        return self._pool.stream(
            wish.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=list(headers.items()),
            content=wish.content,
            extensions={"timeout": {"connect": limits.connect_seconds}},
        )


async def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Answer:
    """One request on a connection of its own; see `Client.stream`."""
    async with Client() as client:
        return await client.fetch(url, method=method, headers=headers, content=content, limits=limits)


@cache
def _system_trust() -> ssl.SSLContext:
    return httpcore2.default_ssl_context()


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("ascii").lower(), value.decode("latin-1")
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


@contextmanager
def _in_words(wish: Wish) -> Iterator[None]:
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise OutboundRefused("too_slow", f"{wish.url.host} did not answer in time.") from error
    except httpcore2.ConnectError as error:
        raise _not_connected(wish.url.host, error) from error
    except httpcore2.LocalProtocolError as error:
        raise OutboundRefused("bad_request", "The request cannot be sent as it is.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise OutboundRefused("broken", f"{wish.url.host} ended the answer before it was whole.") from error


def _not_connected(host: str, error: BaseException) -> OutboundRefused:
    # The reason lies two or three exceptions deep: httpcore2 wraps anyio, which wraps ssl.
    cause: BaseException | None = error
    while cause and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return OutboundRefused("certificate", f"The certificate of {host} is not valid: {cause.verify_message}.")
    if cause is not None:
        return OutboundRefused("certificate", f"{host} and we found no common way to encrypt.")
    return OutboundRefused("unreachable", f"{host} cannot be reached.")
