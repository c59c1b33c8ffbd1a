"""What a run is given: everything around its question that whoever asked may read, in its room and nowhere else.

Called by the runner before the prompt is made. Never writes and never cuts anything to a budget: that is for prompts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts import selectors as accounts
from accounts.events import PersonView
from assistant.given import ANSWER, SUMMARY, Context, Edited, Listed, Said
from assistant.models import PersonChoice, Run
from assistant.selectors import agents
from assistant.selectors.askers import asker_of
from assistant.selectors.beside import opened_document
from assistant.selectors.catchup import changed_files
from assistant.selectors.memory import notes_of
from chat import selectors as chat
from chat.selectors import directory
from chat.selectors.directory import RoomStanding
from chat.selectors.since import messages_since
from chat.shapes import MessageView
from chat.shapes.runs import ENDED
from chat.texts import ALERT
from editor import selectors as editor
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

RECENT_MOST: Final = 60
BEFORE_THREAD_MOST: Final = 12
THREAD_MOST: Final = 100
SUMMARY_MOST: Final = 400
PEOPLE_MOST: Final = 40
DOCUMENTS_MOST: Final = 30
PAUSE: Final = timedelta(hours=1)
"""Without memory a session begins anew after so long a silence."""


def context_of(*, run_id: UUID) -> Context:
    """What the run is given, with the rights that its asker has at this moment.

    Raises:
        Refused: `gone` when the question, the asker or the run is not there any more; banned, not_found, not_member.
    """
    run = Run.objects.select_related("agent__user").filter(pk=run_id).first()
    if run is None or run.agent is None:
        raise Refused("gone", "This run is not there any more.")
    with chat.one_moment():
        asker, rights = asker_of(run)
        return _Reader(run, asker, may_write=rights.may_write).read()


class _Reader:
    """Reads one context, inside one moment."""

    def __init__(self, run: Run, asker: User, *, may_write: bool) -> None:
        assert run.agent is not None
        self._run = run
        self._asker = asker
        self._may_write = may_write
        self._agent = agents.in_force(run.agent, agents.choice_of(run.room_id))
        self._standing: RoomStanding = directory.room_standing(actor=asker, room_id=run.room_id)
        self._people: dict[int, PersonView] = {}
        self._choice = PersonChoice.objects.filter(pk=asker.pk).first() or PersonChoice(user_id=asker.pk)
        self._direct = self._is_session()

    def _is_session(self) -> bool:
        found = chat.rights_of(room_id=self._run.room_id, user_ids=[self._agent.user_id])
        mine = found.get(self._agent.user_id)
        return self._standing.room.kind == "direct" and mine is not None and mine.is_member

    def read(self) -> Context:
        """The whole context."""
        question = self._question() if self._run.kind == ANSWER else None
        thread = self._thread(question) if self._run.thread_root else []
        recent, more = self._recent(question, thread)
        view = self._view(question, thread) if question is not None else None
        document = None
        if view is not None and view.beside is not None:
            document = opened_document(actor=self._asker, room=self._standing.room, beside=view.beside)
        room = self._standing.room
        return Context(
            run=self._run.pk,
            kind=self._run.kind,
            fence=secrets.token_hex(6),
            now=timezone.now(),
            room_id=room.id,
            room=room.name,
            room_url=room.url,
            purpose=room.purpose,
            direct=self._direct,
            asker=str(self._asker),
            zone=accounts.visit_of(self._asker).time_zone,
            agent=self._agent.name,
            prompts=self._prompts(),
            people=self._names(),
            people_count=self._standing.member_count,
            question=self._said(question) if question is not None else None,
            quoted=self._quoted(question, thread),
            thread=tuple(map(self._said, thread)),
            recent=tuple(map(self._said, recent)),
            more_before=more,
            pins=self._pins(),
            document=document,
            documents=self._documents(),
            edited=self._edited(),
            notes=notes_of(self._asker.pk) if self._direct and self._choice.remembers else (),
            memory_off=not self._choice.remembers,
            may_edit=self._agent.may_edit,
            may_write=self._may_write,
            metrics=bool(settings.ASSISTANT_METRICS),
            demo=self._agent.demo,
        )

    def _prompts(self) -> tuple[tuple[str, str], ...]:
        assert self._run.agent is not None
        both = (("From whoever runs this site", self._run.agent.prompt), ("From this room", self._agent.room_prompt))
        return tuple((title, text.strip()) for title, text in both if text.strip())

    def _names(self) -> tuple[str, ...]:
        members, _ = directory.member_page(actor=self._asker, room_id=self._run.room_id, limit=PEOPLE_MOST)
        return tuple(f"{member.person.display_name} (@{member.person.name})" for member in members)

    # Messages

    def _question(self) -> MessageView:
        if self._run.question_id is None:
            raise Refused("gone", "The question was deleted.")
        view, people = directory.one_message(
            actor=self._asker, room_id=self._run.room_id, message_id=self._run.question_id
        )
        if view.deleted_at is not None:
            raise Refused("gone", "The question was deleted.")
        self._know(people)
        return view

    def _thread(self, question: MessageView | None) -> list[MessageView]:
        assert self._run.thread_root is not None
        found = directory.reply_page(
            actor=self._asker, room_id=self._run.room_id, root_id=self._run.thread_root, limit=THREAD_MOST
        )
        self._know(found.people)
        return [view for view in (found.root, *found.replies) if self._tells(view, question)]

    def _recent(self, question: MessageView | None, thread: list[MessageView]) -> tuple[list[MessageView], bool]:
        if self._run.kind == SUMMARY:
            views, people = messages_since(
                actor=self._asker, room_id=self._run.room_id, since=self._run.since_seq, limit=SUMMARY_MOST
            )
            self._know(people)
            return [view for view in views if self._tells(view, None)], len(views) == SUMMARY_MOST
        assert question is not None
        before = None if self._run.answer_no > 1 else question.seq
        limit = BEFORE_THREAD_MOST if thread else RECENT_MOST
        page = chat.message_page(actor=self._asker, room_id=self._run.room_id, before=before, limit=limit)
        self._know(page.people)
        known = {view.id for view in thread}
        found = [view for view in page.messages if self._tells(view, question) and view.id not in known]
        kept = self._of_this_session(found)
        return kept, page.has_before or len(kept) < len(found)

    def _tells(self, view: MessageView, question: MessageView | None) -> bool:
        """Whether a message says something, and is neither the question nor an answer that is not there yet."""
        if view.deleted_at is not None or view.kind == "system" or not (view.body.strip() or view.attachments):
            return False
        if view.id == self._run.message_id or (question is not None and view.id == question.id):
            return False
        if self._forgotten(view):
            return False
        return view.run is None or view.run.state in ENDED

    def _forgotten(self, view: MessageView) -> bool:
        until = self._choice.forgotten_at
        return self._direct and until is not None and view.created_at <= until

    def _of_this_session(self, found: list[MessageView]) -> list[MessageView]:
        if not self._direct or self._choice.remembers:
            return found
        kept: list[MessageView] = []
        later = timezone.now()
        for view in reversed(found):
            if later - view.created_at > PAUSE:
                break
            kept.insert(0, view)
            later = view.created_at
        return kept

    def _view(self, question: MessageView, thread: list[MessageView]) -> MessageView:
        """Where to look for what was open: beside the question, or else beside what its thread began with."""
        if question.beside is None and thread and thread[0].id == self._run.thread_root:
            return thread[0]
        return question

    def _quoted(self, question: MessageView | None, thread: list[MessageView]) -> Said | None:
        quote = question.reply_to if question is not None else None
        if quote is None or quote.deleted or quote.id in {view.id for view in thread}:
            return None
        view, people = directory.one_message(actor=self._asker, room_id=self._run.room_id, message_id=quote.id)
        self._know(people)
        return self._said(view) if self._tells(view, question) else None

    def _pins(self) -> tuple[Said, ...]:
        page = chat.pins_page(actor=self._asker, room_id=self._run.room_id)
        self._know(page.people)
        return tuple(self._said(pin.message) for pin in page.pins if self._tells(pin.message, None))

    def _know(self, people: Iterable[PersonView]) -> None:
        self._people |= {person.id: person for person in people}

    def _said(self, view: MessageView) -> Said:
        author = self._people.get(view.author) if view.author is not None else None
        return Said(
            id=view.id,
            seq=view.seq,
            author=author.display_name if author is not None else ALERT if view.kind == "alert" else "former member",
            at=view.created_at,
            text=view.body,
            url=f"{self._standing.room.url}m/{view.id}/",
            mine=view.author == self._agent.user_id,
            files=tuple(one.name for one in view.attachments if not one.blocked),
        )

    # Documents

    def _documents(self) -> tuple[Listed, ...]:
        found = editor.document_list(actor=self._asker, room_id=self._run.room_id).documents[:DOCUMENTS_MOST]
        return tuple(Listed(id=one.id, name=one.name, length=one.length) for one in found)

    def _edited(self) -> tuple[Edited, ...]:
        if self._run.kind != SUMMARY:
            return ()
        files, people = changed_files(actor=self._asker, room=self._standing.room, since=self._run.since_seq)
        names = {person.id: person.display_name for person in people}
        return tuple(
            Edited(
                name=one.name,
                people=tuple(names[pk] for pk in one.people if pk in names),
                added=one.added,
                removed=one.removed,
                url=one.url,
            )
            for one in files
        )
