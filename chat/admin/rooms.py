"""Rooms, who is in them, and their links.

Called by Django's admin. Shows no token and no message, and to staff who are not superusers no name of a room that is
not public; rooms are changed on their own page by those who own them.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, CharField, Count, F, Prefetch, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.asking import ReasonForm, ask
from accounts.admin.site import ReadOnly, me
from chat import services
from chat.admin.messages import InReadableRooms
from chat.admin.naming import closed_name, closed_to
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
    """All rooms; direct and group rooms are named after their people, and what is closed to staff by its number."""

    list_display = (
        "shown", "kind", "address", "members", "read_only", "slow_mode_seconds", "archived_at", "created_by",
        "created_at",
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
        counted = rooms.annotate(member_count=Count("memberships", distinct=True), closed=closed_to(request))
        return _with_orders(counted).prefetch_related(named)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Room | None:
        """The room; a closed one without what would tell of it, on its page and in its history."""
        room: Room | None = super().get_object(request, object_id, from_field)
        if room is not None and _is_closed(room):
            room.name, room.slug, room.purpose = closed_name(room), "", ""
        return room

    def get_inlines(self, request: HttpRequest, obj: Room | None) -> Any:
        """Who is in a closed room is not shown either."""
        return () if obj is not None and _is_closed(obj) else self.inlines

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Room], search_term: str
    ) -> tuple[QuerySet[Room], bool]:
        """Finds closed rooms for superusers only, also in the lists that Django offers to choose from."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        listed = request.path == reverse("admin:chat_room_changelist") and not search_term
        return (found if listed or me(request).is_superuser else found.filter(kind=Room.Kind.PUBLIC)), may_repeat

    @admin.display(description="Room", ordering="open_name")
    def shown(self, room: Room) -> str:
        """The name, or the people of a room without one."""
        if _is_closed(room):
            return closed_name(room)
        people: list[Membership] = getattr(room, "people", [])
        return ", ".join(str(member.user) for member in people) or str(room)

    @admin.display(description="Address", ordering="open_slug")
    def address(self, room: Room) -> str:
        """The last part of its address."""
        return "" if _is_closed(room) else room.slug

    @admin.display(description="Members", ordering="member_count")
    def members(self, room: Room) -> int:
        """How many people are in it."""
        return int(getattr(room, "member_count", 0))

    @admin.display(description="Page")
    def page(self, room: Room) -> str:
        """Link to the room, which shows itself only to those who may see it."""
        if _is_closed(room):
            return ""
        return format_html('<a href="{0}">{0}</a>', room_url(room))


def _with_orders(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """What the list is put in order by: a place among the names would tell what a closed room is called."""
    hidden, text = When(closed=True, then=Value("")), CharField()
    return rooms.annotate(
        open_name=Case(hidden, default=F("name"), output_field=text),
        open_slug=Case(hidden, default=F("slug"), output_field=text),
    )


def _is_closed(room: Room) -> bool:
    return bool(getattr(room, "closed", False))


@admin.register(Membership)
class MembershipAdmin(InReadableRooms):
    """Who is where, as what, and how far they have read."""

    room_path = "room"
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
class RoomInviteAdmin(InReadableRooms):
    """Invite links without their tokens."""

    room_path = "room"
    list_display = ("id", "room", "role", "created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("room__name", "room__slug", "created_by__username")
    list_select_related = ("room", "created_by")
    fields = ("room", "role", "created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at")
    ordering = ("-pk",)
