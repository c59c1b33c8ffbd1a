"""Tables of the realtime layer: the log of each topic, leases, presence.

Read and written by log.py, services.py and presence.py only. Never holds what a message or a document is.
"""

from __future__ import annotations

from django.db import models


class Topic(models.Model):
    """Where events are published; its row gives out the seq and is the lock that orders writers."""

    key = models.CharField(max_length=80, primary_key=True)
    head_seq = models.PositiveBigIntegerField(default=0)
    min_seq = models.PositiveBigIntegerField(default=1, help_text="Oldest seq that can still be replayed.")

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """One durable event. `data` is the JSON that the client gets; `effect` is what the hub does to sockets."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=60)
    data = models.TextField()
    effect = models.TextField(default="", blank=True)
    actor_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="event_topic_seq")]
        indexes = [models.Index(fields=["at"], name="event_at")]

    def __str__(self) -> str:
        return f"{self.topic} {self.seq} {self.type}"


class Lease(models.Model):
    """A claim on a background service that expires unless it is renewed."""

    name = models.CharField(max_length=80, primary_key=True)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class Presence(models.Model):
    """One person's sockets in one process, as a lease."""

    class State(models.TextChoices):
        ONLINE = "online"
        IDLE = "idle"

    id = models.BigAutoField(primary_key=True)
    user_id = models.BigIntegerField()
    process = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ONLINE)
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "presence"
        constraints = [models.UniqueConstraint(fields=["user_id", "process"], name="presence_user_process")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"
