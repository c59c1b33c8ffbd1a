"""Turns the cells of a run into medians, tables and files.

Called by bench.__main__.
Never leaves a cell out: lost deliveries, refusals and failures are in the table.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.goals import Goal, Medians

Row = Sequence[str]


@dataclass(frozen=True)
class Column:
    """One figure of a table: its name in the cells, its heading, its format."""

    figure: str
    heading: str
    format: str = ",.0f"
    spread: bool = False


COLUMNS: dict[str, list[Column]] = {
    "fanout": [
        Column("cpu_us_per_delivery", "server CPU µs per delivery", ".2f", True),
        Column("deliveries_per_second", "deliveries/s"),
        Column("delivery_p50_ms", "p50 ms", ".2f"),
        Column("delivery_p99_ms", "p99 ms", ".2f"),
        Column("lost", "lost"),
        Column("generator_busy_share", "generator busy", ".0%"),
        Column("others_share", "others", ".0%"),
    ],
    "send": [
        Column("acks_per_second", "stored messages/s", ",.0f", True),
        Column("ack_p50_ms", "ack p50 ms", ".1f"),
        Column("ack_p99_ms", "ack p99 ms", ".1f", True),
        Column("deliveries_per_second", "deliveries/s"),
        Column("delivery_p99_ms", "delivery p99 ms", ".1f"),
        Column("cpu_us_per_delivery", "server CPU µs per delivery", ".2f"),
        Column("server_cpu_share", "server busy", ".0%"),
        Column("refused", "refused"),
        Column("lost", "lost"),
    ],
    "connect": [
        Column("connects_per_second", "connects/s", ",.0f", True),
        Column("cpu_us_per_connect", "server CPU µs per connect", ",.0f"),
        Column("p50_ms", "p50 ms", ".1f"),
        Column("p99_ms", "p99 ms", ".1f"),
        Column("generator_cpu_share", "generator busy", ".0%"),
        Column("others_share", "others", ".0%"),
    ],
    "keystroke": [
        Column("delivery_p50_ms", "to the others p50 ms", ".2f", True),
        Column("delivery_p99_ms", "p99 ms", ".2f", True),
        Column("ack_p50_ms", "answer p50 ms", ".2f"),
        Column("cpu_us_per_delivery", "server CPU µs per delivery", ".2f"),
        Column("server_cpu_share", "server busy", ".0%"),
        Column("edits_per_second", "edits/s"),
        Column("lost", "lost"),
        Column("generator_busy_share", "generator busy", ".0%"),
        Column("others_share", "others", ".0%"),
    ],
    "push": [
        Column("edits_per_second", "stored edits/s", ",.0f", True),
        Column("ack_p50_ms", "answer p50 ms", ".2f"),
        Column("ack_p99_ms", "answer p99 ms", ".2f"),
        Column("cpu_us_per_edit", "server CPU µs per edit", ",.0f"),
        Column("deliveries_per_second", "deliveries/s"),
        Column("server_cpu_share", "server busy", ".0%"),
        Column("lost", "lost"),
        Column("generator_busy_share", "generator busy", ".0%"),
        Column("others_share", "others", ".0%"),
    ],
    "open": [
        Column("open_p50_ms", "text there p50 ms", ".2f", True),
        Column("open_p90_ms", "p90 ms", ".2f"),
        Column("open_most_ms", "most ms", ".2f"),
        Column("opens", "opened"),
    ],
    "hold": [
        Column("kib_per_document", "KiB per document", ",.1f", True),
        Column("documents", "documents"),
        Column("base_mib", "MiB with the first eight", ".0f"),
    ],
    "idle": [
        Column("kib_per_socket", "KiB per socket", ".1f", True),
        Column("base_mib", "MiB with 100 sockets", ".0f"),
    ],
}

HEADINGS = {
    "fanout": "Fan-out in one room",
    "send": "Stored chat messages through the whole product",
    "connect": "Connects",
    "idle": "Idle sockets",
    "keystroke": "Keystrokes: 50 editors of one document, four letters a second each",
    "push": "Edits of one document, stored before the answer",
    "open": "Opening a document of 100,000 characters, 498 updates after its last stored text",
    "hold": "Memory of open documents, each 100,000 characters with 498 updates after its last stored text",
}


def case_of(what: str, cell: dict[str, Any]) -> str:
    """The part of a kind of work that a cell belongs to."""
    if what == "fanout":
        return f"{cell['connections']}/{cell['window']}"
    if what in {"push", "open", "hold"}:
        return str(cell["case"])
    return str(cell["which"]) if what == "connect" else ""


def figures(what: str, cell: dict[str, Any]) -> list[str]:
    """The figures of one cell with their headings."""
    return [f"{column.heading} {format(cell[column.figure], column.format)}" for column in COLUMNS[what]]


def medians(what: str, cells: Iterable[dict[str, Any]]) -> Medians:
    """Medians over the rounds of every figure."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["subject"], case_of(what, cell)), []).append(cell)
    return {
        key: {column.figure: statistics.median(cell[column.figure] for cell in group) for column in COLUMNS[what]}
        for key, group in groups.items()
    }


