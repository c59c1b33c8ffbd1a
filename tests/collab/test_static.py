"""Static files as a browser asks for them: whole, in part, again."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import get_finder
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory
from django.test.utils import override_settings
from whitenoise.compress import Compressor

from collab.middleware import StaticFilesMiddleware

TEXT = b"export const answer = 42;\n" * 40
COLLECTED = {"WHITENOISE_USE_FINDERS": False, "WHITENOISE_AUTOREFRESH": False}
CHUNK = "/static/chunks/later-AB12CD34.js"


def refuse(request: HttpRequest) -> HttpResponse:
    return HttpResponse("not a static file", status=404)


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """The middleware over a folder with a script, its gzip and a chunk."""
    (tmp_path / "chunks").mkdir()
    for name in ("app.js", "chunks/later-AB12CD34.js", "chunks/notes.js"):
        (tmp_path / name).write_bytes(TEXT)
    Compressor(use_brotli=False, quiet=True).compress(str(tmp_path / "app.js"))
    with override_settings(STATIC_ROOT=tmp_path, DEBUG=False, **COLLECTED):
        yield StaticFilesMiddleware(refuse)


def ask(
    files: StaticFilesMiddleware, path: str = "/static/app.js", method: str = "GET", **headers: str
) -> HttpResponse:
    answer: HttpResponse = files(AsyncRequestFactory().generic(method, path, headers=headers))
    return answer


def test_browser_gets_the_whole_file_without_a_stream(files: StaticFilesMiddleware) -> None:
    answer = ask(files)
    assert (answer.status_code, answer.content, answer.streaming) == (200, TEXT, False)
    assert answer["Content-Type"] == 'text/javascript; charset="utf-8"'
    assert answer["Content-Length"] == str(len(TEXT))


def test_browser_that_takes_gzip_gets_it(files: StaticFilesMiddleware) -> None:
    answer = ask(files, **{"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == TEXT


@pytest.fixture
def built(tmp_path: Path) -> Any:
    """The middleware over what was built and never collected, and the folder of the build."""
    build = tmp_path / "dist"
    build.mkdir()
    (build / "app.js").write_bytes(TEXT)
    get_finder.cache_clear()
    with override_settings(STATICFILES_DIRS=[build], STATIC_ROOT=tmp_path / "none"):
        yield StaticFilesMiddleware(refuse), build
    get_finder.cache_clear()


def test_browser_gets_gzip_of_what_was_only_built(built: Any) -> None:
    files, _ = built
    answer = ask(files, **{"Accept-Encoding": "br, gzip"})
    assert (answer["Content-Encoding"], answer["Vary"]) == ("gzip", "Accept-Encoding")
    assert answer["Content-Length"] == str(len(answer.content)) != str(len(TEXT))
    assert gzip.decompress(answer.content) == TEXT
    for without in ("identity", "br", "gzip;q=0", "gzip; q=0.0, br"):
        plain = ask(files, **{"Accept-Encoding": without})
        assert (plain.content, plain["Vary"], "Content-Encoding" in plain) == (TEXT, "Accept-Encoding", False)


def test_browser_gets_pictures_and_parts_as_they_are(built: Any) -> None:
    files, build = built
    (build / "shot.png").write_bytes(bytes(5_000))
    assert "Content-Encoding" not in ask(files, "/static/shot.png", **{"Accept-Encoding": "gzip"})
    part = ask(files, Range="bytes=7-11", **{"Accept-Encoding": "gzip"})
    assert (part.content, "Content-Encoding" in part) == (TEXT[7:12], False)


def test_browser_gets_the_new_files_of_a_build_beneath_a_running_server(built: Any) -> None:
    files, build = built
    assert ask(files).content == TEXT
    (build / "app.js").write_bytes(TEXT * 2)
    (build / "chunks").mkdir()
    (build / "chunks/later-AB12CD34.js").write_bytes(TEXT)
    answer = ask(files)
    assert (answer.content, answer["Content-Length"]) == (TEXT * 2, str(len(TEXT) * 2))
    assert ask(files, CHUNK).content == TEXT
    (build / "app.js").unlink()
    assert ask(files).status_code == 404


def test_browser_cannot_leave_the_folder_of_the_build(built: Any) -> None:
    files, build = built
    (build.parent / "secret.js").write_bytes(TEXT)
    for path in ("/static/../secret.js", "/static/..%2fsecret.js", "/static//etc/passwd", "/static/x/../../secret.js"):
        assert ask(files, path).status_code == 404


def test_browser_asks_for_a_part(files: StaticFilesMiddleware) -> None:
    answer = ask(files, Range="bytes=7-11")
    assert (answer.status_code, answer.content) == (206, TEXT[7:12])
    assert answer["Content-Range"] == f"bytes 7-11/{len(TEXT)}"
    assert ask(files, Range="bytes=99999-").status_code == 416


def test_browser_asks_again_and_has_it_already(files: StaticFilesMiddleware) -> None:
    again = ask(files, **{"If-None-Match": ask(files)["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_browser_asks_for_the_head_only(files: StaticFilesMiddleware) -> None:
    answer = ask(files, method="HEAD")
    assert (answer.content, answer["Content-Length"]) == (b"", str(len(TEXT)))
    assert ask(files, method="POST").status_code == 405


def test_browser_keeps_hashed_chunks_for_good_and_others_a_minute(files: StaticFilesMiddleware) -> None:
    assert "immutable" in ask(files, CHUNK)["Cache-Control"]
    for path in ("/static/app.js", "/static/chunks/notes.js"):
        assert "immutable" not in ask(files, path)["Cache-Control"]


def test_server_starts_without_collected_files(tmp_path: Path) -> None:
    with override_settings(STATIC_ROOT=tmp_path / "none", DEBUG=False, WHITENOISE_USE_FINDERS=True):
        assert ask(StaticFilesMiddleware(refuse), "/static/app.css").status_code == 200
    missing = override_settings(STATIC_ROOT=tmp_path / "none", DEBUG=False, **COLLECTED)
    with missing, pytest.warns(UserWarning, match="No directory"):
        StaticFilesMiddleware(refuse)


def test_other_addresses_go_on(files: StaticFilesMiddleware) -> None:
    assert ask(files, "/static/none.js").status_code == 404


def test_every_chunk_of_the_build_is_known_as_hashed(files: StaticFilesMiddleware) -> None:
    names = [file.name for file in (Path(settings.BASE_DIR) / "frontend/dist/chunks").glob("*.js")]
    assert names
    assert all(files.immutable_file_test("", f"/static/chunks/{name}") for name in names)


async def test_server_reads_it_whole_without_a_warning() -> None:
    """Warnings are errors here: a stream of an open file would raise one in Django's handler."""
    answer = await AsyncClient().get("/static/app.js")
    assert (answer.status_code, answer.streaming) == (200, False)
