"""`manage.py restore`: makes the site what it was when a backup was taken, then checks it.

For operators, while nothing serves. Changes nothing when the archive is damaged or there is a site that it would
replace; what is replaced is kept aside on SQLite.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from collab.backup.archive import BackupError
from collab.backup.putting import Restored, restore


class Command(BaseCommand):
    """`manage.py restore FILE [--force] [--keep-sign-ins]`."""

    help = (
        "Put a backup back: compare it with its checksums, fill database and files, migrate, begin every log anew so "
        "that open pages take a fresh state, sign everybody out, and run check_integrity and verify_documents."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="What `manage.py backup` has written.")
        parser.add_argument("--force", action="store_true", help="Replace the site that is here.")
        parser.add_argument(
            "--keep-sign-ins",
            action="store_true",
            help="Also sessions that people have ended since; by default everybody signs in again.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restored = restore(options["file"], force=options["force"], keep_sign_ins=options["keep_sign_ins"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Not restored: {error}.") from error
        self._tell(restored)
        quiet = {"stdout": self.stdout, "stderr": self.stderr, "verbosity": 0}
        call_command("check_integrity", **quiet)
        call_command("verify_documents", **quiet)

    def _tell(self, restored: Restored) -> None:
        about = restored.about
        moment = f"{about.made_at:%Y-%m-%d %H:%M:%S} UTC"
        self.stdout.write(f"Restored {about.site} as of {moment}: {restored.rows} rows, {restored.files} files.")
        if restored.aside is not None:
            what = "What was here before" if connection.vendor == "sqlite" else "The files that were here before"
            self.stdout.write(f"{what}: {restored.aside}. Delete it when you no longer need it.")
        if restored.missing:
            self.stderr.write(f"The backup lacked files that rows tell of: {', '.join(restored.missing[:10])}")
        if restored.other_key:
            self.stderr.write(
                "SECRET_KEY is not the one of the backup: second factors do not work until the old key stands in "
                "SECRET_KEY_FALLBACKS (then run reseal_factors)."
            )
