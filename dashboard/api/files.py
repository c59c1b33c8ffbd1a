"""The figures of a panel as a file for spreadsheets. Called by boards.py. Never asks for rights.

Words that a spreadsheet would take for a formula are given a mark of text in front, as OWASP advises.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header

from dashboard import panels
from dashboard.models import Series
from dashboard.selectors import sources
from dashboard.selectors.ranges import PanelFigures
from dashboard.series import figures
from dashboard.shapes import PanelSeries
from realtime.protocol import Refused

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | float


def csv_file(given: PanelFigures) -> HttpResponse:
    """A download: times and figures of a chart, or the rows of a table or log.

    Raises:
        Refused: `internal` when the rows could not be read.
    """
    rows = _listed(given) if given.panel.kind in panels.LISTS else _charted(given)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    # With the mark at its beginning Excel reads UTF-8.
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"{given.panel.title or given.found.board.name}.csv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


def safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula; numbers of ours stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _charted(given: PanelFigures) -> list[Sequence[Cell]]:
    shown = [one for one in given.panel.series if one.series in given.series]
    curves = [_curve(given, one) for one in shown]
    head: list[Cell] = ["time", *(_label(one, given.series[one.series]) for one in shown)]
    times = sorted({at for curve in curves for at in curve})
    return [head, *([_time(at), *(_cell(curve.get(at)) for curve in curves)] for at in times)]


def _curve(given: PanelFigures, one: PanelSeries) -> dict[float, float | None]:
    samples = given.samples
    curve = figures(
        samples.series.get(one.series, []),
        one.aggregate,
        samples.step,
        counter=given.series[one.series].kind == Series.Kind.COUNTER,
        start=samples.start,
        end=samples.end,
        gaps=samples.gaps,
    )
    return {at: None if value is None else value / one.divide for at, value in curve}


def _label(one: PanelSeries, series: Series) -> str:
    name = one.label or series.title or series.name
    divided = f" ÷ {one.divide:g}" if one.divide != 1 else ""
    unit = f" ({series.unit})" if series.unit else ""
    return f"{name}{divided}{unit}"


def _cell(value: float | None) -> Cell:
    return "" if value is None else value


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _listed(given: PanelFigures) -> Iterable[Sequence[Cell]]:
    tables, logs = sources.read_sources(
        actor_id=given.found.viewer.user, place=given.found.place, names=[given.panel.source]
    )
    for incident in (*(one.incident for one in tables), *(one.incident for one in logs)):
        if incident:
            raise Refused("internal", f"The rows could not be read. It was recorded as {incident}.")
    for table in tables:
        yield table.columns
        for row in table.rows:
            yield [cell.text if cell.value is None else cell.value for cell in row]
    for log in logs:
        yield ["time", "person", "text"]
        for line in log.rows:
            yield [_time(line.at.timestamp()), line.person.display_name if line.person else "", line.text]
