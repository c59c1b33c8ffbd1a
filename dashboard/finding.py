"""Finds the number in an answer: JSON, and a path into it (JMESPath: `rates.USD`, `items[0].price`, `length(items)`).

Called by dashboard.services.feeds, which checks a path, and by the poller. Pure. Paths that could make an answer grow
without end are refused: lists and objects built anew (`[@, @][]` doubles what there is, again and again) and functions
that take expressions. What stays is linear in path times answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from dashboard.series import is_countable

PATH_CHARS: Final = 200
FUNCTIONS: Final = frozenset({"abs", "avg", "ceil", "floor", "length", "max", "min", "sum", "to_number"})
PARTS: Final = frozenset(
    {
        "and_expression",
        "comparator",
        "current",
        "field",
        "filter_projection",
        "flatten",
        "function_expression",
        "identity",
        "index",
        "index_expression",
        "literal",
        "not_expression",
        "or_expression",
        "pipe",
        "projection",
        "slice",
        "subexpression",
        "value_projection",
    }
)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def check_path(path: str) -> str:
    """The path, if it can be asked.

    Raises:
        ValueError: what is wrong with it, in words.
    """
    if len(path) > PATH_CHARS:
        raise ValueError(f"A path has {PATH_CHARS} characters at most.")
    if path.strip():
        _compiled(path)
    return path.strip()


def find_number(body: bytes, path: str) -> float:
    """The number at this path.

    Args:
        body: of the answer.
        path: as `check_path` gave it; empty: the JSON is the number itself.

    Raises:
        ValueError: why there is none, in words.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError("The answer is no JSON.") from error
    if path:
        try:
            found = _compiled(path).search(found)
        except (JMESPathError, ArithmeticError, TypeError, RecursionError) as error:
            raise ValueError("The path does not fit to the answer.") from error
    return _as_number(found, path)


def _as_number(found: Any, path: str) -> float:
    if isinstance(found, str) and _NUMBER.fullmatch(found.strip()):
        found = float(found)
    if isinstance(found, bool):
        found = int(found)
    if isinstance(found, int | float):
        return _finite(found)
    where = f"At {path}" if path else "In the answer"
    match found:
        case None:
            raise ValueError(f"{where} is nothing.")
        case list():
            raise ValueError(f"{where} is a list: choose one of it, as with [0] or sum(…).")
        case dict():
            raise ValueError(f"{where} is an object: name a key of it.")
    raise ValueError(f"{where} is a text, and no number.")


def _finite(found: int | float) -> float:
    try:
        number = float(found)
    except OverflowError:
        number = math.inf
    if not is_countable(number):
        raise ValueError("The number is too large.")
    return number


def _compiled(path: str) -> Any:
    try:
        compiled = jmespath.compile(path)
    except JMESPathError as error:
        raise ValueError(f"This is no path (JMESPath): {str(error).partition(chr(10))[0][:120]}.") from error
    except RecursionError as error:
        raise ValueError("This path is too deep.") from error
    _check(compiled.parsed)
    return compiled


def _check(node: Mapping[str, Any]) -> None:
    kind = node["type"]
    if kind not in PARTS:
        raise ValueError("A path leads to a number: it cannot build lists or objects, or take expressions.")
    if kind == "function_expression" and node["value"] not in FUNCTIONS:
        raise ValueError(f"A path may use {', '.join(sorted(FUNCTIONS))}; not {node['value']}.")
    for child in node.get("children", []):
        if isinstance(child, dict):
            _check(child)
