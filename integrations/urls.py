"""Routes of webhooks and of the Mattermost-compatible API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
