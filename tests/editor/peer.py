"""The npm packages as a process to talk to: what the browser would make of a change.

Called by the tests of the algebra and the authority. Never mocks anything: the answers are CodeMirror's own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
PACKAGE = FRONTEND / "node_modules" / "@codemirror" / "collab"
AT_ONCE = 64
"""Requests on their way at once; few enough that neither side waits with a full pipe."""


def node() -> str:
    """Node's path; bin/test has set up the packages before any test runs."""
    found = shutil.which("node")
    assert found, "these tests need Node; bin/test says which"
    assert PACKAGE.is_dir(), "the frontend's packages are not installed: npm --prefix frontend ci"
    return found


class PeerError(Exception):
    """The packages threw."""


class Peer:
    """The process behind frontend/fuzz/peer.mjs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(FRONTEND / "fuzz" / "peer.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=30)

    def ask(self, op: str, **request: Any) -> Any:
        """The answer to one request."""
        return next(self.ask_all([{"op": op, **request}]))

    def ask_all(self, requests: Iterable[dict[str, Any]]) -> Iterator[Any]:
        """The answers to many, in order."""
        source = iter(requests)
        reader, writer = self._process.stdout, self._process.stdin
        assert reader
        assert writer
        while some := list(islice(source, AT_ONCE)):
            writer.write("".join(f"{json.dumps(request, separators=(',', ':'))}\n" for request in some))
            writer.flush()
            for request in some:
                answer = json.loads(reader.readline())
                if "error" in answer:
                    raise PeerError(f"{answer['error']}: {json.dumps(request)}")
                yield answer["ok"]
