"""Numbers that are fetched from somebody else's addresses. Called by dashboard.urls. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import UNSET, UnsetType

from chat.api import addresses, answer, body
from dashboard.selectors.feeds import feed_list
from dashboard.services import feeds as services

if TYPE_CHECKING:
    from accounts.models import User

endpoint: Final = addresses("dashboard.feeds")
CREATED: Final = 201


class NewFeed(msgspec.Struct, forbid_unknown_fields=True):
    """What makes a feed."""

    name: str
    url: str
    path: str = ""
    interval_seconds: int = 60
    title: str = ""
    unit: str = ""
    secret: str = ""


class FeedWish(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a feed; what is left out stays."""

    url: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    interval_seconds: int | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    title: str | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET


def _list(request: HttpRequest, user: User) -> Any:
    return feed_list(actor=user)


def _create(request: HttpRequest, user: User) -> HttpResponse:
    return answer(services.create_feed(actor=user, **msgspec.structs.asdict(body(request, NewFeed))), CREATED)


def _change(request: HttpRequest, user: User, feed_id: int) -> Any:
    wish = msgspec.structs.asdict(body(request, FeedWish))
    return services.change_feed(actor=user, feed_id=feed_id, **wish)


def _delete(request: HttpRequest, user: User, feed_id: int) -> Any:
    return services.delete_feed(actor=user, feed_id=feed_id)


def _forget(request: HttpRequest, user: User, series_id: int) -> Any:
    return services.delete_series(actor=user, series_id=series_id)


feeds = endpoint(GET=_list, POST=_create)
feed = endpoint(POST=_change, DELETE=_delete)
own_series = endpoint(DELETE=_forget)
