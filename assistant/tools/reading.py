"""Tools that read: messages, threads, documents, people and figures of the run's room, as its asker may.

Called by assistant.tools.calling. Never writes; what is found is data, and bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.events import PersonView
from assistant.selectors.beside import document_url
from assistant.tools import declared
from assistant.tools.work import CONTENT_CHARS, ToolResult, Work, clip
from assistant.wording import moment
from chat import selectors as chat
from chat.selectors import directory
from chat.selectors.since import message_at
from chat.shapes import MessageFound, MessageView, SourceView
from chat.texts import ALERT
from editor import selectors as editor
from realtime.protocol import Refused

FOUND_MOST: Final = 12
THREAD_MOST: Final = 40
AROUND: Final = 6
MESSAGE_CHARS: Final = 1_200
PEOPLE_MOST: Final = 100
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SEQ: Final = re.compile(r"\D{0,2}(\d{1,18})\D{0,2}")


def search_messages(work: Work, given: declared.SearchMessages) -> ToolResult:
    """Searches this room."""
    found = chat.search(actor=work.asker, q=given.query, zone=work.zone, room_id=work.room.id)
    if found.problems:
        raise Refused("invalid", " ".join(problem.message for problem in found.problems))
    names = _names(found.people)
    hits = found.messages[:FOUND_MOST]
    lines = [_hit_line(work, hit, names) for hit in hits]
    more = f"\n({found.counts.messages} in all; the newest are shown.)" if found.counts.messages > len(hits) else ""
    return ToolResult(
        content=clip("\n".join(lines) + more if lines else "Nothing was found. Try fewer or other words."),
        title=f"Searched for “{given.query}”: {len(hits)} of {found.counts.messages}",
        sources=tuple(_source(work, names, hit) for hit in hits),
    )


def _hit_line(work: Work, hit: MessageFound, names: dict[int, str]) -> str:
    text = "".join(piece.text for piece in hit.pieces)
    author = _author(names, hit.author, hit.kind)
    return f"[#{hit.seq}] {_time(work, hit.created_at)} {author}: {clip(text, MESSAGE_CHARS)}"


def read_thread(work: Work, given: declared.ReadThread) -> ToolResult:
    """Reads a message with what belongs to it."""
    message = _find_message(work, given.message)
    root = message.thread_root or (message.id if message.thread is not None else None)
    if root is not None:
        page = directory.reply_page(actor=work.asker, room_id=work.room.id, root_id=root, limit=THREAD_MOST)
        views, people, what = [page.root, *page.replies], page.people, "thread"
        if page.has_before:
            views = [views[0], *views[-THREAD_MOST:]]
    else:
        views, people, what = *_around(work, message), "messages"
    names = _names(people)
    lines = [_message_line(work, view, names) for view in views if view.kind != "system"]
    return ToolResult(
        content=clip("\n".join(lines)),
        title=f"Read {len(lines)} messages of the {what} at #{message.seq}",
        sources=(_source(work, names, views[0]),),
    )


def _around(work: Work, message: MessageView) -> tuple[list[MessageView], list[PersonView]]:
    before = chat.message_page(actor=work.asker, room_id=work.room.id, before=message.seq + 1, limit=AROUND)
    after = chat.message_page(actor=work.asker, room_id=work.room.id, after=message.seq, limit=AROUND)
    return [*before.messages, *after.messages], [*before.people, *after.people]


def _find_message(work: Work, told: str) -> MessageView:
    try:
        if found := _ID.search(told):
            view, _ = directory.one_message(actor=work.asker, room_id=work.room.id, message_id=UUID(found[0]))
        elif number := _SEQ.fullmatch(told.strip()):
            view = message_at(actor=work.asker, room_id=work.room.id, seq=int(number[1]))
        else:
            raise Refused("invalid", "Give the number behind the # of a message, or its link.")
    except Refused as refused:
        if refused.code == "not_found":
            raise Refused("not_found", "This room has no such message.") from refused
        raise
    if view.deleted_at is not None:
        raise Refused("gone", "This message was deleted.")
    return view


def _message_line(work: Work, view: MessageView, names: dict[int, str]) -> str:
    files = ", ".join(one.name for one in view.attachments if not one.blocked)
    text = "(deleted)" if view.deleted_at is not None else clip(view.body, MESSAGE_CHARS)
    told = f"{text} [attached: {files}]" if files else text
    return f"[#{view.seq}] {_time(work, view.created_at)} {_author(names, view.author, view.kind)}: {told}"


def read_document(work: Work, given: declared.ReadDocument) -> ToolResult:
    """Reads lines of a document."""
    document = work.find_document(given.name)
    shown = editor.view_text(actor=work.asker, document_id=document.id)
    lines = shown.text.split("\n")
    first = given.from_line
    last = min(given.to_line or len(lines), len(lines))
    if first > last:
        raise Refused("invalid", f"{document.name} has {len(lines)} lines. Ask for lines among them.")
    told: list[str] = []
    left = CONTENT_CHARS - 300
    for number in range(first, last + 1):
        line = f"{number}| {lines[number - 1]}"
        if len(line) + 1 > left:
            break
        told.append(line)
        left -= len(line) + 1
    if not told:
        told = [clip(f"{first}| {lines[first - 1]}", left)]
    end = first + len(told) - 1
    more = f" Ask from_line {end + 1} for more." if end < last else ""
    head = f"{document.name}, version {shown.version}: lines {first} to {end} of {len(lines)}.{more}"
    url = document_url(work.room, document.id, shown.version)
    where = document.name if (first, end) == (1, len(lines)) else f"{document.name}, lines {first}–{end}"
    return ToolResult(
        content="\n".join([head, *told]),
        title=f"Read {where}",
        sources=(SourceView(kind="document", label=where, url=url),),
    )


def list_people(work: Work, given: declared.ListPeople) -> ToolResult:
    """Lists who is in the room."""
    members, more = directory.member_page(actor=work.asker, room_id=work.room.id, limit=PEOPLE_MOST)
    lines = [
        f"{_one_line(member.person.display_name)} (@{member.person.name}): {member.role}"
        + ("" if member.person.kind == "human" else f", {member.person.kind}")
        for member in members
    ]
    told = [*lines, "… and more"] if more else lines
    return ToolResult(content=clip("\n".join(told)), title=f"Listed {len(lines)} people")


def read_metrics(work: Work, given: declared.ReadMetrics) -> ToolResult:
    """Reads figures, where an app has some: settings.ASSISTANT_METRICS names its function."""
    content, sources = import_string(settings.ASSISTANT_METRICS)(
        actor=work.asker, room_id=work.room.id, query=given.query
    )
    return ToolResult(content=clip(content), title=f"Read figures: {given.query}", sources=tuple(sources))


def _names(people: Iterable[PersonView]) -> dict[int, str]:
    return {person.id: person.display_name for person in people}


def _author(names: dict[int, str], author: int | None, kind: str) -> str:
    if author is None:
        return ALERT if kind == "alert" else "former member"
    return _one_line(names.get(author, "former member"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _time(work: Work, at: datetime) -> str:
    return f"{at.astimezone(work.zone):%Y-%m-%d %H:%M}"


def _source(work: Work, names: dict[int, str], found: MessageFound | MessageView) -> SourceView:
    at = moment(found.created_at, now=timezone.now(), zone=work.zone)
    label = f"{_author(names, found.author, found.kind)}, {at}"
    return SourceView(kind="message", label=label, url=f"{work.room.url}m/{found.id}/")
