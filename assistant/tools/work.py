"""What every call of a tool stands on: the run, its asker as of now, its room; and what a call answers.

Called by the rest of assistant.tools. Never writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings

from accounts import selectors as accounts
from assistant.models import PersonChoice, Run
from assistant.prompts import zone_of
from assistant.selectors import agents
from assistant.selectors.askers import asker_of
from assistant.tools.declared import names_for
from chat import selectors as chat
from chat.selectors import directory
from chat.shapes import RoomView, SourceView
from editor import selectors as editor
from editor.shapes import DocumentView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from datetime import tzinfo

    from accounts.models import User

CONTENT_CHARS: Final = 6_000
NAMES_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to.

    Attributes:
        content: the words for the model, at most 6,000 characters.
        title: a line for the run log.
        sources: what was read, with links.
        wrote: ids of documents that were changed, or for which changes were suggested.
        refused: it was not done; the words say why.
        activity: what the room is told while it is done, for example "Reads session.py".
        detail: what the run log keeps: what was called with, and the words of a refusal or of a change. What was read
            is not copied there: who deletes a message deletes it everywhere.
    """

    content: str
    title: str
    sources: tuple[SourceView, ...] = ()
    wrote: tuple[int, ...] = ()
    refused: bool = False
    activity: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A run at the moment of a call.

    Attributes:
        names: the tools that it may use now.
    """

    run: Run
    asker: User
    agent: User
    room: RoomView
    zone: tzinfo
    names: tuple[str, ...]

    def find_document(self, name: str) -> DocumentView:
        """A document of the run's room by its name.

        Raises:
            Refused: `not_found`, with the names that there are.
        """
        found = editor.document_list(actor=self.asker, room_id=self.room.id).documents
        wanted = " ".join(name.split())
        for same in (str, str.casefold):
            matching = [one for one in found if same(one.name) == same(wanted)]
            if len(matching) == 1:
                return matching[0]
        names = ", ".join(one.name for one in found[:NAMES_SHOWN])
        told = f"There are: {names}." if names else "It has none."
        raise Refused("not_found", f"This room has no document “{wanted}”. {told}")


def work_of(run_id: UUID) -> Work:
    """The run, if it is still executed and whoever asked may still be answered.

    Raises:
        Refused: `gone` for a run that is over or shall stop; banned, not_found, not_member.
    """
    run = Run.objects.select_related("agent__user").filter(pk=run_id).first()
    if run is None or run.agent is None or run.state != Run.State.STREAMING or run.stop_wanted_at is not None:
        raise Refused("gone", "This run is over.")
    asker, rights = asker_of(run)
    choice = agents.choice_of(run.room_id)
    direct = chat.companion_in(room_id=run.room_id, of=[run.agent.pk]) is not None
    remembers = direct and not PersonChoice.objects.filter(pk=asker.pk, remembers=False).exists()
    return Work(
        run=run,
        asker=asker,
        agent=run.agent.user,
        room=directory.room_standing(actor=asker, room_id=run.room_id).room,
        zone=zone_of(accounts.visit_of(asker).time_zone),
        names=tuple(
            names_for(
                may_edit=choice.may_edit,
                may_write=rights.may_write,
                metrics=bool(settings.ASSISTANT_METRICS),
                remembers=remembers,
            )
        ),
    )


def clip(text: str, most: int = CONTENT_CHARS) -> str:
    """The beginning of a text that is too long, and that it was."""
    if len(text) <= most:
        return text
    told = "\n[… the rest was left out: ask for less at once …]"
    return text[: most - len(told)] + told
