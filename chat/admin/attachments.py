"""Files of messages, with the action that takes one away.

Called by Django's admin. Staff who are not superusers see files of public rooms only. Never shows bytes.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import me
from chat import services
from chat.admin.messages import InReadableRooms
from chat.models import Attachment
from realtime.protocol import Refused


@admin.register(Attachment)
class AttachmentAdmin(InReadableRooms):
    """Files, last stored first."""

    room_path = "room"
    list_display = ("created_at", "name", "kind", "content_type", "size", "room", "uploader", "state")
    list_display_links = ("created_at", "name")
    list_filter = ("state", "kind", "room__kind", "created_at")
    search_fields = ("name", "uploader__username", "=room__slug", "=message__id", "=id", "=sha256")
    search_help_text = "A name, a person, a room's address, a message's id or a checksum."
    list_select_related = ("room", "uploader")
    ordering = ("-created_at",)
    actions = ("block_files",)
    fields = (
        "id", "name", "kind", "content_type", "size", "width", "height", "duration_ms", "sha256", "state", "room",
        "uploader", "message", "position", "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attachment]:
        """What is not sent yet is its uploader's alone, like a draft."""
        rows: QuerySet[Attachment] = super().get_queryset(request)
        return rows if me(request).is_superuser else rows.exclude(state=Attachment.State.PENDING)

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, attachment: Attachment) -> str:
        """In units that people read."""
        return filesizeformat(attachment.size_bytes)

    def has_block_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to change attachments."""
        return request.user.has_perm("chat.change_attachment")

    @admin.action(description="Take away…", permissions=["block"])
    def block_files(self, request: HttpRequest, queryset: QuerySet[Attachment]) -> HttpResponse | None:
        """Asks for the reason, then nobody reads the files any more."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Take files away", action="block_files")
        blocked = 0
        for attachment in queryset:
            try:
                result = services.block_attachment(
                    actor=me(request), attachment_id=attachment.pk, reason=form.cleaned_data["reason"]
                )
                blocked += bool(result.seq)
            except Refused as refused:
                self.message_user(request, f"{attachment}: {refused.message}", messages.ERROR)
        self.message_user(request, f"Taken away: {blocked}.", messages.SUCCESS)
        return None
