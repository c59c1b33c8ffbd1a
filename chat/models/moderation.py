"""What moderators work with. Written by chat.services.moderation and its neighbours."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room


def new_stamp() -> int:
    """A number that no other rule is likely to have; the sum of thousands still fits a column."""
    return secrets.randbelow(2**40)


class Report(models.Model):
    """Somebody, or a word rule, says that a message needs a moderator. Reports of one message are handled together."""

    class Reason(models.TextChoices):
        SPAM = "spam", "Spam or advertising"
        ABUSE = "abuse", "Insult, harassment or threat"
        PRIVATE = "private", "Private or secret information"
        ILLEGAL = "illegal", "Against the law"
        OTHER = "other", "Something else"
        RULE = "rule", "Found by a word rule"

    class State(models.TextChoices):
        OPEN = "open"
        DISMISSED = "dismissed"
        ACTED = "acted"

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="reports")
    message = models.ForeignKey(Message, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=7, choices=Reason.choices)
    note = models.CharField(max_length=500, blank=True)
    excerpt = models.TextField(blank=True, help_text="What the message said when it was reported.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "reporter"], name="report_once")]
        indexes = [models.Index(fields=["state", "created_at"], name="report_queue")]

    def __str__(self) -> str:
        return f"report of {self.message_id}"


class CaseClaim(models.Model):
    """A moderator who is deciding about a reported message, as the others at the queue see it; it ends by itself."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="claim")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"claim of {self.message_id}"


class WordRule(models.Model):
    """Words that are flagged for a moderator, masked, or not accepted; in one room or everywhere."""

    class Action(models.TextChoices):
        FLAG = "flag", "Send it, and report it"
        MASK = "mask", "Send it with the word masked"
        BLOCK = "block", "Do not send it"

    id = models.BigAutoField(primary_key=True)
    phrase = models.CharField(max_length=100, help_text="Whole words, any case; * stands for letters: spam*.")
    action = models.CharField(max_length=5, choices=Action.choices)
    room = models.ForeignKey(
        Room, models.CASCADE, null=True, blank=True, related_name="word_rules", help_text="Empty: everywhere."
    )
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why, for other moderators.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    stamp = models.PositiveBigIntegerField(
        default=new_stamp, editable=False, help_text="Another one with every change; their sum says which rules hold."
    )

    class Meta:
        indexes = [models.Index(fields=["enabled", "room"], name="word_rule_live")]

    def __str__(self) -> str:
        return f"{self.action} {self.phrase}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Stores the rule under another stamp, so that every process reads the rules again."""
        self.stamp = new_stamp()
        super().save(*args, **kwargs)
