"""Static files under ASGI. Named in MIDDLEWARE; it never serves uploads, and never decides who may read what.

WhiteNoise answers with an open file, which Django would read through the event loop piece by piece with a warning.
"""

import re
from contextlib import closing
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Redirect, StaticFile

CHUNK: Final = re.compile(r"chunks/[\w-]+-[0-9A-Z]{8}\.js")
"""Pieces that a script imports later: the build puts a hash of their content into their names."""


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
        return response

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Takes a folder's files; while they are served from where they were built there may be no such folder."""
        if Path(root).is_dir() or not self.use_finders:
            super().add_files(root, prefix)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Whether the name changes with the content, so that a browser may keep the file for good."""
        chunk = url.startswith(self.static_prefix) and CHUNK.fullmatch(url, len(self.static_prefix))
        return bool(chunk) or super().immutable_file_test(path, url)
