"""Rooms that are one conversation with channels of Mattermost: servers, links, who and what is known on both sides.

Written by integrations.services.bridges. Times that end in `_ms` are the server's own, in milliseconds.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

REMOTE_ID_CHARS = 26
WORDS_CHARS = 300


class MattermostServer(models.Model):
    """A server of which we are a client, with one account for all its links.

    Attributes:
        epoch: grows whenever a process begins to work for the server; whoever holds an older one writes nothing more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "not connected yet"
        CONNECTED = "connected"
        BROKEN = "broken", "tried again and again"
        REFUSED = "refused", "its token is not believed"

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=300, help_text="Where the site is, without /api/v4.")
    token_env = models.CharField(
        max_length=60, blank=True, help_text="Name of the variable of the environment that holds the token."
    )
    token = models.CharField(max_length=400, blank=True, help_text="Sealed; used where no variable is named.")
    secret = models.CharField(max_length=300, help_text="Sealed: our mark on our own posts is made with it.")
    instance = models.CharField(max_length=32, help_text="Our site's name in marks; the same for all servers.")
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    error = models.CharField(max_length=WORDS_CHARS, blank=True)
    version = models.CharField(max_length=40, blank=True)
    account_id = models.CharField(max_length=REMOTE_ID_CHARS, blank=True, help_text="Our account there.")
    account_name = models.CharField(max_length=64, blank=True)
    renames = models.BooleanField(default=False, help_text="Its posts may carry the names of our people.")
    connection_id = models.CharField(max_length=64, blank=True)
    next_seq = models.PositiveBigIntegerField(default=0)
    epoch = models.PositiveBigIntegerField(default=0)
    heard_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "Mattermost server"

    def __str__(self) -> str:
        return self.name


class BridgeLink(models.Model):
    """A room and a channel that are one conversation.

    Attributes:
        local_seq: up to which event of the room's log everything is in the outbox.
        missed: how often something was missed on the line; `caught` is which of these was caught up last.
    """

    class Direction(models.TextChoices):
        BOTH = "both", "both ways"
        IN = "in", "only from Mattermost"
        OUT = "out", "only to Mattermost"

    class State(models.TextChoices):
        ACTIVE = "active"
        REMOVED = "removed", "the account is not in the channel"
        ARCHIVED = "archived", "the channel or the room is archived"

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="links")
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    channel_id = models.CharField(max_length=REMOTE_ID_CHARS)
    channel_name = models.CharField(max_length=120, blank=True)
    direction = models.CharField(max_length=4, choices=Direction.choices, default=Direction.BOTH)
    relay_bots = models.BooleanField(default=True, help_text="Posts of bots come over, too.")
    everybody = models.BooleanField(default=False, help_text="@room and @channel call everybody on the other side.")
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    problem = models.CharField(max_length=WORDS_CHARS, blank=True)
    notice = models.CharField(max_length=WORDS_CHARS, blank=True, help_text="What was not carried over last, and why.")
    last_post_id = models.CharField(max_length=REMOTE_ID_CHARS, blank=True)
    last_create_at_ms = models.BigIntegerField(default=0)
    since_ms = models.BigIntegerField(default=0)
    began_ms = models.BigIntegerField(default=0, help_text="What was written before is not carried over.")
    local_seq = models.PositiveBigIntegerField(default=0)
    missed = models.PositiveBigIntegerField(default=0)
    caught = models.PositiveBigIntegerField(default=0)
    look_at = models.DateTimeField(default=timezone.now, help_text="When catching up is tried next.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "channel_id"], name="bridge_channel_once")]

    def __str__(self) -> str:
        return f"{self.room_id} and ~{self.channel_name or self.channel_id}"


class BridgedPerson(models.Model):
    """Somebody on a server and who they are here: an account of their own that nobody signs in to."""

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="people")
    remote_id = models.CharField(max_length=REMOTE_ID_CHARS)
    username = models.CharField(max_length=64, help_text="There, in small letters.")
    is_bot = models.BooleanField(default=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "bridged people"
        constraints = [models.UniqueConstraint(fields=["server", "remote_id"], name="bridged_person_once")]
        indexes = [models.Index(fields=["server", "username"], name="bridged_person_name")]

    def __str__(self) -> str:
        return f"@{self.username}"


class BridgedAccount(models.Model):
    """Somebody of ours has an account of their own on a server: there they speak for themselves.

    Attributes:
        problem: why its token is not used any more, in words; empty while it is.
    """

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="accounts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    remote_id = models.CharField(max_length=REMOTE_ID_CHARS)
    username = models.CharField(max_length=64)
    token = models.CharField(max_length=400, help_text="Sealed.")
    problem = models.CharField(max_length=WORDS_CHARS, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "user"], name="bridged_account_of_person_once"),
            models.UniqueConstraint(fields=["server", "remote_id"], name="bridged_account_once"),
        ]

    def __str__(self) -> str:
        return f"@{self.username}"


