"""What programs say with their messages beside the text. Written by integrations.services."""

from __future__ import annotations

from django.db import models


class PostProps(models.Model):
    """The `props` of a message that came through the Mattermost-compatible API or a webhook, kept as they are.

    Nothing here is proof of anything: whoever may post may write what they like into it.
    """

    message = models.OneToOneField("chat.Message", models.CASCADE, primary_key=True, related_name="+")
    props = models.JSONField(default=dict)
    pending = models.CharField(max_length=200, blank=True, help_text="The program's own name of it.")

    class Meta:
        verbose_name = verbose_name_plural = "properties of posts"

    def __str__(self) -> str:
        return f"properties of {self.message_id}"
