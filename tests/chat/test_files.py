"""What a file is by its bytes, what it may be called, and what is left of a picture."""

import io
from pathlib import Path

import pytest
from PIL import Image

from chat import files, pictures
from realtime.protocol import Refused
from tests.chat.uploading import HTML, POLYGLOT, SVG, huge_png, moving, photograph, picture, slow_jpeg, sound

BEGINNINGS = {
    "image/png": picture("PNG"),
    "image/jpeg": picture("JPEG"),
    "image/gif": picture("GIF"),
    "image/webp": picture("WEBP"),
    "image/avif": picture("AVIF"),
    "audio/wav": sound(),
    "audio/mpeg": b"ID3\x04\x00" + b"\0" * 60,
    "audio/ogg": b"OggS\x00\x02" + b"\0" * 22 + b"OpusHead",
    "audio/flac": b"fLaC\0\0\0\x22",
    "audio/mp4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "audio/webm": b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm" + b"\0" * 40 + b"A_OPUS",
    "video/webm": b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm" + b"\0" * 40 + b"A_OPUS V_VP9",
    "video/mp4": b"\0\0\0\x20ftypisom\0\0\2\0",
    "video/quicktime": b"\0\0\0\x14ftypqt  ",
    "video/ogg": b"OggS\x00\x02" + b"\0" * 22 + b"\x80theora",
    "video/x-matroska": b"\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska",
    "application/pdf": b"%PDF-1.7\n<script>",
    "application/zip": b"PK\x03\x04\x14\0",
    "application/x-tar": b"a" * 257 + b"ustar\0",
    "text/plain": "Grüße ✓".encode(),
    "application/octet-stream": b"\x7fELF\x02\x01\x01\0\0\xff\xfe",
}
SHOWN = {"image", "audio", "video"}


@pytest.mark.parametrize("content_type", BEGINNINGS)
def test_the_bytes_say_what_a_file_is(content_type):
    found = files.inspect(BEGINNINGS[content_type][: files.HEAD_BYTES])
    assert found.content_type == content_type
    first = content_type.partition("/")[0]
    assert found.kind == (first if first in SHOWN and "matroska" not in content_type else "file")


@pytest.mark.parametrize(
    "data", [SVG, HTML, b"<?xml version='1.0'?><x/>", b"alert(1)", b"%!PS-Adobe", b"MZ\x90\0", b""]
)
def test_nothing_that_runs_is_ever_shown(data):
    assert files.inspect(data).kind == "file"


def test_a_character_cut_in_two_is_still_text():
    text = ("a" + "ü" * files.HEAD_BYTES).encode()[: files.HEAD_BYTES]
    assert files.inspect(text).content_type == "text/plain"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\teo\\notes.txt", "notes.txt"),
        ("a\x00b\r\nSet-Cookie: x.txt", "abSet-Cookie_ x.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("..", "file"),
        ("", "file"),
        ("\ud800", "file"),
        (' .hidden "x" <b>.', "hidden _x_ _b_"),
        ("/", "file"),
        ("日本語.png", "日本語.png"),
    ],
)
def test_a_name_loses_what_deceives(given, kept):
    assert files.clean_name(given) == kept


def test_a_long_name_keeps_its_end():
    name = files.clean_name("x" * 300 + ".tar")
    assert (len(name), name[-5:]) == (files.NAME_CHARS, "x.tar")
    assert len(files.clean_name("語" * 300 + ".png").encode()) <= files.NAME_BYTES


def test_a_picture_is_called_what_it_became():
    assert files.name_for("party.gif", "image/webp") == "party.webp"
    assert files.name_for("photo.JPG", "image/jpeg") == "photo.JPG"
    assert files.name_for("screenshot", "image/png") == "screenshot.png"


