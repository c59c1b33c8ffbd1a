"""Pictures: whatever comes in, a small square without a past goes out."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import selectors, services
from accounts.avatars import SIDE, UPLOAD_BYTES, square_webp
from accounts.models import Profile
from realtime.protocol import Refused
from tests.accounts.conftest import Person, SignIn


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 128 if mode in {"L", "P", "1"} else "teal").save(out, kind, **options)
    return out.getvalue()


def with_position() -> bytes:
    """A photograph on its side that knows where it was taken and carries a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x9286] = b"ASCII\x00\x00\x00my address"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture("JPEG", (400, 100), exif=exif, comment=b"SECRET COMMENT")


def png_of(width: int, height: int) -> bytes:
    """A small file that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")
    )


def slow_jpeg() -> bytes:
    """A progressive JPEG that says its last pass over and over again."""
    data = picture("JPEG", progressive=True)
    return data[:-2] + data[data.rfind(b"\xff\xda") : -2] * 200 + data[-2:]


@pytest.mark.parametrize(
    "data",
    [
        picture("PNG"),
        picture("PNG", mode="RGBA"),
        picture("PNG", mode="1"),
        picture("PNG", mode="P"),
        picture("GIF", mode="P"),
        picture("JPEG"),
        picture("JPEG", mode="L"),
        picture("JPEG", mode="CMYK"),
        picture("WEBP"),
        picture("PNG", (1, 1)),
        picture("PNG", (1, 4000)),
    ],
)
def test_picture_becomes_a_square_webp(data: bytes) -> None:
    with Image.open(io.BytesIO(square_webp(data))) as out:
        assert (out.format, out.size) == ("WEBP", (SIDE, SIDE))


def test_photograph_forgets_where_it_was_taken() -> None:
    data = with_position()
    assert b"my address" in data
    made = square_webp(data)
    with Image.open(io.BytesIO(made)) as out:
        assert not out.getexif()
        assert "comment" not in out.info
    assert b"my address" not in made
    assert b"SECRET" not in made


def test_second_file_behind_the_first_is_gone() -> None:
    script = b"*/=1;alert(document.domain)//"
    polyglot = picture("GIF", mode="P") + script
    made = square_webp(polyglot)
    assert script not in made
    assert made[:4] == b"RIFF"


def test_same_picture_gives_the_same_bytes() -> None:
    assert square_webp(picture()) == square_webp(picture())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "invalid"),
        (b"GIF89a", "invalid"),
        (b"GIF89a/*" + b"x" * 100 + b"*/=1;alert(1)", "invalid"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "invalid"),
        (b"<!doctype html><script>alert(1)</script>", "invalid"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "invalid"),
        (picture("BMP"), "invalid"),
        (picture("TIFF"), "invalid"),
        (picture("PNG")[:60], "invalid"),
        (picture("JPEG")[:300], "invalid"),
        (picture("WEBP")[:30], "invalid"),
        (slow_jpeg(), "too_large"),
        (png_of(9000, 9000), "too_large"),
        (png_of(30000, 30000), "too_large"),
        (bytes(UPLOAD_BYTES + 1), "too_large"),
    ],
)
def test_anything_else_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        square_webp(data)
    assert (refused.value.code, refused.value.field) == (code, "picture")


def test_person_uploads_a_picture_and_others_see_it(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    response = client.post("/account/picture/", {"picture": SimpleUploadedFile("../../me.svg", picture())})
    assert response["Location"] == "/account/profile/"
    address = selectors.person_view(user).avatar_url
    assert address is not None
    assert address.startswith(f"/account/avatar/{user.pk}/")
    shown = sign_in(person("teo")).get(address)
    assert (shown.status_code, shown["Content-Type"], shown["X-Content-Type-Options"]) == (200, "image/webp", "nosniff")
    assert "immutable" in shown["Cache-Control"]
    assert shown["Cache-Control"].startswith("private")
    assert Client().get(address).status_code == 404
    assert address in client.get("/account/profile/").content.decode()


def test_person_changes_and_removes_the_picture(
    person: Person,
    sign_in: SignIn,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user = person()
    client = sign_in(user)
    first = services.set_avatar(actor=user, data=picture())
    with django_capture_on_commit_callbacks(execute=True):
        second = services.set_avatar(actor=user, data=picture(size=(10, 10), mode="L"))
    assert [client.get(address).status_code for address in (first, second)] == [404, 200]
    file = Profile.objects.get(user=user).avatar
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/picture/", {"remove": "1"})
    assert client.get(second).status_code == 404
    assert not file.storage.exists(str(file.name))
    assert selectors.person_view(user).avatar_url is None


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (None, "Choose a picture first."),
        (SimpleUploadedFile("a.svg", b"<svg/>"), "This is no PNG"),
        (SimpleUploadedFile("a.png", png_of(9000, 9000)), "at most 40 megapixels"),
        (SimpleUploadedFile("a.png", bytes(UPLOAD_BYTES + 1)), "at most 5 MB"),
    ],
)
def test_person_is_told_why_a_picture_is_refused(
    person: Person, sign_in: SignIn, upload: SimpleUploadedFile | None, sentence: str
) -> None:
    client = sign_in(person())
    page = client.post("/account/picture/", {"picture": upload} if upload else {}, follow=True)
    assert sentence in page.content.decode()


@pytest.mark.parametrize("address", ["/account/avatar/1/../../secret.webp", "/account/avatar/1/abc.webp"])
def test_no_other_file_can_be_had(person: Person, sign_in: SignIn, address: str) -> None:
    assert sign_in(person()).get(address).status_code == 404
