"""Where we may connect to: the public internet on a few ports, and what the operator allows besides.

Made from settings by outbound.client, asked by outbound.dialing before each connection. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from outbound.addresses import Address, Network, is_public
from outbound.refusing import OutboundRefused

PORT_MOST: Final = 65_535
_BRACKETED: Final = re.compile(r"\[([^\]]+)\](?::(\d+))?")
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of OUTBOUND_ALLOW: a network or a name, on one port or (None) on any."""

    target: Network | str
    port: int | None

    def covers(self, host: str, address: Address, port: int) -> bool:
        """Whether this entry lets a connection to `host`, which is at `address`, through."""
        if self.port not in {None, port}:
            return False
        if isinstance(self.target, str):
            return host == self.target
        return address in self.target


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be reached; see `parse_policy`. The hint ends the sentence of a refusal."""

    allowed: tuple[Allowed, ...]
    ports: tuple[range, ...]
    hint: str = "The operator can allow it with OUTBOUND_ALLOW."

    def check(self, host: str, address: Address, port: int) -> None:
        """Lets a connection to one address of a name through, or not.

        Args:
            host: the name as it was asked for, in lower case.
            address: a `plain_address`.

        Raises:
            OutboundRefused: `address_refused` or `port_refused`.
        """
        if any(entry.covers(host, address, port) for entry in self.allowed):
            return
        if not is_public(address):
            raise OutboundRefused("address_refused", f"{host} is not on the public internet. {self.hint}")
        if not any(port in span for span in self.ports):
            words = f"Port {port} may not be fetched from here. The operator can allow it with OUTBOUND_PORTS."
            raise OutboundRefused("port_refused", words)


def parse_policy(*, allow: Iterable[str], ports: Iterable[str]) -> Policy:
    """The policy of OUTBOUND_ALLOW and OUTBOUND_PORTS.

    Args:
        allow: `10.0.0.0/8`, `10.1.2.3:8065`, `[fd00::/8]:8065`, `fd00::/8`, `chat.example.internal[:8065]`.
        ports: `443` or `8000-8999`.

    Raises:
        ValueError: which entry is at fault, and what is wrong with it.
    """
    return Policy(tuple(_allowed(entry) for entry in allow), tuple(_span(entry) for entry in ports))


def _allowed(entry: str) -> Allowed:
    text = entry.strip()
    if bracketed := _BRACKETED.fullmatch(text):
        target, port = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        target, _, port = text.partition(":")
    else:
        target, port = text, None
    number = None if port is None else _port(port, entry)
    name = target.rstrip(".")
    try:
        return Allowed(ip_network(target), number)
    except ValueError as error:
        # A last part without a letter belongs to an address, so it was meant as one.
        if "/" in target or ":" in target or not _HOST.fullmatch(name) or name.rpartition(".")[2].isdecimal():
            raise ValueError(f"OUTBOUND_ALLOW has {entry!r}: {error}") from error
        return Allowed(name.lower(), number)


def _span(entry: str) -> range:
    first, dash, last = entry.strip().partition("-")
    low = _port(first, entry)
    high = _port(last, entry) if dash else low
    if high < low:
        raise ValueError(f"OUTBOUND_PORTS has {entry!r}: the span runs backwards")
    return range(low, high + 1)


def _port(text: str, entry: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= PORT_MOST:
        raise ValueError(f"{entry!r}: {text!r} is no port")
    return int(text)
