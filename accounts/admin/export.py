"""The trail as a file: CSV for a spreadsheet, or a JSON object a line. Read page by page, never whole.

Called by accounts.admin.trail. Cells that a spreadsheet would take for formulas begin with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from accounts.models import AuditEntry
from realtime import threads

PAGE_ROWS: Final = 1_000
COLUMNS: Final = ("id", "at", "actor", "actor_name", "action", "target", "reason", "detail")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "actor": entry.actor_id,
        "actor_name": entry.actor_name,
        "action": entry.action,
        "target": entry.target,
        "reason": entry.reason,
        "detail": entry.detail,
    }


def safe_cell(value: Any) -> str:
    """The value as text that no spreadsheet calculates with."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(entries: list[AuditEntry]) -> str:
    """Lines of CSV, without the head."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([safe_cell(value) for value in _values(entry).values()] for entry in entries)
    return out.getvalue()


def as_json_lines(entries: list[AuditEntry]) -> str:
    """A JSON object for each entry, each on its line."""
    return "".join(f"{json.dumps(_values(entry), ensure_ascii=False)}\n" for entry in entries)


def _page(rows: QuerySet[AuditEntry], after: int) -> list[AuditEntry]:
    return list(rows.filter(pk__gt=after).order_by("pk")[:PAGE_ROWS])


def _read(rows: QuerySet[AuditEntry], head: str, write: Callable[[list[AuditEntry]], str]) -> Iterator[str]:
    yield head
    after = 0
    while page := _page(rows, after):
        after = page[-1].pk
        yield write(page)


async def _read_async(
    rows: QuerySet[AuditEntry], head: str, write: Callable[[list[AuditEntry]], str]
) -> AsyncIterator[str]:
    yield head
    after = 0
    while page := await threads.read(_page, rows, after):
        after = page[-1].pk
        yield write(page)


def export(request: HttpRequest, rows: QuerySet[AuditEntry], kind: str) -> StreamingHttpResponse:
    """The file; kind is csv or jsonl."""
    head, write, content_type = {
        "csv": (f"{','.join(COLUMNS)}\r\n", as_csv, "text/csv"),
        "jsonl": ("", as_json_lines, "application/x-ndjson"),
    }[kind]
    read = _read_async if isinstance(request, ASGIRequest) else _read
    name = f"audit-{timezone.now():%Y-%m-%d}.{kind}"
    return StreamingHttpResponse(
        read(rows, head, write),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
