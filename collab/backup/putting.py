"""Puts a backup back: everything is unpacked, compared and made ready beside the site, and takes its place at the end.

Called by `manage.py restore`, while nothing serves. On SQLite the site is as it was until the very last step; on
PostgreSQL the tables are filled in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from accounts.services.closing import forget_sessions
from collab.backup import media, postgres, sqlite
from collab.backup.archive import KEY, About, BackupError, Manifest, read_about, unpack
from collab.backup.taking import key_mark
from realtime import renewal, services

LEASES: Final = "realtime_lease"
IDS_SKIPPED: Final = 1_000_000
"""Numbers given out after the backup may stand in pages that are still open: they are not given out again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        aside: where what was there before is now; None when there was nothing.
        other_key: the site's SECRET_KEY is not the one that the backup was made with.
    """

    about: About
    rows: int
    files: int
    missing: list[str]
    aside: Path | None
    other_key: bool


def restore(path: Path, *, force: bool, keep_sign_ins: bool) -> Restored:
    """Makes the site what it was when the backup was taken.

    Args:
        path: the archive.
        force: also where there is a site already.
        keep_sign_ins: whoever was signed in then is signed in now.

    Raises:
        BackupError: the archive or the site is not fit for it. Nothing was changed then.
    """
    about = read_about(path)
    _check_fits(about)
    if not force and not is_empty():
        raise BackupError("There is a site here already. Take a backup of it, then give --force to replace it.")
    _check_stopped()
    data = Path(settings.DATA_DIR)
    data.mkdir(parents=True, exist_ok=True)
    aside = data / f"before-restore-{timezone.now():%Y%m%d-%H%M%S}"
    with TemporaryDirectory(prefix=".restore-", dir=data) as work:
        folder = Path(work)
        manifest = unpack(path, folder)
        if about.engine == "sqlite":
            _put_sqlite(folder, aside, keep_sign_ins=keep_sign_ins)
        else:
            _put_postgres(folder, aside, about, manifest, keep_sign_ins=keep_sign_ins)
        other_key = _put_key(about, folder, aside)
    return Restored(
        about=about,
        rows=sum(table.rows for table in manifest.tables),
        files=sum(name.startswith("media/") for name in manifest.files),
        missing=manifest.missing,
        aside=aside if aside.exists() else None,
        other_key=other_key,
    )


def is_empty() -> bool:
    """Whether nobody has an account here and no file is stored."""
    if connection.vendor == "sqlite" and not sqlite.path_of_database().exists():
        return media.is_empty()
    known = get_user_model()._meta.db_table in connection.introspection.table_names()
    return media.is_empty() and not (known and get_user_model().objects.exists())


def _check_fits(about: About) -> None:
    if about.engine != connection.vendor:
        raise BackupError(f"The backup is of {about.engine}, DATABASE_URL names {connection.vendor}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = [name for name in about.migrations if name not in known]
    if unknown:
        raise BackupError(f"The backup was made by a later version: {unknown[-1]} is not known here. Upgrade first.")


def _check_stopped() -> None:
    if _has_tables() and services.holders():
        raise BackupError("Processes of the site are running. Stop all of them, wait 15 seconds, and try again.")


def _has_tables() -> bool:
    if connection.vendor == "sqlite" and not sqlite.path_of_database().exists():
        return False
    return LEASES in connection.introspection.table_names()


def _put_key(about: About, folder: Path, aside: Path) -> bool:
    """Gives a site that makes its own key the one of the backup; returns whether it still has another one."""
    kept, own = folder / KEY, Path(settings.DATA_DIR) / KEY
    if key_mark(settings.SECRET_KEY) == about.key:
        return False
    site_made_its_own = own.is_file() and own.read_text() == settings.SECRET_KEY
    if kept.is_file() and site_made_its_own:
        if aside.exists():
            own.replace(aside / KEY)
        kept.chmod(0o600)
        kept.replace(own)
        return False
    return True


def _put_sqlite(folder: Path, aside: Path, *, keep_sign_ins: bool) -> None:
    sqlite.check_file(folder)
    with sqlite.opened_in(folder):
        call_command("migrate", interactive=False, verbosity=0)
        with transaction.atomic():
            _begin_anew(keep_sign_ins=keep_sign_ins)
            sqlite.skip_ids(IDS_SKIPPED)
    media.put_in_place(folder, aside)
    sqlite.put_in_place(folder, aside)


def _put_postgres(folder: Path, aside: Path, about: About, manifest: Manifest, *, keep_sign_ins: bool) -> None:
    postgres.prepare(about.migrations)
    with _own_transaction():
        postgres.fill(folder, manifest.tables)
        _begin_anew(keep_sign_ins=keep_sign_ins)
        postgres.skip_ids(IDS_SKIPPED)
        # Before the commit: rows without their files would be worse than the other way round.
        media.put_in_place(folder, aside)
    call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _own_transaction() -> Iterator[None]:
    with transaction.atomic(durable=True):
        yield


def _begin_anew(*, keep_sign_ins: bool) -> None:
    """Nobody goes on from where they were: pages take snapshots, processes of then hold nothing, people sign in."""
    renewal.renew_everything()
    if not keep_sign_ins:
        forget_sessions()
