"""The WebSocket protocol: envelope, base classes of commands and events, error and close codes, limits.

Called by every consumer, by the log and by the command that writes the TypeScript and the documentation.
Never touches Django, a socket or a clock: it only declares and translates.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final, TypeVar

import msgspec

PROTOCOL_VERSION: Final = 1
HEARTBEAT_SECONDS: Final = 25
FRAME_BYTES: Final = 65_536
BODY_CHARS: Final = 8_000
WINDOW_FRAMES: Final = 400
WINDOW_BYTES: Final = 1_048_576
TOPICS_PER_SUBSCRIBE: Final = 500
SOCKETS_PER_PERSON: Final = 20
REPLAY_EVENTS: Final = 2_000
"""A backlog up to this many events is replayed; a longer one is answered with a snapshot."""

ERROR_CODES: Final[dict[str, str]] = {
    "bad_frame": "That frame is not valid JSON of the expected shape.",
    "unknown_type": "This command does not exist.",
    "invalid": "A value is missing or not allowed.",
    "unauthenticated": "Send a valid token.",
    "not_member": "You are not a member of this room.",
    "forbidden": "You may not do this here.",
    "muted": "You are muted in this room.",
    "banned": "Your account is suspended.",
    "slow_mode": "Slow mode is on. Wait a moment before the next message.",
    "rate_limited": "Slow down.",
    "too_large": "This is too long.",
    "conflict": "This was already sent with other content, or somebody was faster.",
    "not_found": "There is nothing here, or you may not see it.",
    "too_slow": "This search takes too long. Narrow it to a room, a person or a time.",
    "gone": "This no longer exists.",
    "quota_full": "There is no room for more files.",
    "storage_full": "The server's disk is full. Nothing was stored.",
    "read_only": "This room is read-only.",
    "unknown_version": "The edits do not fit to this document any more. Open it again.",
    "bad_change": "That is no change of this document.",
    "assistant_busy": "The assistant has too much to answer here. Ask again in a moment.",
    "assistant_quota": "The assistant's limit for today is reached.",
    "assistant_unavailable": "The assistant cannot answer here.",
    "internal": "Something went wrong on our side. It was recorded.",
}
"""Every error code a client can meet, with the sentence used when the service gives none."""

CLOSE_CODES: Final[dict[int, str]] = {
    1009: "too_big",
    1011: "internal",
    1012: "restart",
    4000: "heartbeat",
    4400: "protocol_version",
    4401: "signed_out",
    4403: "forbidden",
    4404: "gone",
    4408: "too_slow",
    4409: "too_many_sockets",
    4429: "too_fast",
    4503: "draining",
}


class Refused(Exception):
    """A command was understood and turned down; edges map it once to an error frame or an HTTP status.

    Attributes:
        code: one of ERROR_CODES.
        message: a sentence for the person.
        field: the name of the argument at fault, where that helps.
        retry_after: seconds after which the same command may succeed.
    """

    def __init__(
        self, code: str, message: str = "", *, field: str | None = None, retry_after: float | None = None
    ) -> None:
        if code not in ERROR_CODES:
            raise ValueError(f"undeclared error code {code!r}")
        self.code = code
        self.message = message or ERROR_CODES[code]
        self.field = field
        self.retry_after = retry_after
        super().__init__(self.code, self.message)


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """A value on the wire, inside the `data` of a frame or of an HTTP snapshot."""


class Ack(Struct, frozen=True, kw_only=True):
    """The empty answer to a command; commands with a result answer a subclass."""


Result = type[Struct]
"""What an ack carries; an alias because `type` is a field name in commands."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client's wish: the `data` of a frame from the client. Undeclared keys are refused.

    Attributes:
        type: its name on the wire, for example `message.send`.
        topic: prefix of the topic the frame must name (`room`), or "" when it names none.
        result: the struct inside the ack.
    """

    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""
    result: ClassVar[Result] = Ack


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A server's fact: the `data` of a frame to the client.

    Attributes:
        type: its name on the wire, for example `message.created`.
        topic: prefix of the topic it is published to.
        durable: True: it has a seq and replays from the log; False: it may be dropped and never replays.
    """

    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""
    durable: ClassVar[bool] = True


C = TypeVar("C", bound=Command)


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shell of every frame from a client; `data` stays undecoded until the command is known."""

    type: str
    ref: int | None = None
    topic: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Effect(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event does to sockets when the hub delivers it (revocation rides in the log).

    Attributes:
        drop_user: this person's sockets leave the topic after this seq.
        close_code: sockets on the topic are closed with this code; 0 closes none.
        session: only sockets of this session (see `session_digest`) are closed; "" means all.
        except_session: sockets of this session stay open.
        reason: a sentence for the person, sent in an error frame before the close.
        forget: by topic the seq up to which events were redacted: what hubs remember of them is dropped.
    """

    drop_user: int = 0
    close_code: int = 0
    session: str = ""
    except_session: str = ""
    reason: str = ""
    forget: dict[str, int] = {}


