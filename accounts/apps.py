"""The accounts app: who may be here."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the app under its own name; allauth's label is `account`."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
