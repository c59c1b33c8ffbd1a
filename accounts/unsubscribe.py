"""The page behind the link at the end of a letter, and the one click of mail programs (RFC 8058).

Called through accounts.urls. Opening it changes nothing: mail scanners open every link.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.letters import reader_of


# The signed link itself says whose wish it is; a mail program that posts here has no cookie of ours.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks before it stops letters about mentions; POST stops them, as often as it is sent."""
    user = reader_of(token)
    if user is None:
        return render(request, "account/unsubscribe.html", {"state": "unknown"}, status=404)
    if request.method != "POST":
        return render(request, "account/unsubscribe.html", {"state": "ask"})
    services.update_preferences(actor=user, email_mentions=False)
    return render(request, "account/unsubscribe.html", {"state": "done"})
