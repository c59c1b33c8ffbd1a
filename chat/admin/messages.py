"""What was said, as far as staff may read it, with the action that deletes.

Called by Django's admin. Staff who are not superusers see messages of public rooms only, here and in every search.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import services, texts
from chat.models import Beside, ImportedLine, Mention, Message, MessageRevision, Reaction, Room
from realtime.protocol import Refused


class InReadableRooms(ReadOnly):
    """Rows of rooms whose messages this member of staff may read."""

    room_path = "message__room"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Public rooms only, unless a superuser asks."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if me(request).is_superuser else rows.filter(**{f"{self.room_path}__kind": Room.Kind.PUBLIC})


@admin.register(Message)
class MessageAdmin(InReadableRooms):
    """Messages, last stored first; a deleted one is a tombstone here as well."""

    room_path = "room"
    list_display = ("created_at", "room", "author", "kind", "beginning", "in_thread", "edited_at", "deleted_at")
    list_display_links = ("created_at", "beginning")
    list_filter = (
        "kind",
        "room__kind",
        ("deleted_at", admin.EmptyFieldListFilter),
        ("edited_at", admin.EmptyFieldListFilter),
        ("thread_root", admin.EmptyFieldListFilter),
        "created_at",
    )
    search_fields = ("body", "author__username", "author__display_name", "=room__slug", "=id")
    search_help_text = "Words of the text, a person, a room's address or a message's id."
    list_select_related = ("room", "author")
    # By id, which is made of the time and indexed: a table of millions is not sorted for one page of it.
    ordering = ("-pk",)
    actions = ("delete_messages",)
    fields = (
        "id", "room", "seq", "author", "kind", "body", "reply_to", "thread_root", "also_in_room", "created_at",
        "edited_at", "deleted_at", "deleted_by",
    )  # fmt: skip

    @admin.display(description="Text")
    def beginning(self, message: Message) -> str:
        """The first words."""
        return texts.excerpt(message.body)

    @admin.display(boolean=True, description="In a thread")
    def in_thread(self, message: Message) -> bool:
        """Whether it answers in a thread."""
        return message.thread_root_id is not None

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to delete messages."""
        return request.user.has_perm("chat.delete_message")

    @admin.action(description="Delete…", permissions=["remove"])
    def delete_messages(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse | None:
        """Asks for the reason, then leaves tombstones."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Delete messages", action="delete_messages")
        deleted = 0
        for message in queryset:
            try:
                result = services.delete_message(
                    actor=me(request),
                    room_id=message.room_id,
                    message_id=message.pk,
                    reason=form.cleaned_data["reason"],
                )
                deleted += bool(result.seq)
            except Refused as refused:
                self.message_user(request, f"{message}: {refused.message}", messages.ERROR)
        self.message_user(request, f"Deleted: {deleted}.", messages.SUCCESS)
        return None


@admin.register(MessageRevision)
class RevisionAdmin(InReadableRooms):
    """What messages said before they were edited."""

    list_display = ("replaced_at", "room", "author", "beginning", "message")
    list_filter = ("replaced_at",)
    search_fields = ("body", "message__author__username", "=message__room__slug", "=message__id")
    list_select_related = ("message__room", "message__author")
    date_hierarchy = "replaced_at"
    ordering = ("-replaced_at",)

    @admin.display(description="Old text")
    def beginning(self, revision: MessageRevision) -> str:
        """The first words."""
        return texts.excerpt(revision.body)

    @admin.display(ordering="message__room__slug")
    def room(self, revision: MessageRevision) -> Model:
        """Where it was said."""
        return revision.message.room

    @admin.display(ordering="message__author__username")
    def author(self, revision: MessageRevision) -> Model | None:
        """Who said it."""
        return revision.message.author


@admin.register(Reaction)
class ReactionAdmin(InReadableRooms):
    """Who chose which emoji."""

    list_display = ("created_at", "emoji", "user", "room", "message")
    list_filter = ("created_at",)
    search_fields = ("=emoji", "user__username", "user__display_name", "=message__room__slug", "=message__id")
    list_select_related = ("user", "message__room")
    ordering = ("-pk",)

    @admin.display(ordering="message__room__slug")
    def room(self, reaction: Reaction) -> Model:
        """Where."""
        return reaction.message.room


@admin.register(Mention)
class MentionAdmin(InReadableRooms):
    """Who was addressed where."""

    list_display = ("id", "user", "room", "message")
    list_filter = ("room__kind",)
    search_fields = ("user__username", "user__display_name", "=room__slug", "=message__id")
    list_select_related = ("user", "room", "message")
    ordering = ("-pk",)


@admin.register(Beside)
class BesideAdmin(InReadableRooms):
    """What authors had open when they wrote."""

    list_display = ("message", "room", "topic", "seq", "start", "end")
    list_filter = (("start", admin.EmptyFieldListFilter),)
    search_fields = ("=topic", "=message__room__slug", "=message__id")
    list_select_related = ("message__room",)
    ordering = ("-pk",)

    @admin.display(ordering="message__room__slug")
    def room(self, beside: Beside) -> Model:
        """Where the message stands."""
        return beside.message.room


@admin.register(ImportedLine)
class ImportedLineAdmin(InReadableRooms):
    """Where imported messages came from."""

    list_display = ("source", "line", "reply_to", "room", "message")
    list_filter = ("source",)
    search_fields = ("source", "=line", "=message__id")
    list_select_related = ("message__room",)
    ordering = ("source", "line")

    @admin.display(ordering="message__room__slug")
    def room(self, line: ImportedLine) -> Model:
        """Where it stands now."""
        return line.message.room
