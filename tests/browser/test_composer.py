"""Writing with the keyboard: formatting, preview, code, completion, commands, reminders."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from chat.models import Message, Reminder, Room
from dashboard.models import Series
from tests.browser.code import wait_until
from tests.browser.pages import field, log, message, room_row, write
from tests.factories import make_room, say

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def page(ada: Any, room: Room, open_page: OpenPage) -> Page:
    page = open_page(ada, "/rooms/general/")
    expect(page.locator("#me")).to_contain_text("Online")
    wait_for_aids(page)
    return page


def wait_for_aids(page: Page) -> None:
    """Completion and commands come after the first load."""
    expect(field(page)).to_have_attribute("aria-controls", re.compile("completion"))


def answer(page: Page) -> Locator:
    return page.locator(".composer [data-part=answer]")


def problem(page: Page) -> Locator:
    return page.locator(".composer [data-part=problem]")


def bodies(room: Room) -> list[str]:
    return [*Message.objects.filter(room=room, kind="user").order_by("seq").values_list("body", flat=True)]


def test_writer_formats_by_keys_and_takes_it_back(page: Page) -> None:
    field(page).press_sequentially("bold")
    field(page).press("Shift+Home")
    field(page).press("Control+b")
    expect(field(page)).to_have_value("**bold**")
    field(page).press("Control+z")
    expect(field(page)).to_have_value("bold")
    field(page).press("Control+a")
    for keys, text in (
        ("Control+i", "_bold_"),
        ("Control+i", "bold"),
        ("Control+Shift+KeyX", "~~bold~~"),
        ("Control+Shift+KeyX", "bold"),
        ("Control+Shift+Digit9", "> bold"),
        ("Control+Shift+Digit9", "bold"),
        ("Control+Shift+Digit8", "- bold"),
    ):
        field(page).press(keys)
        expect(field(page)).to_have_value(text)


def test_writer_formats_by_buttons_which_stay_shown(page: Page) -> None:
    tools = page.get_by_role("toolbar", name="Formatting")
    expect(tools).to_be_hidden()
    page.get_by_role("button", name="Formatting").click()
    field(page).fill("docs")
    field(page).press("Control+a")
    tools.get_by_role("button", name="Link").click()
    expect(field(page)).to_have_value("[docs](https://)")
    page.keyboard.type("https://example.com")
    expect(field(page)).to_have_value("[docs](https://example.com)")
    page.reload()
    expect(tools).to_be_visible()


def test_writer_looks_at_the_message_before_it_is_sent(page: Page, room: Room) -> None:
    field(page).fill("**Look** <b>here</b>\n\n```python\nprint(1)\n```")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview of your message")
    expect(preview.locator("strong")).to_have_text("Look")
    expect(preview.locator("pre")).to_contain_text("print(1)")
    expect(preview).to_contain_text("<b>here</b>")
    expect(preview).to_be_focused()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    expect(field(page)).to_be_focused()
    assert bodies(room) == []
    page.get_by_role("button", name="Preview").click()
    expect(preview).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(message(page, "Look")).to_be_visible()
    expect(preview).to_be_hidden()


def test_enter_goes_on_in_a_code_block_and_sends_after_it(page: Page, room: Room) -> None:
    field(page).press_sequentially("```py")
    field(page).press("Shift+Enter")
    field(page).press_sequentially("if x:")
    field(page).press("Enter")
    field(page).press("Tab")
    field(page).press_sequentially("go()")
    field(page).press("Enter")
    field(page).press_sequentially("stop()")
    expect(field(page)).to_have_value("```py\nif x:\n    go()\n    stop()")
    field(page).press("Escape")
    field(page).press("Tab")
    expect(field(page)).not_to_be_focused()
    field(page).press("End")
    field(page).press("Shift+Enter")
    field(page).press("Home")
    field(page).press_sequentially("```")
    field(page).press("Enter")
    expect(message(page, "stop()")).to_be_visible()


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    field(page).focus()
    page.keyboard.press("Control+v")


def test_pasted_code_becomes_a_block_and_one_undo_makes_it_plain(page: Page) -> None:
    code = "def f(x):\n    return x + 1\n"
    paste(page, code)
    expect(field(page)).to_have_value(re.compile(r"^```\ndef f\(x\):\n    return x \+ 1\n```"))
    field(page).press("Control+z")
    expect(field(page)).to_have_value(code)
    field(page).fill("")
    paste(page, "Dear all,\nthe build is red.")
    expect(field(page)).to_have_value("Dear all,\nthe build is red.")


def test_writer_completes_rooms_and_people_from_elsewhere(
    page: Page, ada: Any, room: Room, person: Callable[..., Any]
) -> None:
    make_room(ada, name="general plans")
    expect(room_row(page, "general plans")).to_be_visible()
    field(page).press_sequentially("see #pla")
    page.get_by_role("option", name="general plans").click()
    expect(field(page)).to_have_value("see [#general plans](/rooms/general-plans/) ")
    field(page).press("Enter")
    expect(message(page, "see").get_by_role("link", name="#general plans")).to_be_visible()
    person("ines", "Ines Haddad")
    field(page).press_sequentially("@ine")
    option = page.get_by_role("option", name="Ines Haddad")
    expect(option).to_contain_text("not in this room · Invite")
    field(page).press("Enter")
    page.get_by_role("button", name="Invite", exact=True).last.click()
    expect(log(page)).to_contain_text("added Ines Haddad")


def test_writer_chooses_a_series_for_a_chart_by_the_keyboard(page: Page, ada: Any, room: Room) -> None:
    for name in ("edits", "messages"):
        Series.objects.create(key=f"room/{room.pk}/{name}", scope="room", room=room, name=name, title=name.title())
    field(page).press_sequentially("/chart mess")
    expect(page.get_by_role("option", name="messages")).to_contain_text("room")
    field(page).press("Tab")
    expect(field(page)).to_have_value("/chart messages ")
    field(page).press_sequentially("15m")
    field(page).press("Enter")
    expect(page.locator(".msg .chartcard")).to_contain_text("Messages")
    expect(field(page)).to_have_value("")


def test_writer_runs_commands_by_the_keyboard(page: Page, room: Room) -> None:
    field(page).press_sequentially("/m")
    expect(page.get_by_role("option", name="/mute")).to_be_visible()
    field(page).press_sequentially("e")
    field(page).press("Tab")
    field(page).press_sequentially("waves")
    field(page).press("Enter")
    expect(message(page, "waves").locator("em")).to_have_text("waves")
    expect(field(page)).to_have_value("")
    field(page).press_sequentially("/help")
    field(page).press("Enter")
    expect(answer(page)).to_contain_text("/invite @person")
    field(page).press("Escape")
    expect(answer(page)).to_be_hidden()
    assert bodies(room) == ["*waves*"]


def test_a_wrong_command_stays_with_a_line_that_only_its_writer_sees(page: Page, room: Room) -> None:
    field(page).fill("/nonsense here")
    field(page).press("Enter")
    expect(problem(page)).to_contain_text("There is no command /nonsense")
    expect(field(page)).to_have_value("/nonsense here")
    write(page, "//nonsense here")
    expect(message(page, "/nonsense here")).to_be_visible()
    write(page, "/usr/bin is no command")
    expect(message(page, "/usr/bin is no command")).to_be_visible()
    for said in ("/nonsense here", "/usr/bin is no command"):
        expect(message(page, said)).not_to_have_class(re.compile("sending"))
    assert bodies(room) == ["/nonsense here", "/usr/bin is no command"]


def test_a_command_leaves_no_draft(page: Page, ada: Any) -> None:
    field(page).press_sequentially("/remind in 20m tea")
    expect(page.locator("#drafts-count")).to_be_visible()
    field(page).press("Enter")
    expect(answer(page)).to_contain_text("You will be reminded")
    expect(page.locator("#drafts-count")).to_be_hidden()


def test_a_reminder_stays_until_it_is_closed_over_a_reload(page: Page, ada: Any, room: Room) -> None:
    Reminder.objects.create(user=ada, room=room, text="Look at the build", due_at=timezone.now() - timedelta(seconds=1))
    notice = page.locator("#toasts").get_by_text("Look at the build")
    expect(notice).to_be_visible()
    page.reload()
    expect(notice).to_be_visible()
    page.get_by_role("button", name=re.compile("Close|Dismiss")).last.click()
    expect(notice).to_be_hidden()
    assert wait_until(page, lambda: not Reminder.objects.exists())


def test_writer_opens_a_file_by_a_command(page: Page) -> None:
    write(page, "/code session.py")
    expect(page).to_have_url(re.compile(r"\?doc=\d+"))
    expect(page.locator(".cm-content")).to_be_visible()


def test_up_edits_the_last_reply_of_a_thread(page: Page, ada: Any, ben: Any, room: Room) -> None:
    root = say(ben, room, "Who looks?")
    say(ada, room, "I doo", thread=root.pk)
    page.get_by_role("button", name="1 reply").click()
    reply = page.get_by_role("textbox", name="Reply", exact=True)
    expect(page.get_by_role("region", name="Thread").get_by_text("I doo")).to_be_visible()
    reply.press("ArrowUp")
    box = page.get_by_role("textbox", name="Edit your message")
    expect(box).to_have_value("I doo")


def test_the_composer_is_for_everybody(
    ada: Any,
    room: Room,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    page = open_page(ada, "/rooms/general/", color_scheme=theme, **window)
    wait_for_aids(page)
    field(page).fill("/help")
    field(page).press("Enter")
    expect(answer(page)).to_contain_text("/remind")
    page.get_by_role("button", name="Formatting").click()
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    field(page).press_sequentially("/")
    expect(page.get_by_role("option", name="/remind")).to_be_visible()
    assert_accessible(page)
    field(page).fill("**Look**")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview of your message")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
