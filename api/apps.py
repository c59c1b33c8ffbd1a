"""The api app: rooms and documents over HTTP for scripts."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers the API."""

    name = "api"
    default_auto_field = "django.db.models.BigAutoField"
