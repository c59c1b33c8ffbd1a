"""RFC 6455 as a table: what a client sends, and what a server must answer.

Called by test_server_rfc6455.py, which runs each case against each server.
Names follow the numbering of the Autobahn test suite where it has such a case; sections are those of the RFC.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tests.realtime.server_peers import (
    BINARY,
    CONTINUATION,
    DROPPED,
    MASK,
    PING,
    PONG,
    TEXT,
    Frame,
    client_frame,
    close_frame,
)

LIMIT = 1_048_576
WAIT = b""  # read one reply before going on


class Case(NamedTuple):
    """After `send` and its `replies` the client closes with 1000, unless the server had to close with `close`."""

    name: str
    section: str
    send: tuple[bytes, ...]
    replies: tuple[Frame, ...] = ()
    close: int | None = 1000


class Difference(NamedTuple):
    """What a server does, and why, where that is not what the RFC asks."""

    why: str
    replies: tuple[Frame, ...]
    close: int | None
    client_closes: bool = False  # the server sees nothing wrong, so the client ends the case


def text(payload: str | bytes, *, fin: bool = True) -> bytes:
    """A text frame."""
    return client_frame(TEXT, payload.encode() if isinstance(payload, str) else payload, fin=fin)


def more(payload: str | bytes, *, fin: bool) -> bytes:
    """A continuation frame."""
    return client_frame(CONTINUATION, payload.encode() if isinstance(payload, str) else payload, fin=fin)


def ping(payload: bytes = b"") -> bytes:
    """A ping."""
    return client_frame(PING, payload)


def octets(data: bytes) -> tuple[bytes, ...]:
    """The same bytes, written one by one."""
    return tuple(bytes((octet,)) for octet in data)


OK: tuple[Frame, ...] = ((TEXT, b"hello"),)
HELLO = (text("hello"), WAIT)  # proof that the connection was fine before the error


def framing() -> Iterator[Case]:
    """1: every form of a length, in one piece and in octets (§5.2)."""
    for group, opcode in ((1, TEXT), (2, BINARY)):
        for number, size in enumerate((0, 125, 126, 127, 128, 65535, 65536), start=1):
            payload = b"*" * size
            frame = client_frame(opcode, payload)
            yield Case(f"1.{group}.{number}", "§5.2", (frame,), ((opcode, payload),))
            if size < 130:
                yield Case(f"1.{group}.{number}-octets", "§5.2", octets(frame), ((opcode, payload),))
        yield Case(f"1.{group}.long-form-16", "§5.2 shortest", (*HELLO, _long_form(opcode, 126)), OK, 1002)
        yield Case(f"1.{group}.long-form-64", "§5.2 shortest", (*HELLO, _long_form(opcode, 127)), OK, 1002)
    yield Case("1.top-bit", "§5.2", (*HELLO, struct.pack("!BBQ", 0x82, 0xFF, 1 << 63) + MASK), OK, 1002)
    yield Case("1.unmasked", "§5.1", (*HELLO, client_frame(TEXT, b"x", mask=b"")), OK, 1002)
    yield Case("1.zero-mask", "§5.3", (client_frame(TEXT, b"abcde", mask=b"\0\0\0\0"),), ((TEXT, b"abcde"),))


def _long_form(opcode: int, form: int) -> bytes:
    length = struct.pack("!H" if form == 126 else "!Q", 5)
    return bytes((0x80 | opcode, 0x80 | form)) + length + b"\0\0\0\0hello"


def pings() -> Iterator[Case]:
    """2: pings and pongs (§5.5.2, §5.5.3)."""
    for number, payload in enumerate((b"", b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125), start=1):
        yield Case(f"2.{number}", "§5.5.2", (ping(payload),), ((PONG, payload),))
    yield Case("2.5", "§5.5 size", (*HELLO, ping(b"\xfe" * 126)), OK, 1002)
    yield Case("2.6", "§5.5.2", octets(ping(b"\xfe" * 125)), ((PONG, b"\xfe" * 125),))
    yield Case("2.7", "§5.5.3 unsolicited", (client_frame(PONG), *HELLO), OK)
    yield Case("2.8", "§5.5.3 unsolicited", (client_frame(PONG, b"payload"), *HELLO), OK)
    yield Case("2.9", "§5.5.3", (client_frame(PONG, b"x"), ping(b"y")), ((PONG, b"y"),))
    many = tuple(b"payload-%d" % number for number in range(10))
    yield Case("2.10", "§5.5.3", tuple(map(ping, many)), tuple((PONG, payload) for payload in many))
    octet_pings = tuple(octet for payload in many for octet in octets(ping(payload)))
    yield Case("2.11", "§5.5.3", octet_pings, tuple((PONG, payload) for payload in many))


def reserved() -> Iterator[Case]:
    """3: reserved bits (§5.2) · 4: reserved opcodes."""
    for bits in range(1, 8):
        bad = client_frame(TEXT, b"x", reserved=bits)
        yield Case(f"3.{bits}", "§5.2", (*HELLO, bad), OK, 1002)
        yield Case(f"3.{bits}-first", "§5.2", octets(bad), (), 1002)
    yield Case("3.ping", "§5.2", (*HELLO, client_frame(PING, b"x", reserved=4)), OK, 1002)
    yield Case("3.close", "§5.2", (*HELLO, client_frame(8, b"\x03\xe8", reserved=1)), OK, 1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"4.{opcode}", "§5.2", (*HELLO, client_frame(opcode)), OK, 1002)
        yield Case(f"4.{opcode}-payload", "§5.2", (*HELLO, client_frame(opcode, b"reserved")), OK, 1002)


def fragments() -> Iterator[Case]:
    """5: fragmentation (§5.4)."""
    whole: tuple[Frame, ...] = ((TEXT, b"onetwo"),)
    first, last = text("one", fin=False), more("two", fin=True)
    yield Case("5.1", "§5.5 no fragments", (*HELLO, client_frame(PING, b"a", fin=False)), OK, 1002)
    yield Case("5.2", "§5.5 no fragments", (*HELLO, client_frame(PONG, b"a", fin=False)), OK, 1002)
    yield Case("5.2-close", "§5.5 no fragments", (*HELLO, client_frame(8, b"\x03\xe8", fin=False)), OK, 1002)
    yield Case("5.3", "§5.4", (first, last), whole)
    yield Case("5.4", "§5.4", (first + last,), whole)
    yield Case("5.5", "§5.4", octets(first + last), whole)
    yield Case("5.6", "§5.4 interleaved", (first, ping(b"mid"), last), ((PONG, b"mid"), *whole))
    yield Case("5.7", "§5.4 interleaved", (first + ping(b"mid") + last,), ((PONG, b"mid"), *whole))
    yield Case("5.8", "§5.4 interleaved", octets(first + ping(b"mid") + last), ((PONG, b"mid"), *whole))
    yield Case("5.9", "§5.4", (*HELLO, more("non", fin=True), text("Hello")), OK, 1002)
    yield Case("5.12", "§5.4", (*HELLO, more("non", fin=False), text("Hello")), OK, 1002)
    yield Case("5.15", "§5.4", (first, last, WAIT, more("again", fin=False), text("Hello")), whole, 1002)
    yield Case("5.18", "§5.4", (*HELLO, first, text("two")), OK, 1002)
    yield Case("5.18-binary", "§5.4", (*HELLO, first, client_frame(BINARY, b"two")), OK, 1002)
    pieces = tuple(more(str(number), fin=number == 9) for number in range(10))
    five = (*(piece + ping(b"p") for piece in pieces[:5]), *pieces[5:])
    pongs: tuple[Frame, ...] = ((PONG, b"p"),) * 5
    yield Case("5.19", "§5.4", (text("", fin=False), *five), (*pongs, (TEXT, b"0123456789")))
    empty = (client_frame(BINARY, b"", fin=False), *(more("", fin=False) for _ in range(50)), more("end", fin=True))
    yield Case("5.empty", "§5.4", empty, ((BINARY, b"end"),))


INVALID = (
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",  # a surrogate
    b"\xf4\x90\x80\x80",  # above U+10FFFF
    b"\xf8\x88\x80\x80\x80",  # five bytes
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xc0\xaf",  # overlong
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xc1\xbf",
    b"\x80",  # continuation alone
    b"\xbf\x80",
    b"\xfe\xff",
    b"\xce",  # cut short
    b"\xed\xbf\xbf",
)
VALID = ("κόσμε", "\0", "\u07ff", "\ud7ff\ue000\uffff", "\U00010000\U0010ffff", "\ufffe", "🙂 family 👨‍👩‍👧")


def utf8() -> Iterator[Case]:
    """6: text is UTF-8 (§5.6, §8.1)."""
    yield Case("6.1.1", "§5.6", (text(""),), ((TEXT, b""),))
    yield Case("6.1.2", "§5.6", (text("", fin=False), more("", fin=False), more("", fin=True)), ((TEXT, b""),))
    yield Case(
        "6.1.3", "§5.6", (text("", fin=False), more("middle", fin=False), more("", fin=True)), ((TEXT, b"middle"),)
    )
    for number, string in enumerate(VALID):
        raw = string.encode()
        yield Case(f"6.valid-{number}", "§8.1", (text(raw),), ((TEXT, raw),))
        cut = [text("", fin=False), *(more(octet, fin=False) for octet in octets(raw)), more("", fin=True)]
        yield Case(f"6.valid-{number}-octets", "§8.1", tuple(cut), ((TEXT, raw),))
    for number, raw in enumerate(INVALID):
        yield Case(f"6.invalid-{number}", "§8.1", (*HELLO, text(raw)), OK, 1007)
        yield Case(
            f"6.invalid-{number}-cut", "§8.1", (*HELLO, text(raw[:1], fin=False), more(raw[1:], fin=True)), OK, 1007
        )
    unfinished = (*HELLO, text("κόσμε", fin=False), more(b"\xf4\x90\x80\x80", fin=False))
    yield Case("6.4.1", "§8.1 fail fast", unfinished, OK, 1007)
    yield Case(
        "6.4.2",
        "§8.1 fail fast",
        (*HELLO, text("a", fin=False), more(b"\xf4", fin=False), more(b"\x90", fin=False)),
        OK,
        1007,
    )
    yield Case("6.binary", "§5.6", (client_frame(BINARY, b"\xff\xfe\x80"),), ((BINARY, b"\xff\xfe\x80"),))


def closing() -> Iterator[Case]:
    """7: the closing handshake (§5.5.1, §7.4)."""
    yield Case("7.1.1", "§7.1", HELLO, OK)
    yield Case("7.1.2", "§5.5.1", (*HELLO, close_frame() + close_frame()), OK, 1000)
    yield Case("7.1.3", "§5.5.1", (*HELLO, close_frame() + ping(b"late")), OK, 1000)
    yield Case("7.1.4", "§5.5.1", (*HELLO, close_frame() + text("late")), OK, 1000)
    yield Case("7.1.5", "§5.5.1", (*HELLO, text("part", fin=False) + close_frame() + more("late", fin=True)), OK, 1000)
    yield Case("7.3.1", "§5.5.1 empty", (*HELLO, client_frame(8)), OK, 1005)
    yield Case("7.3.2", "§5.5.1 one byte", (*HELLO, client_frame(8, b"\x03")), OK, 1002)
    yield Case("7.3.4", "§5.5.1 reason", (*HELLO, close_frame(1000, b"Hello World!")), OK, 1000)
    yield Case("7.3.5", "§5.5.1 reason", (*HELLO, close_frame(1000, b"*" * 123)), OK, 1000)
    yield Case("7.3.6", "§5.5 size", (*HELLO, close_frame(1000, b"*" * 124)), OK, 1002)
    yield Case("7.5.1", "§5.5.1 UTF-8", (*HELLO, close_frame(1000, b"\xed\xa0\x80")), OK, 1007)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield Case(f"7.7.{code}", "§7.4.1", (*HELLO, close_frame(code)), OK, code)
    for code in (1012, 1013, 1014):
        yield Case(f"7.7.{code}", "IANA registry", (*HELLO, close_frame(code)), OK, code)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case(f"7.9.{code}", "§7.4.2", (*HELLO, close_frame(code)), OK, 1002)


def limits() -> Iterator[Case]:
    """9: the size limit of the server (§7.4.1, 1009) · 10: fragments of odd sizes."""
    full = b"*" * LIMIT
    yield Case("9.full", "§7.4.1", (client_frame(BINARY, full),), ((BINARY, full),))
    yield Case("9.over", "§7.4.1", (*HELLO, client_frame(BINARY, full + b"*")), OK, 1009)
    header_only = struct.pack("!BBQ", 0x82, 0xFF, LIMIT + 1) + MASK
    yield Case("9.over-header", "§7.4.1", (*HELLO, header_only), OK, 1009)
    yield Case("9.huge-header", "§7.4.1", (*HELLO, struct.pack("!BBQ", 0x81, 0xFF, 1 << 62) + MASK), OK, 1009)
    halves = (client_frame(BINARY, full[: LIMIT // 2], fin=False), more(full[LIMIT // 2 :], fin=False))
    yield Case("9.over-fragments", "§7.4.1", (*HELLO, *halves, more(b"*", fin=True)), OK, 1009)
    yield Case("9.full-fragments", "§7.4.1", (*halves, more(b"", fin=True)), ((BINARY, full),))
    payload = b"*" * 65536
    cuts = [payload[start : start + 1300] for start in range(0, 65536, 1300)]
    frames = (client_frame(TEXT, cuts[0], fin=False), *(more(cut, fin=cut is cuts[-1]) for cut in cuts[1:]))
    yield Case("10.1.1", "§5.4", (b"".join(frames),), ((TEXT, payload),))


CASES: tuple[Case, ...] = (
    *framing(),
    *pings(),
    *reserved(),
    *fragments(),
    *utf8(),
    *closing(),
    *limits(),
)

# What other servers do, as it was found, with the reason.
_LATE = "the websockets parser looks at UTF-8 when the message is whole; the client's close inside it is 1002"
_LONG = "the websockets parser does not insist on the shortest form of a length"
_SIGN = "the websockets parser reads the forbidden top bit as a very large size"
_PARTIAL = "the websockets parser takes a close inside a fragmented message for an error"
_EMPTY = "daphne sends nothing when asked to send an empty message"
_ALWAYS_1000 = "daphne (autobahn) answers every close with 1000"
DAPHNE_DROPS = "daphne (autobahn's failByDrop) ends the TCP connection on an error, without a close frame"

_CLOSE_CASES = [case.name for case in CASES if case.name == "7.3.1" or case.name.startswith("7.7.")]
_EMPTY_CASES = ("1.1.1", "1.1.1-octets", "1.2.1", "1.2.1-octets", "6.1.1", "6.1.2")

DIFFERENCES: dict[str, dict[str, Difference]] = {
    "lean": {},
    "lean on asyncio": {},
    "sansio": {
        **{f"1.1.long-form-{bits}": Difference(_LONG, OK + OK, 1000) for bits in (16, 64)},
        **{f"1.2.long-form-{bits}": Difference(_LONG, (*OK, (BINARY, b"hello")), 1000) for bits in (16, 64)},
        "1.top-bit": Difference(_SIGN, OK, 1009),
        "6.4.1": Difference(_LATE, OK, 1002, client_closes=True),
        "6.4.2": Difference(_LATE, OK, 1002, client_closes=True),
        "7.1.5": Difference(_PARTIAL, OK, 1002),
    },
    "daphne": {
        **{name: Difference(_EMPTY, (), 1000) for name in _EMPTY_CASES},
        **{name: Difference(_ALWAYS_1000, OK, 1000) for name in _CLOSE_CASES},
        "7.7.1014": Difference("autobahn does not know this code, registered in 2019", OK, DROPPED),
    },
}


def expected(server: str, case: Case) -> Difference:
    """What `server` does in `case`."""
    difference = DIFFERENCES[server].get(case.name)
    if difference is not None:
        return difference
    if server == "daphne" and case.close in (1002, 1007, 1009):
        return Difference(DAPHNE_DROPS, case.replies, DROPPED)
    return Difference("", case.replies, case.close)
