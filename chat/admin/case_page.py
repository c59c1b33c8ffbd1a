"""What the page of a reported message shows: the queue beside it, what was said around it, and its author's past.

Called by chat.admin.reports. Reads only. Towards staff who are not superusers a closed room has no name here and its
messages stay unread, but for the reported one after a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import selectors as accounts
from accounts.admin.site import me
from chat.admin.naming import closed_name, closed_to
from chat.models import Message, Report, Room
from chat.selectors.claims import deciders
from chat.selectors.moderation import context_of, queue, sanction_views
from chat.selectors.views import room_url

if TYPE_CHECKING:
    from accounts.events import PersonView

QUEUE_MOST: Final = 100
PAST_MOST: Final = 8
WORDS: Final = {"mute": "Muted", "kick": "Removed", "ban": "Banned"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue."""

    report: Report
    author: PersonView | None
    place: str
    waits: str
    decider: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what happened before: tone is bad, warn, ok or empty."""

    at: datetime
    what: str
    by: str
    note: str = ""
    tone: str = ""


def short_wait(since: datetime) -> str:
    """How long somebody waits, in one unit: "4 min", "3 h", "2 d"."""
    minutes = max(0, int((timezone.now() - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def waiting_cases(request: HttpRequest) -> list[Waiting]:
    """Messages that wait for a decision, the longest waiting first."""
    rows = queue(Report.objects.filter(state=Report.State.OPEN)).annotate(closed=closed_to(request, "room__"))
    reports = list(rows.select_related("room", "message").order_by("created_at", "pk")[:QUEUE_MOST])
    people = accounts.people_views(one.message.author_id for one in reports if one.message.author_id)
    held = deciders([one.message_id for one in reports], without=me(request).pk)
    return [
        Waiting(
            report=one,
            author=people.get(one.message.author_id or 0),
            place=closed_name(one.room) if getattr(one, "closed", False) else str(one.room),
            waits=short_wait(one.created_at),
            decider=held[one.message_id].display_name if one.message_id in held else "",
        )
        for one in reports
    ]


def queue_context(request: HttpRequest) -> dict[str, Any]:
    """The queue and where one stands in it."""
    cases = waiting_cases(request)
    return {"cases": cases, "oldest": cases[0].waits if cases else "", "queue_url": reverse("admin:chat_report_queue")}


def case_context(request: HttpRequest, report: Report, *, revealed: bool) -> dict[str, Any]:
    """The message, its reports, what was said around it and its author's past."""
    message = Message.objects.select_related("author", "room").get(pk=report.message_id)
    open_to_me = me(request).is_superuser or message.room.kind == Room.Kind.PUBLIC
    readable = open_to_me or revealed
    around = context_of(message) if open_to_me else [message]
    people = accounts.people_views(one.author_id for one in around if one.author_id)
    reports = list(Report.objects.filter(message=message).select_related("reporter").order_by("pk"))
    # Who reported is not for the reported, staff or not.
    own = message.author_id == me(request).pk
    held = deciders([message.pk], without=me(request).pk)
    return {
        "report": report,
        "message": message,
        "place": str(message.room) if readable else closed_name(message.room).lower(),
        "author": people.get(message.author_id or 0),
        "readable": readable,
        "around": [(one, people.get(one.author_id or 0)) for one in around],
        "reports": reports,
        "own": own,
        "files": list(message.attachments.order_by("position")) if readable else [],
        "steps": _steps(request, message, reports, own=own),
        "waits": any(one.state == Report.State.OPEN for one in reports),
        "decider": held[message.pk].display_name if message.pk in held else "",
        "message_url": f"{room_url(message.room)}m/{message.pk}/" if open_to_me else "",
    }


def _steps(request: HttpRequest, message: Message, reports: list[Report], *, own: bool) -> list[Step]:
    """What happened to the message and to its author, newest first."""
    reporters = "somebody" if own else ", ".join(dict.fromkeys(_reporter(one) for one in reports))
    steps = [Step(reports[0].created_at, "Reported", reporters, tone="bad")]
    for one in accounts.audit_for(f"message:{message.pk}"):
        what = one.action.partition(".")[2].replace("_", " ").capitalize() + " (this message)"
        steps.append(Step(one.at, what, one.actor_name or "the server", one.reason))
    if message.author is None:
        return sorted(steps, key=lambda step: step.at, reverse=True)
    for sanction in sanction_views(accounts.sanctions_of(user_id=message.author.pk)):
        until = "" if sanction.until is None else f", until {timezone.localtime(sanction.until):%-d %b %Y %H:%M}"
        lifted = ", lifted" if sanction.lifted_at is not None else ""
        where = " everywhere" if sanction.everywhere else ""
        by = sanction.by.display_name if sanction.by is not None else "the server"
        steps.append(Step(sanction.at, f"{WORDS[sanction.kind]}{where}{until}{lifted}", by, sanction.reason, "warn"))
    steps += _earlier(request, message)
    steps.append(Step(message.author.date_joined, "Joined", ""))
    return sorted(steps, key=lambda step: step.at, reverse=True)


def _earlier(request: HttpRequest, message: Message) -> list[Step]:
    """How reports of other messages of the author ended, as far as one may know of them."""
    settled = queue(Report.objects.filter(message__author=message.author_id).exclude(message=message))
    settled = settled.exclude(state=Report.State.OPEN).filter(handled_at__isnull=False).select_related("handled_by")
    if not me(request).is_superuser:
        settled = settled.filter(room__kind=Room.Kind.PUBLIC)
    steps = []
    for one in settled.order_by("-handled_at")[:PAST_MOST]:
        what, tone = ("Dismissed", "ok") if one.state == Report.State.DISMISSED else ("Acted on a report", "warn")
        assert one.handled_at is not None, "filtered above"
        steps.append(Step(one.handled_at, what, str(one.handled_by or "somebody"), one.get_reason_display(), tone))
    return steps


def _reporter(report: Report) -> str:
    if report.reporter is not None:
        return str(report.reporter)
    return report.note if report.reason == Report.Reason.RULE else "a deleted person"
