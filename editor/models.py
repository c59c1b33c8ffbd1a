"""Documents, their accepted updates, texts to start from, and what is bound to places in them.

Written by editor.services only. Other apps name them by string and read them through editor.selectors.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Document(models.Model):
    """A text of a room that people edit together. Its topic is `document:<id>`, and the seq there is its version."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=40, blank=True)
    version = models.PositiveBigIntegerField(default=0, help_text="Count of accepted updates.")
    length = models.PositiveIntegerField(default=0, help_text="UTF-16 code units.")
    log_start = models.PositiveBigIntegerField(default=0, help_text="Updates up to here were compacted away.")
    read_only = models.BooleanField(default=False, help_text="Only moderators of the room edit it.")
    position = models.PositiveIntegerField(default=0, help_text="Order of the tabs.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    cid = models.UUIDField(null=True, blank=True, help_text="The creator's id of the wish that made it.")
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["created_by", "cid"], name="document_author_cid"),
            models.UniqueConstraint(
                fields=["room", "name"], condition=Q(deleted_at__isnull=True), name="document_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Update(models.Model):
    """One accepted edit, for ever as it was accepted: the log of `document:<id>` itself."""

    id = models.BigAutoField(primary_key=True)
    # The unique constraint begins with the document, so an index of its own would only cost.
    document = models.ForeignKey(Document, models.CASCADE, related_name="updates", db_index=False)
    version = models.PositiveBigIntegerField(help_text="Of the document after it.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    client_id = models.CharField(max_length=64, help_text="Of the editor that made it.")
    run = models.CharField(max_length=64, null=True, help_text="The assistant's run that wrote it.")  # noqa: DJ001
    changes = models.TextField(help_text="CodeMirror's ChangeSet JSON.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version"], name="update_once")]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.version}"


class Snapshot(models.Model):
    """The text at a version: every 500 updates, at the beginning, and wherever somebody gave a version a name."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, related_name="snapshots", db_index=False)
    version = models.PositiveBigIntegerField()
    text = models.TextField()
    name = models.CharField(max_length=120, blank=True, help_text="Empty unless somebody named the version.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="Who named it."
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version"], name="snapshot_once")]

    def __str__(self) -> str:
        return self.name or f"{self.document_id}/{self.version}"


class Anchor(models.Model):
    """A message bound to a range of a document, in UTF-16 units.

    `version`, `start`, `end` are moved forward now and then; `said_…` is where it was when the message was written.
    """

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, related_name="anchors")
    message = models.OneToOneField("chat.Message", models.CASCADE, related_name="+")
    version = models.PositiveBigIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    said_version = models.PositiveBigIntegerField()
    said_start = models.PositiveIntegerField()
    said_end = models.PositiveIntegerField()
    said_line = models.PositiveIntegerField(default=1)
    quote = models.TextField(blank=True, help_text="The whole lines at that time; empty: there was nothing to bind to.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.message_id} at {self.document_id}/{self.version}"


class Reversal(models.Model):
    """Updates that somebody took back, all by one edit: none of them is taken back a second time."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, related_name="reversals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    cid = models.UUIDField(help_text="The actor's id of the wish.")
    version = models.PositiveBigIntegerField(help_text="Of the document after it.")
    count = models.PositiveIntegerField(help_text="Updates that it wrote itself, the last of which made its version.")
    taken = models.TextField(help_text="Versions that were taken back, as JSON: pairs of first and last.")
    updates = models.PositiveIntegerField(help_text="How many these are.")
    skipped = models.PositiveIntegerField(help_text="Wanted, but taken back before or too long ago.")
    run = models.CharField(max_length=64, null=True, help_text="Of this run of the assistant.")  # noqa: DJ001
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="Of this person."
    )
    since = models.DateTimeField(null=True, help_text="Written after this.")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "cid"], name="reversal_once")]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.version} takes {self.updates} back"


class Suggestion(models.Model):
    """Changes of a document that somebody proposes, each to be accepted or rejected by whoever may edit."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, related_name="suggestions")
    base_version = models.PositiveBigIntegerField(help_text="The version that they were written for.")
    run = models.CharField(max_length=64, null=True, help_text="The assistant's run that made them.")  # noqa: DJ001
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    message = models.ForeignKey(
        "chat.Message", models.SET_NULL, null=True, related_name="+", help_text="Carries the card."
    )
    title = models.CharField(max_length=200, blank=True)
    cid = models.UUIDField(unique=True, help_text="The id of the wish.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.title or f"suggestion {self.pk}"


class Hunk(models.Model):
    """One change of a suggestion: whole lines, in UTF-16 units.

    `version`, `start`, `end` are moved forward now and then, also of what was decided: they show where it went.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    id = models.BigAutoField(primary_key=True)
    suggestion = models.ForeignKey(Suggestion, models.CASCADE, related_name="hunks")
    position = models.PositiveIntegerField(help_text="From 1.")
    version = models.PositiveBigIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField(blank=True, help_text="What stands there; empty where lines are only added.")
    text = models.TextField(blank=True, help_text="What shall stand there.")
    note = models.CharField(max_length=200, blank=True, help_text="Why.")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="Who wrote in it since."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_cid = models.UUIDField(null=True, help_text="The id of the wish that decided it.")
    accepted_version = models.PositiveBigIntegerField(null=True, help_text="Of the document after it was accepted.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["suggestion", "position"], name="hunk_once")]

    def __str__(self) -> str:
        return f"change {self.position} of {self.suggestion}"


class SearchText(models.Model):
    """The words of a document as the search asks for them. Written by editor.services.searching after edits."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True, related_name="search_text")
    version = models.PositiveBigIntegerField(help_text="The version whose words these are.")
    name = models.CharField(max_length=120, help_text="What the document was called then.")
    words = models.TextField(help_text="Name, text and parts of names, folded, with a blank around each word.")

    def __str__(self) -> str:
        return f"words of {self.document_id}/{self.version}"
