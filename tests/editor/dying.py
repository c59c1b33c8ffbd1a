"""Settings of a server that dies at one moment of the first push: DIE_AT is before_commit, after_commit, after_publish.

For the fault tests only.
"""

import os
import time
from typing import Any

from django.apps import AppConfig

from collab import settings as _collab
from collab.settings import *  # noqa: F403

INSTALLED_APPS = [*_collab.INSTALLED_APPS, "tests.editor.dying.Dying"]
DEAD = 9
HEARD_SECONDS = 0.5
"""Long enough for other processes to hear what was published."""


class Dying(AppConfig):
    """Puts the end of the process where the environment says."""

    name = "tests.editor"
    label = "dying"

    def ready(self) -> None:
        from editor.services.updates import Batch
        from realtime import log

        store, tell = Batch.store, log._tell

        def store_and_die(batch: Batch) -> None:
            store(batch)
            os._exit(DEAD)

        def die(entry: Any) -> None:
            if entry.topic.startswith("document:"):
                os._exit(DEAD)
            tell(entry)

        def tell_and_die(entry: Any) -> None:
            tell(entry)
            if entry.topic.startswith("document:"):
                time.sleep(HEARD_SECONDS)
                os._exit(DEAD)

        match os.environ["DIE_AT"]:
            case "before_commit":
                Batch.store = store_and_die  # type: ignore[method-assign, assignment]
            case "after_commit":
                log._tell = die
            case "after_publish":
                log._tell = tell_and_die
