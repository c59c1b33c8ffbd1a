"""The index on SQLite: an FTS5 table beside the table of entries.

Chosen by chat.search.index. A query is built of quoted tokens only: raw text of a person never reaches MATCH.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection

from chat.search.asking import Term
from chat.search.filters import MEMBER, PINNED, REACTED, SECONDS_MOST, too_slow
from realtime import group as groups

if TYPE_CHECKING:
    from chat.search.index import Entry, Found, Wanted

_ENTRIES: Final = "INSERT INTO chat_searchentry (id, message_id, room_id, checksum) VALUES "
_ENTRY: Final = "(%s, %s, %s, %s)"
_WORDS: Final = "INSERT INTO chat_searchwords (rowid, words, parts, names, facets) VALUES "
_ROW: Final = "(%s, %s, %s, %s, %s)"
_STEPS: Final = 10_000
"""Instructions of SQLite between two looks at the clock."""


def insert(entry: Entry) -> None:
    """See index.Backend."""
    group = groups.current()
    if group is None:
        insert_many([entry])
        return
    group.insert(_ENTRIES, _ENTRY, _entry_values(entry))
    group.insert(_WORDS, _ROW, _word_values(entry))


def insert_many(entries: Sequence[Entry]) -> None:
    """See index.Backend."""
    with connection.cursor() as cursor:
        cursor.executemany(_ENTRIES + _ENTRY, [_entry_values(entry) for entry in entries])
        cursor.executemany(_WORDS + _ROW, [_word_values(entry) for entry in entries])


def _entry_values(entry: Entry) -> list[Any]:
    return [entry.id, entry.message_id.hex, entry.room_id, entry.text.checksum]


def _word_values(entry: Entry) -> list[Any]:
    text = entry.text
    return [entry.id, text.words, text.parts, text.names, text.facets]


def replace(entry: Entry) -> None:
    """See index.Backend."""
    text = entry.text
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_searchentry SET checksum = %s WHERE id = %s", [text.checksum, entry.id])
        # Not INSERT OR REPLACE: it leaves the old words behind when the row was damaged by hand.
        cursor.execute("DELETE FROM chat_searchwords WHERE rowid = %s", [entry.id])
        cursor.execute(_WORDS + _ROW, _word_values(entry))


def _quoted(tokens: Sequence[str]) -> str:
    return '"' + " ".join(tokens).replace('"', '""') + '"'


def _term(term: Term) -> str:
    return _quoted(term.tokens) + (" *" if term.prefix else "")


def match_of(wanted: Wanted) -> str:
    """The FTS5 expression of a question."""
    every = [_term(term) for term in wanted.terms if not term.exclude]
    every += [f"({' OR '.join(_quoted([token]) for token in group)})" for group in wanted.facets]
    none = [_term(term) for term in wanted.terms if term.exclude]
    whole = f"({' AND '.join(every)})"
    return f"{whole} NOT ({' OR '.join(none)})" if none else whole


def find(wanted: Wanted, limit: int) -> list[Found]:
    """See index.Backend."""
    # The words come first and from behind (CROSS JOIN keeps the order), so the newest are found without sorting.
    sql = (
        "SELECT e.id, e.message_id, e.room_id FROM chat_searchwords w CROSS JOIN chat_searchentry e ON e.id = w.rowid "
        f"WHERE w.chat_searchwords MATCH %s AND w.rowid >= %s AND {MEMBER}"
    )
    params: list[Any] = [match_of(wanted), wanted.since, wanted.user_id]
    if wanted.before is not None:
        sql, params = f"{sql} AND w.rowid < %s", [*params, wanted.before]
    sql += (f" AND {PINNED}" if wanted.pinned else "") + (f" AND {REACTED}" if wanted.reacted else "")
    with _deadline(), connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY w.rowid DESC LIMIT %s", [*params, limit])
        return [(found, UUID(message), room) for found, message, room in cursor.fetchall()]


@contextmanager
def _deadline() -> Iterator[None]:
    """Ends a query that takes too long; SQLite has no time-out of its own for that."""
    connection.ensure_connection()
    raw = connection.connection
    end = time.monotonic() + SECONDS_MOST
    raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    except OperationalError as error:
        if "interrupted" in str(error):
            raise too_slow() from error
        raise
    finally:
        raw.set_progress_handler(None, 0)


def faults() -> list[str]:
    """See index.Backend."""
    found = []
    with connection.cursor() as cursor:
        try:
            cursor.execute("INSERT INTO chat_searchwords (chat_searchwords) VALUES ('integrity-check')")
        except DatabaseError as error:
            found.append(f"the index of words is damaged: {error}.")
        cursor.execute(
            "SELECT count(*) FROM chat_searchwords_content WHERE id NOT IN (SELECT id FROM chat_searchentry)"
        )
        if orphans := cursor.fetchone()[0]:
            found.append(f"{orphans} entries hold words of no message.")
        cursor.execute(
            "SELECT count(*) FROM chat_searchentry WHERE id NOT IN (SELECT id FROM chat_searchwords_content)"
        )
        if bare := cursor.fetchone()[0]:
            found.append(f"{bare} entries lack their words.")
    return found


def clear() -> None:
    """See index.Backend."""
    with connection.cursor() as cursor:
        # Rows one by one would each go through the trigger.
        cursor.execute("DELETE FROM chat_searchwords")
        cursor.execute("INSERT INTO chat_searchwords (chat_searchwords) VALUES ('rebuild')")
        cursor.execute("DELETE FROM chat_searchentry")
