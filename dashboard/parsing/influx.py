r"""Numbers in Influx' line protocol: `measurement,tag=a field=1.5,other=3i 1700000000000000000`.

Called by dashboard.parsing. Pure. Own code, because what PyPI has writes this format or is compiled and untended: the
grammar is a line long. A backslash makes a comma, a space or an equals sign a part of a name; texts stand in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dashboard.parsing.pushed import Number, Parsed, lines_of, made_name

PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
PLAIN: Final = "value"
"""A field of this name adds nothing to the name of its measurement, as Telegraf has it."""
_LINE: Final = re.compile(
    r"""(?P<head>(?:\\.|[^\\\s])+)\s+
        (?P<fields>(?:\\.|"(?:\\.|[^"\\])*"|[^\s"\\])+)
        (?:\s+(?P<at>-?\d{1,19}))?""",
    re.VERBOSE | re.ASCII,
)
_PAIR: Final = re.compile(r"(?P<key>(?:\\.|[^\\,=\s])+)=(?P<value>(?:\\.|[^\\,=\s])+)")
_FIELD: Final = re.compile(r'(?P<key>(?:\\.|[^\\,=\s"])+)=(?P<value>"(?:\\.|[^"\\])*"|[^,"\s\\]+)')
_BASE: Final = re.compile(r"(?:\\.|[^\\,\s])+")
_ESCAPED: Final = re.compile(r"\\([,= ])")
_FLOAT: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"([+-]?\d+)[iu]", re.ASCII)
_TRUTH: Final = {"t": 1.0, "true": 1.0, "f": 0.0, "false": 0.0}


def read(text: str, precision: str = "ns") -> Parsed:
    """What stands in the text.

    Args:
        text: lines.
        precision: unit of the times.

    Raises:
        TooMany: more numbers than one push may have.
    """
    parsed = Parsed()
    for line, said in lines_of(text):
        if said.startswith("#"):
            continue
        try:
            for number in _numbers(parsed, line, said, precision):
                parsed.add(number)
        except ValueError as error:
            parsed.blame(line, error)
    return parsed


def _numbers(parsed: Parsed, line: int, said: str, precision: str) -> Iterator[Number]:
    found = _LINE.fullmatch(said)
    if found is None:
        raise ValueError("a line is `measurement[,tag=value …] field=number[,field=number …] [time]`")
    base = _BASE.match(found["head"])
    if base is None:
        raise ValueError("a line begins with the name of a measurement")
    tags = dict(_pairs(_PAIR, found["head"][base.end() :], "tag"))
    at_ms = None if found["at"] is None else int(found["at"]) * 1_000 // PER_SECOND[precision]
    for field, value in _pairs(_FIELD, f",{found['fields']}", "field"):
        number = _value(field, value)
        if number is None:
            parsed.ignored += 1
            continue
        name = made_name(_unescaped(base[0]), tags, "" if field == PLAIN else field)
        yield Number(line=line, name=name, value=number, at_ms=at_ms)


def _pairs(shape: re.Pattern[str], text: str, what: str) -> Iterator[tuple[str, str]]:
    """`,key=value` again and again, to the end."""
    at = 0
    while at < len(text):
        found = shape.match(text, at + 1) if text[at] == "," else None
        if found is None:
            raise ValueError(f"a {what} cannot be read at {text[at : at + 30]!r}")
        value = found["value"]
        yield _unescaped(found["key"]), value if value.startswith('"') else _unescaped(value)
        at = found.end()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _value(field: str, text: str) -> float | None:
    if text.startswith('"'):
        return None
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    raise ValueError(f"the value of {field[:40]!r} is no number: {text[:30]!r}")
