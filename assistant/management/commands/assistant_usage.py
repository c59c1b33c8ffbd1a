"""`manage.py assistant_usage`: what the assistant took in the last days, by person, room, model or day.

For operators. Changes nothing, and tells no words of anybody.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from assistant.selectors import usage
from assistant.selectors.spent import BY, Spent, spent

DAYS_MOST = 3660
HEAD = ("runs", "failed", "tokens read", "tokens written", "cost")


class Command(BaseCommand):
    """`manage.py assistant_usage [--days N] [--by person|room|model|day] [--json | --csv]`."""

    help = "Show what the assistant took: runs, tokens and cost, by person, room, model or day (UTC)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="How many days, with today; 30 by default.")
        parser.add_argument("--by", choices=list(BY), default="day")
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--json", action="store_true", help="A list of objects.")
        kind.add_argument("--csv", action="store_true", help="Lines with a head, for a spreadsheet.")

    def handle(self, *args: Any, **options: Any) -> None:
        days, by = options["days"], options["by"]
        if not 1 <= days <= DAYS_MOST:
            raise CommandError(f"--days goes from 1 to {DAYS_MOST}.")
        lines = spent(since=usage.today() - timedelta(days=days - 1), by=by)
        if options["json"]:
            told = [{by: line.what, **_figures(line), "currency": settings.ASSISTANT_CURRENCY} for line in lines]
            self.stdout.write(json.dumps(told, indent=2))
        elif options["csv"]:
            self._write_csv(by, lines)
        else:
            self._write_table(by, lines)

    def _write_csv(self, by: str, lines: list[Spent]) -> None:
        writer = csv.writer(self.stdout)
        writer.writerow([by, "runs", "failed", "tokens_read", "tokens_written", "cost", "currency"])
        for line in lines:
            writer.writerow([_plain(line.what), *_figures(line).values(), settings.ASSISTANT_CURRENCY])

    def _write_table(self, by: str, lines: list[Spent]) -> None:
        if not lines:
            self.stdout.write("Nobody has asked the assistant in these days.")
            return
        total = Spent("total", *(sum(getattr(line, name) for line in lines) for name in _NUMBERS))
        rows = [(by, *HEAD), *(_row(line) for line in [*lines, total])]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            self.stdout.write("  ".join(cells).rstrip())


_NUMBERS = ("runs", "failed", "read", "written", "micros")


def _figures(line: Spent) -> dict[str, Any]:
    given = asdict(line)
    cost = f"{line.micros // 1_000_000}.{line.micros % 1_000_000:06d}"
    return {
        "runs": given["runs"],
        "failed": given["failed"],
        "tokens_read": given["read"],
        "tokens_written": given["written"],
        "cost": cost,
    }


def _row(line: Spent) -> tuple[str, ...]:
    numbers = (f"{number:,}" for number in (line.runs, line.failed, line.read, line.written))
    return (line.what, *numbers, usage.shown(line.micros))


def _plain(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
