"""What a file is, by its bytes, and what it may be called.

Called by chat.services.attachments before anything is stored. Pure: never touches Django, a database or a network, and
never believes a file's name or what a browser says of it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tinytag import TinyTag

IMAGE: Final = "image"
AUDIO: Final = "audio"
VIDEO: Final = "video"
FILE: Final = "file"

HEAD_BYTES: Final = 8_192
"""How much of the beginning says what a file is."""
NAME_CHARS: Final = 120
NAME_BYTES: Final = 240
EXTENSION_CHARS: Final = 12
UNKNOWN: Final = "application/octet-stream"

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\/]+')
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the bytes say: kind is image, audio, video or file."""

    kind: str
    content_type: str


_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", Found(IMAGE, "image/png")),
    (b"\xff\xd8\xff", Found(IMAGE, "image/jpeg")),
    (b"GIF87a", Found(IMAGE, "image/gif")),
    (b"GIF89a", Found(IMAGE, "image/gif")),
    (b"ID3", Found(AUDIO, "audio/mpeg")),
    (b"fLaC", Found(AUDIO, "audio/flac")),
    (b"%PDF-", Found(FILE, "application/pdf")),
    (b"PK\x03\x04", Found(FILE, "application/zip")),
    (b"PK\x05\x06", Found(FILE, "application/zip")),
    (b"\x1f\x8b\x08", Found(FILE, "application/gzip")),
    (b"BZh", Found(FILE, "application/x-bzip2")),
    (b"\xfd7zXZ\x00", Found(FILE, "application/x-xz")),
    (b"7z\xbc\xaf\x27\x1c", Found(FILE, "application/x-7z-compressed")),
    (b"Rar!\x1a\x07", Found(FILE, "application/vnd.rar")),
    (b"\x28\xb5\x2f\xfd", Found(FILE, "application/zstd")),
    (b"SQLite format 3\x00", Found(FILE, "application/vnd.sqlite3")),
)
"""The first bytes of kinds that begin alike in all their files."""

_MPEG_AUDIO: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")
_ADTS: Final = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_IMAGE_BRANDS: Final = frozenset({b"avif", b"avis"})
_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_VIDEO_BRANDS: Final = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"dash",
        b"M4V ",
        b"3gp4",
        b"3gp5",
        b"mmp4",
    }
)
_VIDEO_TRACK: Final = re.compile(rb"V_(?:VP8|VP9|AV1)")
_OGG_SOUND: Final = re.compile(rb"OpusHead|\x01vorbis|\x7fFLAC|Speex   ")
_EXTENSIONS: Final = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jfif"),
    "image/webp": ("webp",),
}
"""Of kinds that leave us as something else than they came."""


def inspect(head: bytes) -> Found:
    """What a file is.

    Args:
        head: its first bytes, `HEAD_BYTES` of them if it has as many.
    """
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    if head.startswith(b"RIFF"):
        riff = {b"WEBP": Found(IMAGE, "image/webp"), b"WAVE": Found(AUDIO, "audio/wav")}
        return riff.get(head[8:12], Found(FILE, UNKNOWN))
    if head[4:8] == b"ftyp":
        return _inspect_iso(head[8:12])
    if head.startswith(b"OggS"):
        return _inspect_ogg(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _inspect_matroska(head)
    return _inspect_rest(head)


def _inspect_iso(brand: bytes) -> Found:
    if brand in _IMAGE_BRANDS:
        return Found(IMAGE, "image/avif")
    if brand in _AUDIO_BRANDS:
        return Found(AUDIO, "audio/mp4")
    if brand in _VIDEO_BRANDS:
        return Found(VIDEO, "video/mp4")
    return Found(VIDEO, "video/quicktime") if brand == b"qt  " else Found(FILE, UNKNOWN)


def _inspect_ogg(head: bytes) -> Found:
    if b"\x80theora" in head:
        return Found(VIDEO, "video/ogg")
    return Found(AUDIO, "audio/ogg") if _OGG_SOUND.search(head) else Found(FILE, UNKNOWN)


def _inspect_matroska(head: bytes) -> Found:
    if b"webm" not in head[:64]:
        return Found(FILE, "video/x-matroska")
    return Found(VIDEO, "video/webm") if _VIDEO_TRACK.search(head) or b"A_" not in head else Found(AUDIO, "audio/webm")


def _inspect_rest(head: bytes) -> Found:
    if _ADTS.match(head):
        return Found(AUDIO, "audio/aac")
    if _MPEG_AUDIO.match(head):
        return Found(AUDIO, "audio/mpeg")
    if head[257:262] == b"ustar":
        return Found(FILE, "application/x-tar")
    return Found(FILE, "text/plain" if _is_text(head) else UNKNOWN)


def _is_text(head: bytes) -> bool:
    """Whether it reads as UTF-8; a character may be cut in two at the end of the piece."""
    if b"\x00" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) >= HEAD_BYTES and error.start > len(head) - 4
    return True


def clean_name(name: str) -> str:
    """The name without a path, and without what deceives an eye or a file system; `file` when nothing is left."""
    last = unicodedata.normalize("NFC", _without_surrogates(name)).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char) not in _HIDDEN)
    tidy = " ".join(_FORBIDDEN.sub("_", shown).split()).strip(". ")
    if _DEVICE.fullmatch(tidy):
        tidy = f"_{tidy}"
    return _shorten(tidy) or "file"


def _without_surrogates(name: str) -> str:
    return name.encode("utf-8", "ignore").decode()


def _shorten(name: str) -> str:
    """At most so many characters and bytes, and the extension stays."""
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > EXTENSION_CHARS:
        stem, dot, extension = name, "", ""
    end = dot + extension
    stem = stem[: NAME_CHARS - len(end)]
    while len((stem + end).encode()) > NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" ") + end


def name_for(name: str, content_type: str) -> str:
    """The name with the extension of what a picture was turned into, if it has another one."""
    fitting = _EXTENSIONS.get(content_type, ())
    stem, dot, extension = name.rpartition(".")
    if not fitting or extension.lower() in fitting:
        return name
    known = dot and 0 < len(extension) <= EXTENSION_CHARS
    return _shorten(f"{stem if known else name}.{fitting[0]}")


def duration_ms(path: Path) -> int | None:
    """How long a sound or a film plays, as far as its headers say so; None when they do not."""
    try:
        with path.open("rb") as file:
            seconds = TinyTag.get(file_obj=file, tags=False, duration=True).duration
    except Exception:  # noqa: BLE001 - a parser of foreign bytes: whatever it trips over, the length is just not known
        return None
    return round(seconds * 1000) if seconds and 0 < seconds < 10_000_000 else None
