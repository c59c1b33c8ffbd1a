"""The queue of reports: a message with what was said around it, and the decision about it.

Called by Django's admin. Whoever is no superuser reads a message of a private room only after giving a reason, which
goes into the trail before the text is shown; nothing of it stands in the list, and no search finds it.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts import selectors as accounts
from accounts import services as account_services
from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import services
from chat.admin.naming import closed_name, closed_to
from chat.models import Message, Report, Room
from chat.selectors.moderation import context_of, queue, sanction_views
from chat.selectors.standing import STAFF_PERMISSION
from chat.selectors.views import room_url
from realtime.protocol import Refused

HOUR: Final = 3_600
TIMES: Final = (
    ("", "until it is lifted"), (str(HOUR), "1 hour"), (str(24 * HOUR), "24 hours"), (str(7 * 24 * HOUR), "7 days"),
    (str(30 * 24 * HOUR), "30 days"), ("until", "until the time below"),
)  # fmt: skip
ACTIONS: Final = (
    ("dismiss", "Dismiss"), ("delete", "Delete the message"), ("block", "Block its files"),
    ("mute", "Mute the author in the room"), ("kick", "Remove the author from the room"),
    ("ban", "Ban the author from the room"), ("lock", "Make the room read-only"),
)  # fmt: skip


class DecisionForm(forms.Form):
    """What to do, for how long, and why."""

    action = forms.ChoiceField(choices=ACTIONS, widget=forms.RadioSelect, label="What to do")
    delete = forms.BooleanField(required=False, label="Delete the message as well")
    lasting = forms.ChoiceField(
        choices=TIMES,
        required=False,
        label="How long",
        help_text="For a mute or a ban, and when a removed one may return.",
    )
    until = forms.SplitDateTimeField(required=False, widget=AdminSplitDateTime(), label="Until")
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
        help_text="Goes into the trail; with a mute, removal or ban the author reads it.",
    )

    def clean(self) -> dict[str, Any]:
        """The end as seconds from now."""
        given: dict[str, Any] = super().clean() or {}
        lasting, until = given.get("lasting"), given.get("until")
        given["seconds"] = int(lasting) if lasting and lasting != "until" else None
        if lasting == "until":
            if until is None or until <= timezone.now():
                self.add_error("until", "Give a time that is not over.")
            else:
                given["seconds"] = round((until - timezone.now()).total_seconds())
        return given


class RevealForm(forms.Form):
    """Why a private message has to be read."""

    why = forms.CharField(
        max_length=500, label="Reason", widget=forms.Textarea(attrs={"rows": 2, "cols": 40}), min_length=8
    )


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """Reported messages; all reports of one are decided together."""

    list_display = ("waiting_since", "place", "author", "reason", "reports_of_it", "state", "handled_by", "handled_at")
    list_filter = ("state", "reason", "room__kind", "created_at")
    search_fields = ("message__author__username", "message__author__display_name", "=room__slug", "=message__id")
    search_help_text = "The author, a room's address or a message's id; never words of what was said."
    list_select_related = ("room", "message__author", "handled_by")
    ordering = ("-state", "created_at", "pk")
    actions = ("dismiss",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """The first report of each message, with how many there are."""
        return queue(super().get_queryset(request)).annotate(closed=closed_to(request, "room__"))

    @admin.display(description="Room")
    def place(self, report: Report) -> str:
        """Where it was said; towards staff a closed room has a number only."""
        return closed_name(report.room) if getattr(report, "closed", False) else str(report.room)

    @admin.display(description="Waiting since", ordering="created_at")
    def waiting_since(self, report: Report) -> Any:
        """When it was reported first."""
        return report.created_at

    @admin.display(description="Author", ordering="message__author__username")
    def author(self, report: Report) -> str:
        """Whose message it is."""
        return str(report.message.author or "Deleted person")

    @admin.display(description="Reports")
    def reports_of_it(self, report: Report) -> int:
        """How many there are of the message."""
        return int(getattr(report, "report_count", 1))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change reports decides about them."""
        return request.user.has_perm(STAFF_PERMISSION)

    @admin.action(description="Dismiss…", permissions=["decide"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        """Asks for the reason, then ends the reports without a deed."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Dismiss reports", action="dismiss")
        for report in queryset:
            self._settle(request, report, {"action": "dismiss", "reason": form.cleaned_data["reason"]})
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The message in its context, what its author was given before, and the decision."""
        report = self.get_object(request, object_id)
        if report is None or not self.has_view_permission(request, report):
            return super().change_view(request, object_id, form_url, extra_context)
        decision, reveal = DecisionForm(initial={"action": "dismiss"}), RevealForm()
        revealed = False
        if request.method == "POST" and "why" in request.POST:
            reveal = RevealForm(request.POST)
            revealed = reveal.is_valid() and self._reveal(request, report, reveal.cleaned_data["why"])
        elif request.method == "POST" and self.has_decide_permission(request):
            decision = DecisionForm(request.POST)
            if decision.is_valid() and self._settle(request, report, decision.cleaned_data):
                return HttpResponseRedirect(reverse("admin:chat_report_changelist", query={"state__exact": "open"}))
        context = self._context(request, report, revealed=revealed) | {"form": decision, "reveal": reveal}
        return TemplateResponse(request, "admin/chat/report.html", context)

    def _settle(self, request: HttpRequest, report: Report, given: dict[str, Any]) -> bool:
        keys = ("action", "reason", "seconds", "delete")
        try:
            services.settle_report(
                actor=me(request), message_id=report.message_id, **{key: given[key] for key in keys if key in given}
            )
        except Refused as refused:
            self.message_user(request, f"{report}: {refused.message}", messages.ERROR)
            return False
        self.message_user(request, f"Decided: {dict(ACTIONS)[given['action']].lower()}.", messages.SUCCESS)
        return True

    def _reveal(self, request: HttpRequest, report: Report, reason: str) -> bool:
        """Into the trail first; only then the text is shown, and only on this page."""
        if not self.has_decide_permission(request):
            return False
        account_services.record_audit(
            actor=me(request),
            action="message.reveal",
            target=f"message:{report.message_id}",
            reason=reason,
            detail={"room": report.room_id},
        )
        return True

    def _context(self, request: HttpRequest, report: Report, *, revealed: bool) -> dict[str, Any]:
        message = Message.objects.select_related("author", "room").get(pk=report.message_id)
        open_to_me = me(request).is_superuser or message.room.kind == Room.Kind.PUBLIC
        around = context_of(message) if open_to_me else [message]
        authors = accounts.people_views(one.author_id for one in around if one.author_id)
        past = accounts.sanctions_of(user_id=message.author_id) if message.author_id else []
        return self.admin_site.each_context(request) | {
            "title": f"Report from {message.room if open_to_me or revealed else closed_name(message.room).lower()}",
            "opts": self.opts,
            "report": report,
            "message": message,
            "readable": open_to_me or revealed,
            "around": [(one, authors.get(one.author_id or 0)) for one in around],
            "reports": Report.objects.filter(message=message).select_related("reporter").order_by("pk"),
            # Who reported is not for the reported, staff or not.
            "own": message.author_id == me(request).pk,
            "files": list(message.attachments.order_by("position")) if open_to_me or revealed else [],
            "past": sanction_views(past),
            "trail": accounts.audit_for(f"message:{message.pk}"),
            "may_decide": self.has_decide_permission(request)
            and Report.objects.filter(message=message, state=Report.State.OPEN).exists(),
            "message_url": f"{room_url(message.room)}m/{message.pk}/" if open_to_me else "",
            "media": self.media + DecisionForm().media,
        }
