"""People, their profile, sanctions and the audit trail.

Written by accounts.services, read through accounts.selectors; other apps use foreign keys by string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

username_validator = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z",
    "Use small letters, digits, dots, dashes and underscores; begin and end with a letter or digit.",
)


def hash_token(token: str) -> str:
    """What is stored of a link's token: 64 hexadecimal digits from which the token cannot be found."""
    return hashlib.sha256(token.encode()).hexdigest()


class User(AbstractUser):
    """Whoever can write in a room: a person, a bot, a bridged person or the assistant."""

    class Kind(models.TextChoices):
        HUMAN = "human"
        BOT = "bot"
        BRIDGE = "bridge"
        ASSISTANT = "assistant"

    username = models.CharField(
        max_length=40,
        unique=True,
        validators=[username_validator],
        error_messages={"unique": "This name is taken."},
        help_text="Mentioned as @name.",
    )
    display_name = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.HUMAN)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_once", condition=~models.Q(email="")),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_session_auth_hash(self) -> str:
        """What a sign-in is checked by; it changes with the password alone.

        Django's own changes with SECRET_KEY too, and then gives sessions new keys behind the back of open sockets and,
        through allauth's list of devices, of other devices' cookies. The session as a whole is signed all the same.
        """
        return hash_token(f"sign-in of {self.pk} {self.password}")

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """None: there is nothing of SECRET_KEY in it."""
        return iter(())

    def may_touch(self, other: User) -> bool:
        """Whether the other account stands below this one; among staff nobody touches another, superusers touch all.

        What exactly somebody may do is a matter of permissions beside this.
        """
        return self.is_superuser or not (other.is_staff or other.is_superuser)

    @property
    def topic(self) -> str:
        """Where events about this person are published."""
        return f"user:{self.pk}"


class Profile(models.Model):
    """What a person chose: look, time zone, picture."""

    class Theme(models.TextChoices):
        SYSTEM = "system"
        LIGHT = "light"
        DARK = "dark"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile")
    theme = models.CharField(max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    time_zone = models.CharField(max_length=60, default="UTC")
    avatar = models.ImageField(upload_to="avatars/", max_length=120, blank=True)
    enter_sends = models.BooleanField(default=True, help_text="Enter sends; otherwise Ctrl Enter does.")
    letter_shortcuts = models.BooleanField(default=True, help_text="Single letters act outside text fields.")
    desktop_notifications = models.BooleanField(default=False, help_text="Once the browser was asked and allows it.")
    notification_sound = models.BooleanField(default=False)
    email_mentions = models.BooleanField(default=True, help_text="An e-mail tells of mentions that were missed.")
    quiet_until = models.DateTimeField(null=True, blank=True, help_text="Do not disturb until then.")
    quiet_from = models.TimeField(null=True, blank=True, help_text="Do not disturb each day from then, in their zone.")
    quiet_to = models.TimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"profile of {self.user_id}"


class SanctionQuerySet(models.QuerySet["Sanction"]):
    """Questions about sanctions."""

    def active(self) -> SanctionQuerySet:
        """Those that hold now: neither lifted nor over."""
        still = models.Q(until__isnull=True) | models.Q(until__gt=timezone.now())
        return self.filter(still, lifted_at__isnull=True)

    def bans(self) -> SanctionQuerySet:
        """Bans from the whole site."""
        return self.filter(kind=Sanction.Kind.BAN, room_id__isnull=True)


class Sanction(models.Model):
    """A mute, kick or ban, in one room or everywhere."""

    class Kind(models.TextChoices):
        MUTE = "mute"
        KICK = "kick"
        BAN = "ban"

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sanctions")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    room_id = models.BigIntegerField(null=True, blank=True, help_text="Empty: everywhere.")
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until lifted.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="sanctions_given")

    objects = SanctionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "kind", "lifted_at"], name="sanction_active")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user}"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Rows that are only added and read."""

    def update(self, **kwargs: Any) -> int:
        """Refused."""
        raise TypeError("the trail is not changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("the trail is not shortened")


class AuditEntry(models.Model):
    """What somebody with power did, to whom and why. Rows are only ever added; the database refuses all else.

    The actor is kept by name, and by a number that nothing clears when their account goes.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True, help_text="What they were called then.")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=120)
    reason = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Adds the row; an existing one stays as it is."""
        if not self._state.adding:
            raise TypeError("the trail is not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("the trail is not shortened")


class Invite(models.Model):
    """A link that lets somebody sign up while sign-up is by invite; a room's link may carry one."""

    id = models.BigAutoField(primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True, help_text="Empty: anybody with the link.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="invites")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"invite {self.pk}"

    def is_live(self, now: datetime) -> bool:
        """Whether the link still works at `now`."""
        return self.revoked_at is None and self.expires_at > now and self.uses < self.max_uses


class ApiToken(models.Model):
    """A script's key to what its owner may do, as far as its scopes reach. Only the hash is kept."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=80, help_text="What it is for.")
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="Its first characters, to tell it from others.")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    told_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many days before its end its maker was told of it last."
    )

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def is_live(self, now: datetime) -> bool:
        """Whether it still opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