class BridgedPost(models.Model):
    """A message and the post that it is on the other side. A long one has several rows, one for each part.

    Attributes:
        account: whose own account posted it for us; empty for that of the bridge, and for what was said there.
    """

    id = models.BigAutoField(primary_key=True)
    link = models.ForeignKey(BridgeLink, models.CASCADE, related_name="posts")
    local_id = models.UUIDField()
    remote_id = models.CharField(max_length=REMOTE_ID_CHARS)
    part = models.PositiveSmallIntegerField(default=0)
    ours = models.BooleanField(help_text="It was said here.")
    account = models.CharField(max_length=REMOTE_ID_CHARS, blank=True)
    remote_root = models.CharField(max_length=REMOTE_ID_CHARS, blank=True)
    remote_create_at_ms = models.BigIntegerField(default=0)
    remote_edit_at_ms = models.BigIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True)
    hops = models.JSONField(default=list, blank=True)
    deleted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "remote_id", "part"], name="bridged_remote_once"),
            models.UniqueConstraint(fields=["link", "local_id", "part"], name="bridged_local_once"),
        ]
        indexes = [models.Index(fields=["link", "remote_root"], name="bridged_thread")]

    def __str__(self) -> str:
        return f"{self.local_id} is {self.remote_id}"


class BridgedFile(models.Model):
    """A file that was carried over; one that is brought again after a failure is not carried twice.

    Attributes:
        account: see BridgedPost; nobody posts files that another account brought.
    """

    id = models.BigAutoField(primary_key=True)
    link = models.ForeignKey(BridgeLink, models.CASCADE, related_name="files")
    local_id = models.UUIDField()
    remote_id = models.CharField(max_length=REMOTE_ID_CHARS)
    account = models.CharField(max_length=REMOTE_ID_CHARS, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "local_id"], name="bridged_file_local_once"),
            models.UniqueConstraint(fields=["link", "remote_id"], name="bridged_file_remote_once"),
        ]

    def __str__(self) -> str:
        return f"{self.local_id} is {self.remote_id}"


class BridgedReaction(models.Model):
    """Somebody's emoji there, by the name they gave: two names of one picture are one reaction here."""

    id = models.BigAutoField(primary_key=True)
    link = models.ForeignKey(BridgeLink, models.CASCADE, related_name="reactions")
    remote_id = models.CharField(max_length=REMOTE_ID_CHARS)
    user_id = models.CharField(max_length=REMOTE_ID_CHARS)
    name = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "remote_id", "user_id", "name"], name="bridged_reaction_once")
        ]

    def __str__(self) -> str:
        return f":{self.name}: under {self.remote_id}"


class BridgeOutbox(models.Model):
    """Something of a room that the channel has to be told, in the order of the ids of its link.

    Attributes:
        first_at: when it was first sent. From then on nobody knows whether the server has it, until it says so.
        anchor_ms: a moment of the server's clock before that, from which on it is searched for.
    """

    class Op(models.TextChoices):
        SAY = "say", "post, or change the text"
        DELETE = "delete"
        REACT = "react", "put an emoji, or take it back"

    class State(models.TextChoices):
        WAITING = "waiting"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    link = models.ForeignKey(BridgeLink, models.CASCADE, related_name="outbox")
    op = models.CharField(max_length=6, choices=Op.choices)
    local_id = models.UUIDField()
    emoji = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=WORDS_CHARS, blank=True)
    next_at = models.DateTimeField(default=timezone.now)
    first_at = models.DateTimeField(null=True, blank=True)
    anchor_ms = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "bridge outbox"
        indexes = [models.Index(fields=["link", "id"], condition=models.Q(state="waiting"), name="bridge_outbox_next")]

    def __str__(self) -> str:
        return f"{self.op} {self.local_id}"


class BridgeInbox(models.Model):
    """An event as the server sent it, kept before anything is done with it; gone when it is done."""

    id = models.BigAutoField(primary_key=True)
    server = models.ForeignKey(MattermostServer, models.CASCADE, related_name="inbox")
    event = models.TextField(help_text="JSON.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "bridge inbox"

    def __str__(self) -> str:
        return f"event {self.pk} of {self.server_id}"
