"""What a request asks, read strictly: unknown keys, repeated parameters and wrong types are refused with their name.

Called by the dispatcher. Never asks the database.
"""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import msgspec
from django.http import HttpRequest
from django.http.request import RawPostDataException
from msgspec import inspect

from realtime.protocol import Refused

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_KEYS: Final = UUID("5f0e4a3c-6a52-4c0f-9d2a-3d1f0f1b7c11")
"""Namespace of ids that are made from an Idempotency-Key that is none itself."""
KEY: Final = "Idempotency-Key"


def read_query(request: HttpRequest, kind: type[Any]) -> Any:
    """The query as a struct.

    Raises:
        Refused: `invalid` with the parameter at fault.
    """
    fields = {field.encode_name: field.type for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
    values: dict[str, Any] = {}
    for name, texts in request.GET.lists():
        if name not in fields:
            raise Refused("invalid", f"There is no parameter {name[:40]!r} here.", field=name[:80])
        if len(texts) != 1:
            raise Refused("invalid", f"{name} is given more than once.", field=name)
        values[name] = _value(fields[name], texts[0])
        if isinstance(values[name], str):
            check_text(values[name], name)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def _value(kind: Any, text: str) -> Any:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    if any(isinstance(one, inspect.IntType) for one in kinds) and _NUMBER.fullmatch(text):
        return int(text)
    if any(isinstance(one, inspect.BoolType) for one in kinds):
        return {"true": True, "false": False}.get(text, text)
    return text


def check_text(text: str, field: str) -> None:
    """A text that every database takes.

    Raises:
        Refused: `invalid` for NUL and for half a surrogate pair.
    """
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused("invalid", "A text cannot hold NUL or half a character.", field=field)


def read_bytes(request: HttpRequest, most: int) -> bytes:
    """The body as it came; past Django's own limit, which does not know which address it is for.

    Raises:
        Refused: `too_large`.
    """
    told = Refused("too_large", f"A body has at most {most:,} bytes here.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > most:
        raise told
    try:
        found: bytes = request.read(most + 1)
    except RawPostDataException:
        found = request.body
    if len(found) > most:
        raise told
    return found


def read_body(request: HttpRequest, raw: bytes, kind: type[Any]) -> Any:
    """The body as a struct.

    Raises:
        Refused: `invalid` with the field at fault.
    """
    if request.content_type != "application/json":
        raise Refused("invalid", "Send application/json.", field="Content-Type")
    try:
        return msgspec.convert(_reader.decode(raw), kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _invalid(error) from error


def _number(text: str) -> int | float:
    """A number with a point or an exponent; for JSON `5.0` is a whole number, and some languages write it so."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < EXACT else number


EXACT: Final = 2.0**53
"""Beyond it a float no longer says which whole number was meant."""
_reader: Final = msgspec.json.Decoder(float_hook=_number)


def _invalid(error: Exception) -> Refused:
    told = str(error)
    field = told.rpartition("`$.")[2].rstrip("`") if "`$." in told else None
    return Refused("invalid", told[:200], field=field)


def read_key(request: HttpRequest) -> str:
    """The Idempotency-Key, or "".

    Raises:
        Refused: `invalid` for one that is empty, too long or not plain.
    """
    key = request.headers.get(KEY)
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise Refused("invalid", "A key has 1 to 255 visible ASCII characters without spaces.", field=KEY)
    return key


def cid_of(key: str, user_id: int) -> UUID:
    """The lasting id that a key stands for: itself if it is a UUID; without a key a new one."""
    if not key:
        return uuid4()
    try:
        return UUID(key)
    except ValueError:
        return uuid5(_KEYS, f"{user_id} {key}")
