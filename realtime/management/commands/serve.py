"""`manage.py serve`: serves pages and sockets on uvicorn, with the WebSocket class of the settings.

Called by `bin/run`, by service units and by hand.
Never migrates, never seeds, and never runs without the checks of Django.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from realtime import serving
from realtime.server import WEBSOCKET_CLASSES

LOG_LEVELS = ("critical", "error", "warning", "info", "debug")


class Command(BaseCommand):
    """Listen, say where, serve, drain."""

    help = "Serves Collab: pages and WebSockets from one port. Ctrl-C or SIGTERM drains and stops."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default 8000; 0: any free)")
        parser.add_argument("--uds", type=Path, help="path of a Unix socket to listen on, instead of host and port")
        parser.add_argument(
            "--workers",
            type=_positive,
            default=os.environ.get("WEB_CONCURRENCY", "1"),
            help="processes that share the port; one that dies is started again (default WEB_CONCURRENCY or 1)",
        )
        parser.add_argument("--log-level", choices=LOG_LEVELS, help="of the server's own log")
        parser.add_argument("--access-log", action="store_true", help="log every request and every socket")
        parser.add_argument(
            "--proxy-headers",
            action=argparse.BooleanOptionalAction,
            default=settings.TRUSTED_PROXIES > 0,
            help="believe X-Forwarded-For and X-Forwarded-Proto (default: when TRUSTED_PROXIES is set)",
        )
        parser.add_argument(
            "--forwarded-allow-ips",
            default=os.environ.get("FORWARDED_ALLOW_IPS"),
            help="addresses of proxies to believe (default FORWARDED_ALLOW_IPS or 127.0.0.1,::1; on --uds all)",
        )
        parser.add_argument(
            "--drain-seconds", type=_positive, default=8, help="how long a stop waits for open work (default 8)"
        )
        parser.add_argument(
            "--websocket-class",
            choices=sorted(WEBSOCKET_CLASSES),
            default=None,
            help="our lean class, or uvicorn's on the websockets parser (default WEBSOCKET_CLASS)",
        )

    def handle(self, **options: Any) -> None:
        """Serve until told to stop."""
        websocket_class = options["websocket_class"] or settings.WEBSOCKET_CLASS
        if websocket_class not in WEBSOCKET_CLASSES:
            known = " or ".join(sorted(WEBSOCKET_CLASSES))
            raise CommandError(f"WEBSOCKET_CLASS must be {known}, not {websocket_class!r}.")
        uds: Path | None = options["uds"]
        try:
            listener = serving.listen_unix(uds) if uds else serving.listen_tcp(options["host"], options["port"])
        except serving.CannotListenError as error:
            raise CommandError(str(error)) from None
        config = serving.make_config(
            websocket_class=websocket_class,
            drain_seconds=options["drain_seconds"],
            workers=options["workers"],
            log_level=options["log_level"],
            access_log=options["access_log"],
            proxy_headers=options["proxy_headers"],
            forwarded_allow_ips=options["forwarded_allow_ips"] or ("*" if uds else None),
        )
        where = str(uds) if uds else _url(options["host"], listener.getsockname()[1])
        self._announce(where, options["workers"], websocket_class)
        try:
            serving.run(config, listener)
        finally:
            listener.close()
            if uds:
                uds.unlink(missing_ok=True)

    def _announce(self, where: str, workers: int, websocket_class: str) -> None:
        count = f"{workers} workers" if workers > 1 else "1 process"
        self.stdout.write(f"Collab serves on {where} ({count}, {websocket_class} WebSockets). Ctrl-C stops it.")
        if workers > 1 and not settings.REDIS_URL:
            self.stdout.write("Without REDIS_URL the workers hear of each other's messages only every 5 seconds.")
        self.stdout.flush()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
