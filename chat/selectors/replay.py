"""What the log of a room tells from its oldest event on, as somebody would know it who had heard everything.

Called by the integrity check. Never looks at chat's tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import msgspec

from chat import events
from chat.selectors.views import room_topic
from chat.shapes import BesideView, CardView, MessageView, RunView, ThreadView
from chat.shapes.runs import ENDED
from realtime import log, protocol

PAGE_EVENTS: Final = 1_000


class _Frame(msgspec.Struct):
    type: str
    seq: int
    data: msgspec.Raw


@dataclass(slots=True)
class Replay:
    """The room as the log tells it.

    Attributes:
        place: seq of the event that told each message.
        body: last text of each message; empty once it is deleted.
        growing: answers that are being written; their text grows in the table, and the log hears of it at the end.
        files: the files of each message that has some, and whether a moderator took them away.
        beside: what the author of a message had open, of those that are there.
        cards: what messages carry besides their words.
        threads: last figures of each thread; None when it has no replies left.
        members: roles by person.
        faults: a sentence for each event that contradicts those before it.
    """

    place: dict[UUID, int] = field(default_factory=dict)
    body: dict[UUID, str] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)
    growing: set[UUID] = field(default_factory=set)
    files: dict[UUID, dict[UUID, bool]] = field(default_factory=dict)
    beside: dict[UUID, BesideView] = field(default_factory=dict)
    cards: dict[UUID, CardView] = field(default_factory=dict)
    threads: dict[UUID, ThreadView | None] = field(default_factory=dict)
    reactions: set[tuple[UUID, int, str]] = field(default_factory=set)
    members: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, seq: int, event: protocol.Event) -> None:
        """Goes on by one event."""
        message = getattr(event, "message", None)
        if isinstance(message, MessageView):
            self._take_message(seq, message)
        match event:
            case events.MessageCreated(thread=ThreadView() as thread) if event.message.thread_root is not None:
                self.threads[event.message.thread_root] = thread
            case events.MessageEdited() | events.MessageDeleted():
                self._take_change(seq, event)
            case events.RunChanged():
                self.body[event.message] = event.body
                self._take_run(event.message, event.run)
            case events.CardChanged():
                self.body[event.message] = event.body
                self.cards[event.message] = event.card
            case events.AttachmentBlocked():
                self.files.setdefault(event.message, {})[event.attachment] = True
            case events.ReactionAdded():
                self.reactions.add((event.message, event.user, event.emoji))
            case events.ReactionRemoved():
                self.reactions.discard((event.message, event.user, event.emoji))
            case _:
                self._take_member(event)

    def _take_member(self, event: protocol.Event) -> None:
        match event:
            case events.MemberJoined():
                self.members[event.member.person.id] = event.member.role
            case events.RoleChanged():
                self.members[event.user] = event.role
            case events.MemberLeft() | events.MemberRemoved():
                self.members.pop(event.user, None)

    def _take_message(self, seq: int, message: MessageView) -> None:
        if message.seq != seq or message.id in self.place:
            self.faults.append(f"event {seq} tells message {message.seq} ({message.id}), or tells it again.")
        self.place[message.id] = seq
        self.body[message.id] = message.body
        if message.run is not None:
            self._take_run(message.id, message.run)
        if message.card is not None:
            self.cards[message.id] = message.card
        if message.attachments:
            self.files[message.id] = {one.id: one.blocked for one in message.attachments}
        if message.beside is not None:
            self.beside[message.id] = message.beside

    def _take_run(self, message_id: UUID, run: RunView) -> None:
        (self.growing.discard if run.state in ENDED else self.growing.add)(message_id)

    def _take_change(self, seq: int, event: events.MessageEdited | events.MessageDeleted) -> None:
        if self.place.get(event.id, event.message_seq) != event.message_seq:
            self.faults.append(f"event {seq} changes message {event.message_seq}, which is another one.")
        if isinstance(event, events.MessageEdited):
            self.body[event.id] = event.body
            return
        self.body[event.id] = ""
        self.beside.pop(event.id, None)
        self.files.pop(event.id, None)
        self.cards.pop(event.id, None)
        self.deleted.add(event.id)
        if event.thread_root is not None:
            self.threads[event.thread_root] = event.thread


def replay_room(room_id: int, oldest: int) -> Replay:
    """The room's log from `oldest` on; what does not decode is told as a fault."""
    replayed = Replay()
    kinds = protocol.events()
    after = oldest - 1
    while entries := log.read(room_topic(room_id), after, PAGE_EVENTS):
        for entry in entries:
            try:
                frame = msgspec.json.decode(entry.frame, type=_Frame)
                event = msgspec.json.decode(frame.data, type=kinds[frame.type])
            except (msgspec.DecodeError, KeyError) as error:
                replayed.faults.append(f"event {entry.seq} cannot be read: {error}.")
            else:
                replayed.take(entry.seq, event)
        after = entries[-1].seq
    return replayed
