"""The description of the API for programs and for people, and whether it answers. No token is asked for here.

Called through api.urls. Never touches a room.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from api import answering, openapi, pages
from api.shapes import Health


@csrf_exempt
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The API answers."""
    return answering.json_answer(request, answering.encode(Health(status="ok")), 200)


@csrf_exempt
@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1."""
    server = request.build_absolute_uri("/api/v1")
    return answering.json_answer(request, answering.encode(openapi.description(server)), 200)


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The same, to be read."""
    server = request.build_absolute_uri("/api/v1")
    return render(request, "api/docs.html", {"tags": pages.tags(server), "about": pages.about(), "server": server})
