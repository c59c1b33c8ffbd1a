"""Numbers as other programs write them: JSON, Prometheus' text, Influx' line protocol.

Called by dashboard.services.pushing and by `manage.py push_metric`. Pure: says what stands there and on which line
something cannot be read; never decides who may store it.
"""

from __future__ import annotations

import re
from typing import Final

from dashboard.parsing import as_json, influx, prometheus
from dashboard.parsing.pushed import BadLine, Number, Parsed, TooMany, lines_of

# Blanks are matched where they can stand alone: two greedy runs beside each other take the square of their length.
_PROMETHEUS_LINE: Final = re.compile(r"[A-Za-z_:][\w:]*([ \t]*\{.*\})?[ \t]+[^\s=]+([ \t]+-?\d+)?[ \t]*", re.ASCII)


def parse(body: bytes, *, content_type: str = "", precision: str = "ns") -> Parsed:
    """What stands in the body.

    Args:
        body: of a request or a pipe, unpacked.
        content_type: its type; where it does not decide, the first line does that is no comment.
        precision: unit of times in line protocol: s, ms, us or ns.

    Raises:
        TooMany: more numbers than one push may have.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        return Parsed(bad=[BadLine(line=line, message="This is not UTF-8.")])
    match _format_of(content_type, text):
        case "json":
            return as_json.read(text)
        case "prometheus":
            return prometheus.read(text)
    return influx.read(text, precision)


def _format_of(content_type: str, text: str) -> str:
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() == "application/json":
        return "json"
    if kind.strip() == "application/openmetrics-text" or "version=0.0.4" in parameters.replace(" ", ""):
        return "prometheus"
    first = next((line for _, line in lines_of(text) if not line.startswith("#")), "")
    if first[:1] in {"{", "["}:
        return "json"
    if _PROMETHEUS_LINE.fullmatch(first):
        return "prometheus"
    return "influx"


__all__ = ["BadLine", "Number", "Parsed", "TooMany", "parse"]
