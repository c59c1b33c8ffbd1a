"""Where imported messages came from, so that an import can go on, be repeated, and be exported as it was.

Written by chat.services.imports only.
"""

from __future__ import annotations

from django.db import models

from chat.models.messages import Message


class ImportedLine(models.Model):
    """The line of a file that a message was made from."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="imported")
    source = models.CharField(max_length=120, help_text="Name of the file or channel.")
    line = models.PositiveIntegerField()
    reply_to = models.PositiveIntegerField(null=True, help_text="The line it answers, even one that the file lacks.")

    class Meta:
        indexes = [models.Index(fields=["source", "line"], name="imported_source_line")]

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"
