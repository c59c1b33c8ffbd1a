"""Numbers that other programs push; what shows them is a board."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

from django.conf import settings

from api.declared import Call, endpoint
from api.shapes import Asked
from dashboard.parsing.as_json import TITLE_CHARS, UNIT_CHARS, YEAR_9999
from dashboard.parsing.pushed import NAME, NAME_CHARS, NUMBERS_MOST, PushResult
from dashboard.services import pushing
from outbound.decoding import Decoder
from outbound.refusing import OutboundRefused
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

TAG = "Numbers"
PUSH_BYTES: Final = 524_288
"""Packed and unpacked."""
BURST_SECONDS: Final = 20
_NAME: Final = {"type": "string", "pattern": f"^{NAME.pattern}$", "maxLength": NAME_CHARS}
_LINE: Final = {"type": ["string", "null"], "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_TIME: Final = {
    "anyOf": [
        {"type": "number", "minimum": 0, "exclusiveMaximum": YEAR_9999},
        {"type": "string", "format": "date-time"},
        {"type": "null"},
    ]
}
_SAMPLE: Final = {
    "type": "object",
    "required": ["name", "value"],
    "additionalProperties": False,
    "properties": {
        "name": _NAME,
        "value": {"type": "number"},
        "at": _TIME,
        "unit": _LINE | {"maxLength": UNIT_CHARS},
        "title": _LINE | {"maxLength": TITLE_CHARS},
        "kind": {"enum": ["gauge", "counter", None]},
    },
}
_SAMPLES: Final = {"type": "array", "items": _SAMPLE, "maxItems": NUMBERS_MOST}
_JSON: Final[dict[str, Any]] = {
    "schema": {
        "anyOf": [
            {
                "type": "object",
                "required": ["samples"],
                "additionalProperties": False,
                "properties": {"samples": _SAMPLES},
            },
            _SAMPLES,
            {"type": "object", "propertyNames": _NAME, "additionalProperties": {"type": "number"}},
        ]
    },
    "example": {"samples": [{"name": "build.seconds", "value": 41.5, "unit": "s"}]},
}
_TEXT: Final[dict[str, Any]] = {
    "schema": {"type": "string"},
    "example": 'requests_total{code="200"} 1027\nload,host=web1 value=0.64\n',
}


class PushQuery(Asked, frozen=True, kw_only=True):
    """The unit of times in line protocol."""

    precision: Literal["s", "ms", "us", "ns"] = "ns"


@endpoint(
    "POST",
    "metrics",
    tag=TAG,
    scope="metrics:write",
    once="kept",
    body_bytes=PUSH_BYTES,
    refuses=("quota_full",),
    formats={"application/json": _JSON, "text/plain": _TEXT},
)
def push_numbers(call: Call[PushQuery, None]) -> PushResult:
    """Push numbers for your boards.

    JSON, Prometheus' text format or Influx' line protocol: by the Content-Type, or else by the first line. All of a
    push is taken or nothing: `lines` names every line that cannot be read, so mend these and send it all again. A
    number with a time that is sent twice counts once; times may be two hours late and a minute early. The same
    address without `v1` is `/api/metrics`.
    """
    parsed = pushing.read_push(
        body=_unpacked(call), content_type=call.request.headers.get("Content-Type", ""), precision=call.query.precision
    )
    limit = _limit(settings.API_NUMBERS_PER_SECOND)
    if limit is not None and parsed.numbers:
        take_token(call.user.pk, "api numbers", limit, len(parsed.numbers))
    return pushing.push(actor=call.user, parsed=parsed)


def _unpacked(call: Call[PushQuery, None]) -> bytes:
    """The body as it was before the client packed it, which Telegraf and others do."""
    try:
        decoder = Decoder(call.request.headers.get("Content-Encoding", ""), PUSH_BYTES)
        body = b"".join(decoder.feed(call.raw))
        decoder.finish()
    except OutboundRefused as refused:
        if refused.code == "too_large":
            raise Refused("too_large", f"A push has {PUSH_BYTES:,} bytes at most, unpacked.", field="body") from refused
        words = "Send the body as it is, or packed with gzip."
        raise Refused("invalid", words, field="Content-Encoding") from refused
    return body


@lru_cache
def _limit(per_second: int) -> Limit | None:
    burst = max(per_second * BURST_SECONDS, NUMBERS_MOST)
    return Limit(burst=burst, per_second=per_second) if per_second else None
