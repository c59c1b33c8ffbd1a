"""What moderators see: reports by message with their context, and what was given to whom.

Called by services, the JSON API and the admin. Never shows anything to somebody who may not decide there, and never
tells a room who reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from accounts import selectors as accounts
from chat import permissions
from chat.models import Membership, Message, Report, Room
from chat.selectors.moment import one_moment
from chat.selectors.standing import Place, find_place, is_staff_moderator, standing_of, waits_for_staff
from chat.selectors.views import SHOWN_IN_ROOM, message_views
from chat.shapes import CaseView, ReportView, SanctionView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import Sanction, User

CONTEXT_MESSAGES: Final = 5
CASES_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Bench:
    """Somebody who decides in a room: one of its moderators, or staff from outside.

    Attributes:
        staff: they decide by a permission of the back office, not by a role.
    """

    place: Place
    staff: bool

    def is_over(self, role: str) -> bool:
        """Whether they decide about a member of this role."""
        return self.staff or permissions.can_sanction(self.place.standing, role)


def find_bench(*, actor: User, room_id: int) -> Bench:
    """The room for somebody who may decide in it.

    Staff decide in public rooms, and elsewhere as long as a report from there waits; superusers everywhere.

    Raises:
        Refused: `not_found` for a room that they may not see, `forbidden` for members who are no moderators and for
            direct conversations, `banned`.
    """
    refusal = Refused("forbidden")
    try:
        place = find_place(actor=actor, room_id=room_id)
    except Refused as refused:
        place, refusal = None, refused
    if place is not None and permissions.can_moderate(place.standing):
        return Bench(place, staff=False)
    if is_staff_moderator(actor):
        room = Room.objects.filter(pk=room_id).first()
        public = room is not None and room.kind == Room.Kind.PUBLIC
        superuser = actor.is_superuser and accounts.as_of_now(actor).is_superuser
        if room is not None and (superuser or public or waits_for_staff(room_id)):
            return Bench(Place(room, standing_of(room, "")), staff=True)
    raise refusal


def open_cases(room_id: int, *, without: int) -> int:
    """How many messages of a room wait for a moderator; those of `without` are for others."""
    waiting = Report.objects.filter(room_id=room_id, state=Report.State.OPEN).exclude(message__author=without)
    return waiting.values("message").distinct().count()


def moderators_of(room_id: int) -> list[int]:
    """Ids of a room's owners and moderators, ascending."""
    roles = (Membership.Role.OWNER, Membership.Role.MODERATOR)
    found = Membership.objects.filter(room_id=room_id, role__in=roles).order_by("user_id")
    return list(found.values_list("user_id", flat=True))


def room_cases(*, actor: User, room_id: int) -> list[CaseView]:
    """Messages of a room that were reported and wait, the longest waiting first; never one's own.

    Raises:
        Refused: `not_found` or `forbidden`.
    """
    with one_moment():
        find_bench(actor=actor, room_id=room_id)
        waiting = Report.objects.filter(room_id=room_id, state=Report.State.OPEN).exclude(message__author=actor.pk)
        ids = waiting.values("message").annotate(first=Min("created_at")).order_by("first", "message")
        return _cases([row["message"] for row in ids[:CASES_MOST]])


def _cases(message_ids: Sequence[UUID]) -> list[CaseView]:
    messages = {message.pk: message for message in Message.objects.filter(pk__in=message_ids)}
    reports: dict[UUID, list[ReportView]] = defaultdict(list)
    rows = Report.objects.filter(message__in=message_ids, state=Report.State.OPEN).order_by("pk")
    for report in rows:
        view = ReportView(reason=report.reason, note=report.note, at=report.created_at)
        reports[report.message_id].append(view)
    excerpts = {report.message_id: report.excerpt for report in rows}
    around = {pk: context_of(messages[pk]) for pk in message_ids}
    views = {view.id: view for view in message_views([one for context in around.values() for one in context])}
    people = accounts.people_views(view.author for view in views.values() if view.author is not None)
    return [
        CaseView(
            message=views[pk],
            said=excerpts[pk],
            reports=reports[pk],
            context=[views[one.pk] for one in around[pk]],
            people=[people[one] for one in sorted({one.author_id or 0 for one in around[pk]}) if one in people],
            past=past_of(messages[pk].author_id, room_id=messages[pk].room_id),
        )
        for pk in message_ids
    ]


def context_of(message: Message) -> list[Message]:
    """The message between the five before and the five after it, in its thread if it stands in one."""
    here = Message.objects.filter(room=message.room_id)
    if message.thread_root_id is not None and not message.also_in_room:
        here = here.filter(thread_root=message.thread_root_id)
    else:
        here = here.filter(SHOWN_IN_ROOM)
    before = list(here.filter(seq__lt=message.seq).order_by("-seq")[:CONTEXT_MESSAGES])[::-1]
    after = list(here.filter(seq__gt=message.seq).order_by("seq")[:CONTEXT_MESSAGES])
    return [*before, message, *after]


def past_of(user_id: int | None, *, room_id: int) -> list[SanctionView]:
    """What an author was given before, in this room or everywhere, newest first."""
    if user_id is None:
        return []
    given = [one for one in accounts.sanctions_of(user_id=user_id) if one.room_id in (None, room_id)]
    return sanction_views(given)


def room_sanctions(*, actor: User, room_id: int) -> list[SanctionView]:
    """Mutes, kicks and bans that hold in a room now, newest first.

    Raises:
        Refused: `not_found` or `forbidden`.
    """
    with one_moment():
        find_bench(actor=actor, room_id=room_id)
        return sanction_views(accounts.sanctions_in(room_id))


def sanction_views(sanctions: Collection[Sanction]) -> list[SanctionView]:
    """Sanctions as moderators see them, in two queries."""
    ids = {one.user_id for one in sanctions} | {one.created_by_id for one in sanctions if one.created_by_id}
    people = accounts.people_views(ids) if ids else {}
    return [
        SanctionView(
            id=one.pk,
            person=people[one.user_id],
            kind=one.kind,
            reason=one.reason,
            everywhere=one.room_id is None,
            at=one.created_at,
            until=one.until,
            lifted_at=one.lifted_at,
            by=people.get(one.created_by_id) if one.created_by_id else None,
        )
        for one in sanctions
    ]


def queue(rows: QuerySet[Report]) -> QuerySet[Report]:
    """One report for each message, the first that waits or else the first, with how many there are of the message."""
    waiting = rows.filter(state=Report.State.OPEN)
    open_ones = waiting.values("message").annotate(first=Min("pk")).values("first")
    settled = rows.exclude(message__in=waiting.values("message")).values("message").annotate(first=Min("pk"))
    found = rows.filter(Q(pk__in=open_ones) | Q(pk__in=settled.values("first")))
    return found.annotate(report_count=Count("message__reports"))
