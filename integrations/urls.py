"""Routes of webhooks and of the Mattermost-compatible API."""

from django.urls import include, path

urlpatterns = [path("api/v4/", include("integrations.mattermost_api.urls"))]
