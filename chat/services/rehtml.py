"""Makes the stored HTML of messages anew, after the renderer has changed.

Called by `manage.py rebuild_html`, also while people write. Never marks a message as edited, never touches the log, and
never asks again who was meant: whom the HTML names already, it names again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import transaction

from chat import markdown
from chat.models import Message
from chat.services.search import reindex_messages

BATCH_MESSAGES: Final = 200
_MEANT: Final = re.compile(r'<span class="at" data-(?:user="(\d+)"|room="")>@([^<]*)</span>')


def rebuild(*, outdated: bool = False, dry_run: bool = False) -> Iterator[tuple[int, int]]:
    """Goes through all messages, batch by batch, each a transaction of its own.

    Args:
        outdated: only messages that another HTML_VERSION was made for.
        dry_run: only compare.

    Yields:
        (how many were looked at, how many differ) of each batch.
    """
    last: UUID | None = None
    while ids := next_ids(last, outdated=outdated):
        made = render_again(ids)
        if made and not dry_run:
            store_html(made)
        yield len(ids), sum(html != row.html for row, html in made)
        last = ids[-1]


def count_messages(*, outdated: bool = False) -> int:
    """How many `rebuild` will look at."""
    rows = Message.objects.filter(deleted_at=None)
    return (rows.exclude(html_version=markdown.HTML_VERSION) if outdated else rows).count()


def next_ids(last: UUID | None, *, outdated: bool) -> list[UUID]:
    """The next batch of messages, after `last`."""
    rows = Message.objects.filter(deleted_at=None).order_by("pk")
    rows = rows.filter(pk__gt=last) if last is not None else rows
    rows = rows.exclude(html_version=markdown.HTML_VERSION) if outdated else rows
    return list(rows.values_list("pk", flat=True)[:BATCH_MESSAGES])


def render_again(ids: list[UUID]) -> list[tuple[Message, str]]:
    """Messages and their HTML of today, of those where the row says something else. Nothing is locked meanwhile."""
    made = [(row, html_of(row)) for row in Message.objects.filter(pk__in=ids, deleted_at=None)]
    return [(row, html) for row, html in made if html != row.html or row.html_version != markdown.HTML_VERSION]


@transaction.atomic
def store_html(made: list[tuple[Message, str]]) -> None:
    """Stores it, unless somebody has edited the message since: then its HTML is new already."""
    for row, html in made:
        same = Message.objects.filter(pk=row.pk, body=row.body, edited_at=row.edited_at)
        same.update(html=html, html_version=markdown.HTML_VERSION)
    # Whether there is a link or code in it is for the HTML to say.
    reindex_messages(ids=[row.pk for row, _ in made])


def html_of(message: Message) -> str:
    """What the renderer makes of it today, with the mentions of the HTML that it has."""
    if message.kind in {Message.Kind.SYSTEM, Message.Kind.ALERT}:
        return markdown.plain_html(message.body)
    named: dict[str, int] = {}
    everyone = False
    for user, shown in _MEANT.findall(message.html):
        if user:
            named[shown.lower()] = int(user)
        else:
            everyone = True
    return markdown.place_mentions(markdown.render(message.body), named, everyone=everyone)
