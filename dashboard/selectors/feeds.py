"""Feeds as their owners see them, and which of them are due. Called by views, services and the poller. Never writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.utils import timezone

from accounts import selectors as accounts
from dashboard.models import Feed
from dashboard.selectors.boards import series_views
from dashboard.shapes import FeedList, FeedView, SeriesView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

FEEDS_MOST: Final = 20
"""Of one person."""


def feed_view(feed: Feed) -> FeedView:
    """A feed for its owner."""
    return _views([feed])[0]


def _views(feeds: Sequence[Feed]) -> list[FeedView]:
    series = {one.id: one for one in series_views([feed.series for feed in feeds])}
    return [_view(feed, series[feed.series_id]) for feed in feeds]


def _view(feed: Feed, series: SeriesView) -> FeedView:
    return FeedView(
        id=feed.pk,
        series=series,
        url=feed.url,
        path=feed.path,
        interval_seconds=feed.interval_seconds,
        enabled=feed.enabled,
        secret=feed.secret_env,
        failures=feed.failures,
        problem=feed.problem,
        next_at=feed.next_at,
        asked_at=feed.asked_at,
        answered_at=feed.answered_at,
    )


def feed_list(*, actor: User) -> FeedList:
    """The person's own feeds, by name."""
    feeds = _views(list(Feed.objects.filter(owner=actor).select_related("series").order_by("series__name")))
    may_send = bool(accounts.staff_among([actor.pk]))
    return FeedList(feeds=feeds, may_create=len(feeds) < FEEDS_MOST, may_send_secrets=may_send)


def due_feeds(now: datetime) -> QuerySet[Feed]:
    """Feeds whose time has come, of people who may use the site."""
    return Feed.objects.filter(enabled=True, next_at__lte=now, owner__is_active=True)


def is_any_due() -> bool:
    """Whether a feed is to be asked now."""
    return due_feeds(timezone.now()).exists()


def find_feed(*, actor: User, feed_id: int) -> Feed:
    """A feed of the person's own.

    Raises:
        Refused: `not_found`.
    """
    feed = Feed.objects.filter(pk=feed_id, owner=actor).select_related("series").first()
    if feed is None:
        raise Refused("not_found")
    return feed
