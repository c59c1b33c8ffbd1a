"""Addresses that are told of messages, and each call of them. Written by integrations.services."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.hooks import HOOK_NAME_CHARS


class OutgoingHook(models.Model):
    """An address that is told of messages of a room; its answers are said by its own bot. The secret lies sealed."""

    class Form(models.TextChoices):
        COLLAB = "collab", "ours"
        MATTERMOST = "mattermost", "Mattermost's"

    class Of(models.TextChoices):
        PEOPLE = "people", "what people write"
        EVERYBODY = "everybody", "what anybody writes, bots and the assistant too"

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    bot = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=HOOK_NAME_CHARS)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=300, help_text="Sealed.")
    form = models.CharField(max_length=10, choices=Form.choices, default=Form.COLLAB)
    of = models.CharField(max_length=10, choices=Of.choices, default=Of.PEOPLE)
    triggers = models.JSONField(default=list, blank=True, help_text="Words that a message begins with; empty: any.")
    enabled = models.BooleanField(default=True)
    failed_in_row = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "outgoing webhook"

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message on its way to one address, and what became of it. Kept for a week after its end."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped", "the message was deleted before"

    id = models.BigAutoField(primary_key=True)
    hook = models.ForeignKey(OutgoingHook, models.CASCADE, related_name="deliveries")
    message = models.ForeignKey("chat.Message", models.SET_NULL, null=True, related_name="+")
    trigger = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveIntegerField(null=True, blank=True, help_text="Of the last answer.")
    error = models.CharField(max_length=300, blank=True)
    tries = models.JSONField(
        default=list, blank=True, help_text="The last ones: when, how long in ms, the answer's status, what was wrong."
    )
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["hook", "message"], name="delivery_once")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.pk} to {self.hook_id}"
