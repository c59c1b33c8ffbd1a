"""Pictures made harmless: each leaves as a new file of its pixels, with nothing else that its upload held.

Called by chat.services.attachments, one at a time. Pure: never touches Django, a database or a network, and never
decodes a picture before its size, and how long that will take, is known.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from accounts.jpeg import has_too_many_passes
from realtime.protocol import Refused

PIXELS: Final = 40_000_000
SIDE: Final = 16_000
"""The longest side that every format of ours can hold."""
FRAMES: Final = 400
FRAMES_PIXELS: Final = 120_000_000
"""All frames of an animation together; of a larger one only the first picture is kept."""
SMALL: Final = (940, 720)
"""Twice what a picture alone in a message takes on the page."""
SMALL_BYTES: Final = 150_000
"""A picture within both bounds is its own thumbnail."""
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
_MOVING: Final = frozenset({"GIF", "WEBP"})
_FRAME_MS: Final = (20, 60_000)

_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, OverflowError, AttributeError,
    MemoryError, struct.error, UnidentifiedImageError,
)  # fmt: skip
_TOO_LARGE: Final = "This picture has more than 40 megapixels."
_SLOW: Final = "This picture is put together in too many passes. Save it as an ordinary JPEG and add that."
_DAMAGED: Final = "This picture is damaged, or it only pretends to be one."


@dataclass(frozen=True, slots=True)
class Picture:
    """What was written: the picture, and a thumbnail if it needs one. Sizes in pixels."""

    content_type: str
    width: int
    height: int
    path: Path
    thumbnail: Path | None


def remake(source: Path, folder: Path) -> Picture:
    """Decodes a picture and writes it anew: upright, in sRGB, without EXIF, GPS, profiles, comments or a second file.

    A JPEG stays a JPEG, what moves becomes a moving WebP, everything else PNG or WebP. An animation beyond the limits
    keeps its first picture.

    Args:
        source: PNG, JPEG, WebP, GIF or AVIF.
        folder: where to write; the names are taken from the source's.

    Raises:
        Refused: `too_large`, `invalid` for what cannot be decoded.
        OSError: the disk is full; nothing else of its kind, for that would be the picture's fault.
    """
    try:
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > PIXELS or max(image.size) > SIDE:
                raise Refused("too_large", _TOO_LARGE, field="file")
            if has_too_many_passes(source.read_bytes()):
                raise Refused("too_large", _SLOW, field="file")
            made = _made(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_large", _TOO_LARGE, field="file") from error
    except _BROKEN as error:
        raise Refused("invalid", _DAMAGED, field="file") from error
    return _written(made, source, folder)


@dataclass(frozen=True, slots=True)
class _Made:
    data: bytes
    content_type: str
    size: tuple[int, int]
    small: bytes | None


def _written(made: _Made, source: Path, folder: Path) -> Picture:
    path = folder / f"{source.name}.new"
    path.write_bytes(made.data)
    thumbnail = None
    if made.small is not None:
        thumbnail = folder / f"{source.name}.small"
        thumbnail.write_bytes(made.small)
    return Picture(made.content_type, *made.size, path, thumbnail)


def _made(image: Image.Image) -> _Made:
    if image.format in _MOVING and 1 < getattr(image, "n_frames", 1) <= FRAMES:
        frames = getattr(image, "n_frames", 1)
        if frames * image.width * image.height <= FRAMES_PIXELS:
            return _moving(image)
    return _still(image)


def _still(image: Image.Image) -> _Made:
    kept = {"JPEG": "JPEG", "WEBP": "WEBP", "AVIF": "WEBP"}.get(image.format or "", "PNG")
    upright = _clean(_in_srgb(ImageOps.exif_transpose(image)), kept)
    data = _encoded(upright, kept)
    small = None
    if upright.width > SMALL[0] or upright.height > SMALL[1] or len(data) > SMALL_BYTES:
        reduced = upright.convert("RGBA" if _is_clear(upright) else "RGB")
        reduced.thumbnail(SMALL, Image.Resampling.LANCZOS)
        small = _encoded(reduced, "WEBP", quality=80)
    return _Made(data, f"image/{kept.lower()}", upright.size, small)


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours as they were meant; a profile that cannot be read is left aside."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return image if turned is None else turned


def _is_clear(image: Image.Image) -> bool:
    """Whether something can be seen through it."""
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _clean(image: Image.Image, kept: str) -> Image.Image:
    """The pixels alone."""
    if kept == "JPEG":
        mode = "L" if image.mode == "L" else "RGB"
    elif image.mode in {"L", "1"} and not _is_clear(image):
        mode = "L"
    else:
        mode = "RGBA" if _is_clear(image) else "RGB"
    image.load()
    converted = image if image.mode == mode else image.convert(mode)
    clean = Image.new(mode, converted.size)
    clean.paste(converted)
    return clean


def _encoded(image: Image.Image, kept: str, quality: int = 88) -> bytes:
    options: dict[str, Any] = {
        "PNG": {"compress_level": 6},
        "JPEG": {"quality": quality, "progressive": True, "optimize": False},
        "WEBP": {"quality": quality, "method": 3},
    }[kept]
    out = io.BytesIO()
    image.save(out, kept, **options)
    return out.getvalue()


def _moving(image: Image.Image) -> _Made:
    """All frames anew; how long each stands is kept within reason."""
    loops = min(max(int(image.info.get("loop", 1)), 0), 1_000)
    frames, times = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(_clean(frame.convert("RGBA"), "PNG"))
        times.append(min(max(int(frame.info.get("duration", 100) or 100), _FRAME_MS[0]), _FRAME_MS[1]))
    out = io.BytesIO()
    frames[0].save(
        out, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=loops, quality=80, method=2
    )
    return _Made(out.getvalue(), "image/webp", frames[0].size, None)
