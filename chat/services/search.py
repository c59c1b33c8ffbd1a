"""Keeps the index of words in step with the messages, inside the transaction that changes them.

Called by the services of messages, imports and files, and by rebuild_search. System lines and deleted messages are not
in the index. Never decides who may see what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chat.models import Attachment, Message, SearchEntry
from chat.search.index import Entry, IndexText, backend, first_id, index_text, new_id

BATCH_MESSAGES: Final = 500
"""Messages that `repair_messages` looks at in one transaction."""

Files = Sequence[tuple[str, str]]
"""(kind, name) of each file of a message."""


def index_message(message: Message, *, files: Files = ()) -> None:
    """Makes a message that is being stored findable."""
    entry = Entry(new_id(message.created_at), message.pk, message.room_id, _text_of(message, files))
    backend().insert(entry)


def _text_of(message: Message, files: Files) -> IndexText:
    return index_text(
        body=message.body,
        html=message.html,
        room_id=message.room_id,
        author_id=message.author_id,
        reply=message.thread_root_id is not None,
        files=files,
    )


def index_messages(messages: Sequence[Message]) -> None:
    """Makes many new messages findable; several of them may be of the same moment, as in an import."""
    files = _files_of([message.pk for message in messages])
    wanted = [message for message in messages if _belongs(message)]
    ids = _free_ids(wanted)
    entries = [
        Entry(ids[message.pk], message.pk, message.room_id, _text_of(message, files.get(message.pk, ())))
        for message in wanted
    ]
    backend().insert_many(entries)


def reindex_messages(*, ids: Collection[UUID]) -> None:
    """Gives messages that were changed their new words, and forgets those that are gone."""
    messages = {message.pk: message for message in Message.objects.filter(pk__in=ids)}
    _repair(messages, dry_run=False)


def forget_messages(*, ids: Collection[UUID]) -> None:
    """Takes the words of messages out of the index at once."""
    SearchEntry.objects.filter(message__in=ids).delete()


def _belongs(message: Message) -> bool:
    return message.deleted_at is None and message.kind != Message.Kind.SYSTEM


def _files_of(ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    rows = Attachment.objects.filter(message__in=ids, state=Attachment.State.CLAIMED).order_by("position", "pk")
    found: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for message_id, kind, name in rows.values_list("message_id", "kind", "name"):
        if message_id is not None:
            found[message_id].append((kind, name))
    return found


def _free_ids(messages: Iterable[Message]) -> dict[UUID, int]:
    """An id for each: the first free one of its moment, those of one moment in their order."""
    ordered = sorted(messages, key=lambda message: (message.created_at, message.room_id, message.seq))
    taken: set[int] = set()
    while True:
        given: dict[UUID, int] = {}
        last = -1
        for message in ordered:
            last = max(last + 1, first_id(message.created_at))
            while last in taken:
                last += 1
            given[message.pk] = last
        clash = set(SearchEntry.objects.filter(pk__in=list(given.values())).values_list("pk", flat=True))
        if not clash:
            return given
        taken |= clash


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found of a batch: entries that were missing, out of date, and of messages that have none."""

    seen: int = 0
    missing: int = 0
    stale: int = 0
    surplus: int = 0

    def __add__(self, other: Repaired) -> Repaired:
        """Both together."""
        return Repaired(
            self.seen + other.seen,
            self.missing + other.missing,
            self.stale + other.stale,
            self.surplus + other.surplus,
        )

    @property
    def wrong(self) -> int:
        """How many entries had to be mended."""
        return self.missing + self.stale + self.surplus


@transaction.atomic
def repair_messages(*, after: UUID | None, dry_run: bool = False) -> tuple[Repaired, UUID | None]:
    """Mends the index for the next messages in the order of their ids.

    Args:
        after: the id where the batch before ended.
        dry_run: only look.

    Returns:
        What was found, and where the batch ended; None when there was no message left.
    """
    rows = Message.objects.order_by("pk")
    if connection.features.has_select_for_update and not dry_run:
        # An edit that commits between our look and our write would be lost.
        rows = rows.select_for_update(of=("self",))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    messages = {message.pk: message for message in rows[:BATCH_MESSAGES]}
    if not messages:
        return Repaired(), None
    return _repair(messages, dry_run=dry_run), max(messages)


def look_at_ends(*, count: int) -> Repaired:
    """What is wrong with the entries of the oldest and of the newest messages, `count` together; changes nothing."""
    rows = Message.objects.order_by("pk")
    found = [*rows[: count // 2], *rows.reverse()[: count - count // 2]]
    return _repair({message.pk: message for message in found}, dry_run=True)


def _repair(messages: dict[UUID, Message], *, dry_run: bool) -> Repaired:
    files = _files_of(list(messages))
    entries = {entry.message_id: entry for entry in SearchEntry.objects.filter(message__in=list(messages))}
    belonging = {key: message for key, message in messages.items() if _belongs(message)}
    texts = {key: _text_of(message, files.get(key, ())) for key, message in belonging.items()}
    missing = [message for key, message in belonging.items() if key not in entries]
    stale = [key for key, text in texts.items() if key in entries and entries[key].checksum != text.checksum]
    surplus = [key for key in entries if key not in belonging]
    if not dry_run:
        _mend(missing, {key: (entries[key], texts[key]) for key in stale}, surplus)
    return Repaired(len(messages), len(missing), len(stale), len(surplus))


def _mend(missing: list[Message], stale: dict[UUID, tuple[SearchEntry, IndexText]], surplus: list[UUID]) -> None:
    if missing:
        index_messages(missing)
    for key, (entry, text) in stale.items():
        backend().replace(Entry(entry.pk, key, entry.room_id, text))
    if surplus:
        forget_messages(ids=surplus)


@transaction.atomic
def clear_index() -> None:
    """Throws the whole index away; until it is filled again nothing is found."""
    backend().clear()
