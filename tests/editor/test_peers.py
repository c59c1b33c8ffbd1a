"""Held to the browser: @codemirror/state on random change sets, @codemirror/collab in sessions on a bad network."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from editor.units import to_units
from tests.editor.fuzz import differences
from tests.editor.peer import FRONTEND, Peer, node
from tests.editor.sessions import BundledNews, ComposingAuthority, StepwiseAuthority, play

SEED = 20261122
SESSIONS = 150


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


def exactly(at: int, to: int, length: int, insert: str) -> list[Any]:
    """An edit for `Peer`, whose positions are fractions of the document."""
    return [(at + 0.5) / (length + 1), (to + 0.5) / (length + 1), insert]


def test_codemirror_gives_the_same_answers(peer: Peer) -> None:
    assert list(differences(peer, 2_000, SEED)) == []


def test_the_vectors_are_those_of_the_installed_package() -> None:
    script = FRONTEND / "fuzz" / "vectors.mjs"
    printed = subprocess.run([node(), str(script), "--print"], capture_output=True, check=True, timeout=60).stdout

    assert printed == (Path(__file__).parent / "vectors.json").read_bytes()


def meet_at_730(peer: Peer, authority_class: type[StepwiseAuthority]) -> list[str]:
    """A inserts at 1; meanwhile B deletes from 1 to 3, then inserts at 1, and is heard first."""
    peer.ask("open", doc="730", clients=["1-a", "2-b"])
    authority = authority_class(peer, to_units("730"))
    peer.ask("edit", client=0, edits=[exactly(1, 1, 3, "x")])
    in_flight = peer.ask("sendable", client=0)
    peer.ask("edit", client=1, edits=[exactly(1, 3, 3, "")])
    peer.ask("edit", client=1, edits=[exactly(1, 1, 1, "c")])

    authority.push("2-b", **peer.ask("sendable", client=1))
    authority.push("1-a", **in_flight)
    for client in (0, 1):
        peer.ask("receive", client=client, updates=authority.since(0), singly=authority.singly)

    return peer.ask("texts")


def test_two_people_meet_at_730(peer: Peer) -> None:
    assert meet_at_730(peer, StepwiseAuthority) == ["7cx", "7cx"]


def test_stock_clients_end_in_one_text_with_every_edit_once(peer: Peer) -> None:
    failures = [failure for seed in range(SESSIONS) if (failure := play(peer, StepwiseAuthority, SEED + seed))]

    assert failures == []


@pytest.mark.parametrize("authority", [ComposingAuthority, BundledNews])
def test_sessions_without_the_one_at_a_time_rule_drift_apart(peer: Peer, authority: type[StepwiseAuthority]) -> None:
    failures = [failure for seed in range(SESSIONS) if (failure := play(peer, authority, SEED + seed))]

    assert failures, "the sessions are too tame to tell a wrong authority from a right one"
    assert any(failure.startswith("texts differ") for failure in failures), "some are refused, others drift in silence"
