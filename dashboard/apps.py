"""The dashboard app: samples, boards, feeds and alerts."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Registers the dashboard."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begins to measure commits and failed requests."""
        from dashboard import probes  # noqa: PLC0415 - not before Django's set-up

        probes.connect()
