"""python -m bench.search: fills a site with generated messages, searches it, and writes down how long that took.

Called from the command line only; the site is its own, in a temporary folder or a private PostgreSQL.
Never touches the site of the working copy.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

BATCH = 5_000
ROOMS, PEOPLE, MINE = 60, 40, 12
"""Rooms, people, and in how many of the rooms the person who searches is: the largest ones."""
WORDS = 20_000
SENTENCES = 50_000
RUNS = 30
PAIRS, GROUP = 60, 64
START = datetime(2022, 1, 1, tzinfo=UTC)
CJK = "我们明天开会讨论搜索功能日本語検索文字東京大学"

QUERIES = [
    ("a word of every third message", "w0"),
    ("a word of every hundredth", "w60"),
    ("a word of some fifty messages", "w9000"),
    ("two common words", "w0 w1"),
    ("a common and a rare word", "w0 w9000"),
    ("a phrase of two common words", '"w0 w1"'),
    ("a common word without another", "w0 -w1"),
    ("beginning of a thousand words", "w12"),
    ("two characters without spaces", "搜索"),
    ("common word, one person", "from:p3 w0"),
    ("common word, a small room", "in:r11 w0"),
    ("common word, one month", "during:2023-05 w0"),
    ("links only", "has:link"),
    ("one person in a month, no word", "from:p3 during:2023-05"),
    ("no hit", "zzzz"),
    ("no hit beside a common word", "w0 zzzz"),
]
"""What is asked, with the words of `_sentence`: w0 is the most frequent one."""


def _sentence(chance: random.Random, weights: list[float]) -> str:
    picked = chance.choices(range(WORDS), cum_weights=weights, k=chance.randint(3, 18))
    text = " ".join(f"w{number}x" if number > 1000 and number % 7 == 0 else f"w{number}" for number in picked)
    if chance.random() < 0.02:
        at = chance.randrange(len(CJK) - 6)
        text += f" {CJK[at : at + 6]}"
    return f"{text} https://example.org/{picked[0]}" if chance.random() < 0.03 else text


def _weights() -> list[float]:
    """How often words come, summed up: the usual law of languages."""
    total, weights = 0.0, []
    for rank in range(1, WORDS + 1):
        total += 1 / rank
        weights.append(total)
    return weights


def _fill(messages: int) -> Any:
    """Makes people, rooms and messages; answers the person who searches."""
    from accounts.services import create_person
    from chat import services
    from chat.models import Membership, Room
    from realtime import log

    people = [
        create_person(actor=None, username=f"p{number}", display_name=f"Person {number}") for number in range(PEOPLE)
    ]
    rooms = []
    for number in range(ROOMS):
        made = services.create_room(actor=people[1], cid=uuid4(), kind="public", name=f"r{number}", members=[])
        rooms.append(Room.objects.get(pk=made.room.id))
    Membership.objects.bulk_create(
        Membership(room=room, user=people[0], role="member", joined_seq=1) for room in rooms[:MINE]
    )
    started = time.monotonic()
    spent = 0.0
    for done, batch in _batches(messages, rooms, people):
        spent += batch
        if done % 100_000 < BATCH:
            print(
                f"{done:,} messages after {time.monotonic() - started:.0f} s, {spent:.0f} s of it for the index",
                flush=True,
            )
    for room in rooms:
        log.reserve_many(f"room:{room.pk}", messages + 100)
    return people[0]


def _batches(messages: int, rooms: list[Any], people: list[Any]) -> Iterator[tuple[int, float]]:
    from django.db import transaction

    from chat.models import Message
    from chat.services.search import index_messages

    chance, weights = random.Random(4), _weights()
    sentences = [_sentence(chance, weights) for _ in range(SENTENCES)]
    # Room 0 holds half of everything, the last ones little.
    sizes = [1 / (number + 1) for number in range(ROOMS)]
    gap = (datetime.now(UTC) - START) / messages
    for first in range(0, messages, BATCH):
        rows = []
        for number in range(first, min(first + BATCH, messages)):
            body = chance.choice(sentences)
            html = f'<p>{body} <a href="x">x</a></p>' if "https" in body else f"<p>{body}</p>"
            room, author = chance.choices(rooms, sizes)[0], people[chance.randrange(1, PEOPLE)]
            rows.append(
                Message(
                    room=room, seq=number + 10, author=author, body=body, html=html, created_at=START + gap * number
                )
            )
        with transaction.atomic():
            Message.objects.bulk_create(rows)
            began = time.monotonic()
            index_messages(rows)
            spent = time.monotonic() - began
        yield first + len(rows), spent


def _time_queries(actor: Any) -> list[dict[str, Any]]:
    from chat import selectors
    from chat.shapes import SearchAnswer
    from realtime.protocol import Refused

    cells = []
    for title, query in QUERIES:
        took = []
        answer = SearchAnswer()
        for _ in range(RUNS):
            began = time.perf_counter()
            try:
                answer = selectors.search(actor=actor, q=query)
            except Refused:
                print(f"{title}: too slow", flush=True)
            took.append((time.perf_counter() - began) * 1000)
        took.sort()
        found = answer.counts.messages
        cell = {"what": title, "query": query, "found": found, "p50_ms": median(took), "p95_ms": took[int(RUNS * 0.95)]}
        cells.append(cell)
        print(f"{title:34} {found:5} found  p50 {cell['p50_ms']:7.1f} ms  p95 {cell['p95_ms']:7.1f} ms", flush=True)
    return cells


def _time_sending(actor: Any) -> dict[str, float]:
    """CPU µs of a stored message with the index and without it, in turns; 64 in a transaction."""
    from chat.models import Room
    from chat.services import search

    room = Room.objects.get(slug="r0").pk
    _send_group(actor, room)  # the first one pays for what is made once
    real = search.index_message

    def nothing(*args: object, **named: object) -> None:
        return None

    took: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(PAIRS):
        for kind in ("with", "without") if turn % 2 else ("without", "with"):
            search.index_message = real if kind == "with" else nothing
            began = time.process_time()
            _send_group(actor, room)
            took[kind].append((time.process_time() - began) / GROUP * 1e6)
    search.index_message = real
    cell = {kind: median(values) for kind, values in took.items()}
    cell["more_percent"] = (cell["with"] / cell["without"] - 1) * 100
    more = f"{cell['more_percent']:+.1f} %"
    print(f"a message costs {cell['with']:.0f} µs, without the index {cell['without']:.0f} µs: {more}", flush=True)
    return cell


def _send_group(actor: Any, room: int) -> None:
    from django.db import transaction

    from chat import services
    from realtime import group

    with transaction.atomic(), group.put_off({f"room:{room}": [actor.pk] * GROUP}):
        for _ in range(GROUP):
            services.send_message(actor=actor, room_id=room, cid=uuid4(), body="The second cursor jumps when both type")


def _bytes_of_index() -> tuple[int, int]:
    """(bytes of the index, bytes of the whole database)."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('chat_searchentry'), pg_database_size(current_database())")
            row = cursor.fetchone()
            return int(row[0]), int(row[1])
        path = str(connection.settings_dict["NAME"])
        cursor.execute("SELECT sum(length(block)) FROM chat_searchwords_data")
        return int(cursor.fetchone()[0]), Path(path).stat().st_size


