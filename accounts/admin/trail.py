"""Sanctions, invitations and the trail of who did what.

Called by Django's admin. Never lets anybody add, change or remove a row of the trail.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import services
from accounts.admin.asking import ReasonForm, ask
from accounts.admin.export import export
from accounts.admin.site import ReadOnly, me
from accounts.models import AuditEntry, Invite, Sanction
from realtime.lookups import ShownLookups
from realtime.protocol import Refused

INVITE_DAYS = 7


@admin.register(Sanction)
class SanctionAdmin(ReadOnly):
    """Mutes, kicks and bans; they are given on the person's row and lifted here."""

    list_display = ("user", "kind", "room_id", "reason", "created_by", "created_at", "until", "lifted_at")
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user__username", "user__display_name", "reason")
    list_select_related = ("user", "created_by")
    date_hierarchy = "created_at"
    actions = ("lift",)

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Whoever may give sanctions may lift them."""
        return request.user.has_perm("accounts.add_sanction")

    @admin.action(description="Lift…", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Sanction]) -> HttpResponse | None:
        """Asks for the reason, then lifts."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Lift sanctions", action="lift")
        for sanction in queryset:
            try:
                services.lift_sanction(actor=me(request), sanction=sanction, reason=form.cleaned_data["reason"])
            except Refused as refused:
                self.message_user(request, f"{sanction}: {refused.message}", messages.ERROR)
            else:
                self.message_user(request, f"Lifted: {sanction}.", messages.SUCCESS)
        return None


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """What was done, newest first."""

    list_display = ("at", "who", "action", "target", "reason")
    list_filter = ("action", "at", ("actor", admin.RelatedOnlyFieldListFilter))
    search_fields = ("target", "action", "reason", "actor_name", "detail")
    actions = ("export_csv", "export_jsonl")
    search_help_text = (
        "A target (user:7), a deed, words of the reason, or who did it, also after their account is gone."
    )
    list_select_related = ("actor",)
    date_hierarchy = "at"
    ordering = ("-pk",)

    @admin.display(description="Who", ordering="actor__username")
    def who(self, entry: AuditEntry) -> str:
        """The actor, or their name of that time; nobody for a command on the server."""
        return str(entry.actor or "") or entry.actor_name or "the server"

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        """The chosen rows for a spreadsheet."""
        return self._export(request, queryset, "csv")

    @admin.action(description="Export as JSON lines", permissions=["view"])
    def export_jsonl(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        """The chosen rows for a program."""
        return self._export(request, queryset, "jsonl")

    def _export(self, request: HttpRequest, queryset: QuerySet[AuditEntry], kind: str) -> StreamingHttpResponse:
        services.record_audit(actor=me(request), action="audit.export", target="audit", detail={"as": kind})
        return export(request, queryset, kind)


@admin.register(LogEntry)
class FormEntryAdmin(ReadOnly):
    """Which forms of the back office were saved; what people with power did stands in the trail."""

    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr")
    list_filter = ("action_flag", "content_type", "action_time")
    search_fields = ("object_repr", "object_id", "user__username")
    list_select_related = ("user", "content_type")
    date_hierarchy = "action_time"


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """For whom, how often and how long."""

    class Meta:
        model = Invite
        fields = ("email", "max_uses", "expires_at")

    def clean_expires_at(self) -> Any:
        end = self.cleaned_data["expires_at"]
        if end <= timezone.now():
            raise forms.ValidationError("The end lies in the past.")
        return end

    def clean_max_uses(self) -> int:
        uses: int = self.cleaned_data["max_uses"]
        if uses < 1:
            raise forms.ValidationError("A link works for at least one person.")
        return uses


@admin.register(Invite)
class InviteAdmin(ShownLookups):
    """Links to sign up by. The link itself is shown once."""

    form = InviteForm
    list_display = ("id", "email", "created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("email", "created_by__username")
    list_select_related = ("created_by",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        """A link is as it was made; it can only be revoked."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A week is usual."""
        return {"expires_at": timezone.now() + timedelta(days=INVITE_DAYS), "max_uses": 1}

    def save_model(self, request: HttpRequest, obj: Invite, form: Any, change: bool) -> None:
        """Makes the link and shows it."""
        made, token = services.issue_invite(actor=me(request), **form.cleaned_data)
        obj.pk = made.pk
        link = request.build_absolute_uri(reverse("account_invite", args=[token]))
        self.message_user(request, format_html("The link, shown only now: <code>{}</code>", link), messages.WARNING)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invite]) -> None:
        """Makes the chosen links stop working."""
        for invite in queryset:
            services.revoke_invite(actor=me(request), invite=invite)
        self.message_user(request, "They no longer work.", messages.SUCCESS)
