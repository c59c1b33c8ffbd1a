"""The opening handshake of RFC 6455 (§4.2), on bytes: read the upgrade request, write the answer.

Called by `realtime.websocket_lean`, after an HTTP parser has found the end of the request.
Never touches a transport, and never decides who may enter: that is the application's answer.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import unquote

import httptools

Headers = list[tuple[bytes, bytes]]

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = b"13"
_NOT_IN_HEADERS: Final = (b"\r", b"\n", b"\0")


class HandshakeError(Exception):
    """The request is no WebSocket handshake. Carries the whole HTTP response that says so."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.response = http_response(status, message.encode(), headers or [])


class Request(NamedTuple):
    """A valid opening handshake; names of headers are in lower case."""

    accept_key: bytes
    path: str
    raw_path: bytes
    query_string: bytes
    headers: Headers
    subprotocols: list[str]


def parse_request(data: bytes) -> Request:
    """Read one complete request, blank line included, as uvicorn's HTTP classes hand it over.

    Raises:
        HandshakeError: it is not a WebSocket handshake of version 13.
    """
    lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, version = [*lines[0].split(b" "), b"", b""][:3]
    headers: Headers = []
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip(b" \t")))
    if method != b"GET" or version != b"HTTP/1.1":
        raise HandshakeError(
            HTTPStatus.METHOD_NOT_ALLOWED, "A WebSocket opens with GET and HTTP/1.1.", [(b"Allow", b"GET")]
        )
    accept_key = _accept_key(headers)
    raw_path, query_string = _split_target(target)
    return Request(
        accept_key=accept_key,
        path=unquote(raw_path.decode("ascii")),
        raw_path=raw_path,
        query_string=query_string,
        headers=headers,
        subprotocols=[text for text in map(_latin, _tokens(headers, b"sec-websocket-protocol")) if text],
    )


def accept_response(request: Request, headers: Iterable[tuple[bytes, bytes]], subprotocol: str | None) -> bytes:
    """Return the 101 response. Offers of extensions are not answered, which declines them.

    Raises:
        ValueError: a header of the application could not stand in a response, or the subprotocol was not offered.
    """
    parts = [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
        request.accept_key,
        b"\r\n",
    ]
    if subprotocol is not None:
        if subprotocol not in request.subprotocols:
            raise ValueError(f"the client did not offer the subprotocol {subprotocol!r}")
        parts += (b"Sec-WebSocket-Protocol: ", subprotocol.encode("latin-1"), b"\r\n")
    parts.append(_header_lines(headers))
    parts.append(b"\r\n")
    return b"".join(parts)


def http_response(status: int, body: bytes, headers: Headers) -> bytes:
    """Return a complete response that ends the connection; length and type are added where missing."""
    names = {name.lower() for name, _ in headers}
    added = [(b"Connection", b"close"), (b"Content-Length", b"%d" % len(body))]
    if b"content-type" not in names:
        added.append((b"Content-Type", b"text/plain; charset=utf-8"))
    kept = [(name, value) for name, value in headers if name.lower() not in (b"connection", b"content-length")]
    line = b"HTTP/1.1 %d %s\r\n" % (status, _phrase(status))
    return line + _header_lines(kept + added) + b"\r\n" + body


def _accept_key(headers: Headers) -> bytes:
    """Check what §4.2.1 demands of the headers and return the value for Sec-WebSocket-Accept."""
    if b"websocket" not in _lower_tokens(headers, b"upgrade") or b"upgrade" not in _lower_tokens(
        headers, b"connection"
    ):
        raise HandshakeError(HTTPStatus.BAD_REQUEST, "Upgrade and Connection must ask for a WebSocket.")
    if _values(headers, b"sec-websocket-version") != [_VERSION]:
        raise HandshakeError(
            HTTPStatus.UPGRADE_REQUIRED,
            "Only version 13 of the WebSocket protocol is spoken here.",
            [(b"Sec-WebSocket-Version", _VERSION), (b"Upgrade", b"websocket")],
        )
    if len(_values(headers, b"host")) != 1:
        raise HandshakeError(HTTPStatus.BAD_REQUEST, "Exactly one Host header is needed.")
    keys = _values(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        raise HandshakeError(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64.")
    # SHA-1 is what the RFC prescribes; it proves understanding, not identity.
    return base64.b64encode(hashlib.sha1(keys[0] + _GUID, usedforsecurity=False).digest())


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def _split_target(target: bytes) -> tuple[bytes, bytes]:
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        url = None
    if url is None or not url.path or not target.isascii():
        raise HandshakeError(HTTPStatus.BAD_REQUEST, "The address in the request line is not valid.")
    return url.path, url.query or b""


def _values(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def _tokens(headers: Headers, wanted: bytes) -> list[bytes]:
    return [token.strip(b" \t") for value in _values(headers, wanted) for token in value.split(b",")]


def _lower_tokens(headers: Headers, wanted: bytes) -> list[bytes]:
    return [token.lower() for token in _tokens(headers, wanted)]


def _latin(token: bytes) -> str:
    return token.decode("latin-1")


def _header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = []
    for name, value in headers:
        if any(byte in part for part in (name, value) for byte in _NOT_IN_HEADERS):
            raise ValueError(f"line break in the response header {name!r}")
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Status"
