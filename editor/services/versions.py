"""Versions: given a name, and made again as a new edit. The log only ever grows.

Called by the JSON API and commands. Each public function is one transaction and at most one event of the room; the
room's topic is locked first, then the document.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from chat import selectors as chat
from editor import names
from editor.difference import difference
from editor.events import Pushed, VersionNamed
from editor.models import Document, Snapshot
from editor.selectors.documents import find_document, find_living, refusal_to_edit, room_topic
from editor.selectors.texts import text_at
from editor.services.updates import lock_document, submit_updates
from editor.shapes import NamedVersion
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

NAMED_MOST: Final = 200
"""Named versions of one document."""


class _Unchanged(Exception):
    """It has this name already; raised inside the transaction, it gives the room's seq back."""


def name_version(*, actor: User, document_id: int, version: int, name: str, at: datetime | None = None) -> NamedVersion:
    """Gives a version a name, or another one; "" takes it away. Whoever may edit the document may do it.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted, unknown_version; `invalid` or `too_large` with its
            field.
    """
    named = NamedVersion(version=version, name=names.clean_version_name(name), author=actor.pk, at=at or timezone.now())
    try:
        return _name(actor, document_id, named)
    except _Unchanged:
        return named


@transaction.atomic
def _name(actor: User, document_id: int, named: NamedVersion) -> NamedVersion:
    room_id = find_living(actor=actor, document_id=document_id)[0].room_id
    seq = log.reserve(room_topic(room_id))
    document = _lock_to_edit(actor, document_id)
    row = Snapshot.objects.filter(document=document, version=named.version).first()
    if (row.name if row else "") == named.name:
        raise _Unchanged
    taken = Snapshot.objects.filter(document=document).exclude(name="")
    if named.name and not (row and row.name) and taken.count() >= NAMED_MOST:
        raise Refused("too_large", f"A document has at most {NAMED_MOST} named versions.", field="name")
    row = row or Snapshot(document=document, version=named.version, text=text_at(document, named.version))
    row.name, row.author_id, row.at = named.name, named.author, named.at
    row.save()
    event = VersionNamed(document=document_id, named=named)
    log.append(topic=room_topic(room_id), seq=seq, event=event, actor_id=actor.pk, at=named.at)
    return named


def _lock_to_edit(actor: User, document_id: int) -> Document:
    """The locked row of a document that this person may edit.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted.
    """
    document = lock_document(document_id)
    if document is None:
        raise Refused("not_found")
    rights = chat.rights_in(actor=actor, room_id=document.room_id)
    code = refusal_to_edit(document, rights)
    if code:
        told = chat.refuse_to_write(actor=actor, room_id=document.room_id, rights=rights)
        raise told or Refused(code, "This document is closed for writing." if code == "read_only" else "")
    return document


def restore_version(*, actor: User, document_id: int, version: int, at: datetime | None = None) -> Pushed:
    """Makes the text as it was at a version, by a push of the actor; what others write meanwhile stays.

    Answers the document's version, unchanged when the text is the same.

    Raises:
        Refused: not_found, gone, not_member, read_only, muted, unknown_version, conflict.
    """
    document, rights = find_document(actor=actor, document_id=document_id)
    changes = difference(text_at(document, document.version), text_at(document, version))
    if not changes and not refusal_to_edit(document, rights):
        return Pushed(version=document.version)
    client_id = f"{actor.pk}-restore-{secrets.token_urlsafe(9)}"
    return submit_updates(
        actor=actor, document_id=document_id, client_id=client_id, version=document.version, changes=changes, at=at
    )
