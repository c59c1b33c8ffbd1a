"""`manage.py doctor`: looks at settings, database, layer, storage, mail, services, assistant, and says what to mend.

For operators, by hand, before a start or from monitoring. Changes nothing and shows no secret; exit code 1 when
something does not work.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from collab.checkup.around import check_layer, check_mail, check_services, check_storage
from collab.checkup.assistant import check_assistant
from collab.checkup.boards import check_boards
from collab.checkup.bridges import check_bridges
from collab.checkup.database import check_database
from collab.checkup.finding import FAIL, OK, WARN, Check, Finding
from collab.checkup.search import check_search
from collab.checkup.site import check_bundles, check_data_folder, check_outbound, check_settings


class Command(BaseCommand):
    """`manage.py doctor [--json] [--send-to ADDRESS]`."""

    help = "Look at every part of the site and say what to mend. Exit code 1 when something does not work."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="A list of {level, part, says, mend}.")
        parser.add_argument("--send-to", metavar="ADDRESS", default="", help="Also send a mail there.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for finding in _look(_checked(options["send_to"])):
            found.append(finding)
            if not options["json"]:
                self._tell(finding)
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode())
        failed, warned = (sum(one.level == level for one in found) for level in (FAIL, WARN))
        if failed:
            raise CommandError(f"{failed} to mend, {warned} to think about.")
        if not options["json"]:
            self.stdout.write(f"Nothing is broken; {warned} to think about." if warned else "All is well.")

    def _tell(self, finding: Finding) -> None:
        styles = {OK: self.style.SUCCESS, WARN: self.style.WARNING, FAIL: self.style.ERROR}
        self.stdout.write(f"{styles[finding.level](f'{finding.level:4}')} {finding.part}: {finding.says}")
        if finding.mend:
            self.stdout.write(f"     → {finding.mend}")


_CHECKS: Final[tuple[Check, ...]] = (
    check_settings,
    check_data_folder,
    check_bundles,
    check_database,
    check_search,
    check_boards,
    check_layer,
    check_storage,
    check_services,
    check_assistant,
    check_bridges,
    check_outbound,
)


def _look(send_to: str) -> Iterator[Finding]:
    checks: tuple[Check, ...] = (*_CHECKS, partial(check_mail, send_to))
    for check in checks:
        yield from check()


def _checked(address: str) -> str:
    if address:
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"--send-to: {address!r} is no e-mail address.") from error
    return address
