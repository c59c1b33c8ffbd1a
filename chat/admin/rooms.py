"""Rooms, who is in them, and their links.

Called by Django's admin. Shows no token and no message; rooms are changed on their own page by those who own them.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import services
from chat.models import Membership, Room, RoomInvite
from chat.permissions import FIXED_KINDS
from chat.selectors.views import room_url
from realtime.protocol import Refused


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Who is in the room."""

    model = Membership
    fields = ("user", "role", "last_read_seq", "joined_at")
    readonly_fields = fields
    can_delete = False
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """With names, in one query."""
        members: QuerySet[Membership] = super().get_queryset(request).select_related("user")
        return members.order_by("user__username")


@admin.register(Room)
class RoomAdmin(ReadOnly):
    """All rooms; direct and group rooms are named after their people."""

    list_display = (
        "shown", "kind", "slug", "members", "read_only", "slow_mode_seconds", "archived_at", "created_by", "created_at"
    )  # fmt: skip
    list_filter = ("kind", "read_only", ("archived_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("name", "slug", "purpose", "memberships__user__username", "memberships__user__display_name")
    search_help_text = "A name, an address, a purpose, or somebody who is in the room."
    list_select_related = ("created_by",)
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    inlines = (MemberInline,)
    fields = (
        "kind", "slug", "name", "purpose", "read_only", "slow_mode_seconds", "archived_at", "created_by", "created_at",
        "page",
    )  # fmt: skip
    readonly_fields = ("page",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        """Rooms, each with how many people are in it and, for those named after them, who."""
        rooms: QuerySet[Room] = super().get_queryset(request)
        of_people = Membership.objects.filter(room__kind__in=FIXED_KINDS).select_related("user").order_by("pk")
        named = Prefetch("memberships", queryset=of_people, to_attr="people")
        return rooms.annotate(member_count=Count("memberships", distinct=True)).prefetch_related(named)

    @admin.display(description="Room", ordering="name")
    def shown(self, room: Room) -> str:
        """The name, or the people of a room without one."""
        people: list[Membership] = getattr(room, "people", [])
        return ", ".join(str(member.user) for member in people) or str(room)

    @admin.display(description="Members", ordering="member_count")
    def members(self, room: Room) -> int:
        """How many people are in it."""
        return int(getattr(room, "member_count", 0))

    @admin.display(description="Page")
    def page(self, room: Room) -> str:
        """Link to the room, which shows itself only to those who may see it."""
        return format_html('<a href="{0}">{0}</a>', room_url(room))


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who is where, as what, and how far they have read."""

    list_display = ("user", "room", "role", "last_read_seq", "joined_at")
    list_filter = ("role", "room__kind", "joined_at")
    search_fields = ("user__username", "user__display_name", "room__name", "room__slug")
    list_select_related = ("user", "room")
    date_hierarchy = "joined_at"
    ordering = ("room", "user__username")
    actions = ("appoint",)

    def has_appoint_permission(self, request: HttpRequest) -> bool:
        """Superusers: an owner decides who is in a private room."""
        return me(request).is_superuser

    @admin.action(description="Make owner…", permissions=["appoint"])
    def appoint(self, request: HttpRequest, queryset: QuerySet[Membership]) -> HttpResponse | None:
        """For a room whose owners are gone: asks for the reason, then makes the chosen members owners."""
        form = ask(request, ReasonForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title="Make owner", action="appoint")
        for member in queryset:
            try:
                services.appoint_owner(
                    actor=me(request),
                    room_id=member.room_id,
                    user_id=member.user_id,
                    reason=form.cleaned_data["reason"],
                )
            except Refused as refused:
                self.message_user(request, f"{member}: {refused.message}", messages.ERROR)
            else:
                self.message_user(request, f"{member.user} owns {member.room}.", messages.SUCCESS)
        return None


@admin.register(RoomInvite)
class RoomInviteAdmin(ReadOnly):
    """Invite links without their tokens."""

    list_display = ("id", "room", "role", "created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("room__name", "room__slug", "created_by__username")
    list_select_related = ("room", "created_by")
    fields = ("room", "role", "created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at")
    ordering = ("-pk",)
