"""How far answers of the assistant are. Written by chat.services.answers; decides nothing."""

from __future__ import annotations

from django.db import models

from chat.models.messages import Message


class Answer(models.Model):
    """The run that writes a message, as the room sees it: chat keeps it, and only the app of the runs knows more."""

    class State(models.TextChoices):
        WAITING = "waiting"
        STREAMING = "streaming"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="answer")
    run = models.UUIDField(unique=True)
    state = models.CharField(max_length=12, choices=State.choices)
    view = models.TextField(help_text="The shape RunView as JSON.")
    seqs = models.JSONField(default=list, help_text="Of the events that told its text, for taking it out of the log.")

    def __str__(self) -> str:
        return f"{self.message_id} {self.state}"
