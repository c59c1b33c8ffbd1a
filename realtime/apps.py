"""The shared realtime layer: topics, events, sockets."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Registers the layer that every other app stands on."""

    name = "realtime"
    default_auto_field = "django.db.models.BigAutoField"
