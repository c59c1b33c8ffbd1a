"""Messages and what hangs on them. Written by chat.services.messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from uuid_utils.compat import uuid7

from chat.models.rooms import Room


class Message(models.Model):
    """Something said in a room. `seq` is the seq of its first event on `room:<id>`."""

    class Kind(models.TextChoices):
        USER = "user"
        SYSTEM = "system"
        ASSISTANT = "assistant"
        BRIDGE = "bridge"
        ALERT = "alert"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    seq = models.PositiveBigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="messages")
    cid = models.UUIDField(null=True, help_text="The author's lasting id of the message: a repeat is a duplicate.")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.USER)
    body = models.TextField(max_length=8000)
    html = models.TextField()
    html_version = models.PositiveSmallIntegerField(default=1)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="quoted_by")
    thread_root = models.ForeignKey("self", models.CASCADE, null=True, related_name="replies")
    also_in_room = models.BooleanField(default=False, help_text="A reply that is shown in the room as well.")
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="message_room_seq"),
            models.UniqueConstraint(fields=["author", "cid"], name="message_author_cid"),
        ]
        indexes = [
            models.Index(fields=["thread_root", "seq"], name="message_thread_seq"),
            models.Index(fields=["room", "author", "created_at"], name="message_slow_mode"),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"


class MessageRevision(models.Model):
    """What a message said before an edit. `seq` is the seq of the edit's event."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions")
    seq = models.PositiveBigIntegerField()
    body = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "seq"], name="revision_once")]

    def __str__(self) -> str:
        return f"revision of {self.message_id}"


class Beside(models.Model):
    """What the author of a message had open, perhaps a range of it. Only the app of the topic knows what that is."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="beside")
    topic = models.CharField(max_length=40)
    seq = models.PositiveBigIntegerField()
    start = models.PositiveBigIntegerField(null=True)
    end = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "what was open beside a message"
        indexes = [models.Index(fields=["topic"], condition=models.Q(start__isnull=False), name="beside_range")]

    def __str__(self) -> str:
        return f"{self.message_id} beside {self.topic}/{self.seq}"


class Reaction(models.Model):
    """One person's emoji under one message."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user", "emoji"], name="reaction_once")]

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user_id}"


class Mention(models.Model):
    """A person addressed by a message; `@room` makes one row for each member."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions")
    seq = models.PositiveBigIntegerField(help_text="The message's seq, for counting what is unread.")
    mailed_at = models.DateTimeField(null=True, help_text="When an e-mail told of it, or was found not to be needed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [
            models.Index(fields=["user", "room", "seq"], name="mention_unread"),
            models.Index(fields=["user"], condition=models.Q(mailed_at__isnull=True), name="mention_mail"),
        ]

    def __str__(self) -> str:
        return f"@{self.user_id} in {self.message_id}"