def _measure(messages: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    actor = _fill(messages)
    filled = time.monotonic() - began
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    cells = _time_queries(actor)
    sending = _time_sending(actor)
    index, whole = _bytes_of_index()
    return {
        "vendor": connection.vendor, "messages": messages, "fill_seconds": filled, "queries": cells, "sending": sending,
        "index_bytes": index, "database_bytes": whole,
    }  # fmt: skip


def _report(result: dict[str, Any], load: str) -> str:
    sending = result["sending"]
    lines = [
        f"## {result['vendor']}, {result['messages']:,} messages",
        "",
        f"{load} The index takes {result['index_bytes'] / 2**20:.0f} MiB of {result['database_bytes'] / 2**20:.0f}. "
        f"A stored message costs {sending['with']:.0f} µs of CPU with the index and {sending['without']:.0f} without "
        f"({sending['more_percent']:+.1f} %), {GROUP} in a transaction, {PAIRS} pairs in turns.",
        "",
        "| what is asked | query | found | p50 ms | p95 ms |",
        "|---|---|---:|---:|---:|",
    ]
    for cell in result["queries"]:
        found = "1,000+" if cell["found"] >= 1000 else str(cell["found"])
        lines.append(f"| {cell['what']} | `{cell['query']}` | {found} | {cell['p50_ms']:.1f} | {cell['p95_ms']:.1f} |")
    return "\n".join(lines)


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="collab-bench-search-"))
        os.environ |= {"COLLAB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "collab.settings"}
        os.environ.pop("DATABASE_URL", None)
        if options.postgres:
            from tests.servers import start_postgres

            os.environ["DATABASE_URL"] = stack.enter_context(start_postgres(durable=True)).url
        result = _measure(options.messages)
        load = f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
        text = _report(result, load)
        print("\n" + text)
        if not options.no_write:
            name = f"{datetime.now(UTC).date().isoformat()}-search-{result['vendor']}"
            results = Path(__file__).parent / "results"
            (results / f"{name}.md").write_text(
                f"# Searching\n\n`python -m bench.search {' '.join(sys.argv[1:])}`\n\n{text}\n"
            )
            (results / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        from django.db import connection

        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
