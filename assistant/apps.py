"""The assistant app: runs, what they are given, what they may do, and what they cost."""

from django.apps import AppConfig


class AssistantConfig(AppConfig):
    """Registers the assistant."""

    name = "assistant"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the checks."""
        from assistant import checks  # noqa: F401, PLC0415  # it registers itself, once settings are read
