"""Uploads that nobody sent, and bytes that no row tells of: found after a day and removed.

Called by `manage.py sweep_uploads` and by the leased service in chat.sweeper. Safe to repeat, and to run while people
upload: whatever is younger than a day is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import Attachment
from chat.services.attachments import FOLDER, names_of, remove_files

KEEP: Final = timedelta(hours=24)
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """One thing that was removed, or would be: kind is upload, file or spool."""

    kind: str
    name: str


def sweep(*, dry_run: bool = False, now: datetime | None = None) -> Iterator[Swept]:
    """Removes what is older than a day and belongs to nothing, one after the other, and tells of each.

    Args:
        dry_run: only tells.
        now: the moment from which a day is counted back; None is now.
    """
    before = (now or timezone.now()) - KEEP
    yield from _sweep_uploads(before, dry_run)
    yield from _sweep_storage(before, dry_run)
    yield from _sweep_spool(before, dry_run)


def _sweep_uploads(before: datetime, dry_run: bool) -> Iterator[Swept]:
    old = Attachment.objects.filter(state=Attachment.State.PENDING, created_at__lt=before)
    for pk, name in list(old.order_by("pk").values_list("pk", "name")):
        if dry_run or _remove_pending(pk):
            yield Swept("upload", name)


@transaction.atomic
def _remove_pending(pk: UUID) -> bool:
    """Whether it was still pending: it may be sent at this very moment."""
    row = Attachment.objects.select_for_update().filter(pk=pk, state=Attachment.State.PENDING).first()
    if row is None:
        return False
    names = names_of([row])
    row.delete()
    transaction.on_commit(lambda: remove_files(names), robust=True)
    return True


def _sweep_storage(before: datetime, dry_run: bool) -> Iterator[Swept]:
    for folder in _listed(FOLDER)[0]:
        names = [f"{FOLDER}/{folder}/{name}" for name in _listed(f"{FOLDER}/{folder}")[1]]
        for start in range(0, len(names), CHUNK):
            for name in _unknown(names[start : start + CHUNK]):
                if _is_older(name, before):
                    if not dry_run:
                        remove_files([name])
                    yield Swept("file", name)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return sorted(folders), sorted(names)


def _unknown(names: list[str]) -> list[str]:
    """Those of which no row tells."""
    rows = Attachment.objects.filter(Q(file__in=names) | Q(thumbnail__in=names)).values_list("file", "thumbnail")
    known = {name for row in rows for name in row}
    return [name for name in names if name not in known]


def _is_older(name: str, before: datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False


def _sweep_spool(before: datetime, dry_run: bool) -> Iterator[Swept]:
    """What uploads left that a killed process was taking in."""
    folder = Path(settings.UPLOAD_SPOOL_DIR)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            old = path.stat().st_mtime < before.timestamp()
        except FileNotFoundError:
            continue
        if old:
            if not dry_run:
                path.unlink(missing_ok=True)
            yield Swept("spool", path.name)
