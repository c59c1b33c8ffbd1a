"""Edits: what people and services push is ordered, rebased and stored. The authority of every document is here.

Called by the line of each document and by services that edit. The pushes of a document that wait together share one
transaction, and one that is refused does not harm the others. Never talks to a socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from msgspec import Raw

from chat import selectors as chat
from chat.selectors import Rights
from editor import authority
from editor.authority import Accepted, Behind, UnknownVersion
from editor.changes import ChangeSet
from editor.events import Pushed
from editor.models import Document, Snapshot, Update
from editor.selectors import entries
from editor.selectors.documents import MOST_ID, refusal_to_edit
from editor.selectors.texts import key_of, sheet_of
from editor.selectors.updates import accepted_between, chars_between
from editor.services.anchors import carry_anchors
from editor.shapes import EditView
from editor.texts import Sheet, sheets, weight_of
from editor.units import BadChange, TooLarge, Units, from_units
from realtime import log, metrics
from realtime.log import Entry
from realtime.protocol import Refused
from realtime.rows import Rows, sql_time

if TYPE_CHECKING:
    from accounts.models import User

SNAPSHOT_UPDATES: Final = 500
"""A text is stored at least that often, so that no opening reads more updates."""
SNAPSHOT_WEIGHT: Final = 4_194_304
"""Or after so much was written, in code units: pasted texts are few updates, but long."""
MISSED_PAGE: Final = 64
MISSED_CHARS: Final = 8_388_608
"""Longest JSON of more than a page of updates that is read for one push from behind."""

# As text, because every keystroke passes here.
_documents: Final = Rows(Document)
_LOCK: Final = f"SELECT {_documents.columns('d')} FROM {Document._meta.db_table} d WHERE d.id = %s"
_INSERT: Final = (
    f"INSERT INTO {Update._meta.db_table} (document_id, version, author_id, client_id, run, changes, at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_ADVANCE: Final = f"UPDATE {Document._meta.db_table} SET version = %s, length = %s, edited_at = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Push:
    """Edits of one editor, each made on the text after the one before.

    Attributes:
        actor: whose they are.
        client_id: of the editor: "<user id>-<random>", or "run-<run>" for a run of the assistant.
        version: the one that the first was made on.
        run: the assistant's run that made them.
        at: when; None is now.
    """

    actor: User
    client_id: str
    version: int
    changes: Sequence[ChangeSet]
    run: str | None = None
    at: datetime | None = None

    @property
    def is_own(self) -> bool:
        """Whether the client id is one that this actor may use."""
        return self.client_id == f"run-{self.run}" if self.run else self.client_id.startswith(f"{self.actor.pk}-")


def submit_updates(
    *,
    actor: User,
    document_id: int,
    client_id: str,
    version: int,
    changes: Sequence[ChangeSet],
    run: str | None = None,
    at: datetime | None = None,
) -> Pushed:
    """Stores one push; what of it was stored before is dropped. Answers the version after it.

    Args:
        actor: whose edits they are.
        document_id: which document.
        client_id: see `Push`.
        version: the one that the first was made on.
        changes: the edits, in order.
        run: the assistant's run that made them.
        at: when, for what comes from elsewhere; None is now.

    Raises:
        Refused: not_found, forbidden, gone, not_member, read_only, muted, unknown_version, bad_change, too_large;
            `conflict` for a push that is too far behind and must first be rebased by its sender.
    """
    push = Push(actor, client_id, version, changes, run, at)
    [outcome] = submit_batch(document_id=document_id, pushes=[push])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def submit_batch(*, document_id: int, pushes: Sequence[Push]) -> list[Pushed | Refused]:
    """Stores the pushes of one document in their order, in one transaction; answers each."""
    try:
        return _submit(document_id, pushes)
    except IntegrityError:
        # The unique (document, version) stands behind the lock: whoever was faster is read on the second try.
        return _submit(document_id, pushes)


@transaction.atomic
def _submit(document_id: int, pushes: Sequence[Push]) -> list[Pushed | Refused]:
    document = lock_document(document_id)
    if document is None:
        return [Refused("not_found") for _ in pushes]
    rights = chat.rights_of(room_id=document.room_id, user_ids={push.actor.pk for push in pushes})
    batch = Batch(document, sheet_of(document))
    outcomes: list[Pushed | Refused] = []
    for push in pushes:
        try:
            _check_may_edit(document, push, rights.get(push.actor.pk))
            outcomes.append(Pushed(version=batch.take(push)))
        except Refused as refused:
            outcomes.append(refused)
    batch.store()
    return outcomes


def lock_document(document_id: int) -> Document | None:
    """The row of a document, locked until the transaction ends: one writer decides the order."""
    if not 0 < document_id <= MOST_ID:
        return None
    # SQLite has taken the one lock for all writers when the transaction began.
    suffix = "" if connection.vendor == "sqlite" else " FOR UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(_LOCK + suffix, [document_id])
        row = cursor.fetchone()
    return None if row is None else _documents.read(row)


def _check_may_edit(document: Document, push: Push, rights: Rights | None) -> None:
    if rights is None:
        raise Refused("not_found")
    if not push.is_own:
        raise Refused("forbidden", "This client id belongs to somebody else.", field="client_id")
    code = refusal_to_edit(document, rights)
    if not code:
        return
    told = chat.refuse_to_write(actor=push.actor, room_id=document.room_id, rights=rights) if code != "gone" else None
    if told is not None:
        raise told
    raise Refused(code, "This document was deleted." if code == "gone" else "This document is closed for writing.")


@dataclass(slots=True)
class Batch:
    """The pushes of one transaction, taken one by one and stored together.

    Attributes:
        document: the locked row, as it was before.
        sheet: the text before.
        accepted: what was taken, in order; its rows and entries stand beside it.
    """

    document: Document
    sheet: Sheet
    accepted: list[Accepted] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    told: list[Entry] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    units: Units = field(init=False)
    now: datetime = field(default_factory=timezone.now)
    _log: list[Accepted] = field(init=False)
    _stored_now: Any = field(init=False)
    _grown: int = field(init=False)

    def __post_init__(self) -> None:
        """Begins with the text before."""
        self.units = self.sheet.units
        self._log = list(self.sheet.tail)
        self._grown = self.sheet.grown
        self._stored_now = sql_time(self.now)

    @property
    def version(self) -> int:
        """Of the document after what was taken so far."""
        return self.sheet.version + len(self.accepted)

    def take(self, push: Push) -> int:
        """Adds one push and answers the version after it, or leaves everything as it was.

        Raises:
            Refused: unknown_version, conflict, bad_change, too_large.
        """
        try:
            changes = authority.accept(
                version=self.version,
                length=len(self.units),
                missed=self._missed(push.version),
                base_version=push.version,
                client_id=push.client_id,
                pushed=push.changes,
            )
            units = authority.apply_all(self.units, changes)
        except Behind as error:
            raise Refused("conflict", f"Pull first: {error}.") from error
        except UnknownVersion as error:
            raise Refused("unknown_version", f"This cannot be added: {error}.", field="version") from error
        except TooLarge as error:
            raise Refused("too_large", f"This is too much: {error.reason}.", field="updates") from error
        except BadChange as error:
            raise Refused("bad_change", f"That is no change of this document: {error.reason}.") from error
        before = self.version
        for change in changes:
            self._add(push, change)
        self.units = units
        if before // SNAPSHOT_UPDATES != self.version // SNAPSHOT_UPDATES or self._grown > SNAPSHOT_WEIGHT:
            self._snap()
        return self.version

    def _missed(self, version: int) -> Sequence[Accepted]:
        """The updates after a version; fewer where it cannot be known, which `accept` refuses."""
        count = self.version - version
        if not 0 <= count <= authority.REBASE_WINDOW or version < self.document.log_start:
            return ()
        if count <= len(self._log):
            return self._log[len(self._log) - count :]
        oldest = self.version - len(self._log)
        self._check_missed(version, oldest)
        older = accepted_between(document_id=self.document.pk, after=version, upto=oldest)
        return [*older, *self._log]

    def _check_missed(self, after: int, upto: int) -> None:
        """Few updates are read whatever they hold; many long ones would fill the memory, and are the sender's to pull.

        Raises:
            Behind: the sender must pull first.
        """
        if upto - after <= MISSED_PAGE:
            return
        if chars_between(document_id=self.document.pk, after=after, upto=upto) > MISSED_CHARS:
            raise Behind(f"the push is {upto - after} long updates behind")

    def _add(self, push: Push, change: ChangeSet) -> None:
        version, at = self.version + 1, push.at or self.now
        made = Accepted(version, push.client_id, change, push.actor.pk)
        self.accepted.append(made)
        self._log.append(made)
        self._grown += weight_of(made)
        text = msgspec.json.encode(change.to_json())
        stored_at = self._stored_now if at is self.now else sql_time(at)
        self.rows.append((self.document.pk, version, push.actor.pk, push.client_id, push.run, text.decode(), stored_at))
        edit = EditView(
            version=version, client_id=push.client_id, author=push.actor.pk, changes=Raw(text), run=push.run
        )
        self.told.append(entries.entry_of(document_id=self.document.pk, edit=edit, at=at))

    def _snap(self) -> None:
        text = from_units(self.units)
        self.snapshots.append(Snapshot(document=self.document, version=self.version, text=text, at=self.now))
        self._grown = 0

    def store(self) -> None:
        """Writes what was taken, in the transaction that holds the document, and tells it after the commit."""
        sheet = replace(self.sheet.plus(self.accepted, self.units), grown=self._grown)
        key = key_of(self.document)
        if self.accepted:
            with connection.cursor() as cursor:
                cursor.executemany(_INSERT, self.rows)
                row = [sheet.version, len(sheet.units), self.rows[-1][-1], self.document.pk]
                cursor.execute(_ADVANCE, row)
            if self.snapshots:
                Snapshot.objects.bulk_create(self.snapshots)
                carry_anchors(document_id=self.document.pk, upto=self.version)
        transaction.on_commit(lambda: sheets.put(key, sheet), robust=True)
        if self.accepted:
            room, edits = self.document.room_id, len(self.accepted)
            transaction.on_commit(lambda: metrics.happened("edits", room=room, amount=edits), robust=True)
        if self.told:
            log.tell_after_commit(self.told)
