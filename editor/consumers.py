"""One socket for one open document: each handler translates one command into one service.

Called by collab.routing through BaseConsumer. Never decides and never touches the ORM; what is pushed goes through the
line of the document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

from editor import carets, events, line, selectors, services
from editor.authority import PUSH_BYTES, PUSH_UPDATES
from editor.changes import DOCUMENT_UNITS, ChangeSet
from editor.selectors import Opening, document_topic
from editor.services import DocumentChange, Push
from editor.shapes import Caret, Range, SuggestionView
from editor.units import BadChange, TooLarge
from realtime import protocol, threads
from realtime.consumers import BaseConsumer, command
from realtime.hub import hub
from realtime.middleware import Receive, Scope, Send
from realtime.protocol import Ack, Command, Refused, TopicState
from realtime.ratelimit import Limit

SHELL_BYTES: Final = 8_192
"""Of a frame, around the updates of a push."""
QUICK_BYTES: Final = 4_096
"""Parsed in a quarter of a millisecond; what is longer is parsed off the loop."""
JOIN_TRIES: Final = 3


def parse_updates(updates: Sequence[Raw]) -> list[ChangeSet]:
    """The change sets of a push.

    Raises:
        Refused: bad_change or too_large.
    """
    try:
        return [ChangeSet.from_json(msgspec.json.decode(raw)) for raw in updates]
    except TooLarge as error:
        raise Refused("too_large", f"This is too much: {error.reason}.", field="updates") from error
    except BadChange as error:
        raise Refused("bad_change", f"That is no change of this document: {error.reason}.") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("bad_change", "That is no change of this document.") from error


class DocumentConsumer(BaseConsumer):
    """A document: join, push, pull, carets, language. It hears its document and, silently, its room."""

    frame_bytes: ClassVar[int] = PUSH_BYTES + SHELL_BYTES
    is_presence: ClassVar[bool] = False  # the page's other socket knows whether somebody sits there
    unread_bytes: ClassVar[int] = 16 * 1_048_576  # the largest text is 6 MiB of JSON
    rate_limits: ClassVar[dict[type[Command], Limit]] = {
        events.PushUpdates: Limit(burst=90, per_second=30),
        events.MoveCursor: Limit(burst=60, per_second=20),
        events.JoinDocument: Limit(burst=30, per_second=2),
        events.PullUpdates: Limit(burst=30, per_second=2),
        events.SetLanguage: Limit(burst=10, per_second=0.5),
        events.DecideSuggestion: Limit(burst=20, per_second=2),
        events.RevertUpdates: Limit(burst=5, per_second=0.2),
    }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the socket; when it ends, its caret goes."""
        self._document_id: int = scope["url_route"]["kwargs"]["document_id"]
        self._topic = document_topic(self._document_id)
        self._room = ""
        self._client_id = ""
        self._opening: Opening | None = None
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def authorize(self, topics: Collection[str]) -> set[str]:
        """Nothing is subscribed here: the document is joined."""
        return set()

    def dropped(self, topic: str) -> None:
        """Whoever is taken out of the room hears nothing more of its documents."""
        if topic == self._room:
            self.close_errors = {**self.close_errors, 4403: "not_member"}
            hub.close(self.socket, 4403, "You were removed from this room.")

    async def _run(self, envelope: protocol.Envelope) -> Any:
        if envelope.topic and envelope.topic != self._topic:
            raise Refused("invalid", f"This socket is for {self._topic}.", field="topic")
        return await super()._run(envelope)

    # Topics are not for the client to choose: without the room's, a revocation would not be heard.

    @command(protocol.Subscribe)
    async def subscribe(self, command: protocol.Subscribe, topic: str) -> dict[str, TopicState]:
        """No command of this socket."""
        raise Refused("unknown_type", "This socket hears its document only; join it.")

    @command(protocol.Unsubscribe)
    async def unsubscribe(self, command: protocol.Unsubscribe, topic: str) -> Ack:
        """No command of this socket."""
        raise Refused("unknown_type", "This socket hears its document only; close it.")

    # Opening

    @command(events.JoinDocument)
    async def join(self, command: events.JoinDocument, topic: str) -> events.Joined:
        """document.join: listen first, then read rights and text, then let what follows through."""
        if not command.client_id.startswith(f"{self.user.pk}-"):
            raise Refused("forbidden", "A client id begins with one's own number.", field="client_id")
        opening, mode = await self._enter(command.version, command.digest)
        if self._client_id != command.client_id:
            self._leave()
        # Without the text, which would be held as often as the document is open.
        self._client_id, self._opening = command.client_id, replace(opening, text=None)
        asyncio.get_running_loop().call_soon(hub.catch_up, self.socket)
        return events.Joined(
            mode=mode,
            version=opening.version,
            document=opening.document,
            can_edit=opening.can_edit,
            people=self._people(command.client_id, opening),
        )

    async def _look(self, version: int | None, digest: int | None = None) -> Opening:
        """Reads the rights, and the text where it is needed; a document that is gone for this person ends the socket.

        Raises:
            Refused: not_found or gone.
        """
        try:
            return await self.read(
                selectors.open_document, document_id=self._document_id, version=version, digest=digest
            )
        except Refused as refused:
            hub.close(self.socket, 4404, refused.message)
            raise

    async def _listen(self) -> None:
        """Attaches to the document and its room, still silent.

        Raises:
            Refused: not_found.
        """
        room_id = await threads.read(selectors.room_of, document_id=self._document_id)
        if room_id is None:
            refused = Refused("not_found")
            hub.close(self.socket, 4404, refused.message)
            raise refused
        self._room = f"room:{room_id}"
        wanted = [self._topic, self._room]
        await hub.attach(self.socket, [name for name in wanted if name not in self.socket.feeds])

    async def _enter(self, version: int | None, digest: int | None) -> tuple[Opening, str]:
        await self._listen()
        for _ in range(JOIN_TRIES):
            opening = await self._look(version, digest)
            after = opening.version if opening.text is not None or version is None else version
            self._heed(opening)
            state = hub.activate(self.socket, self._topic, after)
            # The hub may have gone on so far meanwhile that it no longer replays from there.
            if state.mode == "resume" or state.head <= after:
                break
            version = None
        else:
            raise Refused("conflict", "The document changes too fast. Try again.", retry_after=1.0)
        if opening.text is not None:
            self._send_snapshot(opening, opening.text)
        return opening, "resume" if opening.text is None else "snapshot"

    def _send_snapshot(self, opening: Opening, text: str) -> None:
        snapshot = events.DocumentSnapshot(
            version=opening.version,
            text=text,
            name=opening.document.name,
            language=opening.document.language,
            read_only=opening.document.read_only,
            people=self._people("", opening),
        )
        data = protocol.encode(snapshot)
        self.socket.push_anyway(protocol.event_frame(topic=self._topic, event_type=snapshot.type, data=data))

    def _heed(self, opening: Opening) -> None:
        """Who is here, and where, is for the members of the room; the text is for whoever may see it."""
        self.socket.unheard = frozenset() if opening.is_member else frozenset({events.CursorMoved.type})

    def _people(self, client_id: str, opening: Opening) -> list[Caret]:
        """See `_heed`."""
        return carets.of(self._document_id, but=client_id) if opening.is_member else []

    # Editing

    def _joined(self) -> Opening:
        if self._opening is None:
            raise Refused("invalid", "Join the document first.")
        return self._opening

    @command(events.PushUpdates)
    async def push(self, command: events.PushUpdates, topic: str) -> events.Pushed:
        """document.push"""
        opening, updates = self._joined(), command.updates
        if not 0 < len(updates) <= PUSH_UPDATES:
            raise Refused("too_large" if updates else "invalid", f"1 to {PUSH_UPDATES} updates.", field="updates")
        if command.selection is not None:
            carets.check_ranges(command.selection, length=DOCUMENT_UNITS)
        size = sum(memoryview(raw).nbytes for raw in updates)
        if size > PUSH_BYTES:
            raise Refused("too_large", f"A push has at most {PUSH_BYTES:,} bytes.", field="updates")
        changes = parse_updates(updates) if size <= QUICK_BYTES else await threads.compute(parse_updates, updates)
        push = Push(actor=self.user, client_id=self._client_id, version=command.version, changes=changes)
        pushed = await line.submit(self._document_id, push)
        # Where others wrote meanwhile the selection would have to be moved; its next move comes soon enough.
        if command.selection and pushed.version == command.version + len(changes):
            self._show(opening, pushed.version, command.selection)
        return pushed

    @command(events.PullUpdates)
    async def pull(self, command: events.PullUpdates, topic: str) -> events.Pushed:
        """document.pull: rights are read again, and everything after the version goes out again."""
        self._joined()
        opening = await self._look(command.version)
        if opening.text is not None:
            raise Refused("unknown_version", "Join again: these edits are no longer replayed.", field="version")
        self._opening = opening
        self._heed(opening)
        hub.activate(self.socket, self._topic, command.version)
        asyncio.get_running_loop().call_soon(hub.catch_up, self.socket)
        return events.Pushed(version=opening.version)

    @command(events.SetLanguage)
    async def set_language(self, command: events.SetLanguage, topic: str) -> Ack:
        """document.set_language"""
        self._joined()
        change = DocumentChange(language=command.language)
        await self.write(services.update_document, document_id=self._document_id, change=change)
        return Ack()

    @command(events.RevertUpdates)
    async def revert(self, command: events.RevertUpdates, topic: str) -> events.Reverted:
        """document.revert"""
        self._joined()
        return await self.write(
            services.revert_updates,
            document_id=self._document_id,
            run=command.run,
            author_id=command.author,
            since=command.since,
            cid=command.cid,
            reason=command.reason,
        )

    @command(events.DecideSuggestion)
    async def decide(self, command: events.DecideSuggestion, topic: str) -> SuggestionView:
        """suggestion.decide"""
        self._joined()
        wish = {"document_id": self._document_id, "cid": command.cid}
        accept = command.decision == "accept"
        if command.hunk is None:
            if command.decision == "undo":
                raise Refused("invalid", "Undo one change at a time.", field="hunk")
            return await self.write(services.decide_suggestion, suggestion_id=command.suggestion, accept=accept, **wish)
        if command.decision == "undo":
            return await self.write(services.undo_hunk, hunk_id=command.hunk, **wish)
        return await self.write(services.decide_hunk, hunk_id=command.hunk, accept=accept, **wish)

    # Carets

    @command(events.MoveCursor)
    async def move_cursor(self, command: events.MoveCursor, topic: str) -> Ack:
        """cursor.move"""
        opening = self._joined()
        carets.check_ranges(command.ranges, length=DOCUMENT_UNITS)
        self._show(opening, command.version, command.ranges)
        return Ack()

    def _show(self, opening: Opening, version: int, ranges: list[Range]) -> None:
        """Somebody who only looks in from outside the room is not shown."""
        if not opening.is_member or self.socket.closing:
            return
        caret = Caret(client_id=self._client_id, person=opening.person, version=version, ranges=ranges)
        carets.put(self._document_id, caret)
        self._tell_caret(version, ranges)

    def _leave(self) -> None:
        """The caret goes with the socket or with the editor it belonged to."""
        if self._client_id and carets.drop(self._document_id, self._client_id):
            self._tell_caret(0, None)
        self._client_id = ""

    def _tell_caret(self, version: int, ranges: list[Range] | None) -> None:
        event = events.CursorMoved(client_id=self._client_id, user=self.user.pk, version=version, ranges=ranges)
        hub.publish_ephemeral(topic=self._topic, event=event, key=self._client_id)
