"""The dialog in which one chooses the square of a picture: by keys, by mouse, by finger, in both themes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from accounts import selectors
from accounts.models import Profile
from tests.browser.code import wait_until
from tests.browser.pages import elsewhere

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]
Colour = tuple[int, int, int]
RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture
def halves(tmp_path: Path, settings: Any) -> Path:
    """A wide picture: its left is red, its right blue; larger than what is taken without the dialog."""
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "halves.png"
    image = Image.new("RGB", (800, 400), RED)
    image.paste(BLUE, (400, 0, 800, 400))
    image.save(path)
    return path


def choose(page: Page, path: Path) -> Locator:
    page.get_by_label("Change").set_input_files(path)
    dialog = page.get_by_role("dialog", name="Your picture")
    expect(dialog).to_be_visible()
    return dialog


def save(page: Page, dialog: Locator) -> None:
    dialog.get_by_role("button", name="Save picture").click()
    expect(page.get_by_text("Your picture is saved.")).to_be_visible()


def stored(user: Any) -> list[Colour]:
    """The left, the middle and the right of the picture that was kept."""

    def read() -> list[Colour]:
        name = str(Profile.objects.get(user=user).avatar.name)
        with default_storage.open(name) as file:
            image = Image.open(io.BytesIO(file.read())).convert("RGB")
        side = image.width
        places = (side // 20, side // 2 - side // 8, side - side // 20)
        return [cast("Colour", image.getpixel((x, side // 2))) for x in places]

    return elsewhere(read)


def is_like(colour: Colour, wanted: Colour) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(colour, wanted, strict=True))


def test_person_moves_the_picture_by_keys(person: Make, open_page: OpenPage, halves: Path, theme: str) -> None:
    mina = person("mina")
    page = open_page(mina, "/account/profile/", color_scheme=theme)
    dialog = choose(page, halves)
    square = dialog.get_by_role("application")
    expect(square).to_be_focused()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    save(page, dialog)
    assert all(is_like(colour, BLUE) for colour in stored(mina))


def test_person_drags_and_zooms_the_picture(person: Make, open_page: OpenPage, halves: Path) -> None:
    mina = person("mina")
    page = open_page(mina, "/account/profile/")
    dialog = choose(page, halves)
    box = dialog.get_by_role("application").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + box["width"], middle[1], steps=4)
    page.mouse.up()
    dialog.get_by_label("Zoom").fill("3")
    save(page, dialog)
    assert all(is_like(colour, RED) for colour in stored(mina))


def test_person_pinches_the_picture(
    person: Make, open_page: OpenPage, halves: Path, phone: dict[str, Any], assert_no_sideways_scroll: Check
) -> None:
    page = open_page(person("mina"), "/account/profile/", **phone)
    dialog = choose(page, halves)
    assert_no_sideways_scroll(page)
    box = dialog.get_by_role("application").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": left, "y": top, "id": number} for number, (left, top) in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", (x - 20, y), (x + 20, y))
    for far in (30, 40, 50, 60):
        touch("touchMove", (x - far, y), (x + far, y))
    touch("touchEnd")
    zoom = dialog.get_by_label("Zoom")
    assert wait_until(page, lambda: float(zoom.input_value()) == pytest.approx(3, abs=0.1))


def test_person_thinks_better_of_it_and_chooses_the_same_file_again(
    person: Make, open_page: OpenPage, halves: Path, theme: str, assert_accessible: Check
) -> None:
    mina = person("mina")
    page = open_page(mina, "/account/profile/", color_scheme=theme)
    dialog = choose(page, halves)
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    dialog = choose(page, halves)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert elsewhere(selectors.person_view, mina).avatar_url is None


def test_file_that_is_no_picture_is_refused_in_words(person: Make, open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    page = open_page(person("mina"), "/account/profile/")
    page.get_by_label("Change").set_input_files(path)
    expect(page.get_by_text("This is no PNG, JPEG, WebP or GIF picture.")).to_be_visible()
