"""What people want to come back to, or to be told of. Written by chat.services.attention and its neighbours."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room


class Pin(models.Model):
    """A message that the room keeps at hand."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="pin")
    room = models.ForeignKey(Room, models.CASCADE, related_name="pins")
    pinned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    pinned_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["room", "-pinned_at"], name="pin_room")]

    def __str__(self) -> str:
        return f"pin of {self.message_id}"


class Bookmark(models.Model):
    """A message that a person keeps at hand; nobody else sees it."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bookmarks")
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "message"], name="bookmark_once")]

    def __str__(self) -> str:
        return f"bookmark of {self.user_id}"


class ThreadFollow(models.Model):
    """A person in a thread: follows whoever started it, wrote in it, was mentioned in it, or chose to."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="thread_follows")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    root = models.ForeignKey(Message, models.CASCADE, related_name="follows")
    following = models.BooleanField(default=True)
    last_read_seq = models.PositiveBigIntegerField(default=0, help_text="Seq in the room up to which it was read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "root"], name="thread_follow_once")]
        indexes = [models.Index(fields=["root", "following"], name="thread_follow_root")]

    def __str__(self) -> str:
        return f"{self.user_id} in thread {self.root_id}"


class Reminder(models.Model):
    """A sentence that a person is told at a time, once."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    text = models.CharField(max_length=500)
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    cid = models.UUIDField(null=True, help_text="Its owner's id of the command that set it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "cid"], name="reminder_user_cid")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(told_at__isnull=True), name="reminder_due")]

    def __str__(self) -> str:
        return f"reminder of {self.user_id} at {self.due_at}"
