"""Whether two sides are equal after a talk, and how far one was behind the other.

Called by bench.bridge. Believes none of the product's own tables but the messages: lines are known by their number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.talk import EMOJI, Done, Line, number_of

APART = "\u200b"
"""What the product puts behind an @ that shall call nobody."""
SETTLED_SECONDS = 3.0


def differences(lines: Sequence[Line], done: Done, here: Sequence[Any], there: Sequence[Any]) -> dict[str, list[str]]:
    """What is not as it should be, by kind, in words; each kind is empty after a good run."""
    wrong: dict[str, list[str]] = defaultdict(list)
    expected = {line.number: line for line in lines if line.number in done.said and line.change != "delete"}
    for side, rows in (("here", here), ("there", there)):
        numbers = Counter(number_of(row["text"]) for row in rows)
        wrong["missing"] += [f"{side}: {one}" for one in expected if not numbers[one]]
        wrong["twice"] += [f"{side}: {one}" for one, count in numbers.items() if count > 1]
        wrong["strange"] += [f"{side}: {row['text']!r}" for row in rows if number_of(row["text"]) not in expected]
        wrong["other text"] += [
            f"{side}: {row['text']!r}, not {line.final()!r}"
            for row in rows
            if (line := expected.get(_number(row))) is not None and row["text"].replace(APART, "") != line.final()
        ]
        wrong["other thread"] += _threads(side, rows, done)
        wrong["order"] += _order(side, rows, expected)
    for mine in (True, False):
        orders = [[_number(row) for row in rows if _said(expected, row) is mine] for rows in (here, there)]
        if orders[0] != orders[1]:
            wrong["order"].append(
                f"what was said {'here' if mine else 'there'} stands in another order on the other side"
            )
    wrong["reactions"] += _reactions(done, here, there)
    return dict(wrong)


def _number(row: Mapping[str, Any]) -> int:
    found = number_of(row["text"])
    return -1 if found is None else found


def _said(expected: Mapping[int, Line], row: Mapping[str, Any]) -> bool | None:
    line = expected.get(_number(row))
    return None if line is None else line.here


def _threads(side: str, rows: Sequence[Mapping[str, Any]], done: Done) -> list[str]:
    number = {row["id"]: _number(row) for row in rows}
    return [
        f"{side}: {_number(row)} stands under {number.get(row['root'])}, not {done.roots.get(_number(row))}"
        for row in rows
        if number.get(row["root"]) != done.roots.get(_number(row))
    ]


def _order(side: str, rows: Sequence[Mapping[str, Any]], expected: Mapping[int, Line]) -> list[str]:
    """What each author said stands in the order in which they said it."""
    said: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        line = expected.get(_number(row))
        if line is not None:
            said[line.author].append(line.number)
    return [f"{side}: {author}" for author, numbers in said.items() if numbers != sorted(numbers)]


def _reactions(done: Done, here: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]]) -> list[str]:
    """Here each has their own; there those of our people are one of our account's."""
    names = {picture: name for name, picture in EMOJI.items()}
    wanted_here = {(number, names[EMOJI[emoji]], not mine) for number, _, emoji, mine in done.touched}
    found_here = {(_number(row), names.get(one[1], one[1]), one[2]) for row in here for one in row["reactions"]}
    wanted_there = {(number, emoji, mine) for number, _, emoji, mine in done.touched}
    found_there = {(_number(row), one[1], one[0] == "bridgebot") for row in there for one in row["reactions"]}
    return (
        [f"missing here: {one}" for one in sorted(wanted_here - found_here)]
        + [f"too many here: {one}" for one in sorted(found_here - wanted_here)]
        + [f"missing there: {one}" for one in sorted(wanted_there - found_there)]
        + [f"too many there: {one}" for one in sorted(found_there - wanted_there)]
    )


# How far behind


def lags(
    lines: Sequence[Line], done: Done, shown_here: Mapping[int, float], there: Sequence[Mapping[str, Any]]
) -> dict[str, dict[int, float]]:
    """Seconds from said to shown on the other side, by direction and line."""
    shown_there = {_number(row): row["at"] / 1000 for row in there}
    found: dict[str, dict[int, float]] = {"to Mattermost": {}, "from Mattermost": {}}
    for line in lines:
        shown = (shown_there if line.here else shown_here).get(line.number)
        if shown is not None and line.number in done.said:
            direction = "to Mattermost" if line.here else "from Mattermost"
            found[direction][line.number] = shown - done.said[line.number]
    return found


def whole_again(done: Done, lag: Mapping[int, float]) -> list[float]:
    """For each cut the seconds until nothing said more than three seconds ago waited any more."""
    found = []
    spans = [(done.said[number], done.said[number] + late) for number, late in lag.items()]
    for at, _ in done.cuts:
        moment = begin = at + 2 * SETTLED_SECONDS  # what was said right after the cut is late by then
        while any(said < moment - SETTLED_SECONDS and shown > moment for said, shown in spans):
            moment += 0.25
        found.append(moment - at if moment > begin else 0.0)
    return found


def quiet_lines(done: Done, again: Sequence[float], lag: Mapping[int, float]) -> dict[int, float]:
    """The lags of what was said while nothing was cut, and nothing still waited because of it."""
    spans = [(at - 1.0, at + max(seconds, 1.0) + 1.0) for (at, _), seconds in zip(done.cuts, again, strict=True)]
    return {
        number: late
        for number, late in lag.items()
        if not any(begin <= done.said[number] <= end for begin, end in spans)
    }


def share(values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
