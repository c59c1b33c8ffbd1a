"""A room's figures in words, for the assistant's tool that reads them (settings.ASSISTANT_METRICS).

Never writes. What is said in a room is read by everybody in it, so only series of the room are told, whatever else
whoever asked may see.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from chat import selectors as chat
from chat.selectors.joined import rooms_by_id
from chat.shapes import SourceView
from dashboard.models import Series
from dashboard.selectors.samples import samples_of
from dashboard.series import figures, step_of
from dashboard.shapes import SamplesView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

USUAL_SECONDS: Final = 86_400
MOST_SECONDS: Final = 90 * 86_400
LEAST_SECONDS: Final = 300
POINTS: Final = 24
SERIES_TOLD: Final = 8
_TIME: Final = re.compile(r"(\d{1,4})\s*(minutes?|min|m|hours?|h|days?|d|weeks?|w)\b", re.IGNORECASE)
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_WORD: Final = re.compile(r"[a-z0-9.]{3,}")
_WITHOUT_MEANING: Final = frozenset({"last", "over", "and", "the", "how", "many", "what", "was", "were", "per", "all"})


def tell_figures(*, actor: User, room_id: int, query: str) -> tuple[str, list[SourceView]]:
    """What the series of a room say, in lines of text, with where they can be seen.

    Args:
        actor: who asks.
        room_id: whose figures.
        query: words of the series' names, and how far back ("messages over 6 hours"); a day where it does not say.

    Raises:
        Refused: `not_found`, or `not_member` for somebody who looks at the room from outside.
    """
    if not chat.rights_in(actor=actor, room_id=room_id).is_member:
        raise Refused("not_member")
    rows = list(Series.objects.filter(room=room_id).order_by("name", "pk"))
    if not rows:
        return "Nothing has been measured in this room yet.", []
    seconds = _seconds(query)
    now = int(timezone.now().timestamp())
    wanted = _wanted(rows, query)
    start = now + 1 - seconds
    step = max(step_of(start, now + 1, now=now), 60)
    samples = samples_of(series_ids=[row.pk for row in wanted], start=start, end=now + 1, step=step)
    lines = [f"Figures of this room over the last {_span(seconds)}, times in UTC:"]
    lines += [_line(row, samples) for row in wanted]
    others = [row.name for row in rows if row not in wanted]
    if others:
        lines.append(f"Also measured here: {', '.join(others)}.")
    url = f"{rooms_by_id([room_id])[room_id].url}board/"
    return "\n".join(lines), [SourceView(kind="metric", label=_label(row, seconds), url=url) for row in wanted]


def _seconds(query: str) -> int:
    found = _TIME.search(query)
    if found is None:
        return USUAL_SECONDS
    asked = int(found[1]) * _SECONDS[found[2][0].lower()]
    return min(MOST_SECONDS, max(LEAST_SECONDS, asked))


def _wanted(rows: list[Series], query: str) -> list[Series]:
    words = [word for word in _WORD.findall(query.lower()) if word not in _WITHOUT_MEANING]
    named = [row for row in rows if any(word in f"{row.name} {row.title}".lower() for word in words)]
    return (named or rows)[:SERIES_TOLD]


def _line(row: Series, samples: SamplesView) -> str:
    counter = row.kind == Series.Kind.COUNTER
    curve = figures(
        samples.series.get(row.pk, []),
        "sum" if counter else "average",
        samples.step,
        counter=counter,
        start=samples.start,
        end=samples.end,
        gaps=samples.gaps,
    )
    known = [(at, value) for at, value in curve if value is not None]
    name = f"{row.name} ({row.title}{', ' + row.unit if row.unit else ''})" if row.title else row.name
    if not known:
        return f"- {name}: nothing was measured."
    most = max(known, key=lambda one: one[1])
    values = [value for _, value in known]
    if counter:
        told = (
            f"{_number(sum(values))} in all, the most at {_time(most[0])}: {_number(most[1])} in {_span(samples.step)}"
        )
    else:
        told = (
            f"last {_number(values[-1])}, average {_number(sum(values) / len(values))}, lowest {_number(min(values))}, "
            f"highest {_number(most[1])} at {_time(most[0])}"
        )
    return f"- {name}: {told}. In parts: {_parts(known, counter=counter)}."


def _parts(known: list[tuple[float, float]], *, counter: bool) -> str:
    """The curve in at most POINTS figures."""
    size = -(-len(known) // POINTS)
    told = []
    for first in range(0, len(known), size):
        part = [value for _, value in known[first : first + size]]
        told.append(f"{_time(known[first][0])} {_number(sum(part) if counter else sum(part) / len(part))}")
    return "; ".join(told)


def _label(row: Series, seconds: int) -> str:
    return f"{row.title or row.name}, {_span(seconds)}"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%m-%d %H:%M}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _span(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"
