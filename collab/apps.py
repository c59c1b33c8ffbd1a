"""The project as an app: Django finds its commands and checks by it."""

from django.apps import AppConfig


class CollabConfig(AppConfig):
    """Registers the checks."""

    name = "collab"

    def ready(self) -> None:
        from collab import checks  # noqa: F401, PLC0415  # it registers itself, once settings are read
