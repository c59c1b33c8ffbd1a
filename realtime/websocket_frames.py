"""The framing layer of RFC 6455, seen from a server: bytes in, messages out, and the bytes of frames to send.

Called by `realtime.websocket_lean` for what arrives and by whoever prepares ready frames for a fan-out.
Never touches a transport, a clock or a task: every split of the same bytes gives the same messages.
"""

import codecs
import contextlib
import struct
import sys
from collections.abc import Callable
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
NO_CODE: Final = 1005
ABNORMAL: Final = 1006
NOT_UTF8: Final = 1007
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
RESTART: Final = 1012

CONTROL_MAX_BYTES: Final = 125
REASON_MAX_BYTES: Final = CONTROL_MAX_BYTES - 2

# Every first byte a client may send: FIN, no reserved bits (no extension is negotiated), a known opcode,
# and no fragmented control frame. Anything else is an error of the peer (§5.2, §5.4, §5.5).
_FIRST_BYTES: Final = frozenset({0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A})
# §7.4.1 and the IANA registry: 1004–1006 and 1015 never travel, 1016–2999 are unassigned.
_CLOSE_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})

_UINT16: Final = struct.Struct("!H")
_UINT64: Final = struct.Struct("!Q")
_utf8_decoder: Final = codecs.getincrementaldecoder("utf-8")


class WebSocketError(Exception):
    """The peer broke the protocol. `code` is the close code that says how, `reason` a short English phrase."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """Return one final, unmasked frame, as a server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, length) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, length) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """Return a close frame; a reason too long for a control frame is cut at a character's boundary."""
    text = reason.encode("utf-8", "replace")[:REASON_MAX_BYTES].decode("utf-8", "ignore").encode()
    return encode_frame(CLOSE, _UINT16.pack(code) + text)


def parse_close(payload: bytes) -> tuple[int, str]:
    """Return the code and the reason of a received close frame; 1005 stands for an empty one."""
    if not payload:
        return NO_CODE, ""
    if len(payload) == 1:
        raise WebSocketError(PROTOCOL_ERROR, "close code cut short")
    (code,) = _UINT16.unpack_from(payload)
    if code not in _CLOSE_CODES:
        raise WebSocketError(PROTOCOL_ERROR, "close code not allowed")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise WebSocketError(NOT_UTF8, "close reason is not UTF-8") from None


