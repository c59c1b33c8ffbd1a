"""The text of a document at any version: the nearest text before it and the updates since.

Called by the other selectors and by the service that stores updates. Never writes and never asks who may see it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from editor import authority
from editor.authority import Accepted
from editor.models import Document, Snapshot
from editor.selectors.updates import accepted_between
from editor.texts import Sheet, sheets
from editor.units import Units, from_units, to_units
from realtime.protocol import Refused

CATCH_UP_UPDATES: Final = 500
"""Updates that a kept text is moved forward by; from further behind a stored text is nearer."""


def key_of(document: Document) -> tuple[int, datetime]:
    """Under which the texts of a document are kept in memory."""
    return document.pk, document.created_at


def sheet_of(document: Document) -> Sheet:
    """The text at the version of this row, with the updates before it; from memory as far as that goes.

    What was read is not put into memory: inside a transaction it may never be committed. See `keep`.
    """
    kept = sheets.get(key_of(document), version=document.version)
    if kept is None or document.version - kept.version > CATCH_UP_UPDATES:
        kept = _nearest(document, document.version)
    return _forward(document, kept, document.version)


def keep(document: Document, sheet: Sheet) -> None:
    """Keeps in memory what was read of a document outside a transaction, or is committed."""
    sheets.put(key_of(document), sheet)


def units_at(document: Document, version: int) -> Units:
    """The text at a version that can still be shown.

    Raises:
        Refused: `unknown_version` for one that was compacted away, unless it has a name, or is still to come.
    """
    if 0 <= version < document.log_start:
        named = Snapshot.objects.filter(document_id=document.pk, version=version).exclude(name="").first()
        if named is not None:
            return to_units(named.text)
    if not document.log_start <= version <= document.version:
        raise Refused("unknown_version", f"Versions {document.log_start} to {document.version} can be shown.")
    if version == document.version:
        return sheet_of(document).units
    return _forward(document, _nearest(document, version), version).units


def text_at(document: Document, version: int) -> str:
    """As `units_at`, in real characters."""
    return from_units(units_at(document, version))


def _nearest(document: Document, version: int) -> Sheet:
    rows = Snapshot.objects.filter(document_id=document.pk, version__lte=version)
    found = rows.order_by("-version").values_list("version", "text").first()
    if found is None:
        raise LookupError(f"document {document.pk} has no text at or before version {version}")
    return Sheet(found[0], to_units(found[1]))


def _forward(document: Document, sheet: Sheet, version: int) -> Sheet:
    if sheet.version == version:
        return sheet
    missing: list[Accepted] = accepted_between(document_id=document.pk, after=sheet.version, upto=version)
    if len(missing) != version - sheet.version:
        raise LookupError(f"document {document.pk} lacks updates between {sheet.version} and {version}")
    return sheet.plus(missing, authority.apply_all(sheet.units, (update.changes for update in missing)))
