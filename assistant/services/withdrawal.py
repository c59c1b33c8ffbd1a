"""What goes when people or messages go, and what a log does not keep for ever.

Called through the hooks of accounts and chat, inside their transactions, and by the keeper. Tells nobody: the apps that
call the hooks do.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from assistant import quotas
from assistant.models import Note, PersonChoice, Run, Spending, Step
from assistant.selectors import agents
from chat.selectors.rooms import direct_between

PRUNED_AT_ONCE: Final = 2_000


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Somebody's account is erased: what is remembered of them goes, and what they asked has no asker any more.

    What they asked for themselves alone goes as well: summaries, and the runs of their own sessions. An answer that is
    being written for them ends by itself: nobody's rights hold for it.
    """
    for model in (Note, PersonChoice):
        model.objects.filter(user=user_id).delete()
    own = Run.objects.filter(asker=user_id)
    own.filter(kind=Run.Kind.SUMMARY).delete()
    for agent in agents.agents():
        session = direct_between(user_id=user_id, other_id=agent.pk)
        if session is not None:
            Run.objects.filter(room_id=session).delete()
    own.update(asker=None, cid=None)
    Run.objects.filter(stop_wanted_by=user_id).update(stop_wanted_by=None)
    Spending.objects.filter(scope=quotas.PERSON, key=user_id).delete()


@transaction.atomic
def forget_answers(*, ids: Collection[UUID]) -> None:
    """Messages are deleted: of those that were answers all versions go, with why they were as they were.

    What they cost stays known.
    """
    runs = list(Run.objects.filter(message__in=list(ids)).values_list("pk", flat=True))
    if not runs:
        return
    Step.objects.filter(run__in=runs).delete()
    Run.objects.filter(pk__in=runs).update(text="", html="", rendered=0, sources=[], wrote=[], problem="")


@transaction.atomic
def prune_logs() -> int:
    """Deletes lines of run logs that are older than ASSISTANT_LOG_DAYS, a batch of them; returns how many."""
    days = settings.ASSISTANT_LOG_DAYS
    if days <= 0:
        return 0
    before = timezone.now() - timedelta(days=days)
    old = Step.objects.filter(at__lt=before).order_by("pk").values_list("pk", flat=True)[:PRUNED_AT_ONCE]
    return Step.objects.filter(pk__in=list(old)).delete()[0]
