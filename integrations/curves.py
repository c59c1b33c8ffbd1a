"""Small curves of figures as paths of SVG, for pages that draw without a script.

Called by the back office. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600
HEIGHT: Final = 100
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Curve:
    """One line and the area below it, in a box of WIDTH by HEIGHT whose top is `top`."""

    line: str
    area: str
    top: float


def curve(values: Sequence[float], *, top: float = 0) -> Curve:
    """Figures from left to right, from nought up.

    Args:
        values: at equal distances.
        top: the highest that fits; the highest of the figures, if that is more.
    """
    highest = max([top, *values, 1])
    step = WIDTH / max(len(values) - 1, 1)
    points = [f"{at * step:.1f} {HEIGHT - value / highest * HEIGHT:.1f}" for at, value in enumerate(values)]
    line = "M" + " L".join(points) if points else ""
    area = f"{line} L{WIDTH} {HEIGHT} L0 {HEIGHT}Z" if points else ""
    return Curve(line, area, highest)


def round_top(value: float) -> int:
    """A round figure that is not below: 1, 2, 5, 10, 20, 50…"""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= value:
                return step * power
        power *= 10
