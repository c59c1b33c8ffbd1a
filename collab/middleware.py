"""Static files under ASGI. Named in MIDDLEWARE; it never serves uploads, and never decides who may read what.

WhiteNoise answers with an open file, which Django would read through the event loop piece by piece with a warning.
Where nothing was collected it looks at the files for each request, so that a build beneath a running server is seen,
and text is compressed here, once for each content.
"""

import gzip
import re
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Final
from wsgiref.headers import Headers

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Redirect, StaticFile

CHUNK: Final = re.compile(r"chunks/[\w-]+-[0-9A-Z]{8}\.js")
"""Pieces that a script imports later: the build puts a hash of their content into their names."""
TEXT: Final = re.compile(r"text/|application/(json|javascript|manifest)|image/svg")
"""Types that become smaller; pictures and fonts are compressed as they are."""
GZIP: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
SMALL_BYTES: Final = 1_000
"""Below this a packet is saved at most."""


@lru_cache(maxsize=128)
def _squeeze(content: bytes) -> bytes:
    """Gzip of a file; by its content, so a file that was built again is compressed again."""
    return gzip.compress(content, 9, mtime=0)


def _compress(response: HttpResponse, accepted: str) -> None:
    """Makes a whole text smaller for who takes it, unless it lay compressed beside the file."""
    small = len(response.content) < SMALL_BYTES or not TEXT.match(response["Content-Type"])
    if not small and "Content-Encoding" not in response and GZIP.search(accepted):
        response.content = _squeeze(response.content)
        response["Content-Encoding"] = "gzip"


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise ships no types
    """WhiteNoise with whole answers (our largest file is a font) and with the build's hashed names known."""

    @staticmethod
    def serve(static_file: StaticFile | Redirect, request: HttpRequest) -> HttpResponse:
        """The file, a part of it, or that it has not changed, with WhiteNoise's headers and no others."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with closing(found.file) as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        if response.status_code == 200:
            _compress(response, request.META.get("HTTP_ACCEPT_ENCODING", ""))
        if found.file is not None:
            # The build may have replaced the file after it was measured.
            response["Content-Length"] = str(len(response.content))
        return response

    def add_mime_headers(self, headers: Headers, path: str, url: str) -> None:
        """What kind of file it is, and of a text that it comes in two shapes."""
        super().add_mime_headers(headers, path, url)
        if TEXT.match(headers["Content-Type"] or ""):
            headers["Vary"] = "Accept-Encoding"

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Takes a folder's files; while they are served from where they were built there may be no such folder."""
        if Path(root).is_dir() or not self.use_finders:
            super().add_files(root, prefix)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Whether the name changes with the content, so that a browser may keep the file for good."""
        chunk = url.startswith(self.static_prefix) and CHUNK.fullmatch(url, len(self.static_prefix))
        return bool(chunk) or super().immutable_file_test(path, url)
