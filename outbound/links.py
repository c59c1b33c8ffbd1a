"""Reads an address that somebody typed, and says where a redirect leads and what goes along with it.

Called by outbound.client. Connects to nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx2

from outbound.policy import PORT_MOST
from outbound.refusing import OutboundRefused

URL_CHARS: Final = 4_096
PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "upgrade",
        "te",
        "trailer",
        "expect",
    }
)
"""Headers that the client sets itself: whoever sets them could ask for something else than was checked."""
_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
HARMLESS: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""Headers that may follow a redirect to another origin; any other could be a key."""


def read_url(text: str, schemes: tuple[str, ...] = ("http", "https")) -> httpx2.URL:
    """The address, without its fragment.

    Raises:
        OutboundRefused: `bad_url`, with what is wrong.
    """
    if len(text) > URL_CHARS:
        raise OutboundRefused("bad_url", f"An address has {URL_CHARS} characters at most.")
    try:
        url = httpx2.URL(text.strip()).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise OutboundRefused("bad_url", "This is no web address.") from error
    if url.scheme not in schemes or not url.host:
        raise OutboundRefused("bad_url", f"An address begins with {' or '.join(f'{name}://' for name in schemes)}.")
    if "%" in url.host or not 0 < port_of(url) <= PORT_MOST:
        raise OutboundRefused("bad_url", "This is no web address.")
    if url.userinfo:
        words = "An address cannot hold a name and a password; send them in a header."
        raise OutboundRefused("bad_url", words)
    return url


def port_of(url: httpx2.URL) -> int:
    """The port that this address means."""
    return PORTS[url.scheme] if url.port is None else url.port


def clean_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, with their names in lower case.

    Raises:
        OutboundRefused: `bad_request` for one that we set ourselves or that no header can be.
    """
    clean = {}
    for name, value in headers.items():
        low = name.lower()
        if low in OURS:
            raise OutboundRefused("bad_request", f"The header {name} cannot be given.")
        if not _NAME.fullmatch(low) or not (value.isascii() and value.isprintable()):
            words = f"The header {name[:40]!r} holds characters that a header cannot have."
            raise OutboundRefused("bad_request", words)
        clean[low] = value
    return clean


class Wish:
    """A request, which a redirect changes: by the rules of the Fetch standard, and stricter about keys.

    Args:
        content: a whole body, which can be sent again, or one that comes once.

    Raises:
        OutboundRefused: `bad_url`, `bad_request`.
    """

    def __init__(
        self, *, url: str, method: str, headers: Mapping[str, str], content: bytes | AsyncIterator[bytes] | None
    ) -> None:
        self.url = read_url(url)
        self.method = method.upper()
        if not (self.method.isascii() and self.method.isalpha()):
            raise OutboundRefused("bad_request", f"{method[:20]!r} is no method of HTTP.")
        self.headers = clean_headers(headers)
        self.content = content

    def redirect(self, status: int, location: str) -> None:
        """Becomes what goes to the address that the answer names.

        Raises:
            OutboundRefused: `bad_url`, `downgrade`, or `redirects` when the body cannot be sent again.
        """
        before, self.url = self.url, _next_address(self.url, location)
        if (status == 303 and self.method != "HEAD") or (status in {301, 302} and self.method == "POST"):
            self.method, self.content = "GET", None
            self.headers.pop("content-type", None)
        if self.content is not None and not isinstance(self.content, bytes):
            raise OutboundRefused("redirects", "The address redirects what can only be sent once.")
        if not _is_same_origin(before, self.url):
            self.headers = {name: value for name, value in self.headers.items() if name in HARMLESS}


def _next_address(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        target = read_url(str(url.join(location)))
    except (httpx2.InvalidURL, ValueError) as error:
        raise OutboundRefused("bad_url", "The address redirects to something that is no address.") from error
    if url.scheme == "https" and target.scheme == "http":
        raise OutboundRefused("downgrade", "The address redirects from https to http.")
    return target


def _is_same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    return (one.scheme, one.host, port_of(one)) == (other.scheme, other.host, port_of(other))
