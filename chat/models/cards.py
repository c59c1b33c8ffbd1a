"""What messages carry besides their words. Written by chat.services.cards; decides nothing."""

from __future__ import annotations

from django.db import models

from chat.models.messages import Message
from chat.shapes.cards import CARD_KINDS


class Card(models.Model):
    """An alert, a chart or the attachments of a webhook in a message: chat keeps it, other apps know what it means."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="card")
    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in CARD_KINDS])
    view = models.TextField(help_text="The shape CardView as JSON.")
    seqs = models.JSONField(default=list, help_text="Of the events that changed it, for taking it out of the log.")

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}"
