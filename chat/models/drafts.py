"""What people have begun to write. Written by chat.services.drafts."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room


class Draft(models.Model):
    """A person's unfinished text in a room or a thread.

    An empty one was discarded or sent; its row stays, because `rev` counts on.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    thread_root = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    reply_to = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    body = models.TextField(max_length=8000, blank=True)
    rev = models.PositiveBigIntegerField(default=0, help_text="Grows with every change; a save names the one it knew.")
    updated_at = models.DateTimeField()
    told_from = models.PositiveBigIntegerField(
        default=0, help_text="Seq of its author's topic from which on the log may hold its texts; 0: it holds none."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "room"], condition=models.Q(thread_root__isnull=True), name="draft_room_once"
            ),
            models.UniqueConstraint(
                fields=["user", "thread_root"], condition=models.Q(thread_root__isnull=False), name="draft_thread_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "-updated_at"], name="draft_recent")]

    def __str__(self) -> str:
        return f"draft of {self.user_id} in {self.room_id}"


class DraftCopy(models.Model):
    """A text that lost against another tab's or device's; kept until its author throws it away."""

    id = models.BigAutoField(primary_key=True)
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="copies")
    body = models.TextField(max_length=8000)
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "draft copies"
        indexes = [models.Index(fields=["draft", "-kept_at"], name="draft_copy_recent")]

    def __str__(self) -> str:
        return f"copy of draft {self.draft_id}"
