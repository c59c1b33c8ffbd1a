"""A whole new text given by somebody who has no editor: it becomes the edits that lead to it.

Called by the HTTP API. What others write meanwhile stays, as with any push.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from editor import names
from editor.difference import difference
from editor.events import Pushed
from editor.selectors.documents import find_document, refusal_to_edit
from editor.selectors.texts import text_at
from editor.services.updates import submit_updates
from editor.units import from_units

if TYPE_CHECKING:
    from accounts.models import User


def replace_text(*, actor: User, document_id: int, version: int, text: str) -> Pushed:
    """Pushes what makes `text` out of the document at a version. The same again is stored once.

    Args:
        actor: whose edit it is.
        document_id: which document.
        version: the one that the new text was made from.
        text: all of it; line ends become line feeds.

    Returns:
        The document's version after it; the present one when there was nothing to change.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted, unknown_version, conflict, invalid, too_large.
    """
    new = from_units(names.clean_document(text))
    document, rights = find_document(actor=actor, document_id=document_id)
    changes = difference(text_at(document, version), new)
    if not changes and not refusal_to_edit(document, rights):
        return Pushed(version=document.version)
    # The same text on the same version is the same push, by whose name what was stored of it is known.
    wish = hashlib.sha256(f"{document_id} {version} {new}".encode()).hexdigest()
    return submit_updates(
        actor=actor,
        document_id=document_id,
        client_id=f"{actor.pk}-text-{wish[:32]}",
        version=version,
        changes=changes,
    )