def test_a_sound_tells_how_long_it_is(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(sound(1.5))
    assert files.duration_ms(path) == 1500
    path.write_bytes(b"ID3" + b"\xff" * 500)
    assert files.duration_ms(path) is None


# Pictures


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def remade(tmp_path: Path, data: bytes) -> tuple[pictures.Picture, Image.Image]:
    source = tmp_path / "source"
    source.write_bytes(data)
    made = pictures.remake(source, tmp_path)
    image = Image.open(io.BytesIO(made.path.read_bytes()))
    image.load()
    return made, image


def test_a_photograph_stands_upright_and_tells_nothing(tmp_path):
    made, image = remade(tmp_path, photograph())
    assert (made.content_type, image.format, image.size) == ("image/jpeg", "JPEG", (40, 80))
    # Turned by a quarter: what was at the top left is at the top right.
    red, green = colour(image, 35, 5), colour(image, 5, 5)
    assert red[0] > 150 > red[1]
    assert green[1] > 120 > green[0]
    assert not image.getexif()
    data = made.path.read_bytes()
    assert b"SECRET" not in data
    assert b"Exif" not in data


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF"])
def test_a_picture_leaves_as_what_every_browser_knows(tmp_path, kind):
    made, image = remade(tmp_path, picture(kind))
    assert made.content_type in {"image/png", "image/webp"}
    assert (made.width, made.height) == image.size == (64, 48)
    assert made.thumbnail is None


def test_what_can_be_seen_through_stays_so(tmp_path):
    _, image = remade(tmp_path, picture("PNG", mode="RGBA"))
    assert colour(image.convert("RGBA"), 60, 40)[3] == 128


def test_a_print_picture_becomes_one_for_screens(tmp_path):
    _, image = remade(tmp_path, picture("JPEG", mode="CMYK"))
    assert image.mode == "RGB"


def test_a_large_picture_has_a_small_one(tmp_path):
    made, _ = remade(tmp_path, picture("JPEG", (3000, 2000)))
    assert (made.width, made.height) == (3000, 2000)
    assert made.thumbnail is not None
    with Image.open(made.thumbnail) as small:
        assert (small.format, small.size) == ("WEBP", (940, 627))


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_what_moves_goes_on_moving(tmp_path, kind):
    made, image = remade(tmp_path, moving(kind))
    assert made.content_type == "image/webp"
    assert image.n_frames == 3
    assert image.info["loop"] == 0


def test_of_a_film_that_says_it_is_a_picture_the_first_frame_is_kept(tmp_path):
    made, image = remade(tmp_path, moving("GIF", frames=pictures.FRAMES + 1, size=(2, 2)))
    assert (made.content_type, getattr(image, "n_frames", 1)) == ("image/png", 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (huge_png(50_000, 50_000), "too_large"),
        (huge_png(9_000, 9_000), "too_large"),
        (huge_png(20_000, 1), "too_large"),
        (slow_jpeg(200), "too_large"),
        (b"\xff\xd8" + b"\xff" * 40 + slow_jpeg(200)[2:], "too_large"),
        (huge_png(3_000, 3_000), "invalid"),
        (picture("JPEG", (600, 400))[:-4000], "invalid"),
        (picture("PNG")[:60], "invalid"),
        (POLYGLOT, "invalid"),
        (b"\x89PNG\r\n\x1a\n" + HTML, "invalid"),
        (b"\xff\xd8\xff" + b"\0" * 200, "invalid"),
    ],
    ids=[
        "50k",
        "bomb",
        "strip",
        "slow",
        "slow after filling",
        "no data",
        "cut jpeg",
        "cut png",
        "polyglot",
        "html",
        "rubbish",
    ],
)
def test_a_bomb_or_a_ruin_is_refused(tmp_path, data, code):
    source = tmp_path / "source"
    source.write_bytes(data)
    with pytest.raises(Refused) as caught:
        pictures.remake(source, tmp_path)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == [source]


def test_an_ordinary_progressive_jpeg_is_taken_with_whatever_hangs_behind_it(tmp_path):
    data = picture("JPEG", (300, 200), progressive=True) + b"\xff\xda\x00\x02" * 300
    assert remade(tmp_path, data)[0].content_type == "image/jpeg"


def test_what_hangs_behind_a_picture_is_not_kept(tmp_path):
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        made, _ = remade(tmp_path, picture(kind) + b"PK\x03\x04" + HTML)
        assert b"script" not in made.path.read_bytes()
