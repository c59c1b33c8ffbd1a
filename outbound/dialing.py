"""Opens connections: asks for the addresses of a name once, checks every one, and connects to exactly what was checked.

Called by outbound.client through `GuardedBackend`, and by whoever speaks something else than HTTP through `connect`.
Never asks for a name twice, so that no second answer can lead elsewhere (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

import httpcore2
from django.conf import settings

from outbound.addresses import plain_address
from outbound.policy import Policy, parse_policy
from outbound.refusing import OutboundRefused

CONNECT_SECONDS: Final = 5.0
TRIES_MOST: Final = 4
"""Addresses of one name that are tried, one after the other."""
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_Connected = TypeVar("_Connected")
_lookups = threading.BoundedSemaphore(64)
"""So many names may be looked up at once; those of servers that do not answer take up to half a minute each."""


def site_policy(*, inside: bool = True) -> Policy:
    """What the settings of this site allow.

    Args:
        inside: whether OUTBOUND_ALLOW counts: who reads answers from inside the network should be trusted with them.

    Raises:
        ValueError: a setting cannot be read; the system check says so at the start.
    """
    policy = parse_policy(allow=settings.OUTBOUND_ALLOW if inside else [], ports=settings.OUTBOUND_PORTS)
    return policy if inside else replace(policy, hint="Only staff may ask servers inside the network.")


async def resolve_name(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which the system prefers them.

    Raises:
        OSError: nobody knows the name.
        UnicodeError: it can be no name.
        OutboundRefused: `too_slow` when too many are being looked up.
    """
    if not _lookups.acquire(blocking=False):
        raise OutboundRefused("too_slow", "Too many names are being looked up. Try again in a minute.")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            told = partial(_tell, answer, list(dict.fromkeys(str(one[4][0]) for one in found)), None)
        except (OSError, UnicodeError) as error:
            told = partial(_tell, answer, [], error)
        finally:
            _lookups.release()
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(told)

    # The system's own function cannot be stopped: a thread of its own, which neither other lookups nor the end of the
    # process wait for.
    threading.Thread(target=ask, name="outbound-name", daemon=True).start()
    return await answer


def _tell(answer: asyncio.Future[list[str]], found: list[str], error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(found)


async def find_addresses(host: str, port: int, *, policy: Policy, resolve: Resolve) -> list[str]:
    """The addresses that `host` has now; one that may not be reached refuses them all.

    Raises:
        OutboundRefused: `name_unknown`, `address_refused`, `port_refused`.
    """
    name = host.lower().rstrip(".")
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise OutboundRefused("name_unknown", f"Nobody knows a server named {host}.") from error
    for text in found:
        policy.check(name, plain_address(text), port)
    if not found:
        raise OutboundRefused("name_unknown", f"The server {host} has no address.")
    return list(found[:TRIES_MOST])


async def connect(
    host: str,
    port: int,
    *,
    policy: Policy | None = None,
    resolve: Resolve = resolve_name,
    seconds: float = CONNECT_SECONDS,
) -> socket.socket:
    """A connected socket for a client that speaks something else than HTTP; whoever asked closes it.

    A WebSocket: `websockets.asyncio.client.connect(url, sock=await connect(host, port), proxy=None)`, which takes the
    name for TLS from the url.

    Args:
        seconds: until the name is found and one of its addresses answers.

    Raises:
        OutboundRefused: the reasons of `find_addresses`, `unreachable` or `too_slow`.
    """

    async def dial(address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(opened, (address, port))
        except BaseException:
            opened.close()
            raise
        return opened

    try:
        async with asyncio.timeout(seconds):
            addresses = await find_addresses(host, port, policy=policy or site_policy(), resolve=resolve)
            return await _first(addresses, dial)
    except TimeoutError as error:
        raise OutboundRefused("too_slow", f"{host} did not answer within {seconds:g} seconds.") from error
    except OSError as error:
        raise OutboundRefused("unreachable", f"{host} cannot be reached on port {port}.") from error


async def _first(addresses: Sequence[str], dial: Callable[[str], Awaitable[_Connected]]) -> _Connected:
    for address in addresses[:-1]:
        try:
            return await dial(address)
        except (OSError, httpcore2.ConnectError, httpcore2.ConnectTimeout):
            continue
    return await dial(addresses[-1])


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """The network as httpcore2 sees it through our policy: TLS and headers keep the name that was asked for."""

    def __init__(self, *, policy: Policy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await find_addresses(host, port, policy=self._policy, resolve=self._resolve)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error

        async def dial(address: str) -> httpcore2.AsyncNetworkStream:
            return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

        return await _first(addresses, dial)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's name
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise OutboundRefused("address_refused", "Only servers on a network can be fetched.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
