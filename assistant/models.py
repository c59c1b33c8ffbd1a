"""Agents, their runs, what rooms and people chose, what is remembered, and what was spent.

Written by assistant.services; other apps name them by string. No key of a provider is ever stored.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

PROMPT_CHARS = 4000
NOTE_CHARS = 500


class Agent(models.Model):
    """Somebody who can be asked: an account of kind assistant, and the model behind it. Empty fields mean settings."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="agent")
    is_default = models.BooleanField(default=False, help_text="Answers where a room chose nobody else.")
    model = models.CharField(max_length=120, blank=True, help_text="Empty: ASSISTANT_MODEL.")
    base_url = models.URLField(max_length=300, blank=True, help_text="OpenAI-compatible. Empty: OPENAI_BASE_URL.")
    key_env = models.CharField(
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9_]*\Z", "The name of an environment variable, not the key.")],
        help_text="Name of the environment variable that holds the key. Empty: OPENAI_API_KEY.",
    )
    prompt = models.TextField(blank=True, validators=[MaxLengthValidator(PROMPT_CHARS)])
    temperature = models.FloatField(null=True, blank=True)
    answer_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="Longest answer.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True), name="agent_default")
        ]

    def __str__(self) -> str:
        return str(self.user)


class RoomChoice(models.Model):
    """What a room's owners and moderators chose; without a row everything is at its default."""

    room = models.OneToOneField("chat.Room", models.CASCADE, primary_key=True, related_name="+")
    enabled = models.BooleanField(default=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")
    model = models.CharField(max_length=120, blank=True, help_text="Empty: the agent's.")
    prompt = models.TextField(blank=True, validators=[MaxLengthValidator(PROMPT_CHARS)])
    may_edit = models.BooleanField(default=False, help_text="It edits documents itself, otherwise it suggests.")
    answers_bridged = models.BooleanField(default=False, help_text="People of a bridged channel may ask, too.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"assistant in room {self.room_id}"


class PersonChoice(models.Model):
    """What a person chose; without a row everything is at its default."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    hidden = models.BooleanField(default=False, help_text="The person sees no buttons of the assistant and no cards.")
    remembers = models.BooleanField(default=True, help_text="Notes may be kept in their own session.")
    forgotten_at = models.DateTimeField(null=True, blank=True, help_text="Nothing before is given to a run.")
    told_demo = models.BooleanField(default=False, help_text="The notice about the demo model was put away.")

    def __str__(self) -> str:
        return f"assistant for {self.user_id}"


class Note(models.Model):
    """Something that a person's own session remembers, until they let it forget."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.CharField(max_length=NOTE_CHARS)
    run = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"note of {self.user_id}"


class Run(models.Model):
    """One call of the assistant, from the question to its cost. The text shown in the room is the message's."""

    class Kind(models.TextChoices):
        ANSWER = "answer"
        SUMMARY = "summary"

    class State(models.TextChoices):
        WAITING = "waiting"
        STREAMING = "streaming"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ANSWER)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="runs")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    message = models.ForeignKey(
        "chat.Message", models.SET_NULL, null=True, related_name="+", help_text="The answer; none for a summary."
    )
    question = models.ForeignKey("chat.Message", models.SET_NULL, null=True, related_name="+")
    answer_no = models.PositiveSmallIntegerField(default=1, help_text="1 for the first run of a message.")
    lane = models.CharField(max_length=80, help_text="Runs of one lane come one after the other.")
    thread_root = models.UUIDField(null=True)
    since_seq = models.PositiveBigIntegerField(default=0, help_text="A summary begins after this seq of the room.")
    cid = models.UUIDField(null=True, help_text="The asker's id of the wish: a repeat is a duplicate.")

    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    holder = models.CharField(max_length=64, blank=True, help_text="The process that executes it.")
    held_until = models.DateTimeField(null=True)
    slot = models.PositiveSmallIntegerField(null=True, help_text="Which of the places for runs at once it has.")
    stop_wanted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    stop_wanted_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    rendered = models.PositiveIntegerField(default=0, help_text="Where the text of `html` ends, in UTF-16 units.")
    sources = models.JSONField(default=list)
    wrote = models.JSONField(default=list, help_text="Ids of documents that it changed or suggested changes for.")

    model = models.CharField(max_length=120, blank=True)
    demo = models.BooleanField(default=False, help_text="A small demo model answered.")
    fault = models.CharField(max_length=40, blank=True, help_text="Why it failed, as a word.")
    problem = models.CharField(max_length=300, blank=True, help_text="The same in plain words.")
    retry_at = models.DateTimeField(null=True)
    rounds = models.PositiveSmallIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False, help_text="The provider did not count; we did.")
    cost_micros = models.PositiveBigIntegerField(default=0, help_text="Millionths of the currency of the prices.")
    reserved_tokens = models.PositiveIntegerField(default=0)
    reserved_micros = models.PositiveBigIntegerField(default=0)
    day = models.DateField(help_text="The day (UTC) whose limits it counts against.")

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    first_text_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lane"], condition=models.Q(state="streaming"), name="run_one_in_each_lane"
            ),
            # The limit for the whole site: a place is had once, whichever processes claim at the same moment.
            models.UniqueConstraint(fields=["slot"], condition=models.Q(state="streaming"), name="run_slot_once"),
            models.UniqueConstraint(fields=["asker", "cid"], name="run_asker_cid"),
            models.UniqueConstraint(fields=["message", "answer_no"], name="run_answer_once"),
        ]
        indexes = [
            models.Index(
                fields=["lane", "id"], condition=models.Q(state__in=["waiting", "streaming"]), name="run_open"
            ),
            models.Index(fields=["room", "-id"], name="run_room"),
            models.Index(fields=["asker", "-id"], name="run_asker"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Step(models.Model):
    """A line of a run's log: what it was given, what it called, what went wrong."""

    class Kind(models.TextChoices):
        PROMPT = "prompt"
        CONTEXT = "context"
        MODEL = "model"
        TOOL = "tool"
        PROBLEM = "problem"

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    refused = models.BooleanField(default=False)
    ms = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} of {self.run_id}"


class Spending(models.Model):
    """What was used on one day by one person, in one room, or by everybody; reserved before, settled after."""

    class Scope(models.TextChoices):
        PERSON = "person"
        ROOM = "room"
        SITE = "site"

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=6, choices=Scope.choices)
    key = models.BigIntegerField(default=0, help_text="Id of the person or room; 0 for the site.")
    day = models.DateField()
    runs = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    micros = models.PositiveBigIntegerField(default=0)
    reserved_tokens = models.PositiveBigIntegerField(default=0)
    reserved_micros = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key", "day"], name="spending_once")]
        verbose_name_plural = "spending"

    def __str__(self) -> str:
        return f"{self.scope} {self.key} on {self.day}"
