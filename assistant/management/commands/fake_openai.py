"""`manage.py fake_openai`: the scripted provider as a server of its own, for development by hand.

For developers. Never for a real site: it is no model, and says so.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.fake.server import FakeOpenAI
from assistant.fake.turns import MARKERS, BadScriptError, Turn, read_script


class Command(BaseCommand):
    """`manage.py fake_openai [--port 8010] [--script FILE] [--key KEY]`."""

    help = (
        "Serve a scripted, OpenAI-compatible provider on this machine, with every fault. Without a script it echoes, "
        f"and does what markers in a message say: [fake:NAME=VALUE] with {MARKERS}."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8010, help="0 chooses a free one.")
        parser.add_argument("--script", type=Path, help="A JSON list of turns; see assistant/fake/turns.py.")
        parser.add_argument("--key", default="", help="Refuse requests that do not send this key.")
        parser.add_argument("--model", action="append", default=[], help="A model to list; may be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        turns = _turns(options["script"])
        for number in (signal.SIGINT, signal.SIGTERM):
            # A shell starts what runs in its background deaf to Ctrl-C.
            signal.signal(number, signal.default_int_handler)
        fake = FakeOpenAI(turns, key=options["key"], models=options["model"] or ["fake-1"], port=options["port"])
        try:
            with fake:
                self.stdout.write(
                    "A scripted provider answers; it is no model. For the site:\n"
                    f"OPENAI_BASE_URL={fake.base_url} OPENAI_API_KEY={options['key'] or 'any'} ASSISTANT_MODEL=fake-1"
                )
                self.stdout.flush()
                threading.Event().wait()
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be had: {error.strerror}.") from None
        except KeyboardInterrupt:
            self.stdout.write("")


def _turns(path: Path | None) -> list[Turn]:
    if path is None:
        return []
    try:
        return read_script(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except BadScriptError as error:
        raise CommandError(f"{path}: {error}") from None
