"""The assistant beside the text: suggestions that two people decide, runs that write before their eyes, and reverts."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.models import PersonChoice
from assistant.services import default_agent
from chat.models import Room
from editor import services
from editor.services import Edit
from editor.shapes import DocumentView, SuggestionView
from tests.browser.code import (
    document_url,
    editor,
    go_to_start,
    make_document,
    pane,
    stored_text,
    wait_for_keys,
    wait_until,
)
from tests.browser.pages import elsewhere, field, message
from tests.factories import say

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3\n"
EDITS = [
    Edit("return 1\n", "return 10\n", note="Ten times as much"),
    Edit("return 2\n", "return 20\n"),
    Edit("def three():\n    return 3\n", ""),
]


@pytest.fixture
def document(ada: Any, room: Room) -> DocumentView:
    return make_document(ada, room, text=CODE)


@pytest.fixture
def assistant(room: Room) -> Any:
    return default_agent().user


def propose(assistant: Any, asker: Any, document: DocumentView) -> SuggestionView:
    return elsewhere(
        services.propose_edits,
        actor=assistant,
        on_behalf_of=asker,
        document_id=document.id,
        base_version=0,
        edits=EDITS,
        run="r1",
    )


def writes(assistant: Any, asker: Any, document: DocumentView, version: int, *edits: Edit) -> int:
    return int(
        elsewhere(
            services.apply_edits,
            actor=assistant,
            on_behalf_of=asker,
            document_id=document.id,
            base_version=version,
            edits=edits,
            run="r2",
        ).version
    )


def asking(page: Page) -> Locator:
    """The bar over suggested changes."""
    return pane(page).get_by_role("region", name="Suggested changes")


def writing(page: Page) -> Locator:
    """The bar of a run."""
    return pane(page).get_by_role("region", name="Edits of the assistant")


def wait_for_agent(page: Page) -> None:
    """Waits until the editor has its keys and this part of it, which come after the text."""
    wait_for_keys(page)
    expect(pane(page).locator("[data-agent=next]")).to_be_attached()


def change(page: Page, number: int) -> Locator:
    return pane(page).get_by_role("group", name=f"Change {number}", exact=True)


def dialog(page: Page) -> Locator:
    return page.locator("#d-revert")


def is_stored(page: Page, reader: Any, document: DocumentView, text: str) -> bool:
    return wait_until(page, lambda: stored_text(reader, document) == text)


def test_two_people_decide_what_the_assistant_suggests(
    ada: Any, ben: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    one, two = (open_page(who, document_url(room, document)) for who in (ada, ben))
    for page in (one, two):
        wait_for_keys(page)
    propose(assistant, ada, document)
    for page in (one, two):
        expect(asking(page)).to_contain_text("Assistant suggests 3 changes")
        expect(asking(page)).to_contain_text("asked by Ada, written for this version")
        expect(change(page, 1)).to_contain_text("Ten times as much")
        expect(editor(page).locator(".cm-gone")).to_have_text(
            ["    return 1", "    return 2", "def three():", "    return 3"]
        )
    change(one, 1).get_by_role("button", name="Accept").click()
    for page in (one, two):
        expect(editor(page).locator(".hunk-done")).to_contain_text("Adaaccepted change 1, line 2")
        expect(editor(page)).to_contain_text("return 10")
        expect(asking(page)).to_contain_text("2 open")
    assert is_stored(one, ada, document, CODE.replace("return 1\n", "return 10\n"))
    asking(two).get_by_role("button", name="Reject rest").click()
    for page in (one, two):
        expect(asking(page)).to_be_hidden()
        expect(change(page, 2)).to_have_count(0)
    two.locator(".hunk-done.accepted").get_by_role("button", name="Undo").click()
    for page in (one, two):
        expect(change(page, 1)).to_be_visible()
    assert is_stored(one, ada, document, CODE)


def test_changes_are_decided_by_keys(
    ada: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    propose(assistant, ada, document)
    page = open_page(ada, document_url(room, document))
    go_to_start(page)
    expect(change(page, 3)).to_be_visible()
    page.keyboard.press("Alt+]")
    expect(asking(page)).to_contain_text("1 of 3")
    page.keyboard.press("Alt+]")
    expect(asking(page)).to_contain_text("2 of 3")
    page.keyboard.press("Control+Enter")
    expect(editor(page).locator(".hunk-done.accepted")).to_contain_text("accepted change 2")
    expect(asking(page)).to_contain_text("2 of 2")
    page.keyboard.press("Alt+[")
    expect(asking(page)).to_contain_text("1 of 2")
    page.keyboard.press("Control+Backspace")
    expect(editor(page).locator(".hunk-done.rejected")).to_contain_text("rejected change 1")
    assert is_stored(page, ada, document, CODE.replace("return 2\n", "return 20\n"))
    # Whoever types means the text: the same keys are the editor's own again.
    page.keyboard.press("Control+Home")
    page.keyboard.type("# ")
    page.keyboard.press("Control+Backspace")
    assert is_stored(page, ada, document, CODE.replace("return 2\n", "return 20\n"))
    expect(change(page, 3)).to_be_visible()


def test_a_change_whose_lines_ben_typed_in_cannot_be_accepted(
    ada: Any, ben: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    propose(assistant, ada, document)
    one, two = (open_page(who, document_url(room, document)) for who in (ada, ben))
    for page in (one, two):
        wait_for_keys(page)
        expect(change(page, 2)).to_be_visible()
    editor(two).get_by_text("return 2", exact=True).first.click()
    two.keyboard.press("Home")
    two.keyboard.press("ArrowRight")
    two.keyboard.press("ArrowRight")
    two.keyboard.press("ArrowRight")
    two.keyboard.type("not ")
    expect(change(one, 2)).to_contain_text("Changed by Ben since, ask again")
    expect(change(one, 2).get_by_role("button", name="Accept")).to_be_disabled()
    expect(asking(one)).to_contain_text("1 fits no longer")
    asking(one).get_by_role("button", name="Accept all").click()
    expect(editor(one).locator(".hunk-done.accepted")).to_have_count(2)
    expect(change(one, 2)).to_be_visible()
    one.reload()
    expect(change(one, 2)).to_contain_text("Changed by Ben since, ask again")


def test_ben_watches_a_run_types_into_it_and_takes_it_back(
    ada: Any, ben: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    page = open_page(ben, document_url(room, document))
    wait_for_agent(page)
    long = "".join(f"    step({number})\n" for number in range(6))
    version = writes(assistant, ada, document, 0, Edit("    return 2\n", f"{long}    return 2\n"))
    expect(writing(page)).to_contain_text("Assistant is editing")
    expect(writing(page)).to_contain_text("2 edits so far")
    expect(editor(page).locator(".cm-streamed").first).to_be_visible()
    expect(editor(page).locator(".cm-streamline")).to_have_count(6)
    expect(editor(page).locator(".cm-peer.ai")).to_have_attribute("data-name", "Assistant")
    expect(writing(page).get_by_role("button", name="Stop")).to_be_visible()
    follow = writing(page).get_by_role("button", name="Follow")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    elsewhere(services.hide_caret, actor=assistant, document_id=document.id, run="r2")
    expect(writing(page)).to_contain_text("Assistant edited session.py")
    expect(page.locator("[aria-live=polite]").filter(has_text="finished, 2 edits")).to_have_count(1)
    editor(page).get_by_text("step(3)").click()
    page.keyboard.press("End")
    page.keyboard.type("  # why")
    expect(editor(page).locator(".cm-streamed")).to_have_count(0)
    assert wait_until(page, lambda: "# why" in stored_text(ben, document))
    assert version == 2
    writing(page).get_by_role("button", name="Revert this run").click()
    expect(dialog(page)).to_contain_text("Its 2 edits are taken back. What Ben Okafor typed since stays.")
    # What Ben typed stands before the line that follows, which is another line then.
    expect(dialog(page).locator(".diffline.gone")).to_have_count(7)
    expect(dialog(page).locator(".diffline.came")).to_contain_text(["# why    return 2"])
    dialog(page).get_by_role("button", name="Revert", exact=True).click()
    expect(dialog(page)).to_be_hidden()
    assert wait_until(page, lambda: "step" not in stored_text(ben, document))
    assert stored_text(ben, document).replace("  # why", "") == CODE
    writing(page).get_by_role("button", name="Revert this run").click()
    expect(dialog(page)).to_contain_text("There is nothing to take back.")
    expect(dialog(page).get_by_role("button", name="Revert", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    writing(page).get_by_role("button", name="Put away").click()
    expect(writing(page)).to_be_hidden()


def test_ada_asks_about_selected_lines(
    ada: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    page = open_page(ada, document_url(room, document))
    wait_for_keys(page)
    editor(page).get_by_text("return 2").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(field(page)).to_have_value("@assistant ")
    expect(field(page)).to_be_focused()
    expect(page.locator("[data-part=composer]")).to_contain_text("session.py line 6")
    field(page).fill("")
    editor(page).get_by_text("return 1").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Control+Alt+a")
    expect(field(page)).to_have_value("@assistant ")
    expect(page.locator("[data-part=composer]")).to_contain_text("session.py line 2")


def test_whoever_hides_the_assistant_is_not_offered_to_ask(
    ada: Any, room: Room, document: DocumentView, assistant: Any, open_page: OpenPage
) -> None:
    PersonChoice.objects.create(user=ada, hidden=True)
    page = open_page(ada, document_url(room, document))
    wait_for_agent(page)
    editor(page).get_by_text("return 2").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    expect(page.get_by_role("button", name="Discuss", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_have_count(0)


def test_a_moderator_takes_back_what_ben_wrote(
    ada: Any, ben: Any, room: Room, document: DocumentView, open_page: OpenPage
) -> None:
    say(ben, room, "Look at my code")
    other = make_document(ada, room, "notes.md", text="Notes\n")
    for one in (document, other):
        elsewhere(services.replace_text, actor=ben, document_id=one.id, version=0,
                  text=f"spam\n{stored_text(ada, one)}")  # fmt: skip
    page = open_page(ada, document_url(room, document))
    wait_for_keys(page)
    message(page, "Look at my code").locator("[data-part=author]").click()
    page.get_by_role("menuitem", name="Revert code edits").click()
    expect(dialog(page)).to_contain_text("These 2 edits are taken back.")
    expect(dialog(page).locator(".diffline.gone")).to_have_count(2)
    go = dialog(page).get_by_role("button", name="Revert", exact=True)
    go.click()
    expect(dialog(page)).to_contain_text("Give a reason")
    dialog(page).get_by_label("Reason").fill("only spam")
    dialog(page).get_by_role("checkbox", name="Revert in notes.md").uncheck()
    go.click()
    expect(dialog(page)).to_be_hidden()
    assert is_stored(page, ada, document, CODE)
    assert stored_text(ada, other) == "spam\nNotes\n"


def test_suggestions_runs_and_reverts_are_for_everybody(
    ada: Any,
    ben: Any,
    room: Room,
    document: DocumentView,
    assistant: Any,
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
    assert_no_sideways_scroll: Check,
) -> None:
    made = propose(assistant, ada, document)
    elsewhere(
        services.decide_hunk,
        actor=ben,
        document_id=document.id,
        hunk_id=made.hunks[0].id,
        accept=True,
        cid=uuid4(),
    )
    page = open_page(ada, document_url(room, document), color_scheme=theme, **window)
    expect(change(page, 3)).to_be_visible()
    writes(assistant, ada, document, 1, Edit("def two", "# two\ndef two"))
    expect(writing(page)).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    writing(page).get_by_role("button", name="Revert this run").click()
    expect(dialog(page).locator(".diffline.gone")).to_have_count(1)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
