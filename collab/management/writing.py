"""Writes the demo's documents as people do: one after the other, a few characters at a time.

Called by seed_demo, in its transaction. Touches nothing but the rooms that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec

from chat import services as chat
from chat.shapes import BesideView
from editor import services
from editor.changes import ChangeSet

if TYPE_CHECKING:
    from accounts.models import User

DATA: Final = Path(__file__).resolve().parent / "demo_documents.toml"
PAUSE: Final = timedelta(milliseconds=900)
_KEYSTROKES: Final = re.compile(r"\S{1,8}\s*|\s+")


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody said in a discussion."""

    who: str
    at: str
    text: str


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """A message about the lines where `find` stands, and what was answered; `resolved` names who resolved it, when."""

    who: str
    at: str
    find: str
    text: str
    answers: list[Answer] = []
    resolved: tuple[str, str] | None = None


class Edit(msgspec.Struct, forbid_unknown_fields=True):
    """One sitting: what somebody replaced; `named` is a name for the version after it, `asks` what was asked then."""

    who: str
    at: str
    put: str
    find: str = ""
    named: str = ""
    asks: list[Ask] = []


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A document and its sittings, in order."""

    room: str
    name: str
    language: str
    who: str
    made: str
    text: str
    edits: list[Edit]


class Documents(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    documents: list[Document]


def read_documents() -> list[Document]:
    """The documents as they stand in the data file."""
    return msgspec.toml.decode(DATA.read_bytes(), type=Documents).documents


def write_document(
    document: Document, *, room_id: int, people: dict[str, User], when: Callable[[str], datetime]
) -> None:
    """Makes one document with its history.

    Args:
        document: what to write.
        room_id: where.
        people: by their names.
        when: reads a time of the demo.
    """
    text = document.text.lstrip("\n")
    made = services.create_document(
        actor=people[document.who],
        room_id=room_id,
        cid=uuid4(),
        name=document.name,
        language=document.language,
        text=text,
        at=when(document.made),
    )
    version = 0
    for number, edit in enumerate(document.edits):
        who, at = people[edit.who], when(edit.at)
        for change, after in _sitting(text, edit):
            version = services.submit_updates(
                actor=who,
                document_id=made.id,
                client_id=f"{who.pk}-demo{number}",
                version=version,
                changes=[change],
                at=at,
            ).version
            text, at = after, at + PAUSE
        if edit.named:
            services.name_version(actor=who, document_id=made.id, version=version, name=edit.named, at=at)
        for ask in edit.asks:
            start = text.index(ask.find)
            beside = BesideView(topic=f"document:{made.id}", seq=version, start=start, end=start + len(ask.find))
            _discuss(ask, beside, room_id=room_id, document_id=made.id, people=people, when=when)


def _discuss(
    ask: Ask,
    beside: BesideView,
    *,
    room_id: int,
    document_id: int,
    people: dict[str, User],
    when: Callable[[str], datetime],
) -> None:
    """Says it, beside the code as it is now, with its answers."""
    say = partial(chat.send_message, room_id=room_id)
    asked = say(actor=people[ask.who], cid=uuid4(), body=ask.text, beside=beside, at=when(ask.at))
    services.bind_messages(document_id=document_id)
    for answer in ask.answers:
        say(actor=people[answer.who], cid=uuid4(), body=answer.text, thread=asked.id, at=when(answer.at))
    if ask.resolved is not None:
        who, at = ask.resolved
        services.resolve_discussion(
            actor=people[who], document_id=document_id, message_id=asked.id, resolved=True, at=when(at)
        )


def _sitting(text: str, edit: Edit) -> Iterator[tuple[ChangeSet, str]]:
    """The keystrokes of an edit, each with the text after it; the demo's texts are all in the basic plane."""
    put, gone = edit.put, edit.find
    start = text.index(gone) if gone else len(text)
    same = _same(gone, put)
    left = _same(gone[same:][::-1], put[same:][::-1])
    start, gone, put = start + same, gone[same : len(gone) - left], put[same : len(put) - left]
    if gone:
        yield (
            ChangeSet.from_edits(len(text), [(start, start + len(gone), "")]),
            text[:start] + text[start + len(gone) :],
        )
        text = text[:start] + text[start + len(gone) :]
    for keys in _KEYSTROKES.findall(put):
        yield ChangeSet.from_edits(len(text), [(start, start, keys)]), text[:start] + keys + text[start:]
        text, start = text[:start] + keys + text[start:], start + len(keys)


def _same(one: str, other: str) -> int:
    """How many characters are the same at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
