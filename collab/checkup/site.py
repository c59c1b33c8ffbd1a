"""Looks at the settings, at the data folder and at the built frontend. Writes nothing that stays."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks

from collab.checkup.finding import Finding, fail, ok, warn

LOW_BYTES: Final = 2_000_000_000
NONE_BYTES: Final = 200_000_000
ONLY_WITH_TLS: Final = {"security.W004", "security.W008", "security.W012", "security.W016"}
"""Four ways to say that SITE_URL is http, which is said once."""
BUNDLES: Final = ("app.js", "app.css")


def check_settings() -> Iterator[Finding]:
    """What Django's and our own deployment checks say."""
    every = checks.run_checks(include_deployment_checks=True)
    found = [one for one in every if not one.is_silenced() and (settings.HTTPS or one.id not in ONLY_WITH_TLS)]
    for one in found:
        make = fail if one.level >= checks.ERROR else warn
        yield make("settings", f"{one.msg} ({one.id})", one.hint or "See the settings in the README.")
    if not settings.HTTPS and not found:
        yield ok("settings", f"for {settings.SITE_URL}, without TLS: fit for this machine only")
    elif not found:
        yield ok("settings", f"for {settings.SITE_URL}: the deployment checks have nothing to say")


def check_data_folder() -> Iterator[Finding]:
    """Rights and room of the folder that holds everything."""
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fail("data folder", f"{folder} cannot be written", "Give it to the user that runs the site.")
        return
    yield from _check_rights(folder)
    free = shutil.disk_usage(folder).free
    says = f"{folder} has {free / 1_000_000_000:.1f} GB left"
    if free < NONE_BYTES:
        yield fail("data folder", says, "Make room now: messages and files are refused when the disk is full.")
    elif free < LOW_BYTES:
        yield warn("data folder", says, "Make room, or shorten MESSAGE_RETENTION_DAYS.")
    else:
        yield ok("data folder", says)


def _check_rights(folder: Path) -> Iterator[Finding]:
    for name in ("secret_key", "collab.sqlite3"):
        path = folder / name
        # What anybody may pass through need not be closed itself.
        open_folder = folder.stat().st_mode & stat.S_IXOTH
        if path.exists() and open_folder and path.stat().st_mode & stat.S_IROTH:
            yield warn("data folder", f"every user of this machine can read {path}", f"chmod o-rwx {folder}")


def check_bundles() -> Iterator[Finding]:
    """Scripts and styles are there, and collected ones are not older than they."""
    missing = [name for name in BUNDLES if finders.find(name) is None]
    if missing:
        yield fail("frontend", f"{', '.join(missing)} is missing", "npm --prefix frontend ci && npm run build there.")
        return
    if settings.WHITENOISE_USE_FINDERS:
        yield ok("frontend", "bundles are served as built; STATIC_MANIFEST=1 lets browsers keep them for ever")
        return
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    built = max(Path(str(finders.find(name))).stat().st_mtime for name in BUNDLES)
    if not manifest.exists():
        yield fail("frontend", "STATIC_MANIFEST is set and nothing was collected", "manage.py collectstatic")
    elif manifest.stat().st_mtime < built:
        yield warn("frontend", "collected files are older than the bundles", "manage.py collectstatic, then restart.")
    else:
        yield ok("frontend", "collected files are fresh")


def check_outbound() -> Iterator[Finding]:
    """Where feeds, webhooks and bridges may go; what is wrong with it, the settings' own check says."""
    besides = f", and {', '.join(settings.OUTBOUND_ALLOW)}" if settings.OUTBOUND_ALLOW else ""
    ports = ", ".join(settings.OUTBOUND_PORTS)
    yield ok("outbound", f"addresses that people type may lead to the public internet (ports {ports}){besides}")
