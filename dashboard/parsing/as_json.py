"""Numbers in JSON: `{"load": 0.4}`, or a list of samples with a time, a unit and a title.

Called by dashboard.parsing. Pure. Keys that nobody knows are refused, so that a mistyped `timestmap` is noticed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from dashboard.parsing.pushed import Number, Parsed, check_name

KEYS: Final = ("name", "value", "at", "unit", "title", "kind")
KINDS: Final = (None, "gauge", "counter")
UNIT_CHARS: Final = 24
TITLE_CHARS: Final = 80
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
YEAR_9999: Final = 253_402_300_800


def read(text: str) -> Parsed:
    """What stands in a JSON text; `line` is the how-manieth number it is.

    Raises:
        TooMany: more numbers than one push may have.
    """
    parsed = Parsed()
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        parsed.blame(1, f"This is no JSON: {error}")
        return parsed
    if isinstance(found, dict) and isinstance(found.get("samples"), list) and len(found) == 1:
        found = found["samples"]
    if isinstance(found, dict):
        found = [{"name": name, "value": value} for name, value in found.items()]
    if not isinstance(found, list):
        parsed.blame(1, 'Send {"name": number, …} or {"samples": [{"name": …, "value": …}, …]}.')
        return parsed
    for line, item in enumerate(found, 1):
        try:
            parsed.add(_number(line, item))
        except ValueError as error:
            parsed.blame(line, error)
    return parsed


def _number(line: int, item: Any) -> Number:
    if not isinstance(item, dict):
        raise ValueError('a sample is {"name": …, "value": …}')
    if unknown := [key for key in item if key not in KEYS]:
        raise ValueError(f"there is no {str(unknown[0])[:40]!r} in a sample; there are {', '.join(KEYS)}")
    name, value = item.get("name"), item.get("value")
    if not isinstance(name, str):
        raise ValueError("a sample has a name")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the value of {name[:40]!r} is no number")
    if item.get("kind") not in KINDS:
        raise ValueError("`kind` is gauge (a state) or counter (an amount that happened)")
    return Number(
        line=line,
        name=check_name(name),
        value=_finite(value),
        at_ms=_at(item.get("at")),
        unit=_words(item.get("unit"), "unit", UNIT_CHARS),
        title=_words(item.get("title"), "title", TITLE_CHARS),
        kind=item.get("kind") or "",
    )


def _finite(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("the value is larger than a number can be") from error


def _at(given: Any) -> int | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            at = datetime.fromisoformat(given)
        except ValueError as error:
            raise ValueError("`at` is seconds since 1970, or a time like 2026-11-22T18:30:00Z") from error
        if at.tzinfo is None:
            raise ValueError("`at` lacks a time zone: end it with Z or +01:00")
        return int(at.timestamp() * 1_000)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < YEAR_9999:
        raise ValueError("`at` is seconds since 1970, or a time like 2026-11-22T18:30:00Z")
    return int(given * 1_000)


def _words(given: Any, key: str, most: int) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > most or _CONTROL.search(given):
        raise ValueError(f"`{key}` is a text of at most {most} characters on one line")
    return given
