"""One request of a program made for Mattermost: its token, how often it asks, what it asks, the answer in its form.

Used by the views of this package. Looks at no cookie; decides nothing about rooms.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from accounts.services import note_use
from accounts.tokens import Bearer, bearer_of
from integrations.mattermost_api import ids
from integrations.mattermost_api.refusing import LIMITED as LIMITED_CODES
from integrations.mattermost_api.refusing import PERMISSIONS, Failed, failed_of, told
from realtime.consumers import take_token
from realtime.protocol import Refused
from realtime.ratelimit import Limit

if TYPE_CHECKING:
    from accounts.models import User

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)

JSON: Final = "application/json"
"""Without a charset: four of five client libraries compare it letter by letter."""
BURST_SECONDS: Final = 6
NOTED_SECONDS: Final = 60
READS: Final = frozenset({"GET", "HEAD"})
TOO_LARGE: Final = "api.context.request_body_too_large.app_error"
NO_FORM: Final = (MultiPartParserError, SuspiciousOperation, BadRequest)
"""What Django raises when a form is read that is none, or one of too many parts."""
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody with a token."""

    request: HttpRequest
    bearer: Bearer

    @property
    def user(self) -> User:
        """Whose token it is."""
        return self.bearer.user

    def person(self, named: str) -> int:
        """The id of a person in an address; `me` is oneself.

        Raises:
            Failed: it names nobody.
        """
        return self.user.pk if named == "me" else named_by(ids.to_user, named, "user_id")

    def myself(self, named: str) -> None:
        """Whether an address names whoever asks.

        Raises:
            Failed: it names somebody else.
        """
        if self.person(named) != self.user.pk:
            raise Failed(403, PERMISSIONS, "You do not have the appropriate permissions.")

    def number(self, name: str, usual: int, most: int) -> int:
        """A number of the query, within bounds; what is none counts as absent."""
        text = self.request.GET.get(name, "")
        return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 17 else usual


def named_by(read: Callable[[str], T], text: str, what: str) -> T:
    """What an identifier names.

    Raises:
        Failed: it is no identifier of that.
    """
    try:
        return read(text)
    except ValueError:
        told_ = f"Invalid or missing {what} parameter in request URL."
        raise Failed(400, "api.context.invalid_url_param.app_error", told_) from None


def room_of(text: str) -> int:
    """The room of a channel's identifier; who names none may not see it either.

    Raises:
        Failed: permissions, as for a channel that is closed to them.
    """
    try:
        return ids.to_room(text)
    except ValueError:
        raise Failed(403, PERMISSIONS, "You do not have the appropriate permissions.") from None


def message_of(text: str) -> UUID:
    """The message of a post's identifier.

    Raises:
        Failed: it is none.
    """
    return named_by(ids.to_uuid, text, "post_id")


def body_of(request: HttpRequest, kind: type[T]) -> T:
    """The request's JSON; keys that nobody knows are left alone, as Mattermost does.

    Raises:
        Failed: it is none, or a value has another type.
    """
    try:
        return msgspec.json.decode(request.body, type=kind)
    except RequestDataTooBig:
        raise Failed(413, TOO_LARGE, "The body is too large.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Failed(400, "api.context.invalid_body_param.app_error", f"Invalid request body: {error}"[:300]) from None


def answer(value: Any, status: int = 200) -> HttpResponse:
    """JSON that no cache keeps."""
    response = HttpResponse(msgspec.json.encode(value), content_type=JSON, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def refuse(failed: Failed) -> HttpResponse:
    """An error in Mattermost's form."""
    return answer(told(failed), failed.status)


def limited(refused: Refused) -> HttpResponse:
    """Too many requests: in plain text, with the seconds to wait."""
    wait = math.ceil(refused.retry_after or 1)
    response = HttpResponse("limit exceeded", content_type="text/plain; charset=utf-8", status=429)
    limit = _limit(settings.API_WRITES_PER_SECOND)
    response["Retry-After"] = response["X-Ratelimit-Reset"] = str(wait)
    response["X-Ratelimit-Limit"] = str(limit.burst if limit else 0)
    response["X-Ratelimit-Remaining"] = "0"
    return response


def address(**methods: tuple[str, Callable[Concatenate[Asked, P], Any]]) -> Callable[..., HttpResponseBase]:
    """The view of one address.

    Args:
        methods: by their names: the scope that a token needs ("" for any token), and the handler, which answers an
            object or a response.
    """

    @csrf_exempt
    def run(request: HttpRequest, **path: Any) -> HttpResponseBase:
        found = methods.get("GET" if request.method == "HEAD" else request.method or "")
        if found is None:
            return refuse(Failed(405, "api.context.405.app_error", "This address does not take this method."))
        try:
            return _perform(request, *found, path)
        except Failed as failed:
            return refuse(failed)
        except Refused as refused:
            return limited(refused) if refused.code in LIMITED_CODES else refuse(failed_of(refused))
        except RequestDataTooBig:
            return refuse(Failed(413, TOO_LARGE, "The body is too large."))
        except NO_FORM:
            return refuse(Failed(400, "api.context.invalid_body_param.app_error", "This form cannot be read."))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path_info)
            return refuse(failed_of(Refused("internal")))

    return run


def _perform(request: HttpRequest, scope: str, handler: Handler, path: dict[str, Any]) -> HttpResponseBase:
    bearer = bearer_of_header(request.headers.get("Authorization", ""))
    reads = request.method in READS
    limit = _limit(settings.API_READS_PER_SECOND if reads else settings.API_WRITES_PER_SECOND)
    if limit is not None:
        take_token(bearer.user.pk, f"api {bearer.token_id} {'read' if reads else 'write'}", limit)
    if cache.add(f"token-used:{bearer.token_id}", 1, NOTED_SECONDS):
        note_use(token_id=bearer.token_id)
    if scope and scope not in bearer.scopes:
        raise Failed(403, PERMISSIONS, f"This token lacks the scope {scope}.")
    if any("\x00" in part for part in path.values()):
        raise Failed(404, "api.context.404.app_error", "Nothing has a name with a NUL in it.")
    made = handler(Asked(request, bearer), **path)
    return made if isinstance(made, HttpResponseBase) else answer(made)


def bearer_of_header(header: str) -> Bearer:
    """Who comes with a token, in either of Mattermost's spellings.

    Raises:
        Refused: unauthenticated, banned, forbidden.
    """
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in {"bearer", "token"} or not token.strip():
        raise Refused("unauthenticated", "Invalid or expired session, please login again.")
    return bearer_of(token.strip())


@lru_cache
def _limit(per_second: int) -> Limit | None:
    return Limit(burst=per_second * BURST_SECONDS, per_second=per_second) if per_second else None
