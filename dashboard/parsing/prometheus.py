"""Numbers in Prometheus' text format, as exporters and the Pushgateway have them.

Called by dashboard.parsing. Pure. Each line is read for itself by the official parser, so that every bad one is named,
and not only the first. A counter is stored as the total that it shows.
"""

from __future__ import annotations

import math
from typing import Final

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from dashboard.parsing.pushed import Number, Parsed, lines_of, made_name

SPREAD: Final = frozenset({"histogram", "summary", "gaugehistogram"})
"""Types whose parts are no curves of their own: of these only count and sum are taken."""
SHOWN_CHARS: Final = 40
LINE_CHARS: Final = 16_384
"""The parser copies what is left of a line for each label."""
WHOLE: Final = ("_count", "_sum")


def read(text: str) -> Parsed:
    """What stands in the text.

    Raises:
        TooMany: more numbers than one push may have.
    """
    parsed, spread = Parsed(), set[str]()
    for line, said in lines_of(text):
        try:
            if said.startswith("#"):
                _note_type(said, spread)
            else:
                _take(parsed, spread, line, said)
        except ValueError as error:
            parsed.blame(line, error)
    return parsed


def _note_type(said: str, spread: set[str]) -> None:
    words = said.split()
    if words[1:2] == ["TYPE"] and len(words) == 4 and words[3] in SPREAD:
        spread.add(words[2])


def _take(parsed: Parsed, spread: set[str], line: int, said: str) -> None:
    if len(said) > LINE_CHARS:
        raise ValueError(f"a line has {LINE_CHARS:,} characters at most")
    sample = _sample(said)
    base = sample.name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
    if (base in spread or sample.name in spread) and not sample.name.endswith(WHOLE):
        parsed.ignored += 1
        return
    at_ms = None if sample.timestamp is None else _milliseconds(float(sample.timestamp))
    name = made_name(sample.name, sample.labels)
    parsed.add(Number(line=line, name=name, value=float(sample.value), at_ms=at_ms))


def _milliseconds(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise ValueError("the time is no number")
    return round(seconds * 1_000)


def _sample(said: str) -> Sample:
    """The sample on a line. The parser's own words are about Python, not about the line."""
    try:
        [sample] = [found for family in text_string_to_metric_families(said + "\n") for found in family.samples]
    except (ValueError, KeyError, IndexError) as error:
        shown = said if len(said) <= SHOWN_CHARS else f"{said[:SHOWN_CHARS]}…"
        raise ValueError(f'{shown!r} is not `name{{label="value"}} number [milliseconds]`') from error
    return sample
