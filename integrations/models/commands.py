"""Commands whose answers come from outside, and each call of them. Written by integrations.services."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.hooks import HOOK_NAME_CHARS


class SlashCommand(models.Model):
    """What people of a room may type after a slash, and the address that answers it. The secret lies sealed."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    bot = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    trigger = models.CharField(max_length=30, help_text="Without the slash.")
    name = models.CharField(max_length=HOOK_NAME_CHARS, help_text="What its answers are signed with.")
    usage = models.CharField(max_length=60, blank=True, help_text="What follows it, for example: environment.")
    help = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=300, help_text="Sealed.")
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_called_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "trigger"], name="slash_command_once")]

    def __str__(self) -> str:
        return f"/{self.trigger}"


class CommandCall(models.Model):
    """Somebody typed it. The text goes with the call, an hour after it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        ASKED = "asked"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    command = models.ForeignKey(SlashCommand, models.CASCADE, related_name="calls")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    thread = models.UUIDField(null=True)
    cid = models.UUIDField()
    text = models.TextField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    claimed_until = models.DateTimeField(null=True)
    key_hash = models.CharField(max_length=64, blank=True, db_index=True, help_text="Of the address for late answers.")
    answers = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["command", "user", "cid"], name="command_call_once")]
        indexes = [models.Index(fields=["created_at"], name="command_call_age")]

    def __str__(self) -> str:
        return f"call {self.pk} of {self.command_id}"
