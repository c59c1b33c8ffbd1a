"""The goals and how a run stands to them, in sentences.

Called by bench.report.
Never measures; a goal that cannot be judged (a peer was left out) is said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass

Medians = dict[tuple[str, str], dict[str, float]]
"""(subject, case) -> figure -> median; a case is `N/window`, `first`, `again` or ``."""


@dataclass(frozen=True)
class Goal:
    """`subject`'s figure against a fixed limit, or against `times` the same figure of a peer.

    Attributes:
        most: True: the figure must not be above; False: not below.
        peer: "" for a fixed limit.
    """

    subject: str
    case: str
    figure: str
    most: bool
    limit: float
    unit: str
    peer: str = ""

    def verdict(self, medians: Medians) -> tuple[str, str, str, str]:
        """(what, goal, measured, met or missed by how much)."""
        what = f"{self.subject}{' ' if self.case else ''}{self.case}: {self.figure.replace('_', ' ')}"
        sign = "≤" if self.most else "≥"
        goal = f"{sign} {self.limit:g} × {self.peer}" if self.peer else f"{sign} {self.limit:g} {self.unit}"
        mine = medians.get((self.subject, self.case), {}).get(self.figure)
        theirs = medians.get((self.peer, self.case), {}).get(self.figure) if self.peer else 1.0
        if not mine or not theirs:
            return what, goal, "–", "not measured in this run"
        value = mine / theirs
        measured = f"{value:.2f} ×" if self.peer else f"{value:,.4g} {self.unit}"
        excess = value / self.limit if self.most else self.limit / value
        if excess <= 1:
            return what, goal, measured, "met"
        miss = f"missed by {100 * (excess - 1):.0f} %" if self.most else f"missed: {100 / excess:.0f} % of it"
        return what, goal, measured, f"**{miss}**"


BUSY = "4"
"""The number of messages in flight that the fan-out goals were set at: a room with a few people writing at once."""

_CPU = "cpu_us_per_delivery"
_RATE = "deliveries_per_second"


def fanout_goals(sizes: list[int]) -> list[Goal]:
    """Fan-out in one room."""
    found = []
    for case in (f"{size}/{BUSY}" for size in sizes):
        found += [
            Goal("ours", case, _CPU, True, 3, "µs"),
            Goal("ours", case, _RATE, False, 300_000, "/s"),
            Goal("ours", case, _CPU, True, 1.2, "", "uws"),
            Goal("ours", case, _CPU, True, 0.4, "", "ws"),
            Goal("ours", case, _CPU, True, 0.3, "", "socketio"),
            Goal("ours-daphne", case, _CPU, True, 6, "µs"),
            Goal("ours-daphne", case, _CPU, True, 1.0, "", "ws"),
        ]
    # The plain consumer is compared with one message in flight: more only wait there.
    for size, times in ((50, 40), (2000, 250)):
        if size in sizes:
            found.append(Goal("ours", f"{size}/1", _CPU, True, 1 / times, "", "tutorial"))
    return found


def connect_goals() -> list[Goal]:
    """Connects a second on one core."""
    return [
        Goal("ours", "first", "connects_per_second", False, 1000, "/s"),
        Goal("ours", "again", "connects_per_second", False, 4000, "/s"),
        Goal("ours-daphne", "again", "connects_per_second", False, 1000, "/s"),
    ]


def idle_goals() -> list[Goal]:
    """Memory of an idle socket."""
    return [
        Goal("ours", "", "kib_per_socket", True, 12, "KiB"),
        Goal("ours-daphne", "", "kib_per_socket", True, 30, "KiB"),
    ]


def keystroke_goals() -> list[Goal]:
    """From a keystroke to the others' screens; ours is stored before that, theirs is not."""
    found = []
    for peer in ("hocuspocus", "y-websocket"):
        found += [
            Goal("ours", "", "delivery_p50_ms", True, 1.0, "", peer),
            Goal("ours", "", "delivery_p99_ms", True, 1.5, "", peer),
            Goal("ours-relay", "", "delivery_p50_ms", True, 0.7, "", peer),
            Goal("ours-relay", "", "delivery_p99_ms", True, 1.0, "", peer),
            Goal("ours-daphne", "", "delivery_p99_ms", True, 2.0, "", peer),
        ]
    return found


def push_goals() -> list[Goal]:
    """Edits of one document, ours on disk, ShareDB's in memory. The absolute ones are for each kind of push."""
    rate = "edits_per_second"
    return [
        *(Goal("ours", f"{clients}/1", rate, False, 2.0, "", "sharedb") for clients in (1, 4, 16, 64)),
        *(Goal("ours", case, rate, False, 5_000, "/s") for case in ("64/1", "64/16")),
        *(Goal("ours-postgres", case, rate, False, 3_000, "/s") for case in ("64/1", "64/16")),
        *(Goal("ours", case, rate, False, 10_000, "/s") for case in ("4/1", "4/64")),
    ]


def open_goals() -> list[Goal]:
    """Opening a document costs its tail, not its past: a hundred times the past may not be felt."""
    return [
        Goal(f"{name}-long", case, "open_p50_ms", True, 1.25, "", name)
        for name in ("ours", "ours-postgres")
        for case in ("cold", "warm")
    ]


def send_goals() -> list[Goal]:
    """Stored messages through the whole product."""
    return [
        Goal("ours", "", "acks_per_second", False, 1800, "/s"),
        Goal("ours", "", "ack_p99_ms", True, 100, "ms"),
        Goal("ours-postgres", "", "acks_per_second", False, 850, "/s"),
        Goal("ours-postgres", "", "ack_p99_ms", True, 100, "ms"),
    ]
