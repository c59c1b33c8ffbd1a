"""Makes, changes and removes feeds: numbers at addresses of somebody else's.

Called by the views and the admin. Fetches nothing: the poller does, through outbound.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType

from accounts import selectors as accounts
from accounts.services import record_audit
from dashboard import catalogue
from dashboard.finding import check_path
from dashboard.models import TITLE_CHARS, UNIT_CHARS, Feed, Series
from dashboard.parsing.pushed import check_name
from dashboard.selectors.feeds import FEEDS_MOST, feed_view, find_feed
from dashboard.services.charts import stop_showing
from dashboard.services.pushing import SERIES_MOST
from dashboard.shapes import FeedView
from outbound.links import read_url
from outbound.refusing import OutboundRefused
from realtime.protocol import Ack, Refused

if TYPE_CHECKING:
    from accounts.models import User

URL_CHARS: Final = 500
INTERVALS: Final = (10, 86_400)
"""Seconds: the shortest and the longest."""
_SECRET: Final = re.compile(r"FEED_[A-Z0-9_]{1,55}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@transaction.atomic
def create_feed(
    *,
    actor: User,
    name: str,
    url: str,
    path: str = "",
    interval_seconds: int = 60,
    title: str = "",
    unit: str = "",
    secret: str = "",
) -> FeedView:
    """Asks an address for a number from now on; it becomes a series of the person's own.

    Args:
        actor: whose it is.
        name: of the series, new to this person.
        url: http or https.
        path: where the number stands in the JSON; empty: it is the JSON.
        interval_seconds: between two questions.
        title: of the series, for people.
        unit: of its figures.
        secret: name of an environment variable, FEED_…, whose value is sent as Authorization; staff alone.

    Raises:
        Refused: `invalid` with the field at fault; `conflict` for a name that is taken; `quota_full`; `forbidden`.
    """
    _check_room(actor)
    series = Series(
        key=catalogue.person_key(actor.pk, _name(name)),
        scope=Series.Scope.PERSON,
        owner=actor,
        name=name,
        title=_words(title, "title", TITLE_CHARS),
        unit=_words(unit, "unit", UNIT_CHARS),
        outside=True,
    )
    if Series.objects.filter(key=series.key).exists():
        raise Refused("conflict", "You have a series of this name already.", field="name")
    feed = Feed(
        owner=actor,
        url=_url(url),
        path=_path(path),
        interval_seconds=_interval(interval_seconds),
        secret_env=_secret(actor, secret),
    )
    series.save()
    feed.series = series
    feed.save()
    return feed_view(feed)


@transaction.atomic
def change_feed(
    *,
    actor: User,
    feed_id: int,
    url: str | UnsetType = UNSET,
    path: str | UnsetType = UNSET,
    interval_seconds: int | UnsetType = UNSET,
    enabled: bool | UnsetType = UNSET,
    title: str | UnsetType = UNSET,
    unit: str | UnsetType = UNSET,
    secret: str | UnsetType = UNSET,
) -> FeedView:
    """Changes what is given; it is asked anew at once.

    Raises:
        Refused: `not_found`; `invalid` with the field at fault; `forbidden` for a secret.
    """
    feed = find_feed(actor=actor, feed_id=feed_id)
    if url is not UNSET and _url(url) != feed.url:
        # A key belongs to the server that it was meant for.
        feed.url, feed.secret_env = _url(url), ""
    if path is not UNSET:
        feed.path = _path(path)
    if interval_seconds is not UNSET:
        feed.interval_seconds = _interval(interval_seconds)
    if enabled is not UNSET:
        feed.enabled = enabled
    if secret is not UNSET and secret != feed.secret_env:
        feed.secret_env = _secret(actor, secret)
    feed.series.title = feed.series.title if title is UNSET else _words(title, "title", TITLE_CHARS)
    feed.series.unit = feed.series.unit if unit is UNSET else _words(unit, "unit", UNIT_CHARS)
    feed.failures, feed.problem, feed.next_at = 0, "", timezone.now()
    feed.series.save(update_fields=["title", "unit"])
    feed.save()
    return feed_view(feed)


@transaction.atomic
def delete_feed(*, actor: User, feed_id: int) -> Ack:
    """Asks no more. The series stays, with what it knows.

    Raises:
        Refused: `not_found`.
    """
    find_feed(actor=actor, feed_id=feed_id).delete()
    return Ack()


@transaction.atomic
def switch_off_feed(*, actor: User, feed_id: int) -> None:
    """Asks no more until its owner says so, and notes who decided it. The caller has looked at the actor's rights.

    Raises:
        Refused: `not_found`.
    """
    feed = Feed.objects.filter(pk=feed_id).first()
    if feed is None:
        raise Refused("not_found")
    Feed.objects.filter(pk=feed_id).update(enabled=False, problem="Staff switched it off.")
    record_audit(actor=actor, action="feed.switch_off", target=f"feed:{feed_id}", detail={"owner": feed.owner_id})


@transaction.atomic
def delete_series(*, actor: User, series_id: int) -> Ack:
    """Deletes a series from outside of the person's own: its samples, its feed and the rules on it.

    Raises:
        Refused: `not_found`.
    """
    found = Series.objects.filter(pk=series_id, owner=actor, scope=Series.Scope.PERSON, outside=True).first()
    if found is None:
        raise Refused("not_found")
    stop_showing(series_ids=[found.pk])
    found.delete()
    return Ack()


def _check_room(actor: User) -> None:
    if Feed.objects.filter(owner=actor).count() >= FEEDS_MOST:
        raise Refused("quota_full", f"You have {FEEDS_MOST} feeds, which is as many as one may have.")
    if Series.objects.filter(owner=actor, outside=True).count() >= SERIES_MOST:
        raise Refused("quota_full", f"You have {SERIES_MOST} series. Delete some first.")


def _name(name: str) -> str:
    try:
        return check_name(name)
    except ValueError as error:
        raise _invalid("name", error) from error


def _url(url: str) -> str:
    try:
        found = str(read_url(url))
    except OutboundRefused as refused:
        raise Refused("invalid", refused.words, field="url") from refused
    if len(found) > URL_CHARS:
        raise Refused("invalid", f"An address has {URL_CHARS} characters at most here.", field="url")
    return found


def _path(path: str) -> str:
    try:
        return check_path(path)
    except ValueError as error:
        raise _invalid("path", error) from error


def _interval(seconds: int) -> int:
    if not INTERVALS[0] <= seconds <= INTERVALS[1]:
        words = f"Between two questions lie {INTERVALS[0]} to {INTERVALS[1]:,} seconds."
        raise Refused("invalid", words, field="interval_seconds")
    return seconds


def _secret(actor: User, name: str) -> str:
    if not name:
        return ""
    if not accounts.staff_among([actor.pk]):
        raise Refused("forbidden", "Only staff may send a secret of the site's.", field="secret")
    if not _SECRET.fullmatch(name):
        raise Refused("invalid", "Give the name of an environment variable that begins with FEED_.", field="secret")
    return name


def _words(text: str, field: str, most: int) -> str:
    tidy = text.strip()
    if len(tidy) > most or _CONTROL.search(tidy):
        raise Refused("invalid", f"At most {most} characters, on one line.", field=field)
    return tidy


def _invalid(field: str, error: ValueError) -> Refused:
    text = str(error)
    return Refused("invalid", f"{text[:1].upper()}{text[1:].rstrip('.')}.", field=field)
