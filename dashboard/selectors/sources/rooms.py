"""What a room's tables and logs say: who edits, which documents, which discussions are open, what happens.

Called by asking.py, which has asked for the rights. Never writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dashboard.shapes import CellView, TableView


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> TableView:
    """A table of cells, or of mappings with what a cell needs, as apps beside us give them."""
    cells = [[msgspec.convert(cell, CellView) if isinstance(cell, dict) else cell for cell in row] for row in rows]
    return TableView(source="", columns=list(columns), rows=cells)
