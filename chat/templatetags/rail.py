"""The rail of a page that the rooms' script does not draw: a person's rooms as links, as they stand at this moment.

Called by templates/account_base.html with `{% load rail %}`. Never changes anything, and nothing here is live: the
rooms' own page keeps its rail up to date by its script (frontend/src/shell/rail.ts), by the same rules.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django import template

from chat import selectors
from chat.permissions import FIXED_KINDS
from chat.shapes import RoomSummary

if TYPE_CHECKING:
    from accounts.events import PersonView

register = template.Library()

COUNTED_TO: Final = 99
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class RailRow(NamedTuple):
    """One line of the rail: where it leads, its name, who it is about in a direct room, and what waits there."""

    url: str
    kind: str
    name: str
    person: PersonView | None
    presence: str
    waiting: str
    of_what: str
    ping: bool


@register.inclusion_tag("chat/still_rail.html", takes_context=True)
def rail(context: dict[str, Any]) -> dict[str, Any]:
    """Draws the rail of the person who asks, without archived rooms."""
    home = selectors.home_snapshot(actor=context["user"])
    states = {one.user: one.state for one in home.presence}
    open_rooms = [summary for summary in home.rooms if summary.room.archived_at is None]
    rooms = [_row(summary, states) for summary in open_rooms if summary.room.kind not in FIXED_KINDS]
    directs = sorted(
        (summary for summary in open_rooms if summary.room.kind in FIXED_KINDS),
        key=lambda summary: summary.last_at or LONG_AGO,
        reverse=True,
    )
    return {
        "site_name": home.site_name,
        "me": home.me,
        "is_staff": home.is_staff,
        "can_create_rooms": home.can_create_rooms,
        "rooms": sorted(rooms, key=lambda row: row.name.casefold()),
        "directs": [_row(summary, states) for summary in directs],
    }


def _row(summary: RoomSummary, states: dict[int, str]) -> RailRow:
    room, direct = summary.room, summary.room.kind in FIXED_KINDS
    addressed = summary.mentions > 0
    named = addressed and not direct
    count = summary.mentions if named else max(summary.unread, summary.mentions)
    person = summary.people[0] if room.kind == "direct" and summary.people else None
    return RailRow(
        url=room.url,
        kind=room.kind,
        name=_name(summary),
        person=person,
        presence=states.get(person.id, "offline") if person else "",
        waiting="" if count == 0 else f"{COUNTED_TO}+" if count > COUNTED_TO else str(count),
        of_what=("mention" if count == 1 else "mentions") if named else "unread",
        ping=addressed,
    )


def _name(summary: RoomSummary) -> str:
    """A room of people is called after the others in it."""
    names = [person.display_name for person in summary.people]
    if summary.room.name or not names:
        return summary.room.name or "Only you"
    return names[0] if len(names) == 1 else ", ".join((name.split() or [name])[0] for name in names)
