"""Random change sets on random documents, through our algebra and through @codemirror/state: the answers are equal.

Called by test_peers.py with a fixed seed, and in bulk by `python -m tests.editor.fuzz --cases 100000 --seed 1`.
Never stops at a difference without naming the case that shows it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from editor.changes import ChangeSet, MapMode
from editor.merging import KEEP, Builder
from editor.units import Units, from_units, to_units
from tests.editor.peer import Peer

ALPHABET = [*"ab c\t", "\n", "\n", "é", "漢", "\u2028", "\u0085", "😀", "𝒳", "👩‍💻"]
INSERTS = ["x", "y", "z", "xy", "\n", "two\nlines", "😀", "𝒳y", "\u2028", "0123456789"]


def random_text(rng: random.Random, most: int) -> Units:
    return to_units("".join(rng.choices(ALPHABET, k=rng.randrange(most + 1))))


def cuts(text: Units) -> list[int]:
    """Where a text may be cut: never within a character."""
    return [at for at in range(len(text) + 1) if at == len(text) or not "\udc00" <= text[at] <= "\udfff"]


def random_change(rng: random.Random, text: Units) -> ChangeSet:
    """Any change set in canonical form: far more of them than anybody's hands would make."""
    places, builder = cuts(text), Builder()
    changes = rng.choice([0.15, 0.5, 0.9])
    at = 0
    while at < len(places) - 1:
        to = min(len(places) - 1, at + rng.choice([1, 1, 2, 3, 8]))
        size, kind = places[to] - places[at], rng.random()
        new = to_units(rng.choice(INSERTS))
        if kind > changes:
            builder.add(size, KEEP)
        elif kind > changes * 0.6:
            builder.add(0, len(new), new)
            to = at
        elif kind > changes * 0.3:
            builder.add(size, 0)
        else:
            builder.add(size, len(new), new)
        at = to
    if rng.random() < changes:
        builder.add(0, 1, "!")
    return ChangeSet(*builder.parts(), len(text), length_after(builder))


def length_after(builder: Builder) -> int:
    pairs = zip(builder.sections[::2], builder.sections[1::2], strict=True)
    return sum(size if added == KEEP else added for size, added in pairs)


def random_case(rng: random.Random, most: int = 24) -> dict[str, Any]:
    text = random_text(rng, most)
    a, b = random_change(rng, text), random_change(rng, text)
    c = random_change(rng, a.apply(text))
    return {"doc": from_units(text), "a": a.to_json(), "b": b.to_json(), "c": c.to_json()}


def examine(case: dict[str, Any]) -> dict[str, Any]:
    """Our answers to what frontend/fuzz/algebra.mjs answers."""
    text = to_units(case["doc"])
    a, b, c = (ChangeSet.from_json(case[name]) for name in "abc")
    after = a.apply(text)
    return {
        "applied": from_units(after),
        "length": a.length_after,
        "inverted": a.invert(text).to_json(),
        "composed": a.compose(c).to_json(),
        "mapped": a.map(b, before=False).to_json(),
        "mapped_before": a.map(b, before=True).to_json(),
        "positions": mapped(a),
    }


def mapped(changes: ChangeSet) -> list[list[int | None]]:
    length = changes.length_before
    positions = [*range(0, length, max(1, length // 12)), length]
    return [
        [position, *(changes.map_pos(position, assoc, mode) for mode in MapMode for assoc in (-1, 1))]
        for position in positions
    ]


def differences(peer: Peer, cases: int, seed: int) -> Iterator[tuple[dict[str, Any], Any, Any]]:
    """Cases in which the two disagree, each with our answer and theirs."""
    rng = random.Random(seed)
    for _ in range(0, cases, 64):
        some = [random_case(rng) for _ in range(64)]
        for case, theirs in zip(some, peer.ask_all({"op": "examine", **case} for case in some), strict=True):
            ours = examine(case)
            if ours != theirs:
                yield case, ours, theirs
            for name in ("inverted", "composed", "mapped", "mapped_before"):
                assert ChangeSet.from_json(theirs[name]).to_json() == theirs[name], (case, name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the algebra with @codemirror/state on random change sets.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with Peer() as peer:
        found = next(differences(peer, options.cases, options.seed), None)
    if found:
        case, ours, theirs = (json.dumps(value, ensure_ascii=False) for value in found)
        sys.exit(f"They differ.\ncase   {case}\nours   {ours}\ntheirs {theirs}")
    print(f"{options.cases} cases with seed {options.seed}: all equal, in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
