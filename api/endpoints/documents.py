"""Documents of rooms: read at any version, made, changed, and their history."""

from __future__ import annotations

from typing import Final

from api.declared import Call, endpoint
from api.shapes import (
    DocumentSettings,
    NewDocument,
    NewText,
    NoQuery,
    UpdatesQuery,
    VersionName,
    VersionQuery,
    VersionWanted,
)
from editor import selectors, services
from editor.changes import DOCUMENT_UNITS
from editor.events import Pushed
from editor.services import DocumentChange
from editor.shapes import DocumentList, DocumentView, EditPage, History, NamedVersion, TextView
from realtime.consumers import take_token
from realtime.ratelimit import Limit

TAG = "Documents"
ONE = "documents/<int:document_id>"
TEXT_BYTES: Final = 6 * DOCUMENT_UNITS + 65_536
"""The longest document, each character of it escaped."""
WRITING = ("invalid", "too_large", "not_found", "not_member", "read_only", "muted")
REPLAYS: Final = Limit(burst=30, per_second=2)
"""What goes through thousands of updates."""


@endpoint("GET", "rooms/<int:room_id>/documents", tag=TAG, scope="documents:read", refuses=("not_found",))
def list_documents(call: Call[NoQuery, None], room_id: int) -> DocumentList:
    """The documents of a room in the order of their tabs; its members see what was deleted last, too."""
    return selectors.document_list(actor=call.user, room_id=room_id)


@endpoint(
    "POST",
    "rooms/<int:room_id>/documents",
    tag=TAG,
    scope="documents:write",
    status=201,
    once="kept",
    body_bytes=TEXT_BYTES,
    refuses=(*WRITING, "conflict"),
    gives={"document_id": "/id"},
)
def create_document(call: Call[NoQuery, NewDocument], room_id: int) -> DocumentView:
    """Make a document, perhaps with a text."""
    new = call.body
    return services.create_document(
        actor=call.user, room_id=room_id, cid=call.cid, name=new.name, language=new.language, text=new.text
    )


@endpoint("GET", ONE, tag=TAG, scope="documents:read", refuses=("not_found",))
def get_document(call: Call[NoQuery, None], document_id: int) -> DocumentView:
    """One document without its text."""
    return selectors.view_document(actor=call.user, document_id=document_id)


@endpoint("PATCH", ONE, tag=TAG, scope="documents:write", refuses=(*WRITING, "conflict", "gone"))
def update_document(call: Call[NoQuery, DocumentSettings], document_id: int) -> DocumentView:
    """Change name, language, place, or whether members may edit it."""
    new = call.body
    change = DocumentChange(name=new.name, language=new.language, read_only=new.read_only, position=new.position)
    return services.update_document(actor=call.user, document_id=document_id, change=change)


@endpoint("DELETE", ONE, tag=TAG, scope="documents:write", refuses=WRITING)
def delete_document(call: Call[NoQuery, None], document_id: int) -> DocumentView:
    """Delete a document; it can be brought back."""
    return services.delete_document(actor=call.user, document_id=document_id)


@endpoint(
    "POST",
    f"{ONE}/restore",
    tag=TAG,
    scope="documents:write",
    once="kept",
    refuses=(*WRITING, "conflict"),
)
def restore_document(call: Call[NoQuery, None], document_id: int) -> DocumentView:
    """Bring a deleted document back."""
    return services.bring_back(actor=call.user, document_id=document_id)


@endpoint("GET", f"{ONE}/text", tag=TAG, scope="documents:read", refuses=("not_found", "unknown_version"))
def get_text(call: Call[VersionQuery, None], document_id: int) -> TextView:
    """The text at a version, the newest when none is given."""
    return selectors.view_text(actor=call.user, document_id=document_id, version=call.query.version)


@endpoint(
    "PUT",
    f"{ONE}/text",
    tag=TAG,
    scope="documents:write",
    body_bytes=TEXT_BYTES,
    refuses=(*WRITING, "gone", "unknown_version", "conflict"),
)
def put_text(call: Call[NoQuery, NewText], document_id: int) -> Pushed:
    """Give the whole new text, and the version that it was made from.

    It becomes the edits that lead from that version to the text, so what others write meanwhile stays. The same text
    on the same version is stored once, however often it is sent.
    """
    return services.replace_text(
        actor=call.user, document_id=document_id, version=call.body.version, text=call.body.text
    )


@endpoint("GET", f"{ONE}/updates", tag=TAG, scope="documents:read", refuses=("not_found", "unknown_version"))
def list_updates(call: Call[UpdatesQuery, None], document_id: int) -> EditPage:
    """Edits after a version, in order; `changes` are change sets as CodeMirror writes them."""
    page = selectors.updates_after(
        actor=call.user, document_id=document_id, after=call.query.after, limit=call.query.limit
    )
    if page.more:
        call.pages["next"] = {"after": page.updates[-1].version}
    return page


@endpoint("GET", f"{ONE}/versions", tag=TAG, scope="documents:read", refuses=("not_found",))
def list_versions(call: Call[NoQuery, None], document_id: int) -> History:
    """Who wrote when, as stretches of versions, and the versions that have a name."""
    take_token(call.user.pk, "api replay", REPLAYS)
    return selectors.history(actor=call.user, document_id=document_id)


@endpoint(
    "PUT",
    f"{ONE}/versions/<int:version>/name",
    tag=TAG,
    scope="documents:write",
    refuses=(*WRITING, "gone", "unknown_version"),
)
def name_version(call: Call[NoQuery, VersionName], document_id: int, version: int) -> NamedVersion:
    """Give a version a name; an empty one takes it away."""
    return services.name_version(actor=call.user, document_id=document_id, version=version, name=call.body.name)


@endpoint(
    "POST",
    f"{ONE}/revert",
    tag=TAG,
    scope="documents:write",
    once="kept",
    refuses=(*WRITING, "gone", "unknown_version", "conflict"),
)
def revert_document(call: Call[NoQuery, VersionWanted], document_id: int) -> Pushed:
    """Make the text as it was at a version, as a new edit; what others write meanwhile stays."""
    return services.restore_version(actor=call.user, document_id=document_id, version=call.body.version)
