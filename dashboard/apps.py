"""The dashboard app: samples, boards, feeds and alerts."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Registers the dashboard."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"
