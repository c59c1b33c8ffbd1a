"""The back office of the API: which wishes were fulfilled once.

Called by Django's admin. Never shows what was answered.
"""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.site import ReadOnly
from api.models import IdempotencyKey


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly):
    """Keys of the last day."""

    list_display = ("created_at", "user", "key", "status")
    list_filter = ("status", "created_at")
    search_fields = ("key", "user__username")
    list_select_related = ("user",)
    fields = ("created_at", "user", "key", "status")
    date_hierarchy = "created_at"
