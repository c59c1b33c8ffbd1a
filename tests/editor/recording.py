"""Recorded editing sessions: who did what to a text, and what each had seen of the others then.

Called by the replay, in the tests and as a command. The format is that of josephg/editing-traces, as `.json` or
`.json.gz`: transactions in an order in which they can have been stored. Pure: never touches a server.
"""

from __future__ import annotations

import bisect
import gzip
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PUSH_EDITS: Final = 200
"""Most new edits of one push; some of those before may be repeated in it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an author did at once.

    Attributes:
        author: index of who did it.
        sees: so many of the recording's edits were known at that moment, besides the author's own.
        patches: (position, deleted, inserted), each on the text after the one before.
    """

    author: int
    sees: int
    patches: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """The edits in an order in which they can have been stored."""

    authors: int
    start: str
    end: str
    edits: tuple[Edit, ...]

    def turns(self) -> Iterator[tuple[Edit, ...]]:
        """What one author did between two edits of others, as pushes."""
        for _, turn in itertools.groupby(self.edits, lambda edit: edit.author):
            while some := tuple(itertools.islice(turn, PUSH_EDITS)):
                yield some


def read(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        ValueError: it cannot be replayed in the order of the file; the text says which edit is in the way.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        told = json.load(file)
    edits = told["txns"]
    if any(ord(letter) > 0xFFFF for edit in edits for patch in edit["patches"] for letter in patch[2]):
        raise ValueError("positions of recordings count characters: those beyond the basic plane are not supported")
    authors = [edit.get("agent", 0) for edit in edits]
    seen = _seen(authors, [edit.get("parents", [index - 1] if index else []) for index, edit in enumerate(edits)])
    return Recording(
        authors=max(authors, default=0) + 1,
        start=told.get("startContent", ""),
        end=told["endContent"],
        edits=tuple(
            Edit(author, sees, tuple((at, gone, new) for at, gone, new in edit["patches"]))
            for author, sees, edit in zip(authors, seen, edits, strict=True)
        ),
    )


def _seen(authors: Sequence[int], parents: Sequence[Sequence[int]]) -> Iterator[int]:
    """How far in the order of the file each edit's author had read; he had read everything up to there."""
    places: list[list[int]] = [[] for _ in range(max(authors, default=0) + 1)]
    known: list[list[int]] = []
    for index, author in enumerate(authors):
        past = [known[parent] for parent in parents[index]] or [[0] * len(places)]
        counts = [max(column) for column in zip(*past, strict=True)]
        others = [other for other in range(len(places)) if other != author]
        sees = max((places[other][counts[other] - 1] + 1 for other in others if counts[other]), default=0)
        if any(bisect.bisect_left(places[other], sees) != counts[other] for other in others):
            raise ValueError(f"edit {index} was made without an edit that stands before one it was made on")
        if counts[author] != len(places[author]):
            raise ValueError(f"edit {index} was made without an earlier one of its own author")
        yield sees
        places[author].append(index)
        counts[author] += 1
        known.append(counts)
