"""Addresses that other programs send to, each for one room. Written by integrations.services."""

from __future__ import annotations

from django.conf import settings
from django.db import models

HOOK_NAME_CHARS = 60


class IncomingHook(models.Model):
    """A secret address: what is sent to it is said in its room by its own bot. Only the hash of its key is kept."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+")
    bot = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=HOOK_NAME_CHARS, help_text="What its messages are signed with.")
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8, help_text="The key's last characters, to tell it from others.")
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, help_text="Why the last call was refused.")

    class Meta:
        verbose_name = "incoming webhook"

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"
