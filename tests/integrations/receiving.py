"""An address of a test's own that answers as it is told to, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asgiref.sync import async_to_sync

from integrations import runner
from outbound.client import Client
from realtime import threads


class Receiver:
    """A server on loopback; answers 200 without a word where nothing else was said."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers, content = outer.answers.pop(0) if outer.answers else (200, {}, b"")
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *given: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def says(self, answer: object, status: int = 200) -> None:
        self.answers.append((status, {"Content-Type": "application/json"}, json.dumps(answer).encode()))


def deliver() -> None:
    """Everything that is due, as the service does it."""

    async def go() -> None:
        try:
            async with Client() as client:
                while await runner.deliver_due(client):
                    pass
        finally:
            threads.close()

    async_to_sync(go)()