def mask_with_integers(data: bytes | bytearray, mask: bytes | bytearray) -> bytes:
    """Return `data` XOR the repeated 4-byte `mask`, as one operation on two big integers: linear, and no loop."""
    length = len(data)
    repeated = (bytes(mask) * (length // 4 + 1))[:length]
    masked = int.from_bytes(data, sys.byteorder) ^ int.from_bytes(repeated, sys.byteorder)
    return masked.to_bytes(length, sys.byteorder)


apply_mask: Callable[[bytes | bytearray, bytes | bytearray], bytes] = mask_with_integers
with contextlib.suppress(ImportError):  # a build of websockets may lack its C extension
    from websockets.speedups import apply_mask


class FrameReader:
    """Turns the bytes of one client into messages and control frames, in order.

    After a `WebSocketError` the reader is spent: the stream has no boundary any more to go on from.
    """

    __slots__ = ("_buffer", "_max_bytes", "_message", "_needed", "_opcode", "_position", "_utf8")

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes` bounds the payload of one message, all its fragments together; at least 125."""
        if max_bytes < CONTROL_MAX_BYTES:
            raise ValueError("max_bytes must be at least 125")
        self._max_bytes = max_bytes
        self._buffer: bytes | bytearray = b""
        self._position = 0
        self._needed = 2
        self._opcode = CONTINUATION  # of the fragmented message under way; CONTINUATION when there is none
        self._message: bytearray | None = None
        self._utf8: codecs.IncrementalDecoder | None = None

    @property
    def buffered_bytes(self) -> int:
        """Bytes received and not yet returned as a frame, fragments of an unfinished message not counted."""
        return len(self._buffer) - self._position

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire."""
        buffer = self._buffer
        if not buffer:
            self._buffer = data
            return
        # A frame in many small pieces must not cost its square: pieces go to the end of one bytearray.
        if isinstance(buffer, bytearray):
            del buffer[: self._position]
        else:
            self._buffer = buffer = bytearray(buffer[self._position :])
        self._position = 0
        buffer += data

    def next_frame(self) -> tuple[int, bytes | str] | None:
        """Return the next whole message or control frame as (opcode, payload), or None when more bytes are needed.

        TEXT carries str, all others bytes. Fragments are joined; only the joined message is returned.

        Raises:
            WebSocketError: the peer broke the protocol, as soon as the bytes at hand show it.
        """
        while True:
            buffer = self._buffer
            start = self._position
            if len(buffer) - start < self._needed:
                return None
            first = buffer[start]
            length = buffer[start + 1] ^ 0x80  # the mask bit must be set: anything above 127 lacks it
            body = start + 6
            if length > CONTROL_MAX_BYTES or first != 0x81 or self._opcode:
                header = self._read_header(first, length, start)
                if header is None:
                    return None
                body, length = header
            if not self._has(start, body - start + length):
                return None
            payload = apply_mask(buffer[body : body + length], buffer[body - 4 : body])
            self._consume(body + length)
            if first == 0x81:
                return TEXT, _decode(payload)
            if first >= 0x88:
                return first & 0xF, payload
            whole = self._take_data(first, payload)
            if whole is not None:
                return whole

    def _read_header(self, first: int, length: int, start: int) -> tuple[int, int] | None:
        """Check a frame's header; return where its payload starts and how long it is, None if bytes are missing."""
        self._check(first, length)
        body = start + 6
        if length > CONTROL_MAX_BYTES:
            extra = 2 if length == 126 else 8
            if not self._has(start, 2 + extra):
                return None
            length = _long_length(self._buffer, start + 2, length)
            body += extra
        if first & 0xF < CLOSE and length + len(self._message or b"") > self._max_bytes:
            # Judged by the header alone: what is too big is never stored.
            raise WebSocketError(TOO_BIG, "message too big")
        return body, length

    def _has(self, start: int, count: int) -> bool:
        """Tell whether `count` bytes from `start` are here; if not, remember to wait for all of them."""
        if len(self._buffer) - start >= count:
            return True
        self._needed = count
        return False

    def _consume(self, end: int) -> None:
        self._needed = 2
        if end == len(self._buffer):
            self._buffer = b""
            self._position = 0
        else:
            self._position = end

    def _check(self, first: int, length: int) -> None:
        """Refuse what the first two bytes alone show to be wrong; `length` is the second with its mask bit flipped."""
        if first not in _FIRST_BYTES:
            raise WebSocketError(PROTOCOL_ERROR, "reserved bit, opcode or fragmented control frame")
        if length > 127:
            raise WebSocketError(PROTOCOL_ERROR, "frame is not masked")
        opcode = first & 0xF
        if opcode >= CLOSE:
            if length > CONTROL_MAX_BYTES:
                raise WebSocketError(PROTOCOL_ERROR, "control frame too long")
        elif opcode == CONTINUATION and not self._opcode:
            raise WebSocketError(PROTOCOL_ERROR, "nothing to continue")
        elif opcode != CONTINUATION and self._opcode:
            raise WebSocketError(PROTOCOL_ERROR, "expected a continuation")

    def _take_data(self, first: int, payload: bytes) -> tuple[int, bytes | str] | None:
        """Take a binary frame or a fragment; return the message that it completes, if it does."""
        final = first & 0x80
        if first & 0xF:
            if final:
                return BINARY, payload
            self._opcode = first & 0xF
            self._message = bytearray()
            self._utf8 = _utf8_decoder() if self._opcode == TEXT else None
        message = self._message
        assert message is not None  # _check let a continuation pass only while a message is under way
        message += payload
        if self._utf8 is not None:
            _validate(self._utf8, payload, final=bool(final))
        if not final:
            return None
        opcode, self._opcode = self._opcode, CONTINUATION
        self._message = self._utf8 = None
        return opcode, message.decode() if opcode == TEXT else bytes(message)


def _long_length(buffer: bytes | bytearray, offset: int, kind: int) -> int:
    """Read an extended length and insist on the shortest form (§5.2)."""
    length: int
    if kind == 126:
        (length,) = _UINT16.unpack_from(buffer, offset)
        shortest = 126
    else:
        (length,) = _UINT64.unpack_from(buffer, offset)
        shortest = 65536
    if length < shortest or length >> 63:
        raise WebSocketError(PROTOCOL_ERROR, "length not in its shortest form")
    return length


def _decode(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise WebSocketError(NOT_UTF8, "text is not UTF-8") from None


def _validate(decoder: codecs.IncrementalDecoder, payload: bytes, *, final: bool) -> None:
    """Fail at the first fragment that cannot be UTF-8; the text itself is decoded once, when it is whole.

    Keeping the decoded pieces instead would let a client hold one small str per byte it sent.
    """
    try:
        decoder.decode(payload, final)
    except UnicodeDecodeError:
        raise WebSocketError(NOT_UTF8, "text is not UTF-8") from None
