"""Addresses of the API: those that are declared, its description, and everything else below it.

Called by collab.urls.
"""

from django.urls import path, re_path

import api.endpoints  # noqa: F401  # declares them
from api import views
from api.declared import by_path
from api.dispatch import nowhere, view_of

urlpatterns = [
    path("api/docs/", views.documentation, name="api_docs"),
    path("api/v1/openapi.json", views.description, name="api_description"),
    path("api/v1/health", views.health),
    # The short address that scripts of every shell know by heart.
    path("api/metrics", view_of(by_path()["metrics"])),
    *(path(f"api/v1/{route}", view_of(methods)) for route, methods in by_path().items()),
    re_path(r"^api/v1(?:/.*)?$", nowhere),
]
