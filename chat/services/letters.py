"""Letters about missed mentions: who gets one, and which mentions are settled by it.

Called by chat.mailer. A mention is settled before its letter is sent, so a process that dies in between loses that
letter and never sends one twice; what was missed stands on the page all the same. A letter that the mail server did
not take is put back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.letters import Reader, readers
from accounts.quiet import is_quiet
from chat import texts
from chat.models import Mention, Message
from chat.notify import Case, notifies
from chat.selectors.missed import Missed, mailed_since, missed_mentions, told_of
from chat.selectors.views import room_url
from realtime import presence

SETTLED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a mention that needs no letter: it delays no other."""
LATEST: Final = timedelta(days=2)
"""What is older was missed before this server wrote letters, or while it could not."""
LETTERS: Final = 20
"""At most so many at a time."""
LINES: Final = 20
"""Mentions that one letter shows; it names the number of the others."""


@dataclass(frozen=True, slots=True)
class Line:
    """One mention in a letter."""

    room: str
    author: str
    text: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to one person."""

    reader: Reader
    mentions: list[int]
    lines: list[Line]

    @property
    def more(self) -> int:
        """Mentions that are not shown."""
        return max(0, len(self.lines) - LINES)


def claim_letters(*, now: datetime | None = None) -> list[Letter]:
    """Settles what needs no letter and takes at most 20 letters to be sent; whoever gets them sends them or puts back.

    Mentions of people who are here, or do not want to be disturbed now, or got a letter lately, wait.
    """
    now = now or timezone.now()
    letters: list[Letter] = []
    after = 0
    while len(letters) < LETTERS:
        page = missed_mentions(after=after, said_before=now - timedelta(minutes=settings.MENTION_MAIL_AFTER_MINUTES))
        if not page:
            break
        letters += _claim_page(page, now=now, most=LETTERS - len(letters))
        after = page[-1].id
    return letters


@transaction.atomic
def _claim_page(page: list[Missed], *, now: datetime, most: int) -> list[Letter]:
    people = readers({missed.user for missed in page})
    needless = [missed.id for missed in page if not _needs(missed, people.get(missed.user), now)]
    _settle(needless, SETTLED)
    wanted: dict[int, list[int]] = defaultdict(list)
    for missed in page:
        if missed.id not in set(needless):
            wanted[missed.user].append(missed.id)
    waiting = _who_waits(people, set(wanted), now)
    ready = [user for user in wanted if user not in waiting][:most]
    return [letter for user in ready if (letter := _claim(people[user], wanted[user], now)) is not None]


def _needs(missed: Missed, reader: Reader | None, now: datetime) -> bool:
    if reader is None or missed.gone or missed.read or not missed.member or missed.said_at < now - LATEST:
        return False
    quiet = missed.quiet_until is not None and missed.quiet_until > now
    return notifies(Case(level=missed.level, direct=missed.direct, mentioned=True, quiet=quiet))


def _who_waits(people: dict[int, Reader], users: set[int], now: datetime) -> set[int]:
    lately = mailed_since(users=users, at=now - timedelta(minutes=settings.MENTION_MAIL_EVERY_MINUTES))
    quiet = {user for user in users if is_quiet(people[user].preferences, now)}
    return lately | quiet | set(presence.states(users))


def _settle(ids: Iterable[int], at: datetime) -> int:
    return Mention.objects.filter(pk__in=list(ids), mailed_at=None).update(mailed_at=at)


def _claim(reader: Reader, ids: list[int], now: datetime) -> Letter | None:
    """None when another process was faster with some of them, or nothing is left that may be read."""
    found = told_of(ids)
    if _settle(ids, now) < len(ids) or not found:
        return None
    return Letter(reader, ids, [_line(mention) for mention in found])


def _line(mention: Mention) -> Line:
    message, room = mention.message, mention.room
    return Line(
        room=f"#{room.name or room.slug}" if room.kind in {"public", "private"} else "a direct conversation",
        author=_author(message),
        text=texts.excerpt(message.body),
        url=f"{settings.SITE_URL}{room_url(room)}m/{message.pk}/",
        at=message.created_at,
    )


def _author(message: Message) -> str:
    if message.author is not None:
        return str(message.author)
    return texts.ALERT if message.kind == Message.Kind.ALERT else "Somebody"


def put_back(*, mentions: list[int]) -> None:
    """The letter did not go out: its mentions wait for another."""
    Mention.objects.filter(pk__in=mentions).update(mailed_at=None)
