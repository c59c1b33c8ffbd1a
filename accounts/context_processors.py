"""What every page may say about the site and the person's look.

Called by the template engine through the settings. Never asks the database: the middleware has.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """`site_name`, `theme` (system, light or dark) and `sign_up_open`."""
    visit = getattr(request, "visit", None)
    return {
        "site_name": settings.SITE_NAME,
        "theme": visit.theme if visit else "system",
        "sign_up_open": settings.SIGNUP == "open",
    }
