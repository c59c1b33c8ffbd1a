"""The editor app: documents that people of a room edit together."""

from django.apps import AppConfig


class EditorConfig(AppConfig):
    """Registers the editor, and its log with the realtime layer."""

    name = "editor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The log of `document:<id>` is the table of updates."""
        from editor.selectors import entries  # noqa: PLC0415  # models are not ready before

        entries.register()
