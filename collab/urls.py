"""HTTP routes of the project."""

from django.contrib import admin
from django.urls import include, path

from collab import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("account/", include("accounts.urls")),
    path("", include("api.urls")),
    path("", include("assistant.urls")),
    path("", include("dashboard.urls")),
    path("", include("integrations.urls")),
    path("", include("editor.urls")),
    path("", include("chat.urls")),
]
