"""Requests for uploads and files, through the whole ASGI application, and files that somebody might upload.

Used by the tests of media. Never knows an answer that a test expects.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client
from PIL import Image

from accounts.models import User
from chat import services
from chat.models import Room
from chat.shapes import AttachmentView
from collab.asgi import application

# Without the wrapper that starts background services: they would outlive the test.
site: Any = application.app
CSRF = "c" * 32
WAIT_SECONDS = 60


def cookie_of(user: User) -> bytes:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value.encode()


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Somebody's requests."""

    def __init__(self, user: User | None) -> None:
        self.cookies = b"csrftoken=" + CSRF.encode()
        if user is not None:
            self.cookies += b"; " + settings.SESSION_COOKIE_NAME.encode() + b"=" + cookie_of(user)

    def scope(self, method: str, url: str, headers: dict[str, str]) -> dict[str, Any]:
        parts = urlsplit(url)
        given = {"host": "localhost", "x-csrftoken": CSRF} | headers
        return {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
            "headers": [
                (b"cookie", self.cookies),
                *((name.lower().encode(), value.encode()) for name, value in given.items()),
            ],
        }

    async def ask(self, method: str, url: str, *pieces: bytes, **headers: str) -> Answer:
        """One request; underscores in names of headers are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        talk = ApplicationCommunicator(site, self.scope(method, url, named))
        for number, piece in enumerate(pieces or (b"",), 1):
            await talk.send_input({"type": "http.request", "body": piece, "more_body": number < len(pieces)})
        start = await talk.receive_output(WAIT_SECONDS)
        body = b""
        while True:
            part = await talk.receive_output(WAIT_SECONDS)
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        await talk.wait(WAIT_SECONDS)
        found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], found, body)

    async def upload(
        self, room: Room, *pieces: bytes, name: str = "a.bin", upload_id: UUID | None = None, **headers: str
    ) -> Answer:
        headers.setdefault("content_length", str(sum(map(len, pieces))))
        return await self.ask("POST", upload_url(room, name, upload_id), *pieces, **headers)


def upload_url(room: Room, name: str = "a.bin", upload_id: UUID | None = None) -> str:
    return f"/api/rooms/{room.pk}/uploads/?" + urlencode({"id": str(upload_id or uuid4()), "name": name})


async def browser(user: User | None) -> Browser:
    return await sync_to_async(Browser)(user)


def stored(user: User, room: Room, data: bytes, name: str = "a.bin", upload_id: UUID | None = None) -> AttachmentView:
    """An upload without HTTP."""
    source = spooled(data)
    return services.store_upload(actor=user, room_id=room.pk, upload_id=upload_id or uuid4(), name=name, source=source)[
        0
    ]


def spooled(data: bytes) -> Path:
    folder = Path(settings.UPLOAD_SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / uuid4().hex
    path.write_bytes(data)
    return path


# Files


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with a corner that tells which way is up: red at the top left, green below."""
    colours = {"RGB": ((20, 160, 60), (200, 20, 20)), "RGBA": ((20, 160, 60, 128), (200, 20, 20, 255))}
    ground, corner = colours.get(mode, ((0, 120, 90, 10), (0, 250, 250, 0)))
    image = Image.new(mode, size, ground)
    image.paste(corner, (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photograph() -> bytes:
    """A JPEG that lies on its side, with a place, a maker and a comment in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRETMAKER"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    return picture("JPEG", (80, 40), exif=exif, comment=b"SECRETCOMMENT")


def moving(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (40, 30)) -> bytes:
    images = [Image.new("RGB", size, (number * 40 % 255, 90, 90)) for number in range(frames)]
    out = io.BytesIO()
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=120, loop=0)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def slow_jpeg(passes: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A progressive JPEG that goes over its pixels so many times more than it has to."""
    data = picture("JPEG", size, progressive=True)
    last = data[data.rfind(b"\xff\xda") : -2]
    return data[:-2] + last * passes + b"\xff\xd9"


def sound(seconds: float = 1.0) -> bytes:
    """A WAV of silence."""
    samples = b"\0\0" * int(8000 * seconds)
    head = b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    return head + b"data" + struct.pack("<I", len(samples)) + samples


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
POLYGLOT = b"GIF89a=1;alert(document.domain)//" + b"\0" * 20
