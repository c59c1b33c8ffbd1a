"""The whole site, served by uvicorn in a thread of the test process, on a free port and the test's own database.

Used by tests/browser/conftest.py. Never used outside tests: `manage.py serve` is the real thing.
"""

import threading
import time
from typing import Any

import uvicorn
from django.conf import settings

from collab.asgi import application
from realtime.services import StartServices
from realtime.serving import make_config

START_SECONDS = 20
STOP_SECONDS = 20


class LiveSite:
    """Starts on entering, drains on leaving; `url` is its origin."""

    def __init__(self, port: int = 0) -> None:
        # A wrapper of its own: the application's keeps the task of the site before this one.
        site: Any = StartServices(application.app)
        config = make_config(
            websocket_class=settings.WEBSOCKET_CLASS,
            drain_seconds=2,
            application=site,
            host="127.0.0.1",
            port=port,
            lifespan="on",
            access_log=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="live-site", daemon=True)

    def start(self) -> "LiveSite":
        """Returns once the port is open.

        Raises:
            RuntimeError: the server ended instead.
        """
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the live site did not start; its log says why")
            time.sleep(0.01)
        return self

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """http://127.0.0.1:port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Closes the sockets as a shutdown does and waits for the thread's end.

        Raises:
            RuntimeError: it went on running.
        """
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError("the live site did not stop")
