"""Sessions of several stock @codemirror/collab clients around one authority, on a network that loses and repeats.

Called by test_peers.py and in bulk by `python -m tests.editor.sessions --count 1000`. Never looks inside a client: it
decides who acts when, and compares texts when all is quiet.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass, field
from typing import Any, Final

from editor.authority import Accepted, accept, apply_all
from editor.changes import ChangeSet
from editor.units import BadChange, Units, from_units, to_units
from tests.editor.peer import Peer, PeerError

INSERTS: Final = ["a", "b", "c", "\n", "xy", "😀", "\u2028"]
Json = dict[str, Any]


class StepwiseAuthority:
    """Ours: editor.authority, with the log in a list."""

    singly = True

    def __init__(self, peer: Peer, text: Units) -> None:
        self.text = text
        self.log: list[Accepted] = []

    def push(self, client_id: str, version: int, updates: list[Any]) -> None:
        accepted = accept(
            version=len(self.log),
            length=self.log[-1].changes.length_after if self.log else len(self.text),
            missed=self.log[version:],
            base_version=version,
            client_id=client_id,
            pushed=[ChangeSet.from_json(changes) for changes in updates],
        )
        for changes in accepted:
            self.log.append(Accepted(len(self.log) + 1, client_id, changes))

    def since(self, version: int) -> list[Json]:
        return [{"client_id": one.client_id, "changes": one.changes.to_json()} for one in self.log[version:]]


class ComposingAuthority(StepwiseAuthority):
    """A control: the packages' own, which rebases over the composition of what was missed."""

    singly = False

    def __init__(self, peer: Peer, text: Units) -> None:
        super().__init__(peer, text)
        self.peer = peer

    def push(self, client_id: str, version: int, updates: list[Any]) -> None:
        missed = self.since(version)
        for changes in self.peer.ask("rebase", client_id=client_id, updates=updates, missed=missed):
            self.log.append(Accepted(len(self.log) + 1, client_id, ChangeSet.from_json(changes)))


class BundledNews(StepwiseAuthority):
    """Another control: ours, but clients hear of many updates in one call."""

    singly = False


@dataclass(slots=True)
class Client:
    """What the network knows of a client.

    Attributes:
        heard: version it has received.
        edits: transactions it made.
        under_way: its pushes that have not arrived, oldest first.
    """

    index: int
    heard: int = 0
    edits: int = 0
    under_way: list[Json] = field(default_factory=list)

    @property
    def client_id(self) -> str:
        return f"{self.index + 1}-peer"


class Session:
    """One document, some clients, one authority."""

    def __init__(self, peer: Peer, authority: type[StepwiseAuthority], rng: random.Random, text: Units, count: int):
        self.peer, self.rng = peer, rng
        self.authority = authority(peer, text)
        self.clients = [Client(index) for index in range(count)]
        peer.ask("open", doc=from_units(text), clients=[client.client_id for client in self.clients])

    def edit(self, client: Client) -> None:
        rng = self.rng
        edits = []
        for _ in range(rng.choice([1, 1, 1, 2])):
            start, stop = sorted((rng.random(), rng.random()))
            kind = rng.random()
            edits.append([start, start if kind < 0.4 else stop, "" if kind > 0.75 else rng.choice(INSERTS)])
        client.edits += self.peer.ask("edit", client=client.index, edits=edits)

    def push(self, client: Client) -> None:
        push = self.peer.ask("sendable", client=client.index)
        if push["updates"]:
            client.under_way.append(push)

    def arrive(self, client: Client) -> None:
        """The oldest push reaches the authority: once, or again later, or never."""
        if not client.under_way:
            return
        push = client.under_way.pop(0)
        fate = self.rng.random()
        if fate < 0.15:
            return
        if fate < 0.3:
            client.under_way.append(push)
        self.authority.push(client.client_id, **push)

    def hear(self, client: Client, most: int) -> None:
        news = self.authority.since(client.heard)[:most]
        if news:
            self.peer.ask("receive", client=client.index, updates=news, singly=self.authority.singly)
            client.heard += len(news)

    def act(self, client: Client) -> None:
        deed = self.rng.random()
        if deed < 0.4:
            self.edit(client)
        elif deed < 0.6:
            self.push(client)
        elif deed < 0.8:
            self.arrive(client)
        else:
            self.hear(client, self.rng.choice([1, 2, 5]))

    def settle(self) -> None:
        """Everything under way arrives, everybody hears everything and has nothing left to say."""
        for _ in range(2):
            for client in self.clients:
                while client.under_way:
                    self.authority.push(client.client_id, **client.under_way.pop(0))
                self.hear(client, len(self.authority.log))
                self.push(client)
        for client in self.clients:
            self.hear(client, len(self.authority.log))

    def failure(self) -> str:
        """What is wrong in the end; "" when all hold the text that the log gives, with every edit in it once."""
        texts = self.peer.ask("texts")
        told = f"{texts}, log {self.authority.since(0)}"
        if len(set(texts)) > 1:
            return f"texts differ: {told}"
        if from_units(apply_all(self.authority.text, (one.changes for one in self.authority.log))) != texts[0]:
            return f"the log gives another text: {told}"
        for client in self.clients:
            if sum(one.client_id == client.client_id for one in self.authority.log) != client.edits:
                return f"{client.client_id} made {client.edits} edits: {told}"
        return ""


def play(peer: Peer, authority: type[StepwiseAuthority], seed: int, *, doc: str = "12345", steps: int = 40) -> str:
    """A session of three clients; answers what went wrong, or ""."""
    session = Session(peer, authority, random.Random(seed), to_units(doc), 3)
    try:
        for _ in range(steps):
            session.act(session.rng.choice(session.clients))
        session.settle()
        return session.failure()
    except (BadChange, PeerError) as refused:
        return f"refused: {refused}, log {session.authority.since(0)}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Play sessions of three clients and count those that go wrong.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with Peer() as peer:
        for authority in (StepwiseAuthority, ComposingAuthority, BundledNews):
            failed = sum(bool(play(peer, authority, options.seed + index)) for index in range(options.count))
            print(f"{authority.__name__}: {failed} of {options.count} sessions went wrong.")
            if authority is StepwiseAuthority and failed:
                sys.exit(1)


if __name__ == "__main__":
    main()
