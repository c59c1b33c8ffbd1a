"""Takes numbers from outside: pushed over HTTP, by `manage.py push_metric`, or polled by a feed.

Called by the API, the command and dashboard.services.polling. What is pushed belongs to whoever pushes: series of a
person. All of a push is taken or nothing, and a push that is repeated changes nothing. The samples themselves are the
recorder's to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.utils import timezone

from dashboard import catalogue, flushed
from dashboard.models import Flush, Sample, Series
from dashboard.parsing import BadLine, Number, Parsed, TooMany, parse
from dashboard.parsing.pushed import BAD_MOST, NUMBERS_MOST, PushResult
from dashboard.series import KEPT
from dashboard.services.recording import hand_over
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

SERIES_MOST: Final = 500
"""Of one person, from outside."""
LATE_SECONDS: Final = KEPT[1] - 60
"""As long as single seconds are kept: so long a repeat can be told from news."""
EARLY_SECONDS: Final = 60
"""How far a clock may be ahead."""
AT_ONCE: Final = 400
NAMED: Final = 3
"""Lines in the sentence of a refusal; the list has more."""
_PUSHES: Final = 1_886_741_352
"""Among the locks of PostgreSQL that belong to no row."""
Point = tuple[int, int, float]


class Unreadable(Refused):
    """Some lines cannot be taken, so none was.

    Attributes:
        lines: the first of them, in their order.
    """

    def __init__(self, lines: Iterable[BadLine]) -> None:
        every = sorted(lines, key=lambda one: one.line)
        self.lines = every[:BAD_MOST]
        told = "; ".join(f"line {bad.line}: {bad.message}" for bad in self.lines[:NAMED])
        more = f"; and {len(every) - NAMED} more" if len(every) > NAMED else ""
        super().__init__("invalid", f"Nothing was taken, because of {told}{more}.", field="body")


def read_push(*, body: bytes, content_type: str = "", precision: str = "ns") -> Parsed:
    """What another program wrote down.

    Args:
        body: JSON, Prometheus' text or line protocol.
        content_type: its type, as far as it says anything.
        precision: unit of times in line protocol.

    Raises:
        Refused: `too_large` for too many numbers; `invalid` (Unreadable) with the lines that cannot be read.
    """
    try:
        parsed = parse(body, content_type=content_type, precision=precision)
    except TooMany as error:
        raise Refused("too_large", f"A push has {NUMBERS_MOST:,} numbers at most.", field="body") from error
    if parsed.bad:
        raise Unreadable(parsed.bad)
    return parsed


def push(*, actor: User, parsed: Parsed, now: datetime | None = None) -> PushResult:
    """Takes what was read.

    Args:
        actor: whose series they are.
        parsed: without bad lines.
        now: instead of the clock, in tests.

    Raises:
        Refused: as `store_numbers`.
    """
    taken = store_numbers(owner_id=actor.pk, numbers=parsed.numbers, now=now)
    return PushResult(taken=taken, repeated=len(parsed.numbers) - taken, ignored=parsed.ignored)


@transaction.atomic
def store_numbers(*, owner_id: int, numbers: Sequence[Number], now: datetime | None = None) -> int:
    """Hands numbers to the recorder; returns how many were not known yet.

    A number with a time is known when its series has one for that second already, written or on its way. One without
    a time is always news.

    Raises:
        Refused: `invalid` (Unreadable) for times out of reach and for kinds that are another's; `quota_full`.
    """
    now_ms = int((now or timezone.now()).timestamp() * 1_000)
    if bad := list(_out_of_time(numbers, now_ms)):
        raise Unreadable(bad)
    _wait_for_others(owner_id)
    found = _series_of(owner_id, numbers)
    timed = {(found[one.name].pk, one.at_ms): one.value for one in numbers if one.at_ms is not None}
    known = _known({(pk, at_ms // 1_000) for pk, at_ms in timed})
    points: list[Point] = [(pk, ms, value) for (pk, ms), value in timed.items() if (pk, ms // 1_000) not in known]
    points += [(found[one.name].pk, now_ms, one.value) for one in numbers if one.at_ms is None]
    hand_over(points=points)
    return len(points)


def _out_of_time(numbers: Iterable[Number], now_ms: int) -> Iterable[BadLine]:
    for one in numbers:
        if one.at_ms is None:
            continue
        if one.at_ms > now_ms + EARLY_SECONDS * 1_000:
            ahead = (one.at_ms - now_ms) // 1_000
            yield BadLine(line=one.line, message=f"{one.name} is of {ahead:,} seconds from now; look at the clock")
        elif one.at_ms < now_ms - LATE_SECONDS * 1_000:
            yield BadLine(line=one.line, message=f"{one.name} is older than {LATE_SECONDS // 60} minutes")


def _series_of(owner_id: int, numbers: Sequence[Number]) -> dict[str, Series]:
    """The series by name, made where they are new."""
    own = Series.objects.filter(owner_id=owner_id, scope=Series.Scope.PERSON, outside=True)
    said = {one.name: one for one in numbers}
    known = {one.name: one for one in own.all()}
    if missing := said.keys() - known.keys():
        if len(known) + len(missing) > SERIES_MOST:
            words = f"You have {len(known)} series, and may have {SERIES_MOST}. Delete some, or push fewer labels."
            raise Refused("quota_full", words, field="body")
        Series.objects.bulk_create([_new(owner_id, said[name]) for name in sorted(missing)], ignore_conflicts=True)
        known = {one.name: one for one in own.all()}
    others = [one for one in numbers if one.kind and one.kind != known[one.name].kind]
    if others:
        raise Unreadable(BadLine(line=one.line, message=f"{one.name} is a {known[one.name].kind}") for one in others)
    _describe(known, said.values())
    return known


def _wait_for_others(owner_id: int) -> None:
    """One push of a person goes at a time, so that a repeat sees what it repeats. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PUSHES, owner_id % 2**31])


def _new(owner_id: int, number: Number) -> Series:
    return Series(
        key=catalogue.person_key(owner_id, number.name),
        scope=Series.Scope.PERSON,
        owner_id=owner_id,
        name=number.name,
        title=number.title,
        unit=number.unit,
        kind=number.kind or Series.Kind.GAUGE,
        outside=True,
    )


def _describe(known: dict[str, Series], said: Iterable[Number]) -> None:
    changed = []
    for one in said:
        row = known[one.name]
        wanted = one.title or row.title, one.unit or row.unit
        if wanted != (row.title, row.unit):
            row.title, row.unit = wanted
            changed.append(row)
    Series.objects.bulk_update(changed, ["title", "unit"])


def _known(seconds: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these (series, second) have a number. What waits is read first: it may be written in between."""
    if not seconds:
        return set()
    found = set()
    for data in Flush.objects.filter(number=0).values_list("data", flat=True):
        found |= {(pk, ms // 1_000) for pk, ms, _ in flushed.decode(data).points}
    ids, times = {pk for pk, _ in seconds}, sorted({at for _, at in seconds})
    for start in range(0, len(times), AT_ONCE):
        rows = Sample.objects.filter(series_id__in=ids, resolution=1, at__in=times[start : start + AT_ONCE])
        found |= set(rows.values_list("series_id", "at"))
    return found & seconds
