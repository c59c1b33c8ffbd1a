"""What happened in a room while somebody was away, without any model: counts, mentions, questions, changed documents.

Called by the JSON API and by the context of a summary. Never writes; unknown and forbidden are both `not_found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from accounts import selectors as accounts
from accounts.events import PersonView
from assistant.models import Run
from assistant.selectors.runs import OPEN
from assistant.shapes import CatchUpView, ChangedFile, OpenQuestion
from chat import selectors as chat
from chat.selectors import directory
from chat.selectors.since import Told, begins_at, said_after, said_since
from chat.shapes import RoomView
from editor.selectors.since import changed_since

if TYPE_CHECKING:
    from accounts.models import User

PEOPLE_MOST: Final = 8
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def catch_up(*, actor: User, room_id: int, since: int) -> CatchUpView:
    """What others said and changed after a seq.

    Raises:
        Refused: `not_found`.
    """
    with chat.one_moment():
        room = directory.room_standing(actor=actor, room_id=room_id).room
        said = said_since(actor=actor, room_id=room_id, since=since)
        files, editors = changed_files(actor=actor, room=room, since=since)
        shown = list({person.id: person for person in [*said.people[:PEOPLE_MOST], *editors]}.values())
        summary = summary_of(actor=actor, room_id=room_id, since=since)
        return CatchUpView(
            since=since,
            head_seq=said.head_seq,
            messages=said.messages,
            people=shown,
            mentions=_listed(room, said.mentions),
            questions=_listed(room, said.questions),
            files=files,
            run=summary.pk if summary is not None else None,
            html=summary.html if summary is not None else "",
        )


def changed_files(*, actor: User, room: RoomView, since: int) -> tuple[list[ChangedFile], list[PersonView]]:
    """Documents that somebody else edited since, and who did.

    Raises:
        Refused: `not_found`.
    """
    begins = begins_at(room_id=room.id, seq=since) or EVER
    found = changed_since(actor=actor, room_id=room.id, at=begins, but_by=actor.pk)
    people = accounts.people_views({person for one in found for person in one.people})
    files = [
        ChangedFile(
            document=one.id,
            name=one.name,
            people=[person for person in one.people if person in people],
            added=one.added,
            removed=one.removed,
            from_version=one.from_version,
            version=one.version,
            url=f"{room.url}?doc={one.id}&v={one.from_version}",
        )
        for one in found
    ]
    return files, list(people.values())


def summary_of(*, actor: User, room_id: int, since: int) -> Run | None:
    """The summary that the person has of this stretch, if nothing was said since it was made."""
    run = summary_at_hand(actor=actor, room_id=room_id, since=since)
    return run if run is not None and run.state == Run.State.DONE else None


def summary_at_hand(*, actor: User, room_id: int, since: int) -> Run | None:
    """As `summary_of`, or the one that is being written."""
    runs = Run.objects.filter(kind=Run.Kind.SUMMARY, asker_id=actor.pk, room_id=room_id, since_seq=since)
    run = runs.filter(state__in=[*OPEN, Run.State.DONE]).order_by("-pk").first()
    if run is None or said_after(room_id=room_id, at=run.started_at or run.created_at):
        return None
    return run


def _listed(room: RoomView, told: Sequence[Told]) -> list[OpenQuestion]:
    return [
        OpenQuestion(
            message=one.id,
            seq=one.seq,
            author=one.author,
            excerpt=one.excerpt,
            url=f"{room.url}m/{one.id}/",
            kind=one.kind,
        )
        for one in told
    ]
