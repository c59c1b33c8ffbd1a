"""Pages of boards: the one application shell, whose script draws them. Called by dashboard.urls. Decides nothing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chat import views as chat
from dashboard import selectors
from realtime.protocol import Refused

NOT_FOUND = 404


@never_cache
@require_GET
@login_required
def board(request: HttpRequest, board_id: int) -> HttpResponse:
    """A board of the site or of somebody's own; one that may not be seen is not there."""
    response = chat.home(request)
    try:
        selectors.view_board(actor=request.user, board_id=board_id)  # type: ignore[arg-type]
    except Refused:
        response.status_code = NOT_FOUND
    return response
