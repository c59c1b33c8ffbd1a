"""Undoes the compression of an answer in small steps, and stops when the text is longer than it may be.

Called by outbound.client with each piece that arrives. Pure. A piece of 64 KiB can hold 64 MiB of zeros, and codings
can be stacked, which squares that: so only one layer of gzip or deflate is read, and never more of it than is wanted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from outbound.refusing import OutboundRefused

PIECE_BYTES: Final = 65_536
_EITHER: Final = zlib.MAX_WBITS | 32
"""zlib finds out itself whether a gzip or a zlib header comes."""


class Decoder:
    """The body of one answer.

    Args:
        coding: the value of Content-Encoding.
        most: bytes that the body may have once it is unpacked.

    Raises:
        OutboundRefused: `unreadable` for a coding that we did not ask for.
    """

    def __init__(self, coding: str, most: int) -> None:
        kind = coding.strip().lower()
        if kind not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise OutboundRefused("unreadable", "The answer is packed in a way that was not asked for.")
        self._packed = zlib.decompressobj(_EITHER) if kind not in {"", "identity"} else None
        self._most = most
        self._count = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The text of the next piece, in pieces of PIECE_BYTES at most.

        Raises:
            OutboundRefused: `too_large`, or `unreadable` for what is not packed as it says.
        """
        if self._packed is None:
            yield self._counted(data)
            return
        while data and not self._packed.eof:
            try:
                text = self._packed.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise OutboundRefused("unreadable", "The answer cannot be unpacked.") from error
            data = self._packed.unconsumed_tail
            if text:
                yield self._counted(text)

    def finish(self) -> None:
        """Says whether the body was whole.

        Raises:
            OutboundRefused: `broken` when something packed ends too early.
        """
        if self._packed is not None and self._count and not self._packed.eof:
            raise OutboundRefused("broken", "The answer ended before it was whole.")

    def _counted(self, text: bytes) -> bytes:
        self._count += len(text)
        if self._count > self._most:
            raise too_large(self._most)
        return text


def too_large(most: int) -> OutboundRefused:
    """The refusal of a body of more than `most` bytes."""
    return OutboundRefused("too_large", f"The answer has more than {most:,} bytes.")