def table(headings: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _value(column: Column, group: list[dict[str, Any]]) -> str:
    values = [cell[column.figure] for cell in group]
    text = format(statistics.median(values), column.format)
    if column.spread and len(values) > 1:
        text += f" ({format(min(values), column.format)}–{format(max(values), column.format)})"
    return text


def _case_table(what: str, case: str, titles: dict[str, str], cells: list[dict[str, Any]]) -> str:
    columns = COLUMNS[what]
    chosen = [cell for cell in cells if case_of(what, cell) == case]
    base = [cell for cell in chosen if cell["subject"] == "ours"]
    first = columns[0].figure
    rows = []
    for name, title in titles.items():
        group = [cell for cell in chosen if cell["subject"] == name]
        if not group:
            continue
        ratio = "–"
        if base:
            mine = statistics.median(cell[first] for cell in base)
            ratio = f"{statistics.median(cell[first] for cell in group) / mine:.2f}" if mine else "–"
        rows.append([title, *(_value(column, group) for column in columns), ratio])
    return table(["subject", *(column.heading for column in columns), "÷ ours"], rows)


_CASE_TITLES = {
    "first": "Session read from the database",
    "again": "Person already connected",
    "cold": "Its text is not in memory",
    "warm": "Its text is in memory",
    "with its text": "Documents whose text is kept in memory (64 of a process)",
    "beyond": "Documents beyond those: a socket and what is told on it",
}


def _case_title(what: str, case: str) -> str:
    if what == "fanout":
        size, window = case.split("/")
        return f"{size} sockets, {window} message{'s' if window != '1' else ''} in flight"
    if what == "push":
        clients, edits = case.split("/")
        return f"{clients} client{'s' if clients != '1' else ''}, {edits} edit{'s' if edits != '1' else ''} in a push"
    return _CASE_TITLES.get(case, "")


def render(
    what: str, titles: dict[str, str], cells: list[dict[str, Any]], goals: list[Goal], failures: list[str]
) -> str:
    """The part of the report about one kind of work."""
    parts = [f"## {HEADINGS[what]}"]
    if refused := sum(cell.get("refused", 0) for cell in cells):
        parts.append(f"**{refused:,} commands were refused: these rates are those of a limit, not of the server.**")
    for case in dict.fromkeys(case_of(what, cell) for cell in cells):
        if title := _case_title(what, case):
            parts.append(f"### {title}")
        parts.append(_case_table(what, case, titles, cells))
    if goals:
        found = medians(what, cells)
        parts += ["### Goals", table(["what", "goal", "measured", "verdict"], [goal.verdict(found) for goal in goals])]
    if failures:
        parts += ["### What failed", "\n".join(f"- {failure}" for failure in failures)]
    return "\n\n".join(parts)


def _noise_line(noise: list[float]) -> str:
    if not noise:
        return "How much others used the machine was not measured."
    usual, most = statistics.median(noise), max(noise)
    text = f"Others used {usual:.0%} of the machine during a measurement (median; at most {most:.0%})."
    return text + (" **Too noisy: read the CPU figures, not the rates.**" if usual > 0.1 else "")


def preface(what: str, command: str, facts: dict[str, Any], rounds: int, minutes: float, noise: list[float]) -> str:
    """Date, machine, versions and noise."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    changed = " with uncommitted changes" if facts["uncommitted_changes"] else ""
    lines = [
        f"# {what}, {facts['date']}",
        "",
        f"`{command}` · {rounds} round{'s' if rounds > 1 else ''}, subjects taking turns · {minutes:.1f} minutes"
        f" · commit {facts['commit']}{changed}",
        "",
        f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']};"
        f" servers on core {facts['server_core']}, generator on core {facts['generator_core']}.",
        "",
        f"Versions: {versions}.",
        "",
        _noise_line(noise),
        "",
        "Figures are medians over the rounds, in brackets the least and the most.",
    ]
    return "\n".join(lines)


def write(folder: Path, name: str, text: str, data: dict[str, Any]) -> Path:
    """Writes name.md and name.json; returns the first."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    path = folder / f"{name}.md"
    path.write_text(text.rstrip() + "\n")
    return path
