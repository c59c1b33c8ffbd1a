"""`manage.py backup`: writes the whole site into one archive, while people go on talking and typing.

For operators, by hand or from cron. Never changes the site and never leaves half an archive.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from collab.backup.archive import BackupError
from collab.backup.taking import take


class Command(BaseCommand):
    """`manage.py backup FILE [--without-key] [--overwrite]`."""

    help = (
        "Write database, files and the key that the site made for itself into one .tar.gz, all of one moment. "
        "Whoever has the archive has the site: keep it as you keep the server."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="For example collab-2026-01-31.tar.gz.")
        parser.add_argument("--without-key", action="store_true", help="Leave the SECRET_KEY out; keep it elsewhere.")
        parser.add_argument("--overwrite", action="store_true", help="Replace FILE if it exists.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].absolute()
        if path.exists() and not options["overwrite"]:
            raise CommandError(f"{path} exists. Choose another name, or give --overwrite.")
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}.")
        bars = _Bars(shown=options["verbosity"] > 0)
        try:
            taken = take(path, with_key=not options["without_key"], told=bars.tell)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} was not written: {error.strerror or error}.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was written.", returncode=130) from None
        finally:
            bars.close()
        if taken.missing:
            self.stderr.write(f"Files that were not in the storage: {', '.join(taken.missing[:10])}")
        key = "with the SECRET_KEY" if taken.with_key else "without the SECRET_KEY: keep it elsewhere"
        self.stdout.write(
            f"{path}: {taken.rows} rows, {taken.files} files, {taken.size_bytes / 1_000_000:.1f} MB, {key}."
        )


class _Bars:
    """A progress bar for each part, on a terminal only."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._what = ""
        self._bar: Any = None

    def tell(self, what: str, done: int, of: int) -> None:
        """Goes on to `done` of `of`."""
        if what != self._what:
            self.close()
            self._what = what
            self._bar = tqdm(desc=what, total=of, disable=None if self._shown else True)
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Ends the bar that is shown."""
        if self._bar is not None:
            self._bar.close()
