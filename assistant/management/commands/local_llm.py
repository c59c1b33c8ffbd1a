"""`manage.py local_llm`: serves the small demo model on loopback, for machines without a provider's key.

Called by bin/run, or by hand. Never used where a provider is set, and never listens to other machines.
"""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from assistant.local.engine import MODEL, NoModelError, find_weights, start

LOOK_SECONDS: Final = 1.0
LESS_URGENT: Final = 10


class Command(BaseCommand):
    """`manage.py local_llm [--port 0] [--model FILE] [--threads 1] [--key-env NAME]`."""

    help = "Serve a small demo model on this machine, OpenAI-compatible, on 127.0.0.1 only."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0, the default, chooses a free one.")
        parser.add_argument("--model", type=Path, help=f"A GGUF file of your own instead of {MODEL}.")
        parser.add_argument("--threads", type=int, default=1, help="1, the default, is best for the demo model.")
        parser.add_argument("--key-env", default="", help="Name of a variable with a key that requests must carry.")
        parser.add_argument("--quiet", action="store_true", help="Do not say where it listens.")
        parser.add_argument("--with-parent", action="store_true", help="End when the process that started it ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        parent = os.getppid()
        os.setpriority(os.PRIO_PROCESS, 0, LESS_URGENT)  # the site comes first
        server = self._start(options)
        name = options["model"].stem if options["model"] else MODEL
        if not options["quiet"]:
            self.stdout.write(f"{name} answers, a small model for trying things out. For the site:")
            self.stdout.write(f"OPENAI_BASE_URL={server.listening_address}/v1 ASSISTANT_MODEL={name} ASSISTANT_DEMO=1")
            self.stdout.flush()
        never = threading.Event()
        try:
            # Asked for once a second: no other way ends it everywhere when its parent is killed.
            while not options["with_parent"] or os.getppid() == parent:
                never.wait(LOOK_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write("")

    def _start(self, options: dict[str, Any]) -> Any:
        key = os.environ.get(options["key_env"], "") if options["key_env"] else ""
        if options["key_env"] and not key:
            raise CommandError(f"{options['key_env']} is not set.")
        if options["threads"] < 1:
            raise CommandError("--threads must be 1 or more.")
        try:
            weights = options["model"] or find_weights()
            name = options["model"].stem if options["model"] else MODEL
            return start(weights=weights, port=options["port"], threads=options["threads"], key=key, name=name)
        except NoModelError as error:
            raise CommandError(str(error)) from None
