"""Two people in one room: what one does, the other sees."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Dialog, Page, expect

from chat.models import Message, Room
from tests.browser.pages import choose, field, log, message, write
from tests.chat.xss import PAYLOADS
from tests.factories import say

OpenPage = Callable[..., Page]


def test_two_people_talk(two_people: tuple[Page, Page], room: Room) -> None:
    ada, ben = two_people
    write(ada, "Hello Ben, **ready**?")
    expect(message(ben, "Hello Ben, ready?")).to_be_visible()
    expect(field(ada)).to_have_value("")
    write(ben, "Nearly.\n\n```python\nprint('soon')\n```")
    expect(message(ada, "Nearly.").locator("pre")).to_contain_text("print('soon')")
    expect(message(ada, "Nearly.").get_by_text("Ben Okafor")).to_be_visible()
    assert Message.objects.filter(room=room, kind="user").count() == 2


def test_writer_sees_the_message_before_the_server_has_it(two_people: tuple[Page, Page], room: Room) -> None:
    ada, _ = two_people
    ada.evaluate("() => { WebSocket.prototype.send = () => undefined; }")
    write(ada, "on its way")
    row = message(ada, "on its way")
    expect(row).to_have_class(re.compile("sending"))
    expect(row.get_by_text("Sending")).to_be_visible()
    assert not Message.objects.filter(room=room, body="on its way").exists()


def test_writer_edits_and_the_reader_sees_both_versions(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "teh first word")
    expect(message(ada, "teh first word")).not_to_have_class(re.compile("sending"))
    field(ada).press("ArrowUp")
    box = ada.get_by_role("textbox", name="Edit your message")
    expect(box).to_be_focused()
    box.fill("the first word")
    box.press("Enter")
    changed = message(ben, "the first word")
    expect(changed).to_be_visible()
    changed.get_by_role("button", name="edited").click()
    history = ben.get_by_role("region", name="Edit history")
    expect(history.locator("del")).to_contain_text("teh")
    expect(history.locator("ins")).to_contain_text("the")


def test_writer_takes_an_edit_back_with_esc(two_people: tuple[Page, Page]) -> None:
    ada, _ = two_people
    write(ada, "as it was")
    expect(message(ada, "as it was")).not_to_have_class(re.compile("sending"))
    field(ada).fill("a draft")
    choose(ada, "as it was", "Edit")
    ada.get_by_role("textbox", name="Edit your message").fill("as it never was")
    ada.keyboard.press("Escape")
    expect(message(ada, "as it was")).to_be_visible()
    expect(message(ada, "as it never was")).to_have_count(0)
    expect(field(ada)).to_have_value("a draft")


def test_writer_deletes_and_nobody_finds_the_text(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "regretted words")
    expect(message(ben, "regretted words")).to_be_visible()
    choose(ada, "regretted words", "Delete")
    ada.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(log(ben).get_by_text("Ada deleted a message")).to_be_visible()
    expect(log(ada).get_by_text("Ada deleted a message")).to_be_visible()
    ben.reload()
    expect(log(ben).get_by_text("Ada deleted a message")).to_be_visible()
    assert "regretted words" not in ben.content()


def test_reader_reacts_and_takes_it_back(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "lunch at noon?")
    message(ben, "lunch at noon?").hover()
    ben.get_by_role("button", name="React", exact=True).click()
    picker = ben.locator("#emoji")
    picker.get_by_role("combobox").or_(picker.get_by_role("searchbox")).first.fill("pizza")
    ben.keyboard.press("Enter")
    given = message(ada, "lunch at noon?").locator(".reactions button", has_text="🍕")
    expect(given).to_have_text("🍕1")
    given.click()
    expect(message(ben, "lunch at noon?").locator(".reactions button", has_text="🍕")).to_have_text("🍕2")
    message(ben, "lunch at noon?").locator(".reactions button", has_text="🍕").click()
    expect(given).to_have_text("🍕1")


def test_reader_quotes_and_the_quote_leads_back(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "Which port was it?")
    choose(ben, "Which port was it?", "Quote reply")
    expect(field(ben)).to_be_focused()
    write(ben, "8080, I think")
    answer = message(ada, "8080, I think")
    quote = answer.locator(".msg-quote")
    expect(quote).to_contain_text("Which port was it?")
    quote.click()
    expect(log(ada).locator(".msg.lit")).to_contain_text("Which port was it?")


def test_two_people_talk_in_a_thread(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    write(ada, "The build is red")
    choose(ben, "The build is red", "Reply in thread")
    thread = ben.get_by_role("region", name="Thread")
    reply = thread.get_by_role("textbox", name="Reply", exact=True)
    expect(reply).to_be_focused()
    reply.fill("Looking")
    reply.press("Enter")
    chip = message(ada, "The build is red").get_by_role("button", name="1 reply")
    expect(chip).to_be_visible()
    expect(message(ada, "Looking")).to_have_count(0)
    chip.click()
    other = ada.get_by_role("region", name="Thread")
    expect(other.get_by_text("Looking")).to_be_visible()
    other.get_by_label("Also send to").check()
    other.get_by_role("textbox", name="Reply", exact=True).fill("Found it")
    other.get_by_role("textbox", name="Reply", exact=True).press("Enter")
    expect(thread.get_by_text("Found it")).to_be_visible()
    expect(message(ben, "Found it")).to_be_visible()
    ada.keyboard.press("Escape")
    expect(other).to_have_count(0)
    expect(message(ada, "The build is red").get_by_role("button", name="2 replies")).to_be_focused()


def test_reader_sees_that_somebody_types(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    field(ada).press_sequentially("Hm")
    expect(ben.locator(".chat [data-part=typing]")).to_have_text("Ada is typing")
    field(ada).press("Enter")
    expect(ben.locator(".chat [data-part=typing]")).to_have_text("")


def test_writer_mentions_by_completion(two_people: tuple[Page, Page]) -> None:
    ada, ben = two_people
    field(ada).press_sequentially("@be")
    expect(ada.get_by_role("option", name=re.compile("Ben Okafor"))).to_be_visible()
    ada.keyboard.press("Enter")
    expect(field(ada)).to_have_value("@ben ")
    ada.keyboard.type("look")
    ada.keyboard.press("Enter")
    expect(message(ben, "look")).to_have_class(re.compile("mention"))
    expect(message(ben, "look").locator(".at.you")).to_have_text("@ben")


def test_hostile_text_is_only_text(ada: Any, ben: Any, room: Room, open_page: OpenPage) -> None:
    for payload in PAYLOADS[::2]:
        say(ada, room, payload)
    say(ada, room, "the last one")
    page = open_page(ben, None)
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto("/rooms/general/")
    expect(message(page, "the last one")).to_be_visible()
    for link in log(page).locator(".body a").all():
        assert (link.get_attribute("href") or "").startswith(("http", "/", "mailto:"))
    assert log(page).locator(".body").locator("script, img, iframe, svg, style, form, input, object").count() == 0
    assert not dialogs