_TOPIC: Final = re.compile(r"[a-z]+:[0-9]{1,18}")


def is_topic(name: str) -> bool:
    """Whether a client's word can be the name of a topic at all."""
    return _TOPIC.fullmatch(name) is not None


_envelope_decoder = msgspec.json.Decoder(Envelope)
_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """JSON bytes of a struct or plain value; datetimes as RFC 3339, UUIDs as text."""
    return _encoder.encode(value)


def decode_envelope(raw: bytes | str) -> Envelope:
    """Reads the shell of a client's frame.

    Raises:
        Refused: `bad_frame` when it is no JSON object of the right shape.
    """
    try:
        return _envelope_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("bad_frame", str(error)[:200]) from error


def ref_of(raw: str | None) -> int | None:
    """The ref of a frame that could not be taken, so that its sender still gets an answer; None when it has none."""
    try:
        # The standard library also reads what msgspec turns down, half surrogate pairs for one.
        ref = json.loads(raw or "")["ref"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return ref if type(ref) is int and abs(ref) < 2**63 else None


def decode_command(kind: type[C], data: msgspec.Raw) -> C:
    """Reads the `data` of a frame as the command `kind`.

    Raises:
        Refused: `invalid` with the field at fault.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        text = str(error)
        field = text.rpartition("`$.")[2].rstrip("`") if "`$." in text else None
        raise Refused("invalid", text[:200], field=field) from error


def event_frame(*, topic: str, event_type: str, data: bytes, seq: int = 0, at: str = "") -> bytes:
    """The complete JSON frame of an event; `data` is ready JSON. seq 0 means ephemeral."""
    head = b'{"type":"%b","topic":"%b"' % (event_type.encode(), topic.encode())
    if seq:
        head += b',"seq":%d,"at":"%b"' % (seq, at.encode())
    return head + b',"data":' + data + b"}"


def ack_frame(ref: int | None, data: Any) -> bytes:
    """The answer to a command that succeeded."""
    return b'{"type":"ack","ref":%b,"data":%b}' % (encode(ref), encode(data))


def error_frame(ref: int | None, refused: Refused, incident: str | None = None) -> bytes:
    """The answer to a command that was refused; `incident` names the log entry of an internal error."""
    return encode(
        {
            "type": "error",
            "ref": ref,
            "code": refused.code,
            "message": refused.message,
            "retry_after": refused.retry_after,
            "field": refused.field,
            "incident": incident,
        }
    )


def _leaves(base: type[Any]) -> list[type[Any]]:
    found: list[type[Any]] = []
    for child in base.__subclasses__():
        found += [child] if child.type else []
        found += _leaves(child)
    return found


def commands() -> dict[str, type[Command]]:
    """Every declared command by its name on the wire."""
    return {kind.type: kind for kind in _leaves(Command)}


def events() -> dict[str, type[Event]]:
    """Every declared event by its name on the wire."""
    return {kind.type: kind for kind in _leaves(Event)}


# The commands every consumer understands.


class TopicState(Struct, frozen=True, kw_only=True):
    """Answer for one topic of a subscribe: `mode` is resume, snapshot or denied."""

    mode: str
    head: int = 0


class Subscribe(Command, frozen=True, kw_only=True):
    """Hear topics; the value is the last seq seen, null for "from now, with a snapshot"."""

    type: ClassVar[str] = "subscribe"
    topics: dict[str, int | None]


class Unsubscribe(Command, frozen=True, kw_only=True):
    """Stop hearing topics."""

    type: ClassVar[str] = "unsubscribe"
    topics: list[str]


class Received(Command, frozen=True, kw_only=True):
    """Flow control: event frames taken so far on this socket. The only command without an answer when it has no ref."""

    type: ClassVar[str] = "received"
    frames: int


class Pong(Ack, frozen=True, kw_only=True):
    """Answer to a ping."""

    server_time: str


class Ping(Command, frozen=True, kw_only=True):
    """Heartbeat of the client."""

    type: ClassVar[str] = "ping"
    result: ClassVar[Result] = Pong


class Limits(Struct, frozen=True, kw_only=True):
    """What the client may send: a frame's size, a body's length, frames in flight to it."""

    frame_bytes: int = FRAME_BYTES
    body_chars: int = BODY_CHARS
    window: int = WINDOW_FRAMES


class Hello(Struct, frozen=True, kw_only=True):
    """The first frame on every socket."""

    protocol: int = PROTOCOL_VERSION
    connection: str
    user: int
    server_time: str
    heartbeat_seconds: int = HEARTBEAT_SECONDS
    limits: Limits = Limits()


class Reset(Struct, frozen=True, kw_only=True):
    """The log below the client's seq is gone: take a snapshot."""

    head: int
