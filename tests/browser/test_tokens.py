"""Keys for scripts in a real browser: made with the keyboard after the password, copied, used, revoked; and the
documentation that whoever comes may read."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.site import LiveSite

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]


def test_person_makes_a_token_with_the_keyboard_and_a_script_uses_it(
    person: Callable[..., Any], open_page: OpenPage, site: LiveSite
) -> None:
    page = open_page(person("ada"), "/account/tokens/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Name").focus()
    page.keyboard.type("ci-notify")
    page.get_by_role("checkbox", name="Write messages and react").focus()
    page.keyboard.press("Space")
    page.get_by_label("Name").focus()
    page.keyboard.press("Enter")
    again = page.get_by_label("Password", exact=True)
    made = page.get_by_role("heading", name="Token “ci-notify” is made")
    expect(again.or_(made).first).to_be_visible()
    if again.is_visible():
        again.fill(PASSWORD)
        again.press("Enter")
    expect(made).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    token = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"collab_[\w-]{43}", token)
    request = urllib.request.Request(f"{site.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["token"]["scopes"] == ["rooms:read", "messages:write"]
    page.get_by_role("link", name="I have copied it").click()
    expect(made).to_have_count(0)
    page.get_by_role("button", name="Revoke ci-notify").click()
    expect(page.get_by_text("The token is revoked.")).to_be_visible()
    expect(page.get_by_text("No tokens yet")).to_be_visible()


def test_tokens_and_documentation_are_for_everybody(
    person: Callable[..., Any],
    open_page: OpenPage,
    theme: str,
    window: dict[str, Any],
    assert_accessible: Check,
) -> None:
    page = open_page(person("ada"), "/account/tokens/", color_scheme=theme, **window)
    expect(page.get_by_role("heading", name="New token")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="API documentation").click()
    expect(page.get_by_role("heading", name="HTTP API")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("navigation", name="Addresses").get_by_role("link", name="send_message").click()
    sample = page.get_by_role("article").filter(has_text="Say something in Markdown.")
    expect(sample).to_be_in_viewport()
    sample.get_by_text("Refusals").click()
    expect(sample.get_by_text("slow_mode")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
