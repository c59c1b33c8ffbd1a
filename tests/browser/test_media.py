"""Files in rooms: chosen, dropped, pasted, cancelled, tried again; seen live, full screen, and played."""

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from chat import services
from chat.models import Attachment, Message, Room
from chat.selectors.views import room_url
from tests.browser.code import wait_until
from tests.browser.pages import elsewhere, field, log, message, room_row, scroll_to, write
from tests.chat.uploading import photograph, picture, sound, stored
from tests.factories import make_room, say

OpenPage = Callable[..., Page]
File = FilePayload

DROP = """([pane, name, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  for (const step of window.steps ?? ["dragenter", "dragover", "drop"]) {
    pane.dispatchEvent(new DragEvent(step, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""
PASTE = """([place, name, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  place.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: transfer }));
}"""


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.UPLOAD_SPOOL_DIR = str(tmp_path / "spool")


def file(name: str, data: bytes, kind: str = "application/octet-stream") -> File:
    return FilePayload(name=name, mimeType=kind, buffer=data)


def attach(page: Page, *files: File) -> None:
    """The button and the system's dialog."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").click()
    chooser.value.set_files(list(files))


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Files of this message").get_by_role("listitem")


def given(file: File) -> list[str]:
    return [file["name"], file["mimeType"], base64.b64encode(file["buffer"]).decode()]


def drop(page: Page, file: File, *steps: str) -> None:
    page.evaluate("(steps) => { window.steps = steps; }", list(steps) or ["dragenter", "dragover", "drop"])
    pane = page.locator(".chat").element_handle()
    page.evaluate(DROP, [pane, *given(file)])


