"""The index on PostgreSQL: a tsvector of our own tokens, so that no extension and no parser of the server is needed.

Chosen by chat.search.index. Tokens are written as quoted lexemes: raw text of a person never reaches a tsquery.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from django.db import OperationalError, connection

from chat.search.asking import Term
from chat.search.filters import MEMBER, PINNED, REACTED, SECONDS_MOST, too_slow
from realtime import group as groups

if TYPE_CHECKING:
    from chat.search.index import Entry, Found, IndexText, Wanted

_ENTRIES: Final = "INSERT INTO chat_searchentry (id, message_id, room_id, checksum, words) VALUES "
_ENTRY: Final = "(%s, %s, %s, %s, %s::tsvector)"
_LAST_PLACE: Final = 16_383
"""Of a word in a tsvector; what comes later would all stand there."""
_PLACES_MOST: Final = 255
"""Of one word in a tsvector."""


def insert(entry: Entry) -> None:
    """See index.Backend."""
    group = groups.current()
    if group is None:
        insert_many([entry])
        return
    group.insert(_ENTRIES, _ENTRY, _values(entry))


def insert_many(entries: Sequence[Entry]) -> None:
    """See index.Backend."""
    with connection.cursor() as cursor:
        cursor.executemany(_ENTRIES + _ENTRY, [_values(entry) for entry in entries])


def _values(entry: Entry) -> list[Any]:
    return [entry.id, entry.message_id, entry.room_id, entry.text.checksum, vector_of(entry.text)]


def replace(entry: Entry) -> None:
    """See index.Backend."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_searchentry SET checksum = %s, words = %s::tsvector WHERE id = %s",
            [entry.text.checksum, vector_of(entry.text), entry.id],
        )


def vector_of(text: IndexText) -> str:
    """The tokens with their places; between two columns a place is left free, so that no phrase spans them."""
    found: dict[str, list[int]] = {}
    places = count(1)
    for column in (text.words, text.parts, text.names):
        for token in column.split(" ") if column else ():
            found.setdefault(token, []).append(min(next(places), _LAST_PLACE))
        next(places)
    told = [f"{_quoted(token)}:{','.join(map(str, at[:_PLACES_MOST]))}" for token, at in found.items()]
    return " ".join([*told, *map(_quoted, text.facets.split(" "))])


def _quoted(token: str) -> str:
    escaped = token.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _term(term: Term) -> str:
    tokens = [_quoted(token) for token in term.tokens]
    if term.prefix:
        tokens[-1] += ":*"
    return f"({' <-> '.join(tokens)})"


def query_of(wanted: Wanted) -> str:
    """The tsquery of a question."""
    every = [("!" if term.exclude else "") + _term(term) for term in wanted.terms]
    every += [f"({' | '.join(map(_quoted, group))})" for group in wanted.facets]
    return " & ".join(every)


def find(wanted: Wanted, limit: int) -> list[Found]:
    """See index.Backend."""
    sql = (
        "SELECT e.id, e.message_id, e.room_id FROM chat_searchentry e "
        f"WHERE e.words @@ %s::tsquery AND e.id >= %s AND {MEMBER}"
    )
    params: list[Any] = [query_of(wanted), wanted.since, wanted.user_id]
    if wanted.before is not None:
        sql, params = f"{sql} AND e.id < %s", [*params, wanted.before]
    sql += (f" AND {PINNED}" if wanted.pinned else "") + (f" AND {REACTED}" if wanted.reacted else "")
    with _deadline(), connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY e.id DESC LIMIT %s", [*params, limit])
        return list(cursor.fetchall())


@contextmanager
def _deadline() -> Iterator[None]:
    """Ends a query that takes too long; what else the transaction asks is not bound by it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [int(SECONDS_MOST * 1000)])
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if "statement timeout" in str(error):
            raise too_slow() from error
        raise


def faults() -> list[str]:
    """See index.Backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chat_searchentry WHERE words = ''::tsvector")
        bare = cursor.fetchone()[0]
    return [f"{bare} entries lack their words."] if bare else []


def clear() -> None:
    """See index.Backend."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chat_searchentry")
