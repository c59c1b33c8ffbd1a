"""Series and their samples, what processes handed over, boards and panels, feeds, rules and alerts.

Written by dashboard.services; other apps name them by string. No secret of a feed is ever stored: only the name of the
environment variable that holds it.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from dashboard.shapes import LEVELS, PANEL_KINDS

NAME_CHARS = 120
UNIT_CHARS = 24
TITLE_CHARS = 80
SERIES_NAME = RegexValidator(r"^[A-Za-z][A-Za-z0-9_.:/-]*\Z", "Letters, digits and _ . : / - after a letter.")


class Series(models.Model):
    """Numbers of one kind in time. `key` is `site/<name>`, `room/<id>/<name>` or `person/<id>/<name>`."""

    class Scope(models.TextChoices):
        SITE = "site"
        ROOM = "room"
        PERSON = "person"

    class Kind(models.TextChoices):
        COUNTER = "counter", "counter: amounts that happened; none is nought"
        GAUGE = "gauge", "gauge: a state; none is a gap"

    key = models.CharField(max_length=160, unique=True)
    scope = models.CharField(max_length=6, choices=Scope.choices)
    room = models.ForeignKey("chat.Room", models.CASCADE, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=NAME_CHARS, validators=[SERIES_NAME])
    title = models.CharField(max_length=TITLE_CHARS, blank=True)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.GAUGE)
    unit = models.CharField(max_length=UNIT_CHARS, blank=True)
    outside = models.BooleanField(default=False, help_text="Pushed or polled; not counted by the site itself.")
    last_at = models.DateTimeField(null=True, blank=True)
    last_value = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.key


class Sample(models.Model):
    """What a series did in one bucket of time: `at` is its beginning in seconds since 1970, `resolution` its length."""

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, models.CASCADE, related_name="+", db_index=False)
    resolution = models.PositiveSmallIntegerField(help_text="Seconds: 1, 10, 60 or 3600.")
    at = models.BigIntegerField()
    count = models.PositiveBigIntegerField()
    total = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    last = models.FloatField()
    last_ms = models.BigIntegerField(help_text="When `last` was measured, so that a late sample does not replace it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "resolution", "at"], name="sample_bucket")]
        indexes = [models.Index(fields=["resolution", "at"], name="sample_age")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.resolution}s {self.at}"


class Flush(models.Model):
    """What one process counted since its flush before; taken away in the transaction that adds it to the samples."""

    id = models.BigAutoField(primary_key=True)
    process = models.CharField(max_length=40)
    number = models.PositiveBigIntegerField(help_text="Goes up by one in a process: a flush repeated is stored once.")
    at = models.DateTimeField(help_text="By the clock of the database.")
    data = models.TextField(help_text="The shape Flushed as JSON.")

    class Meta:
        verbose_name_plural = "flushes"
        constraints = [models.UniqueConstraint(fields=["process", "number"], name="flush_once")]

    def __str__(self) -> str:
        return f"{self.process} {self.number}"


class Process(models.Model):
    """A process as the recorder last heard of it: the flush that it counted last, and its gauges."""

    name = models.CharField(max_length=40, primary_key=True)
    label = models.CharField(max_length=120, blank=True, help_text="Host and number of the process, for people.")
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField(db_index=True, help_text="By the clock of the database.")
    gauges = models.TextField(default="{}", help_text="JSON: name of a series of the site -> value.")

    class Meta:
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return self.label or self.name


class Board(models.Model):
    """Panels side by side. `published` is what others see; the rows of Panel are what editors change."""

    class Kind(models.TextChoices):
        SITE = "site", "the platform's, for staff"
        ROOM = "room", "a room's, for its members"
        OWN = "own", "somebody's own"

    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.OWN)
    room = models.OneToOneField("chat.Room", models.CASCADE, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=TITLE_CHARS)
    range_seconds = models.PositiveIntegerField(default=900)
    published = models.TextField(default="[]", help_text="List of the shape PanelView as JSON.")
    version = models.PositiveIntegerField(default=0, help_text="How often it was published.")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(null=True, blank=True, help_text="Of the draft; empty: it is what is published.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=models.Q(kind="site"), name="board_site"),
            models.CheckConstraint(
                condition=models.Q(kind="site", room=None, owner=None)
                | models.Q(kind="room", room__isnull=False, owner=None)
                | models.Q(kind="own", room=None, owner__isnull=False),
                name="board_belongs",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Share(models.Model):
    """The members of a room see somebody's own board, or edit it as well."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="shares")
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    may_edit = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["board", "room"], name="share_once")]

    def __str__(self) -> str:
        return f"board {self.board_id} for room {self.room_id}"


