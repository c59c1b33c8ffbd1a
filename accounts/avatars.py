"""A person's picture made harmless: whatever is uploaded leaves as a new square WebP.

Called by accounts.services and views. Never keeps a byte of the upload: no metadata, no second file behind the first,
no script; and never decodes a picture before its size is known.
"""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.jpeg import has_too_many_passes
from realtime.protocol import Refused

UPLOAD_BYTES: Final = 5 * 1024 * 1024
PIXELS: Final = 40_000_000
SIDE: Final = 256
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, OverflowError,
    MemoryError, struct.error,
)  # fmt: skip


def square_webp(data: bytes) -> bytes:
    """The middle square of a picture as a WebP of 256 pixels; of an animation the first frame.

    Args:
        data: a PNG, JPEG, WebP or GIF of at most 5 MB and 40 megapixels.

    Raises:
        Refused: `too_large` or `invalid`, with field `picture`.
    """
    if len(data) > UPLOAD_BYTES:
        raise Refused("too_large", "Choose a picture of at most 5 MB.", field="picture")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > PIXELS:
                raise Refused("too_large", "Choose a picture of at most 40 megapixels.", field="picture")
            if has_too_many_passes(data):
                raise Refused("too_large", "Save this picture as an ordinary JPEG first.", field="picture")
            return _shrink(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_large", "Choose a picture of at most 40 megapixels.", field="picture") from error
    except (UnidentifiedImageError, *_BROKEN) as error:
        raise Refused("invalid", "This is no PNG, JPEG, WebP or GIF picture.", field="picture") from error


def _shrink(image: Image.Image) -> bytes:
    # Lets the JPEG decoder skip detail that nobody will see: a quarter of the memory for a large photograph.
    image.draft("RGB", (SIDE * 2, SIDE * 2))
    upright = ImageOps.exif_transpose(image)
    square = ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", square.size)
    clean.paste(square)
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=85, method=4)
    return out.getvalue()