def hold(page: Page, addresses: str | re.Pattern[str]) -> list[Route]:
    """Requests that wait until the test ends or lets them go on, which it must: Playwright waits for each."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(addresses, keep)
    return held


def ready(page: Page, count: int) -> None:
    expect(chips(page).filter(has_text="ready")).to_have_count(count)


def send(page: Page, text: str = "") -> None:
    field(page).fill(text)
    page.get_by_role("button", name="Send", exact=False).last.click()


def test_a_picture_and_a_file_are_sent_and_seen_by_the_other(two_people: tuple[Page, Page], room: Room) -> None:
    ada, ben = two_people
    attach(ada, file("board.jpg", photograph(), "image/jpeg"), file("trace.jsonl", b'{"a": 1}\n' * 3000))
    ready(ada, 2)
    send(ada, "From this morning")
    row = message(ben, "From this morning")
    shown = row.get_by_role("img", name="board.jpg")
    expect(shown).to_be_visible()
    ben.wait_for_function("() => [...document.querySelectorAll('.shots img')].every((one) => one.naturalWidth > 0)")
    expect(row.get_by_text("27 KB")).to_be_visible()
    expect(chips(ada)).to_have_count(0)
    with ben.expect_download() as download:
        row.get_by_role("link", name="Download trace.jsonl").click()
    assert download.value.suggested_filename == "trace.jsonl"
    assert Path(download.value.path()).read_bytes().startswith(b'{"a": 1}')


BELOW = "(log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"


def test_log_stays_at_its_end_when_pictures_come(two_people: tuple[Page, Page], room: Room, ada: Any) -> None:
    for number in range(30):
        elsewhere(say, ada, room, f"Line {number}")
    page, other = two_people
    expect(message(other, "Line 29")).to_be_in_viewport()
    for number in range(3):
        attach(page, file(f"a{number}.png", picture(size=(90, 60))), file(f"b{number}.png", picture(size=(90, 60))))
        ready(page, 2)
        send(page, f"Board {number}")
        last = message(other, f"Board {number}").locator(".shots img").last
        expect(last).to_be_in_viewport()
        expect(message(other, f"Board {number}")).to_have_class(re.compile("settled"))
        assert log(other).evaluate(BELOW) == 0
        expect(last).to_be_in_viewport()


def test_the_other_tab_of_the_sender_shows_what_the_files_are(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, room_url(room))
    other = page.context.new_page()
    other.goto(page.url)
    expect(field(other)).to_be_visible()
    attach(page, file("plan.png", picture(size=(90, 60))), file("notes.txt", b"Not much."))
    ready(page, 2)
    send(page, "Here they are")
    for each in (page, other):
        expect(message(each, "Here they are").locator(".shots img")).to_have_attribute("alt", "plan.png")
        expect(message(each, "Here they are").locator(".attach")).to_contain_text("notes.txt")


def test_files_alone_are_a_message(two_people: tuple[Page, Page], room: Room) -> None:
    ada, ben = two_people
    attach(ada, file("plan.txt", b"First, then second."))
    ready(ada, 1)
    field(ada).press("Enter")
    expect(log(ben).get_by_text("plan.txt")).to_be_visible()
    expect(ada.locator("#rail a.item", has_text=room.name).get_by_text("You sent a file")).to_be_attached()


def test_sending_waits_for_the_upload(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    held = hold(ada, "**/uploads/?id=*")
    attach(ada, file("slow.bin", os.urandom(4000)))
    expect(chips(ada).get_by_role("progressbar")).to_be_visible()
    write(ada, "Here it comes")
    expect(ada.get_by_text("Sending when 1 upload is done.")).to_be_visible()
    expect(field(ada)).to_have_value("Here it comes")
    assert wait_until(ada, lambda: bool(held))
    held[0].continue_()
    expect(message(ben, "Here it comes").get_by_text("slow.bin")).to_be_visible()
    expect(field(ada)).to_have_value("")


def test_what_failed_keeps_nobody_from_writing_and_is_tried_again(two_people: tuple[Page, Page], console: Any) -> None:
    console.allow("Failed to load resource")
    ada, ben = two_people
    ada.route("**/uploads/?id=*", lambda route: route.abort("connectionreset"))
    attach(ada, file("notes.txt", b"words"))
    expect(chips(ada).get_by_text(re.compile("Stopped at"))).to_be_visible()
    write(ada, "Without it, then")
    expect(message(ben, "Without it, then")).to_be_visible()
    ada.unroute("**/uploads/?id=*")
    ada.get_by_role("button", name="Retry notes.txt").click()
    ready(ada, 1)
    send(ada, "And now with it")
    expect(message(ben, "And now with it").get_by_text("notes.txt")).to_be_visible()
    assert Attachment.objects.count() == 1


def test_an_upload_is_cancelled_and_another_taken_back(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    held = hold(ada, re.compile(r"/uploads/\?.*name=slow"))
    attach(ada, file("slow.bin", b"x" * 4000), file("quick.txt", b"words"))
    ready(ada, 1)
    ada.get_by_role("button", name="Cancel slow.bin").click()
    expect(chips(ada)).to_have_count(1)
    assert Attachment.objects.count() == 1
    ada.get_by_role("button", name="Remove quick.txt").click()
    expect(chips(ada)).to_have_count(0)
    ada.wait_for_function("() => true")
    expect(field(ada)).to_be_focused()
    assert wait_until(ada, lambda: not Attachment.objects.exists())
    for route in held:
        route.abort()


def test_a_file_is_dropped_into_the_room(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    field(ada).click()
    drop(ada, file("dropped.png", picture(), "image/png"), "dragenter", "dragover")
    expect(ada.get_by_text("Drop the file into")).to_be_visible()
    drop(ada, file("dropped.png", picture(), "image/png"), "dragleave")
    expect(ada.get_by_text("Drop the file into")).to_be_hidden()
    drop(ada, file("dropped.png", picture(), "image/png"))
    ready(ada, 1)
    expect(ada.get_by_text("Drop the file into")).to_be_hidden()


def test_a_picture_is_pasted(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    field(ada).click()
    expect(ada.locator(".uploads")).to_be_attached()
    ada.evaluate(PASTE, [field(ada).element_handle(), *given(file("image.png", picture(), "image/png"))])
    ready(ada, 1)
    expect(chips(ada).get_by_text(re.compile(r"^Pasted \d{4}-"))).to_be_visible()


def test_finished_uploads_outlive_a_reload(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    attach(ada, file("kept.txt", b"words"))
    ready(ada, 1)
    field(ada).fill("Half a sen")
    ada.reload()
    ready(ada, 1)
    expect(field(ada)).to_have_value("Half a sen")
    write(ada, "Half a sentence")
    expect(message(ben, "Half a sentence").get_by_text("kept.txt")).to_be_visible()


def test_too_much_is_told_before_it_is_sent(two_people: tuple[Page, Page], settings: Any) -> None:
    settings.UPLOAD_BYTES_MOST = 5_000
    ada, _ = two_people
    asked: list[str] = []
    ada.on("request", lambda request: asked.append(request.method) if "/uploads/?id" in request.url else None)
    attach(ada, file("film.mov", b"x" * 9_000), file("empty.txt", b""))
    expect(chips(ada).get_by_text("9 KB, the limit is 5 KB")).to_be_visible()
    expect(chips(ada).get_by_text("It is empty, or a folder")).to_be_visible()
    assert asked == []


def test_what_only_pretends_to_be_a_picture_is_refused(two_people: tuple[Page, Page], console: Any) -> None:
    console.allow("400")
    ada, _ = two_people
    attach(ada, file("cat.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "image/png"))
    expect(chips(ada).get_by_text("This picture is damaged, or it only pretends to be one")).to_be_visible()


def album(room: Room, author: Any, count: int, text: str = "The board") -> Message:
    views = [
        elsewhere(stored, author, room, picture("PNG", (900 + index, 600)), name=f"shot{index + 1}.png")
        for index in range(count)
    ]
    return elsewhere(say, author, room, text, attachments=[view.id for view in views])


def test_pictures_are_looked_at_by_keyboard(
    ada: Any, room: Room, open_page: OpenPage, assert_accessible: Callable[[Page], None]
) -> None:
    album(room, ada, 7)
    page = open_page(ada, f"/rooms/{room.slug}/")
    expect(page.locator(".shots a")).to_have_count(5)
    expect(page.get_by_text("+3")).to_be_visible()
    assert_accessible(page)
    first = page.get_by_role("link", name="Open shot1.png, 1 of 7")
    first.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="shot1.png, picture 1 of 7")
    expect(box).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="shot2.png, picture 2 of 7")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("dialog", name="shot7.png, picture 7 of 7")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(box).to_be_visible()
    expect(box.locator("[data-part=zoom]")).to_have_text("Fit")
    page.keyboard.press("+")
    expect(box.locator("[data-part=zoom]")).to_have_text(re.compile(r"\d+ %"))
    page.keyboard.press("0")
    expect(box.locator("[data-part=zoom]")).to_have_text("Fit")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(first).to_be_focused()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_pictures_keep_their_place_free(count: int, ada: Any, room: Room, open_page: OpenPage) -> None:
    album(room, ada, count)
    page = open_page(ada, None)
    held = hold(page, "**/files/**")
    page.goto(f"/rooms/{room.slug}/")
    expect(page.locator(".shots a")).to_have_count(count)
    before = page.locator(".shots").bounding_box()
    for route in held:
        route.continue_()
    page.unroute("**/files/**")
    page.wait_for_function("() => [...document.querySelectorAll('.shots img')].every((one) => one.naturalWidth > 0)")
    assert page.locator(".shots").bounding_box() == before


def test_show_in_room_closes_the_picture_and_lights_the_message(ada: Any, room: Room, open_page: OpenPage) -> None:
    told = album(room, ada, 1)
    page = open_page(ada, f"/rooms/{room.slug}/")
    page.get_by_role("link", name="Open shot1.png").click()
    page.get_by_role("button", name="Show in room").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f'[data-id="{told.pk}"]')).to_have_class(re.compile("lit"))


def test_a_sound_plays_and_is_wound_on(ada: Any, room: Room, open_page: OpenPage) -> None:
    view = elsewhere(stored, ada, room, sound(20), name="standup.wav")
    elsewhere(say, ada, room, "Listen", attachments=[view.id])
    page = open_page(ada, None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/files/" in request.url else None)
    page.goto(f"/rooms/{room.slug}/")
    player = page.get_by_role("group", name="Audio, standup.wav, 20 seconds")
    expect(player.get_by_text("0:00 / 0:20")).to_be_visible()
    assert asked == []
    player.get_by_role("slider").focus()
    page.keyboard.press("Space")
    expect(player.get_by_role("button", name="Pause standup.wav")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(player.get_by_text(re.compile(r"0:(0[5-9]|1\d) / 0:20"))).to_be_visible()
    page.keyboard.press("Space")
    expect(player.get_by_role("button", name="Play standup.wav")).to_be_visible()
    player.get_by_role("button", name="Speed, now 1×").click()
    expect(player.get_by_role("button", name="Speed, now 1.25×")).to_be_visible()


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Now playing")


@pytest.fixture
def long_room(ada: Any, room: Room) -> Room:
    """A room whose sound stands above more than a screen of talk, and another room to go to."""
    view = stored(ada, room, sound(120), name="standup.wav")
    say(ada, room, "Listen", attachments=[view.id])
    for number in range(40):
        say(ada, room, f"Line {number}")
    make_room(ada, name="caret drift")
    return room


def test_a_sound_plays_on_in_a_bar_when_its_player_is_out_of_sight(
    ada: Any, long_room: Room, open_page: OpenPage, assert_accessible: Callable[[Page], None]
) -> None:
    page = open_page(ada, room_url(long_room))
    player = page.get_by_role("group", name=re.compile("Audio, standup.wav"))
    player.scroll_into_view_if_needed()
    player.get_by_role("button", name="Play standup.wav").click()
    expect(player.get_by_role("button", name="Pause standup.wav")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    scroll_to(page, 100_000)
    expect(bar(page).get_by_role("button", name="Pause standup.wav")).to_be_visible()
    assert_accessible(page)
    room_row(page, "caret drift").click()
    expect(page).to_have_url(re.compile("/rooms/caret-drift/"))
    expect(bar(page)).to_contain_text(re.compile(r"0:\d\d / 2:00"))
    page.get_by_role("link", name="Mentions").click()
    expect(bar(page).get_by_role("button", name="Pause standup.wav")).to_be_visible()
    bar(page).get_by_role("link", name="standup.wav, show in #general").click()
    expect(player.get_by_role("button", name="Pause standup.wav")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    player.get_by_role("button", name="Pause standup.wav").click()
    expect(player.get_by_role("button", name="Play standup.wav")).to_be_visible()
    scroll_to(page, 100_000)
    bar(page).get_by_role("button", name="Stop standup.wav").click()
    expect(bar(page)).to_have_count(0)


def test_a_sound_stops_when_its_message_is_deleted(
    ada: Any, long_room: Room, open_page: OpenPage, phone: dict[str, Any]
) -> None:
    page = open_page(ada, room_url(long_room), **phone)
    player = page.get_by_role("group", name=re.compile("Audio, standup.wav"))
    player.scroll_into_view_if_needed()
    player.get_by_role("button", name="Play standup.wav").tap()
    scroll_to(page, 100_000)
    expect(bar(page).get_by_role("button", name="Pause standup.wav")).to_be_visible()
    page.get_by_role("link", name="Rooms").tap()
    expect(bar(page).get_by_role("button", name="Pause standup.wav")).to_be_visible()
    page.get_by_role("link", name="Chat").tap()
    expect(bar(page)).to_be_visible()
    told = Message.objects.get(body="Listen")
    elsewhere(services.delete_message, actor=ada, room_id=long_room.pk, message_id=told.pk)
    expect(bar(page)).to_have_count(0)


def test_a_file_that_is_taken_away_vanishes_at_once(two_people: tuple[Page, Page], room: Room, ada: Any) -> None:
    _, ben = two_people
    view = elsewhere(stored, ada, room, b"secret", name="passwords.txt")
    elsewhere(say, ada, room, "Look", attachments=[view.id])
    row = message(ben, "Look")
    expect(row.get_by_text("passwords.txt")).to_be_visible()
    elsewhere(services.block_attachment, actor=ada, attachment_id=view.id, reason="private")
    expect(row.get_by_text("A moderator took this file away.")).to_be_visible()
    expect(row.get_by_text("passwords.txt")).to_have_count(0)


def test_files_fit_a_phone(
    ada: Any,
    room: Room,
    open_page: OpenPage,
    phone: dict[str, Any],
    assert_accessible: Callable[[Page], None],
    assert_no_sideways_scroll: Callable[[Page], None],
) -> None:
    album(room, ada, 3)
    view = elsewhere(stored, ada, room, sound(20), name="a-name-without-any-space-that-is-far-too-long-for-a-phone.wav")
    text = elsewhere(stored, ada, room, b"x", name="another-name-without-any-space-that-is-far-too-long.txt")
    elsewhere(say, ada, room, "More", attachments=[view.id, text.id])
    page = open_page(ada, f"/rooms/{room.slug}/", **phone)
    expect(page.get_by_role("group", name=re.compile("^Audio"))).to_be_visible()
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    page.get_by_role("link", name="Open shot1.png, 1 of 3").click()
    expect(page.get_by_role("dialog", name="shot1.png, picture 1 of 3")).to_be_visible()
    assert_no_sideways_scroll(page)
    assert_accessible(page)