class Panel(models.Model):
    """A panel as its editors have it. `view` holds what its kind needs (see PanelView)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    board = models.ForeignKey(Board, models.CASCADE, related_name="panels")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in PANEL_KINDS])
    view = models.TextField(help_text="The shape PanelView as JSON.")
    version = models.PositiveIntegerField(default=1, help_text="How often it was changed.")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Watch(models.Model):
    """Somebody looks at a board in this process; the recorder publishes for nobody else."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="+")
    process = models.CharField(max_length=40)
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["board", "process"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.board_id} in {self.process}"


class Feed(models.Model):
    """A number at an address of somebody else's that is asked for again and again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    series = models.OneToOneField(Series, models.CASCADE, related_name="feed")
    url = models.URLField(max_length=500)
    path = models.CharField(max_length=200, blank=True, help_text="Where the number stands in the JSON (JMESPath).")
    secret_env = models.CharField(
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^FEED_[A-Z0-9_]+\Z", "The name of an environment variable: FEED_…")],
        help_text="Environment variable whose value is sent as Authorization. The value is stored nowhere.",
    )
    interval_seconds = models.PositiveIntegerField(default=60)
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(default=timezone.now, db_index=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    problem = models.CharField(max_length=300, blank=True, help_text="In plain words; empty while it works.")
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        # Not its address, which may hold a key: this stands in the back office and in its trail.
        return f"feed {self.pk}"


class Rule(models.Model):
    """When a series should be told of in a room. The fields below `enabled` are what the recorder knows of now."""

    board = models.ForeignKey(Board, models.SET_NULL, null=True, blank=True, related_name="+")
    panel = models.UUIDField(null=True, blank=True, help_text="The panel it was made at.")
    series = models.ForeignKey(Series, models.CASCADE, related_name="+")
    title = models.CharField(max_length=TITLE_CHARS)
    aggregate = models.CharField(max_length=10, default="last")
    above = models.BooleanField(default=True, help_text="Off: it fires below the threshold.")
    threshold = models.FloatField()
    clear = models.FloatField(null=True, blank=True, help_text="Where it counts as over again; empty: the threshold.")
    for_seconds = models.PositiveIntegerField(default=120, help_text="How long it must last, or be over.")
    level = models.CharField(max_length=6, choices=[(level, level) for level in LEVELS], default="danger")
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    url = models.URLField(max_length=500, blank=True, help_text="Told by POST as well.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    enabled = models.BooleanField(default=True)
    quiet_until = models.DateTimeField(null=True, blank=True)
    quiet_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    since = models.DateTimeField(null=True, blank=True, help_text="Since when the condition holds (or is over).")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it cannot be told, in plain words.")

    def __str__(self) -> str:
        return self.title


class Alert(models.Model):
    """A rule that fired: one message in its room, changed in place until it is over."""

    class State(models.TextChoices):
        FIRING = "firing"
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(Rule, models.CASCADE, related_name="alerts")
    state = models.CharField(max_length=8, choices=State.choices, default=State.FIRING)
    message = models.UUIDField(null=True, blank=True, unique=True)
    since = models.DateTimeField()
    fired_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(help_text="When its message was changed last.")
    value = models.FloatField()
    peak = models.FloatField()
    times = models.PositiveIntegerField(default=1, help_text="How often it fired again within the same message.")
    others = models.PositiveIntegerField(default=0, help_text="Rules of the room that wait to be told.")
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    reply = models.UUIDField(null=True, blank=True, help_text="The message that acknowledged it, if one did.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule"], condition=models.Q(state="firing"), name="alert_firing_once")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.state}"


class Chart(models.Model):
    """A series inside a message (`/chart`): the recorder moves it for the room until `live_until`."""

    message = models.UUIDField(primary_key=True)
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    series = models.ForeignKey(Series, models.CASCADE, related_name="+")
    aggregate = models.CharField(max_length=10, default="last")
    seconds = models.PositiveIntegerField()
    live_until = models.DateTimeField(null=True, db_index=True, help_text="Empty: it stands still.")
    told_at = models.DateTimeField(default=timezone.now, help_text="When its message was changed last.")

    def __str__(self) -> str:
        return f"{self.series_id} in {self.message}"


class Call(models.Model):
    """What the address of a rule is told by POST; kept until it was told, or given up, even without its rule."""

    rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="+")
    alert = models.UUIDField(
        null=True, help_text="The alert that it tells of: of one alert the calls go in their order."
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    url = models.URLField(max_length=500)
    body = models.TextField(help_text="JSON.")
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True, default=timezone.now, db_index=True, help_text="Empty: it is over.")
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.rule_id} to {self.url}"
