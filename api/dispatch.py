"""One request on its way: token, rate, scope, what is asked, the handler, and the answer in the API's form.

Called through api.urls. Looks at no cookie, so nothing here needs a CSRF token; decides nothing about rooms.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.services import note_use
from accounts.tokens import Bearer, bearer_of
from api import answering, reading, services
from api.declared import ANY_TOKEN, WORD_CHARS, Call, Endpoint
from api.services import Outcome
from realtime import metrics
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

logger = logging.getLogger(__name__)
MOST_ID: Final = 2**63 - 1
BURST_SECONDS: Final = 6
"""So many seconds' worth of requests may come at once."""
UPLOADS: Final = "files:write"
READS: Final = frozenset({"GET", "HEAD"})
NOTED: Final = timedelta(minutes=1)

View = Callable[..., HttpResponseBase]


def view_of(methods: dict[str, Endpoint]) -> View:
    """The view of one address."""

    @csrf_exempt
    def run(request: HttpRequest, **path: Any) -> HttpResponseBase:
        request_id = uuid4().hex
        response = _answer(request, methods, path, request_id)
        response["X-Request-Id"] = request_id
        return response

    return run


@csrf_exempt
def nowhere(request: HttpRequest, **path: Any) -> HttpResponse:
    """Every address below /api/v1/ that does not exist."""
    request_id = uuid4().hex
    response = answering.problem(request_id, Refused("not_found", "There is no such address."))
    response["X-Request-Id"] = request_id
    return response


def _answer(
    request: HttpRequest, methods: dict[str, Endpoint], path: dict[str, Any], request_id: str
) -> HttpResponseBase:
    allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    if request.method == "OPTIONS":
        response = answering.nothing()
        response["Allow"] = ", ".join(allowed)
        return response
    endpoint = methods.get("GET" if request.method == "HEAD" else request.method or "")
    if endpoint is None:
        told = Refused("invalid", f"This address answers {', '.join(allowed)}.")
        response = answering.problem(request_id, told, status=405)
        response["Allow"] = ", ".join(allowed)
        return response
    try:
        return _perform(request, endpoint, path, request_id)
    except Refused as refused:
        return answering.problem(request_id, refused)
    except Exception:
        metrics.incidents.labels("api").inc()
        logger.exception("Request %s (%s %s) failed", request_id, request.method, endpoint.template)
        return answering.problem(request_id, Refused("internal"), status=500)


def _perform(request: HttpRequest, endpoint: Endpoint, path: dict[str, Any], request_id: str) -> HttpResponseBase:
    bearer = _bearer(request.headers.get("Authorization", ""))
    kind, limit = ("read", _reads()) if request.method in READS else ("write", _writes())
    if limit is not None:
        take_token(bearer.user.pk, f"api {bearer.token_id} {kind}", limit)
    _note_use(bearer)
    if endpoint.scope != ANY_TOKEN and endpoint.scope not in bearer.scopes:
        told = Refused("forbidden", f"This token lacks the scope {endpoint.scope}.")
        return answering.problem(request_id, told, scope=endpoint.scope)
    _check_path(path)
    key = reading.read_key(request) if endpoint.once else ""
    query = reading.read_query(request, endpoint.query)
    takes = endpoint.body is not None or bool(endpoint.formats)
    raw = reading.read_bytes(request, endpoint.body_bytes) if takes else b""
    body = reading.read_body(request, raw, endpoint.body) if endpoint.body is not None else None
    cid = reading.cid_of(key, bearer.user.pk)
    call: Call[Any, Any] = Call(request, bearer, query, body, cid, endpoint.status, raw=raw)
    outcome = _fulfil(endpoint, call, path, key, raw)
    if not isinstance(outcome, Outcome):
        outcome["Vary"] = "Authorization"
        return outcome
    response = _response(request, outcome)
    if call.pages:
        response["Link"] = answering.links(request, call.pages)
    return response


def _fulfil(
    endpoint: Endpoint, call: Call[Any, Any], path: dict[str, Any], key: str, raw: bytes
) -> Outcome | HttpResponseBase:
    """What came of it; the bytes of a file are a response of their own."""
    if endpoint.sends_file:
        response: HttpResponseBase = endpoint.handler(call, **path)
        return response

    def deed() -> Outcome:
        answer = endpoint.handler(call, **path)
        return Outcome(call.status, "" if answer is None else answering.encode(answer).decode())

    if endpoint.once != "kept" or not key:
        return deed()
    asked = f"{call.request.method} {call.request.get_full_path()} ".encode() + raw
    digest = hashlib.sha256(asked).hexdigest()
    return services.perform_once(actor=call.user, key=key, request_hash=digest, deed=deed)


def _response(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    if outcome.status == 204:
        response = answering.nothing()
    else:
        response = answering.json_answer(request, outcome.body.encode(), outcome.status)
    if outcome.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def uploader_of(authorization: str) -> Bearer:
    """Who may send a file, asked before any of it is read.

    Args:
        authorization: the header of that name.

    Raises:
        Refused: unauthenticated, banned, forbidden.
    """
    bearer = _bearer(authorization)
    if UPLOADS not in bearer.scopes:
        raise Refused("forbidden", f"This token lacks the scope {UPLOADS}.")
    return bearer


def _bearer(authorization: str) -> Bearer:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("unauthenticated", "Send a token as Authorization: Bearer.")
    return bearer_of(token.strip())


def _check_path(path: dict[str, Any]) -> None:
    for name, value in path.items():
        if isinstance(value, int) and not 0 < value <= MOST_ID:
            raise Refused("not_found")
        if isinstance(value, str):
            if len(value) > WORD_CHARS:
                raise Refused("invalid", f"At most {WORD_CHARS} characters.", field=name)
            reading.check_text(value, name)


def _note_use(bearer: Bearer) -> None:
    """Once a minute, by one of the requests that come together: the row must not become everybody's queue."""
    if bearer.used_at is not None and timezone.now() - bearer.used_at < NOTED:
        return
    if cache.add(f"token-used:{bearer.token_id}", 1, NOTED.total_seconds()):
        note_use(token_id=bearer.token_id)


@lru_cache
def _limit(per_second: int) -> Limit | None:
    return Limit(burst=per_second * BURST_SECONDS, per_second=per_second) if per_second else None


def _reads() -> Limit | None:
    return _limit(settings.API_READS_PER_SECOND)


def _writes() -> Limit | None:
    return _limit(settings.API_WRITES_PER_SECOND)
