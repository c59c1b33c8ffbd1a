"""Takes updates back by a new edit: those of a run, or what somebody wrote since a moment. The log only ever grows.

Called by the consumer, the JSON API, the back office and the services of suggestions. What others typed stays.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from accounts import services as accounts
from editor.difference import in_pieces
from editor.events import Reverted
from editor.inverting import in_runs
from editor.models import Document, Reversal
from editor.selectors.reverting import Plan, Wanted, check_may_revert, find_to_revert, plan_revert
from editor.selectors.texts import sheet_of
from editor.services.updates import Batch, Push, lock_document
from editor.units import Units, from_units
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

TRIES: Final = 3


class _Meanwhile(Exception):
    """Something was taken back since the plan was made; it has to be made again."""


def revert_updates(
    *,
    actor: User,
    document_id: int,
    run: str | None = None,
    author_id: int | None = None,
    since: datetime | None = None,
    cid: UUID,
    reason: str = "",
) -> Reverted:
    """Takes back exactly these updates, by one push of the actor; what was written since stays where it is.

    The same again takes nothing back, neither with the same cid nor with another one.

    Args:
        actor: whoever may edit, for a run and for themselves; for somebody else's edits a moderator.
        document_id: which document.
        run: the assistant's run whose edits go.
        author_id: the person whose edits go; one of the two is given.
        since: of a person, written after this; None: all that the log still holds.
        cid: the actor's id of this wish.
        reason: why; a moderator gives one, and it goes into the trail.

    Raises:
        Refused: not_found, forbidden, gone, not_member, read_only, muted; `invalid` with its field; `too_large` where
            too much was written since; `conflict` where others are too quick.
    """
    wanted = Wanted(run=run, author=author_id, since=since)
    wanted.check()
    if author_id is not None and author_id != actor.pk:
        reason = accounts.clean_reason(reason)
    for _ in range(TRIES):
        document = find_to_revert(actor=actor, document_id=document_id, wanted=wanted)
        plan = plan_revert(document, wanted)
        try:
            return _store(actor, document_id, wanted, plan, cid, reason)
        except (_Meanwhile, IntegrityError):
            continue
    raise Refused("conflict", "The document changes too fast. Try again.", retry_after=1.0)


@transaction.atomic
def _store(actor: User, document_id: int, wanted: Wanted, plan: Plan, cid: UUID, reason: str) -> Reverted:
    document = lock_document(document_id)
    if document is None:
        raise Refused("not_found")
    done = Reversal.objects.filter(actor=actor, cid=cid).first()
    if done is not None:
        return Reverted(version=done.version, updates=done.updates, skipped=done.skipped)
    check_may_revert(actor=actor, document=document, wanted=wanted)
    if Reversal.objects.filter(document=document, version__gt=plan.version).exists():
        raise _Meanwhile
    if not plan.taken:
        return Reverted(version=document.version, updates=0, skipped=plan.skipped)
    batch = Batch(document, sheet_of(document))
    row = put_reversal(actor, batch, wanted, plan, cid, reason)
    batch.store()
    if wanted.author is not None and wanted.author != actor.pk:
        _record(actor, document, row)
    return Reverted(version=row.version, updates=row.updates, skipped=row.skipped)


def put_reversal(actor: User, batch: Batch, wanted: Wanted, plan: Plan, cid: UUID, reason: str = "") -> Reversal:
    """Adds to a batch what takes the updates of a plan back, and remembers it.

    Raises:
        Refused: `conflict`, `too_large`.
    """
    edits = [(start, stop, from_units(Units(text))) for start, stop, _, _, text in plan.change.ranges()]
    before = batch.version
    if edits:
        changes = in_pieces(plan.change.length_before, edits)
        batch.take(Push(actor, f"{actor.pk}-revert-{cid.hex}", plan.version, changes))
    return Reversal.objects.create(
        document=batch.document,
        actor=actor,
        cid=cid,
        version=batch.version,
        count=batch.version - before,
        taken=msgspec.json.encode(in_runs(plan.taken)).decode(),
        updates=len(plan.taken),
        skipped=plan.skipped,
        run=wanted.run,
        author_id=wanted.author,
        since=wanted.since,
        reason=reason,
        at=batch.now,
    )


def _record(actor: User, document: Document, row: Reversal) -> None:
    detail = {
        "document": document.pk,
        "name": document.name,
        "room": document.room_id,
        "since": row.since.isoformat() if row.since else None,
        "updates": row.updates,
        "version": row.version,
    }
    accounts.record_audit(
        actor=actor, action="edits.revert", target=f"user:{row.author_id}", reason=row.reason, detail=detail
    )
