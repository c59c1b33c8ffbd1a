"""Small things that a person trips over: keys typed early, notices that are over, old errors, a phone's width."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import Sanction
from chat import services
from chat.models import Attachment, Room
from tests.browser.pages import choose, elsewhere, field, message, write
from tests.browser.test_media import attach, chips, file, send
from tests.chat.uploading import picture
from tests.factories import make_room

OpenPage = Callable[..., Page]


def test_keys_after_the_first_jump_are_the_palettes_before_its_part_of_the_page_is_here(
    ada: Any, room: Room, open_page: OpenPage
) -> None:
    make_room(ada, name="caret drift")
    page = open_page(ada, None)
    held: list[Route] = []
    page.route(re.compile(r"/chunks/later-"), lambda route: held.append(route))  # noqa: PLW0108 - no builtin is taken
    page.goto("/rooms/general/")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("drif")
    query = page.get_by_role("combobox", name="Jump to a room, person or command")
    expect(query).to_have_value("drif")
    expect(field(page)).to_have_value("")
    page.keyboard.press("Control+k")
    expect(query).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("caret")
    for route in held:
        route.continue_()
    page.unroute(re.compile(r"/chunks/later-"))
    expect(page.get_by_role("option", name=re.compile("caret drift"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/rooms/caret-drift/"))


def test_a_palette_that_cannot_come_gives_the_keys_back(
    ada: Any, room: Room, open_page: OpenPage, console: Any
) -> None:
    console.allow("ERR_FAILED|dynamically imported")
    page = open_page(ada, None)
    page.route(re.compile(r"/chunks/later-"), lambda route: route.abort())
    page.goto("/rooms/general/")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_text("This part of the page could not be loaded")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(page)).to_be_focused()


def test_enter_never_takes_somebody_whom_the_text_does_not_name(
    ada: Any, ben: Any, room: Room, person: Callable[..., Any], open_page: OpenPage
) -> None:
    person("aron", "Aron First")
    page = open_page(ada, "/rooms/general/")
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="New direct message").click()
    dialog = page.get_by_role("dialog", name="New message")
    expect(dialog.get_by_role("option", name=re.compile("Aron First"))).to_be_visible()
    held: list[Route] = []
    page.route("**/api/people/**", lambda route: held.append(route))  # noqa: PLW0108 - no builtin is taken
    dialog.get_by_label("To").fill("ben")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("option", name=re.compile("Aron First"))).to_have_count(0)
    expect(dialog.get_by_role("button", name="Remove Aron First")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Remove Ben Okafor")).to_be_visible()
    for route in held:
        route.continue_()


def test_a_moderator_removes_somebody_for_a_time(two_people: tuple[Page, Page], room: Room) -> None:
    ada, ben = two_people
    ada.get_by_role("button", name="Room settings").click()
    remove = ada.get_by_role("button", name="Mute, remove or ban Ben Okafor")
    remove.click()
    dialog = ada.get_by_role("dialog", name="Decide about Ben Okafor")
    dialog.get_by_role("button", name="Decide", exact=True).click()
    missing = dialog.get_by_text("Say why in a few words.")
    expect(missing).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    remove.click()
    expect(missing).to_be_hidden()
    time = dialog.get_by_label("For how long")
    expect(time).to_have_value("3600")
    dialog.get_by_text("Remove", exact=True).click()
    expect(time).to_have_value("")
    expect(time.locator("option:checked")).to_have_text("They may come back at once")
    time.select_option("24 hours")
    dialog.get_by_label("Reason, which they will read").fill("Take a day off")
    dialog.get_by_role("button", name="Decide", exact=True).click()
    expect(ben.get_by_text("“Take a day off”")).to_be_visible()
    held = Sanction.objects.get()
    assert held.until is not None
    assert (held.kind, round((held.until - held.created_at).total_seconds())) == ("kick", 86_400)
    card = ada.get_by_role("region", name="Muted, removed and banned")
    expect(card.get_by_text("Removed, 24 h left")).to_be_visible()


def test_a_moderator_blocks_the_files_of_a_message(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    attach(ben, file("list.txt", b"Names and numbers"), file("more.txt", b"More of them"))
    expect(chips(ben).filter(has_text="ready")).to_have_count(2)
    send(ben, "The whole list")
    expect(message(ada, "The whole list").get_by_text("list.txt")).to_be_visible()
    choose(ada, "The whole list", "Block files…")
    dialog = ada.get_by_role("dialog", name="Block files")
    expect(dialog.get_by_text("list.txt, more.txt")).to_be_visible()
    dialog.get_by_label("Reason, for the record").fill("Private data")
    dialog.get_by_role("button", name="Block", exact=True).click()
    expect(ada.get_by_text("2 files are blocked")).to_be_visible()
    for page in (ada, ben):
        expect(message(page, "The whole list").get_by_text("A moderator took this file away.")).to_have_count(2)
    assert set(Attachment.objects.values_list("state", flat=True)) == {"blocked"}
    message(ada, "The whole list").hover()
    ada.get_by_role("button", name="More", exact=True).click()
    expect(ada.get_by_role("menuitem", name="Copy text")).to_be_visible()
    expect(ada.get_by_role("menuitem", name="Block files…")).to_have_count(0)


def test_somebody_who_may_not_moderate_is_not_offered_to_block(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    attach(ada, file("plan.txt", b"1. Begin"))
    expect(chips(ada).filter(has_text="ready")).to_have_count(1)
    send(ada, "The plan")
    message(ben, "The plan").hover()
    ben.get_by_role("button", name="More", exact=True).click()
    expect(ben.get_by_role("menuitem", name="Copy text")).to_be_visible()
    expect(ben.get_by_role("menuitem", name="Block files…")).to_have_count(0)


def test_a_picture_that_no_browser_shows_is_told_to_go_as_a_file(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 900
    attach(ada, file("IMG_2041.HEIC", heic, "image/heic"), file("notes.txt", b"Plain"))
    expect(chips(ada).filter(has_text="IMG_2041.HEIC")).to_contain_text("ready, sent as a file")
    expect(chips(ada).filter(has_text="notes.txt")).to_contain_text("5 bytes · ready")
    expect(chips(ada).filter(has_text="sent as a file")).to_have_count(1)


def test_a_mute_that_is_lifted_leaves_no_notice_of_it(two_people: tuple[Page, Page], ada: Any, ben: Any) -> None:
    moderator, muted = two_people
    moderator.get_by_role("button", name="Room settings").click()
    moderator.get_by_role("button", name="Mute, remove or ban Ben Okafor").click()
    dialog = moderator.get_by_role("dialog", name="Decide about Ben Okafor")
    dialog.get_by_label("Reason, which they will read").fill("Calm down")
    dialog.get_by_role("button", name="Decide", exact=True).click()
    expect(muted.get_by_text(re.compile("You are muted in #general"))).to_be_visible()
    moderator.get_by_role("button", name="Lift: Ben Okafor, Muted").click()
    moderator.get_by_role("alertdialog").get_by_role("button", name="Lift").click()
    expect(muted.get_by_text("You may write again in #general")).to_be_visible()
    expect(muted.get_by_text(re.compile("You are muted in #general"))).to_have_count(0)


def test_somebody_muted_reads_why_in_place_of_the_field_and_gets_it_back(
    ada: Any, ben: Any, room: Room, open_page: OpenPage
) -> None:
    page = open_page(ben, "/rooms/general/")
    field(page).fill("Half a thought")
    given = {"actor": ada, "room_id": room.pk, "user_id": ben.pk, "kind": "mute"}
    elsewhere(services.sanction_member, **given, reason="Calm down", seconds=3600)
    expect(page.get_by_text(re.compile("You are muted here until .*: “Calm down”"))).to_be_visible()
    expect(field(page)).to_have_count(0)
    elsewhere(services.sanction_member, **given, reason="Longer", seconds=None)
    expect(page.get_by_text("You are muted here: “Longer”")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You are muted here: “Longer”")).to_be_visible()
    first, longer = Sanction.objects.order_by("pk")
    elsewhere(services.lift_member_sanction, actor=ada, room_id=room.pk, sanction_id=longer.pk)
    expect(page.get_by_text(re.compile("You are muted here until .*: “Calm down”"))).to_be_visible()
    elsewhere(services.lift_member_sanction, actor=ada, room_id=room.pk, sanction_id=first.pk)
    expect(page.get_by_text("You may write again in #general")).to_be_visible()
    expect(field(page)).to_have_value("Half a thought")


def test_a_mute_that_runs_out_gives_the_field_back(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    services.sanction_member(actor=ada, room_id=room.pk, user_id=ben.pk, kind="mute", reason="A moment", seconds=60)
    Sanction.objects.update(until=timezone.now() + timedelta(seconds=15))
    page = open_page(ben, "/rooms/general/")
    expect(page.get_by_text(re.compile("You are muted here until .*: “A moment”"))).to_be_visible()
    expect(page.get_by_text("You may write again in #general")).to_be_visible()
    write(page, "Back again")
    expect(message(page, "Back again")).to_be_visible()


def test_a_menu_shows_by_its_tick_alone_what_is_chosen(ada: Any, room: Room, open_page: OpenPage) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme="light")
    page.get_by_role("button", name="Switch theme").click()
    item = page.get_by_role("menuitem", name="As the system, chosen")
    expect(item).to_have_text("As the system")


def test_a_draft_does_not_make_its_tile_on_a_phone_higher(
    ada: Any, room: Room, open_page: OpenPage, phone: dict[str, Any]
) -> None:
    services.save_draft(actor=ada, room_id=room.pk, thread=None, body="Half a thought", reply_to=None, rev=0)
    page = open_page(ada, "/", **phone)
    tiles = page.locator(".quicklinks .item:visible")
    expect(tiles.filter(has_text="Drafts").locator(".badge")).to_contain_text("1")
    heights = tiles.evaluate_all("(all) => all.map((one) => Math.round(one.getBoundingClientRect().height))")
    assert len(set(heights)) == 1, heights


def test_hours_of_a_phone_are_shown_whole(ada: Any, room: Room, open_page: OpenPage, phone: dict[str, Any]) -> None:
    page = open_page(ada, "/account/profile/", **phone)
    for name in ("Do not disturb from", "Do not disturb to"):
        field_width, needed = page.get_by_label(name).evaluate(
            """(one) => {
                const twin = one.cloneNode(); twin.style.width = 'max-content'; twin.style.flex = 'none';
                one.after(twin); const wanted = twin.getBoundingClientRect().width; twin.remove();
                return [one.getBoundingClientRect().width, wanted];
            }"""
        )
        assert field_width >= needed, name


def test_a_long_text_under_a_picture_ends_in_an_ellipsis(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    attach(ada, file("board.png", picture(size=(90, 60))))
    expect(chips(ada).filter(has_text="ready")).to_have_count(1)
    send(ada, "words " * 60 + "end")
    message(ada, "words").get_by_role("link", name="Open board.png").click()
    expect(ada.get_by_role("dialog").locator("[data-part=caption]")).to_have_text(re.compile("…”$"))
