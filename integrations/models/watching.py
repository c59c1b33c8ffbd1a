"""How a bridge fares: its line, what it carried lately and how long that took.

Nothing here is needed to carry anything. Written by integrations.services.bridges.steps, in rows of their own: whoever
watches waits for nobody who works.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.bridges import WORDS_CHARS, BridgeLink, MattermostServer


class BridgePulse(models.Model):
    """The line to a server.

    Attributes:
        beat_at: when the process that works for the server said so last.
        since: since when the line is as it is.
        broke_at: when it broke last; `break_ms`: how long that break was, None while it lasts.
        clock_ms: how far the server's clock is ahead of ours.
    """

    server = models.OneToOneField(MattermostServer, models.CASCADE, primary_key=True, related_name="pulse")
    beat_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    broke_at = models.DateTimeField(null=True, blank=True)
    break_ms = models.BigIntegerField(null=True, blank=True)
    clock_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"line of {self.server_id}"


class BridgeStep(models.Model):
    """Something that was carried over, or could not be, or happened to the line. The newest of each server are kept.

    Attributes:
        lag_ms: from saying it to having it on the other side, by both clocks as they stood; None where nobody measured.
        count: of posts, while and after a link is caught up.
    """

    class Way(models.TextChoices):
        IN = "in"
        OUT = "out"
        HOLD = "hold", "kept back"
        LINE = "line"

    class What(models.TextChoices):
        MESSAGE = "message"
        EDIT = "edit"
        DELETE = "delete", "deletion"
        REACTION = "reaction"
        CATCHING = "catching", "catching up"
        CAUGHT = "caught", "caught up"
        LINE = "line", "the line"
        LINK = "link", "the link"

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="steps")
    link = models.ForeignKey(BridgeLink, models.CASCADE, null=True, blank=True, related_name="steps")
    at = models.DateTimeField()
    way = models.CharField(max_length=4, choices=Way.choices)
    what = models.CharField(max_length=8, choices=What.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    count = models.PositiveIntegerField(default=1)
    lag_ms = models.BigIntegerField(null=True, blank=True)
    words = models.CharField(max_length=WORDS_CHARS, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["server", "-id"], name="bridge_step_newest"),
            models.Index(fields=["link", "what"], name="bridge_step_link"),
        ]

    def __str__(self) -> str:
        return f"{self.way}: {self.what}"


class BridgeMinute(models.Model):
    """How much a bridge carried in a minute, and how long it took at most."""

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="minutes")
    minute = models.DateTimeField()
    came = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    came_ms = models.BigIntegerField(default=0)
    told_ms = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "minute"], name="bridge_minute_once")]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} of {self.server_id}"
