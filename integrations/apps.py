"""The integrations app: webhooks in and out, commands to outside, and the way in for programs made for Mattermost."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Registers the integrations."""

    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"
