"""Signing in and looking after one's account, as a person does it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts import selectors
from accounts.models import User
from tests.accounts.conftest import digits
from tests.browser.conftest import PASSWORD
from tests.browser.site import LiveSite

OpenPage = Callable[..., Page]
Make = Callable[..., Any]
Check = Callable[[Page], None]

OUTSIDE = ["/account/login/", "/account/signup/", "/account/password/reset/", "/account/password/reset/done/"]
INSIDE = ["/account/profile/", "/account/email/", "/account/password/change/", "/account/reauthenticate/"]


@pytest.fixture
def passkeys() -> Callable[[Page], None]:
    """Gives a page's browser a key of its own, which always says yes."""

    def plug_in(page: Page) -> None:
        tool = page.context.new_cdp_session(page)
        tool.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        tool.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    return plug_in


def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.goto("/account/login/?next=/account/profile/")
    page.get_by_label("E-mail or username").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def prove(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


@pytest.mark.parametrize("path", OUTSIDE)
def test_visitor_sees_a_page_that_fits(
    open_page: OpenPage, theme: str, path: str, assert_accessible: Check, assert_no_sideways_scroll: Check
) -> None:
    page = open_page(None, path, color_scheme=theme)
    assert_accessible(page)
    for width in (320, 390, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert_no_sideways_scroll(page)


@pytest.mark.parametrize("path", INSIDE)
def test_person_sees_a_page_that_fits(
    person: Make, open_page: OpenPage, theme: str, path: str, assert_accessible: Check, assert_no_sideways_scroll: Check
) -> None:
    page = open_page(person("mina", "Mina Okafor"), path, color_scheme=theme)
    assert_accessible(page)
    for width in (320, 390, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert_no_sideways_scroll(page)


def test_person_mistypes_then_signs_in(person: Make, open_page: OpenPage, assert_accessible: Check) -> None:
    person("mina")
    page = open_page(None, None)
    sign_in(page, "mina", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("That did not work.")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    expect(page.get_by_label("E-mail or username")).to_have_value("mina")
    assert_accessible(page)
    password.fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/account/profile/"))


def test_visitor_signs_up_in_their_own_time_zone(open_page: OpenPage, site: LiveSite) -> None:
    page = open_page(None, "/account/signup/?next=/account/profile/", timezone_id="Asia/Tokyo")
    page.get_by_label("Name", exact=True).fill("Lea Moreau")
    page.get_by_label("Username").fill("Lea")
    page.get_by_label("E-mail").fill("lea@northwind.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    assert User.objects.get(kind="human").username == "lea"


def test_person_chooses_a_theme_and_takes_it_back(person: Make, open_page: OpenPage) -> None:
    user = person("mina")
    page = open_page(user, "/account/profile/")
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert selectors.preferences_view(user).theme == "dark"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert selectors.preferences_view(user).theme == "system"
    switch = page.get_by_role("switch", name="Enter sends the message")
    with page.expect_response("**/account/preferences/"):
        switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.reload()
    expect(switch).to_have_attribute("aria-checked", "false")


def test_choice_goes_back_when_there_is_no_connection(person: Make, open_page: OpenPage, console: Any) -> None:
    console.allow("net::ERR_INTERNET_DISCONNECTED")
    page = open_page(person("mina"), "/account/profile/")
    page.context.set_offline(True)
    page.get_by_text("Dark", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("there is no connection")
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    page.context.set_offline(False)


def test_person_gives_themselves_a_face(person: Make, open_page: OpenPage, tmp_path: Path) -> None:
    from PIL import Image

    file = tmp_path / "me.jpg"
    Image.new("RGB", (600, 400), "teal").save(file)
    page = open_page(person("mina", "Mina Okafor"), "/account/profile/")
    expect(page.get_by_role("img", name="Your picture: the letters MO")).to_be_visible()
    page.get_by_label("Change", exact=True).set_input_files(file)
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_text("Your picture is saved.")).to_be_visible()
    face = page.get_by_role("img", name="Your picture")
    expect(face).to_be_visible()
    assert face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("img", name="Your picture: the letters MO")).to_be_visible()


def test_person_sets_up_the_authenticator_and_signs_in_by_six_digits(
    person: Make, open_page: OpenPage, assert_accessible: Check
) -> None:
    person("mina")
    page = open_page(None, None)
    sign_in(page, "mina")
    page.get_by_role("link", name="Set up").click()
    prove(page)
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    assert_accessible(page)
    secret = page.get_by_label("Or type this key into the app").input_value()
    shown = digits(secret)
    page.get_by_label("Six digits").press_sequentially(f"{shown[:3]} {shown[3:]}")
    expect(page.get_by_text("They are shown only now.")).to_be_visible()
    assert_accessible(page)
    codes = page.locator("#codes li").all_text_contents()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Two-factor on")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, "mina")
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").last.fill(codes[0])
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("9 left")).to_be_visible()


def test_person_adds_a_passkey_and_signs_in_with_it(
    person: Make, open_page: OpenPage, site: LiveSite, passkeys: Callable[[Page], None], assert_accessible: Check
) -> None:
    user = person("mina")
    # A passkey belongs to a name; an address in figures has none.
    page = open_page(None, None, base_url=site.url.replace("127.0.0.1", "localhost"))
    passkeys(page)
    sign_in(page, "mina")
    page.get_by_role("link", name="Add", exact=True).click()
    prove(page)
    page.get_by_label("What to call it").fill("ThinkPad")
    assert_accessible(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Passkey “ThinkPad”")).to_be_visible()
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() == 1
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/account/login/?next=/account/profile/")
    page.get_by_role("button", name="Continue with a passkey").click()
    expect(page.get_by_text("Passkey “ThinkPad”")).to_be_visible()
    page.get_by_role("link", name="Remove passkey ThinkPad").click()
    prove(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Passkey “ThinkPad”")).to_have_count(0)


def test_visitor_at_an_address_in_figures_is_offered_no_passkey(open_page: OpenPage) -> None:
    page = open_page(None, "/account/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Continue with a passkey")).to_be_hidden()
    expect(page.get_by_text("or with your password")).to_be_hidden()


def test_passkey_that_does_not_answer_leaves_the_other_way(
    person: Make, open_page: OpenPage, site: LiveSite, passkeys: Callable[[Page], None]
) -> None:
    page = open_page(None, "/account/login/", base_url=site.url.replace("127.0.0.1", "localhost"))
    passkeys(page)
    page.get_by_role("button", name="Continue with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used.")
    expect(page.get_by_label("Password", exact=True)).to_be_enabled()


def test_person_signs_out_the_other_device(person: Make, open_page: OpenPage) -> None:
    user = person("mina")
    phone, desk = open_page(user, "/account/profile/"), open_page(user, "/account/profile/")
    desk.get_by_role("button", name=re.compile("^Sign out .* on ")).click()
    expect(desk.get_by_text("That device is signed out.")).to_be_visible()
    phone.reload()
    expect(phone).to_have_url(re.compile("/account/login/"))


def test_guesser_waits_and_sees_how_long(person: Make, open_page: OpenPage) -> None:
    person("mina")
    page = open_page(None, None)
    for _ in range(6):
        sign_in(page, "mina", "guess")
    expect(page.get_by_role("alert")).to_contain_text("Wait 5 minutes")
    expect(page.get_by_role("button", name=re.compile(r"Sign in in \d:\d\d"))).to_be_disabled()


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/accounts/invite/add/"]
)
def test_staff_works_under_a_strict_policy(person: Make, open_page: OpenPage, path: str) -> None:
    page = open_page(person("boss", is_staff=True, is_superuser=True), path)
    expect(page.get_by_role("link", name="Collab").first).to_be_visible()
