"""Which messages the search knows. Written by chat.services.search only.

The words themselves stand where each database finds them: on SQLite in the FTS5 table `chat_searchwords` under the same
id, on PostgreSQL in the column `words` (tsvector) of this table. Migration 0005 makes both.
"""

from __future__ import annotations

from django.db import models

from chat.models.messages import Message
from chat.models.rooms import Room


class SearchEntry(models.Model):
    """A message in the index. Deleting the row takes its words away, on SQLite by a trigger.

    The id rises with the time when the message was said, so that the newest are found first without sorting.
    """

    id = models.BigIntegerField(primary_key=True)
    message = models.OneToOneField(Message, models.CASCADE, related_name="search_entry")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    checksum = models.BigIntegerField(help_text="Of what was indexed, to find what is out of date.")

    def __str__(self) -> str:
        return f"search entry of {self.message_id}"
