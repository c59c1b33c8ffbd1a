"""Reads the key of a provider when it is needed, from the variable that is named for it or from the file it names.

Called by assistant.backends and assistant.selectors.agents. Never keeps a key, and is the only place that reads one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

DEMO_KEY_ENV: Final = "ASSISTANT_DEMO_KEY"
"""What bin/run made for the demo model, so that nobody else on the machine can use it."""


def read_key(name: str) -> str:
    """The key in the variable `name`, or in the file that `name`_FILE names, as for other secrets; empty if neither."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "").strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""
