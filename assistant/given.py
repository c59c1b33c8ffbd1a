"""What a run is given to answer from, as plain values: read once by a selector, made into words by assistant.prompts.

Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

ANSWER: Final = "answer"
SUMMARY: Final = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message, as the asker may read it.

    Attributes:
        author: the name that is shown.
        mine: written by the assistant that is asked.
        url: its permalink.
        files: names of what hangs on it.
    """

    id: UUID
    seq: int
    author: str
    at: datetime
    text: str
    url: str
    mine: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A stretch of a document: whole lines, counted from 1."""

    text: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The document that the asker had open beside the question.

    Attributes:
        version: the one of `text`, which is the newest; the question may be about an earlier one.
        selected: what the question is about; None for the document as a whole.
        url: leads to this version.
    """

    id: int
    name: str
    language: str
    version: int
    text: str
    url: str
    selected: Selected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document of the room by its name, and how many characters it has."""

    id: int
    name: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What was changed in a document since the stretch of a summary begins."""

    name: str
    people: tuple[str, ...]
    added: int
    removed: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that a run may be given, before it is cut to what fits.

    Attributes:
        run: the run's id.
        kind: answer or summary.
        fence: a word that nobody can have written before; it encloses what is data and not instruction.
        room: name of the room; empty in a direct one.
        room_url: address of the room.
        direct: it is the asker's own session.
        asker: the name that is shown.
        zone: the asker's time zone, by name.
        agent: name of the assistant.
        prompts: what staff and the room wrote for it: (title, text).
        people: names of some who are in the room, and how many there are in all.
        question: what is answered; None for a summary.
        quoted: the message that the question answers.
        thread: the thread in which the question stands, without the question, oldest first.
        recent: other messages of the room, oldest first; of a summary those that it is about.
        more_before: there are messages that are not in `recent`.
        notes: what the asker's session remembers.
        memory_off: the asker does not want anything to be remembered.
        may_edit: the room lets it edit documents itself.
        may_write: the asker may write in documents.
        metrics: something here answers questions about numbers.
        demo: a small model answers, which takes few words and no tools.
    """

    run: UUID
    kind: str
    fence: str
    now: datetime
    room_id: int
    room: str
    room_url: str
    purpose: str
    direct: bool
    asker: str
    zone: str
    agent: str
    prompts: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    people_count: int
    question: Said | None
    quoted: Said | None = None
    thread: tuple[Said, ...] = ()
    recent: tuple[Said, ...] = ()
    more_before: bool = False
    pins: tuple[Said, ...] = ()
    document: Opened | None = None
    documents: tuple[Listed, ...] = ()
    edited: tuple[Edited, ...] = ()
    notes: tuple[str, ...] = ()
    memory_off: bool = False
    may_edit: bool = False
    may_write: bool = True
    metrics: bool = False
    demo: bool = False
