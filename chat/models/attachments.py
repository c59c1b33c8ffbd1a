"""Files that hang on messages. Written by chat.services.attachments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from uuid_utils.compat import uuid7

from chat.models.messages import Message
from chat.models.rooms import Room


class Attachment(models.Model):
    """A file of a room. It is its uploader's alone until a message claims it."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        AUDIO = "audio"
        VIDEO = "video"
        FILE = "file"

    class State(models.TextChoices):
        PENDING = "pending", "uploaded, not sent yet"
        CLAIMED = "claimed", "part of a message"
        BLOCKED = "blocked", "taken away by a moderator"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="attachments")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0, help_text="Its place among the files of its message.")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    name = models.CharField(max_length=255, help_text="As the uploader called it, cleaned; never a path.")
    content_type = models.CharField(max_length=100, help_text="Found from the bytes.")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="attachment_sweep"),
            models.Index(fields=["room", "id"], name="attachment_room"),
            models.Index(fields=["uploader", "id"], name="attachment_uploader"),
        ]

    def __str__(self) -> str:
        return self.name
