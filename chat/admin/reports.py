"""The queue of reports: a message with what was said around it, and the decision about it.

Called by Django's admin. Whoever is no superuser reads a message of a private room only after giving a reason, which
goes into the trail before the text is shown; nothing of it stands in the list, and no search finds it.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import services as account_services
from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import services
from chat.admin.case_forms import ACTIONS, HOUR, DecisionForm, RevealForm
from chat.admin.case_page import case_context, queue_context, waiting_cases
from chat.admin.naming import closed_name, closed_to
from chat.models import CaseClaim, Report
from chat.selectors.claims import deciders
from chat.selectors.moderation import queue
from chat.selectors.standing import STAFF_PERMISSION
from chat.services.moderation.cases import UNDO_SECONDS, UNDONE
from realtime.protocol import Refused

UNDO: Final = "chat_undo"
"""Key of the session: what the next page offers to take back."""


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

    def get_urls(self) -> list[Any]:
        """The queue, and what its page asks in the background."""
        view = self.admin_site.admin_view
        own = [
            path("queue/", view(self.queue_view), name="chat_report_queue"),
            path("<int:report_id>/claim/", view(require_POST(self.claim_view)), name="chat_report_claim"),
            path("<int:report_id>/undo/", view(require_POST(self.undo_view)), name="chat_report_undo"),
        ]
        return own + list(super().get_urls())

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, before one of it is chosen."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, {"title": "Reports"})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The message in its context, what its author was given before, and the decision."""
        report = self.get_object(request, object_id)
        if report is None or not self.has_view_permission(request, report):
            return super().change_view(request, object_id, form_url, extra_context)
        decision, reveal = DecisionForm(initial={"action": "dismiss", "lasting": str(24 * HOUR)}), RevealForm()
        revealed = False
        if request.method == "POST" and "why" in request.POST:
            reveal = RevealForm(request.POST)
            revealed = reveal.is_valid() and self._reveal(request, report, reveal.cleaned_data["why"])
        elif request.method == "POST" and self.has_decide_permission(request):
            decision = DecisionForm(request.POST)
            if decision.is_valid() and self._settle(request, report, decision.cleaned_data):
                self._offer_undo(request, report, decision.cleaned_data)
                return HttpResponseRedirect(self._next(request, report))
        case = case_context(request, report, revealed=revealed)
        may_decide = case["waits"] and not case["own"] and self.has_decide_permission(request)
        title = f"Report from {case['place']}"
        return self._page(
            request, case | {"title": title, "form": decision, "reveal": reveal, "may_decide": may_decide}
        )

    def claim_view(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """Says that one is deciding (`deciding=1`), no longer is (`0`), or only asks; answers who else is."""
        report = get_object_or_404(Report, pk=report_id)
        deciding = request.POST.get("deciding", "")
        if not self.has_decide_permission(request):
            raise PermissionDenied
        try:
            if deciding == "1":
                services.claim_case(actor=me(request), message_id=report.message_id)
            elif deciding == "0":
                services.release_case(actor=me(request), message_id=report.message_id)
        except Refused as refused:
            return JsonResponse({"code": refused.code, "message": refused.message}, status=403)
        held = deciders([report.message_id], without=me(request).pk)
        waits = Report.objects.filter(message=report.message_id, state=Report.State.OPEN).exists()
        return JsonResponse({"by": held[report.message_id].display_name if held else "", "waits": waits})

    def undo_view(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """Takes back what one decided a moment ago, and shows the report again."""
        report = get_object_or_404(Report, pk=report_id)
        if not self.has_decide_permission(request):
            raise PermissionDenied
        try:
            services.undo_decision(actor=me(request), message_id=report.message_id)
            self.message_user(request, "Taken back: the report waits again.", messages.SUCCESS)
        except Refused as refused:
            self.message_user(request, refused.message, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:chat_report_change", args=[report.pk]))

    def _page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        undo = request.session.pop(UNDO, None)
        left = 0.0 if undo is None else UNDO_SECONDS - (timezone.now().timestamp() - undo["at"])
        shared = {"opts": self.opts, "undo": undo if left > 0 else None, "undo_ms": round(left * 1000)}
        whole = self.admin_site.each_context(request) | queue_context(request) | shared | context
        return TemplateResponse(request, "admin/chat/report.html", whole)

    def _offer_undo(self, request: HttpRequest, report: Report, given: dict[str, Any]) -> None:
        if given["action"] in UNDONE and not (given["action"] != "dismiss" and given["delete"]):
            url = reverse("admin:chat_report_undo", args=[report.pk])
            request.session[UNDO] = {"url": url, "at": timezone.now().timestamp()}

    def _next(self, request: HttpRequest, report: Report) -> str:
        """The report that has waited longest of those after this one, else of all; without any the empty queue."""
        others = [one.report for one in waiting_cases(request) if not one.decider]
        later = [one for one in others if (one.created_at, one.pk) > (report.created_at, report.pk)]
        following = next(iter(later or others), None)
        if following is None:
            return reverse("admin:chat_report_queue")
        return reverse("admin:chat_report_change", args=[following.pk])

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


@admin.register(CaseClaim)
class CaseClaimAdmin(ReadOnly):
    """Who is deciding about which message; ends by itself within a minute."""

    list_display = ("message_id", "by", "until")
    list_filter = ("until",)
    search_fields = ("by__username", "by__display_name", "=message__id")
    list_select_related = ("by",)
    ordering = ("-until",)
    fields = ("message_id", "by", "until")
    readonly_fields = ("message_id",)
