"""A server on loopback that answers as each test says, and clients that may reach it under any name."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from outbound.client import Client
from outbound.policy import parse_policy


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answerer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """Where it listens, and what it was asked."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "feed.test", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


async def read_request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body)


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an answer; `content_type` is Content-Type."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def loopback(answer: Answerer, *, host: str = "127.0.0.1", port: int = 0, tls=None):
    """Listens until the block ends; connections are kept open as long as the client likes."""
    here = Loopback(port=0)
    tasks: set[asyncio.Task] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.connections += 1
        if task := asyncio.current_task():
            tasks.add(task)
        try:
            while True:
                asked = await read_request(reader)
                here.asked.append(asked)
                await answer(asked, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # The client is gone, or the test is over: a cancelled task would be logged as an error.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def saying(**answers: bytes) -> Answerer:
    """Answers by the last word of the path, `index` for none; anything else is 404."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get(asked.path.strip("/").replace("-", "_") or "index", reply(404)))

    return answer


@pytest.fixture
async def client_for():
    """Makes clients: `names` says what each name resolves to, `allow` what the operator allows."""
    made = []

    def make(allow: list[str], names: dict[str, list[str]] | None = None, ports: str = "80,443", **more) -> Client:
        async def resolve(host: str, port: int) -> list[str]:
            known = {"feed.test": ["127.0.0.1"]} | (names or {})
            if host not in known:
                raise OSError(f"no {host}")
            return known[host]

        client = Client(
            policy=parse_policy(allow=allow, ports=ports.split(",")), resolve=more.pop("resolve", resolve), **more
        )
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()
