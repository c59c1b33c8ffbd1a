"""`manage.py export_document`: writes the text of a document at any version, or its whole log as JSON lines.

For operators. Never writes half a file, and changes nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from editor.management.arguments import find_document, write_whole
from editor.models import Document, Update
from editor.selectors.texts import text_at
from realtime.protocol import Refused


class Command(BaseCommand):
    """`manage.py export_document DOCUMENT [--at VERSION] [--updates] [--output FILE]`."""

    help = "Write a document's text; with --updates its log: a first line with the text, then one line for each update."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("document", metavar="DOCUMENT", help="Number, or ROOM/NAME.")
        parser.add_argument("--at", type=int, metavar="VERSION", help="Default: the newest.")
        parser.add_argument("--updates", action="store_true", help="The log as JSON lines instead of the text.")
        parser.add_argument("--output", type=Path, metavar="FILE", help="Default: standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        document = find_document(options["document"])
        version = document.version if options["at"] is None else options["at"]
        try:
            text = text_at(document, document.log_start if options["updates"] else version)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        lines = self._log(document, version, text, options["verbosity"]) if options["updates"] else iter([text])
        if options["output"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
        else:
            write_whole(options["output"], lines)
            self.stderr.write(f"Version {version} of “{document.name}” is in {options['output']}.")

    def _log(self, document: Document, version: int, text: str, verbosity: int) -> Iterator[str]:
        yield _line({"version": document.log_start, "name": document.name, "text": text})
        rows = Update.objects.filter(document=document, version__lte=version).select_related("author")
        total = version - document.log_start
        for row in tqdm(rows.order_by("version").iterator(1_000), total=total, disable=verbosity == 0, unit=" updates"):
            yield _line(
                {
                    "version": row.version,
                    "time": row.at.isoformat(),
                    "author": row.author.username if row.author else None,
                    "client_id": row.client_id,
                    "run": row.run,
                    "changes": json.loads(row.changes),
                }
            )


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
