"""Records a session of three people who type into one text at once, with the stock @codemirror/collab.

Run as `python -m tests.editor.record` to write tests/editor/recorded.json anew; the end of the recording is the text
that CodeMirror's own clients have. Never called by the tests.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

from editor.units import to_units
from tests.editor.peer import Peer
from tests.editor.sessions import StepwiseAuthority

RECORDED: Final = Path(__file__).parent / "recorded.json"
SEED: Final = 20261122
START: Final = "# Opening times\n"
WORDS: Final = [
    "def is_open(day, hour):\n    if day == 'sunday':\n        return False\n    return 8 <= hour < 18\n",
    "# The shop closes at six, on Sundays it stays shut.\n# Öffnungszeiten: see the door.\n",
    "assert is_open('monday', 9)\nassert not is_open('sunday', 9)\nprint('fine — all open')\n",
]
"""What each of them has in mind; they type it again and again."""
EDITS: Final = 600


class Recorder:
    """The session: everybody's edits reach the authority at once, and the others some time later."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.rng = peer, random.Random(SEED)
        self.authority = StepwiseAuthority(peer, to_units(START))
        self.authors: list[int] = []
        self.heard = [0] * len(WORDS)
        self.typed = [0] * len(WORDS)
        self.carets = [len(START)] * len(WORDS)
        self.edits: list[dict[str, Any]] = []
        peer.ask("open", doc=START, clients=[f"{number}-recorded" for number in range(len(WORDS))])

    def type(self, author: int) -> None:
        """The next letter at the caret; now and then the last one is taken back, or the caret goes elsewhere."""
        length = len(self.peer.ask("texts")[author])
        caret = max(0, min(self.carets[author], length))
        if self.rng.random() < 0.02:
            caret = self.rng.randrange(length + 1)
        gone = min(caret, self.rng.choice([1, 1, 4])) if self.rng.random() < 0.1 else 0
        word = WORDS[author]
        new = "" if gone else word[self.typed[author] % len(word)]
        self.typed[author] += len(new)
        start, stop = ((place + 0.5) / (length + 1) for place in (caret - gone, caret))
        assert self.peer.ask("edit", client=author, edits=[[start, stop, new]])
        self.carets[author] = caret - gone + len(new)
        known = self.parents(author)
        self.edits.append({"parents": known, "agent": author, "patches": [[caret - gone, gone, new]]})
        self.authors.append(author)
        self.authority.push(f"{author}-recorded", **self.peer.ask("sendable", client=author))

    def parents(self, author: int) -> list[int]:
        """The last edit of each that the author knows; of his own, the last that he made."""
        known = [*enumerate(self.authors[: self.heard[author]])]
        known += [(index, other) for index, other in enumerate(self.authors) if other == author]
        return sorted({other: index for index, other in known}.values())

    def hear(self, author: int) -> None:
        """What the others did, as far as the network has brought it."""
        news = self.authority.since(self.heard[author])
        some = news[: len(news) if self.rng.random() < 0.3 else self.rng.randrange(len(news) + 1)]
        for update in some:
            before = self.peer.ask("texts")[author]
            self.peer.ask("receive", client=author, updates=[update], singly=True)
            after = self.peer.ask("texts")[author]
            # What others write in front of a caret moves it.
            if not after.startswith(before[: self.carets[author]]):
                self.carets[author] += len(after) - len(before)
        self.heard[author] += len(some)

    def end(self) -> str:
        """The text that all of them have when everything has come."""
        for author in range(len(WORDS)):
            self.peer.ask("receive", client=author, updates=self.authority.since(self.heard[author]), singly=True)
        (text,) = set(self.peer.ask("texts"))
        return str(text)


def main() -> None:
    with Peer() as peer:
        recorder = Recorder(peer)
        for _ in range(EDITS):
            author = recorder.rng.randrange(len(WORDS))
            for _ in range(recorder.rng.choice([0, 0, 1])):
                recorder.hear(author)
            recorder.type(author)
        told = {"startContent": START, "endContent": recorder.end(), "numAgents": len(WORDS)}
    lines = ",\n".join(json.dumps(edit, ensure_ascii=False, separators=(",", ":")) for edit in recorder.edits)
    head = json.dumps(told, ensure_ascii=False)[:-1]
    RECORDED.write_text(f'{head}, "txns": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
