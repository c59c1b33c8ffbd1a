"""Begins topics anew: their log is given up, and whoever listens or comes back takes a snapshot.

Called by `manage.py restore`, after which pages may know events that the log has never heard of, and by services that
remove what a whole log tells of. Never touches what the events told.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F

from realtime import log
from realtime.models import Event, Lease, Presence, Topic

SEQS_SKIPPED: Final = 1_000_000_000
"""More than any topic gets between a backup and its restore; a page's numbers stay exact for 9 million restores."""


@transaction.atomic
def renew_topic(topic: str) -> None:
    """Gives up the log of a topic; hubs find it within a poll, and reset whoever listens."""
    head = log.reserve(topic)
    Event.objects.filter(topic=topic).delete()
    Topic.objects.filter(key=topic).update(min_seq=head + 1)


@transaction.atomic
def renew_everything() -> None:
    """Gives up every log, and goes on far beyond any seq that somebody may have seen; leases and presence are void."""
    Event.objects.all().delete()
    Topic.objects.update(head_seq=F("head_seq") + SEQS_SKIPPED, min_seq=F("head_seq") + SEQS_SKIPPED + 1)
    Lease.objects.all().delete()
    Presence.objects.all().delete()
