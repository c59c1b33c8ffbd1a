"""Search over what one may see."""

from __future__ import annotations

from typing import Final

from api.declared import Call, endpoint
from api.shapes import SearchQuery
from chat import selectors
from chat.shapes import SearchAnswer
from realtime.consumers import take_token
from realtime.ratelimit import Limit

SEARCHES: Final = Limit(burst=30, per_second=3)
"""Of one person, over all their scripts."""


@endpoint("GET", "search", tag="Search", scope="search:read", refuses=("invalid", "too_large", "too_slow"))
def search(call: Call[SearchQuery, None]) -> SearchAnswer:
    """Messages, files and documents of the rooms you are in, newest first or best first.

    `q` takes the filters of the search page: `from:` `in:` `has:` `before:` `after:`. Days begin at midnight in UTC.
    """
    take_token(call.user.pk, "api search", SEARCHES)
    asked = call.query
    return selectors.search(actor=call.user, q=asked.q, kind=asked.kind, order=asked.order, more=asked.more)
