"""Discussions bound to lines of a document: where the lines are now, and whether they are still what was said.

Called by the JSON API and by the services of discussions. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from textwrap import dedent
from typing import TYPE_CHECKING, Final
from uuid import UUID

from accounts import selectors as accounts
from chat import highlight
from chat import selectors as chat
from chat.selectors import Said, one_moment
from editor.authority import Accepted
from editor.models import Anchor, Document
from editor.selectors.documents import document_topic, document_view, find_document, room_topic
from editor.selectors.texts import sheet_of
from editor.selectors.updates import accepted_between
from editor.shapes import Discussion, Discussions
from editor.spans import Lines, lines_changed, lines_of, move_span
from editor.units import Units, from_units
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

HIGHLIGHT_SECONDS: Final = 0.05
"""For one quote; the rest of it stays plain."""


def discussions(*, actor: User, document_id: int) -> Discussions:
    """The discussions of a document, at its version of now; of a deleted one, for members only.

    Raises:
        Refused: `not_found`.
    """
    with one_moment():
        document, rights = find_document(actor=actor, document_id=document_id)
        if document.deleted_at is not None and not rights.is_member:
            raise Refused("not_found")
        found = views_of(document, chat.messages_about(room_id=document.room_id, topic=document_topic(document.pk)))
        people = {person for view in found for person in (view.author, view.resolved_by) if person is not None}
        topic = room_topic(document.room_id)
        return Discussions(
            document=document_view(document),
            can_write=rights.may_write and document.deleted_at is None,
            as_of_seq=log.heads([topic])[topic][0],
            discussions=found,
            people=list(accounts.people_views(people).values()),
        )


def views_of(document: Document, said: Sequence[Said]) -> list[Discussion]:
    """Those of the messages that are bound to lines, in their order."""
    anchors = {anchor.message_id: anchor for anchor in Anchor.objects.filter(message__in=[one.id for one in said])}
    bound = [(one, anchors[one.id]) for one in said if one.id in anchors and anchors[one.id].quote]
    if not bound:
        return []
    text = sheet_of(document).units
    first = min(anchor.version for _, anchor in bound)
    log_since = accepted_between(document_id=document.pk, after=first, upto=document.version)
    return [_view(document, one, anchor, text, log_since) for one, anchor in bound]


def _view(document: Document, said: Said, anchor: Anchor, text: Units, log_since: Sequence[Accepted]) -> Discussion:
    missed = log_since[len(log_since) - (document.version - anchor.version) :]
    start, end = move_span(anchor.start, anchor.end, (update.changes for update in missed))
    now = lines_of(text, start, end)
    return Discussion(
        message=said.id,
        message_seq=said.seq,
        document=document.pk,
        author=said.author,
        excerpt=said.excerpt,
        created_at=said.created_at,
        version=document.version,
        start=start,
        end=end,
        line=now.first,
        last_line=now.last,
        said_version=anchor.said_version,
        said_start=anchor.said_start,
        said_end=anchor.said_end,
        said_line=anchor.said_line,
        quote=anchor.quote,
        html=_highlighted(anchor.quote, document),
        changed=_changed(anchor, now) if start < end else None,
        replies=said.replies,
        resolved_at=anchor.resolved_at,
        resolved_by=anchor.resolved_by_id,
    )


def _highlighted(quote: str, document: Document) -> str:
    language = highlight.language_of(document.language) or highlight.language_of(document.name.rpartition(".")[2])
    return _html(dedent(quote), language)


@lru_cache(maxsize=512)
def _html(quote: str, language: str) -> str:
    return highlight.to_html(quote, language, highlight.Budget(HIGHLIGHT_SECONDS))


def _changed(anchor: Anchor, now: Lines) -> list[int] | None:
    changed = lines_changed(anchor.quote, Lines(now.first, now.last, Units(from_units(now.units))))
    return None if changed is None else list(changed)


def unbound(*, actor: User, document_id: int) -> bool:
    """Whether there are messages about ranges of a document that nobody has bound to it yet (imported ones).

    Raises:
        Refused: `not_found`.
    """
    return bool(messages_unbound(find_document(actor=actor, document_id=document_id)[0]))


def messages_unbound(document: Document) -> list[Said]:
    """Messages about ranges of a document that have no anchor."""
    said = chat.messages_about(room_id=document.room_id, topic=document_topic(document.pk))
    bound = set(Anchor.objects.filter(document=document).values_list("message", flat=True))
    return [one for one in said if one.id not in bound]


def find_discussion(document: Document, message_id: UUID) -> Discussion:
    """One discussion of a document.

    Raises:
        Refused: `not_found`.
    """
    topic = document_topic(document.pk)
    said = chat.messages_about(room_id=document.room_id, topic=topic, message_id=message_id)
    found = views_of(document, said)
    if not found:
        raise Refused("not_found")
    return found[0]
