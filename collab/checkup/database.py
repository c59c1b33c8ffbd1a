"""Looks at the database: does it answer, is it of a fit kind, are its tables those of this version. Writes nothing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from collab.checkup.finding import Finding, fail, ok, warn

PART: Final = "database"
POSTGRES_OLDEST: Final = 140_000
CLOCK_SECONDS: Final = 5.0
SPARE_CONNECTIONS: Final = 5
"""What backups, commands and a person with psql need beside one process."""
DURABLE: Final = 2
"""SQLite's number for synchronous=FULL; more is stricter."""


def check_database() -> Iterator[Finding]:
    """One connection, and what it tells."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield fail(PART, f"{connection.vendor} does not answer: {_first_line(error)}", "Check DATABASE_URL, start it.")
        return
    yield from _check_sqlite() if connection.vendor == "sqlite" else _check_postgres()
    yield from _check_migrations()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _ask(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _check_sqlite() -> Iterator[Finding]:
    journal, synchronous = _ask("PRAGMA journal_mode"), _ask("PRAGMA synchronous")
    says = f"SQLite {sqlite3.sqlite_version}, journal_mode={journal}, synchronous={synchronous}"
    if journal != "wal" or synchronous < DURABLE:
        yield fail(PART, says, "Acknowledged messages may be lost: let nothing change init_command in the settings.")
    elif settings.REDIS_URL:
        yield warn(PART, says, "Several processes want PostgreSQL: SQLite has one writer at a time.")
    else:
        yield ok(PART, says)


def _check_postgres() -> Iterator[Finding]:
    version = _ask("SHOW server_version")
    if int(_ask("SHOW server_version_num")) < POSTGRES_OLDEST:
        yield fail(PART, f"PostgreSQL {version}", "Upgrade it to 14 or newer.")
    else:
        yield ok(PART, f"PostgreSQL {version}")
    apart = abs(float(_ask("SELECT EXTRACT(EPOCH FROM clock_timestamp())")) - time.time())
    if apart > CLOCK_SECONDS:
        yield warn(PART, f"its clock and ours are {apart:.0f} s apart", "Run a time service (chrony) on both machines.")
    if _ask("SHOW synchronous_commit") == "off":
        yield fail(PART, "synchronous_commit is off", "Set it to on: what was acknowledged must be on the disk.")
    threads = settings.REALTIME_READ_THREADS + settings.REALTIME_WRITE_THREADS
    most = int(_ask("SHOW max_connections"))
    if most < threads + SPARE_CONNECTIONS:
        yield fail(PART, f"max_connections is {most}; each process takes {threads}", "Raise it, or take fewer threads.")
    else:
        fit = (most - SPARE_CONNECTIONS) // threads
        yield ok(PART, f"max_connections is {most}: enough for {fit} processes with {threads} threads each")


def _check_migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    due = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if due:
        yield fail(PART, f"{len(due)} migrations are not applied, first {due[0][0]}", "manage.py migrate")
    else:
        yield ok(PART, "all migrations are applied")
