"""Rooms, who is in them, and invite links. Written by chat.services.rooms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Room(models.Model):
    """A place to talk. Its topic is `room:<id>`."""

    class Kind(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"
        DIRECT = "direct"
        GROUP = "group"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    slug = models.SlugField(max_length=60, unique=True, help_text="Part of the address; direct rooms use d-<id>.")
    name = models.CharField(max_length=80, blank=True, help_text="Empty in direct rooms: the people are the name.")
    purpose = models.CharField(max_length=250, blank=True, help_text="The line beside the name.")
    direct_key = models.CharField(
        max_length=200, null=True, blank=True, unique=True, help_text="Sorted ids of the people, joined by a dash."
    )
    slow_mode_seconds = models.PositiveIntegerField(default=0)
    read_only = models.BooleanField(default=False)
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Older messages are deleted by apply_retention; empty: the site's setting."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    cid = models.UUIDField(null=True, blank=True, help_text="The creator's id of the command that made it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["created_by", "cid"], name="room_author_cid")]

    def __str__(self) -> str:
        return self.name or self.slug


class Membership(models.Model):
    """A person in a room."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MODERATOR = "moderator"
        MEMBER = "member"
        GUEST = "guest"

    class Notify(models.TextChoices):
        ALL = "all", "every message"
        MENTIONS = "mentions", "mentions and threads that I follow"
        NOTHING = "nothing"

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    last_read_seq = models.PositiveBigIntegerField(default=0)
    notify_level = models.CharField(
        max_length=8,
        choices=Notify.choices,
        blank=True,
        help_text="Empty: every message in direct rooms, else mentions.",
    )
    quiet_until = models.DateTimeField(null=True, blank=True, help_text="The person wants to hear nothing until then.")
    joined_seq = models.PositiveBigIntegerField(default=0)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"


class RoomInvite(models.Model):
    """An invite link of a room. Only the hash of its token is kept."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="invites")
    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=10, choices=Membership.Role.choices, default=Membership.Role.MEMBER)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link to {self.room_id}"
