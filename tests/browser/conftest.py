"""A real browser before the whole site: people with pages of their own, every console message an error.

Fixtures: `site`, `open_page(person, …)`, `person`, `ada`, `ben`, `room`, `two_people`, `phone`, `window`, `theme`,
`console`, `assert_accessible`, `assert_no_sideways_scroll`.
The browser is the machine's Chromium or Chrome (CHROMIUM names another); it is never downloaded.
"""

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from accounts.services.people import create_person
from chat.models import Room
from chat.selectors.views import room_url
from tests.browser.site import LiveSite
from tests.factories import make_room

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "no browser found: install Chromium (Debian: apt-get install chromium) or set CHROMIUM=/path/to/chrome"
# No look-ups of the browser's own: they would only wait for a network that tests do not need.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"width": 1440, "height": 900}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
PASSWORD = "correct horse battery staple"
WAIT_MS = 20_000
"""Long enough for two busy cores; what is there at once costs none of it."""
AXE_OPTIONS = {"resultTypes": ["violations"]}
"""The same rules; but what passed is not described, which is half a megabyte of each page."""
AXE_LOOKS, AXE_PAUSE_MS = 3, 500
"""What axe finds while a page still changes (a part that is loading, a fading colour) is gone at the next look."""
REST = """async () => {
  for (const one of document.getAnimations()) if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish();
  await document.fonts.ready;
}"""
"""Ends what fades or slides, but nothing that turns for ever."""

expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@dataclass
class Console:
    """What the pages said; a message that matches an allowed pattern is expected by the test."""

    messages: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Declares a message that the test provokes, for example by cutting the network."""
        self.allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """Messages that match no allowed pattern."""
        return [text for text in self.messages if not any(re.search(pattern, text) for pattern in self.allowed)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Playwright's synchronous API runs a loop in this thread, where Django would refuse the tests' own queries."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        return (yield)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for these tests, gone (with Playwright's loop) before others run; every page has its own context."""
    path = next(filter(None, map(shutil.which, filter(None, (os.environ.get("CHROMIUM"), *BROWSERS)))), None)
    if path is None:
        pytest.fail(REMEDY, pytrace=False)
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])
        yield running
        running.close()


@pytest.fixture
def site(transactional_db: None) -> Iterator[LiveSite]:
    """The site on this test's database, which counts what it does; it stops before the database is emptied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "REALTIME_PROCESS_TASKS", ["dashboard.flusher.flush_forever"])
        running = LiveSite().start()
        yield running
        running.stop()


@pytest.fixture
def console() -> Iterator[Console]:
    """Collects what every page says; the test fails if anything unexpected was said."""
    collected = Console()
    yield collected
    assert not collected.unexpected(), "the console must stay silent:\n" + "\n".join(collected.unexpected())


@pytest.fixture
def person(transactional_db: None) -> Callable[..., Any]:
    """Makes a person: `person("ada", "Ada Lovelace")`; the password is PASSWORD."""

    def make(username: str, display_name: str = "", **more: Any) -> Any:
        return create_person(
            actor=None,
            username=username,
            display_name=display_name or username.title(),
            email=f"{username}@example.com",
            password=PASSWORD,
            **more,
        )

    return make


@pytest.fixture
def open_page(browser: Browser, site: LiveSite, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page in a window of its own: `open_page(person, "/rooms/general/", **context_options)`.

    None as the person opens it signed out. `page.context` is the window; a second tab is `page.context.new_page()`.
    """
    contexts: list[BrowserContext] = []

    def open_(user: Any, path: str | None = "/", **options: Any) -> Page:
        context = browser.new_context(**{"base_url": site.url, "viewport": DESKTOP, **options})
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        _listen(context, console)
        if user is not None:
            _sign_in(context, user, site)
        page = context.new_page()
        if path is not None:
            page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()


def _listen(context: BrowserContext, console: Console) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            console.messages.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    context.on("console", on_console)
    context.on("weberror", lambda error: console.messages.append(f"exception: {error.error}"))


def _sign_in(context: BrowserContext, user: Any, site: LiveSite) -> None:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site.url, "httpOnly": True}])


@pytest.fixture
def ada(person: Callable[..., Any]) -> Any:
    """Who made the room."""
    return person("ada", "Ada Lovelace")


@pytest.fixture
def ben(person: Callable[..., Any]) -> Any:
    """A member of it."""
    return person("ben", "Ben Okafor")


@pytest.fixture
def room(ada: Any, ben: Any) -> Room:
    """#general, of Ada and Ben."""
    return make_room(ada, ben, name="general")


@pytest.fixture
def two_people(ada: Any, ben: Any, room: Room, open_page: Callable[..., Page]) -> tuple[Page, Page]:
    """Ada's and Ben's pages, both in the room and connected."""
    both = open_page(ada, room_url(room)), open_page(ben, room_url(room))
    for page in both:
        expect(page.locator("#me")).to_contain_text("Online")
    return both


@pytest.fixture
def phone() -> dict[str, Any]:
    """Context options of a phone: `open_page(ada, "/", **phone)`."""
    return dict(PHONE)


@pytest.fixture(params=["desk", "phone"])
def window(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Context options of a desk's screen, then of a phone's."""
    return {"viewport": DESKTOP} if request.param == "desk" else dict(PHONE)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    """Both themes, by the system's wish: `open_page(ada, "/", color_scheme=theme)`."""
    return str(request.param)


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Runs axe on the page once it rests and shows each violation with its elements."""

    def check(page: Page) -> None:
        for _ in range(AXE_LOOKS):
            page.evaluate(REST)
            found = _violations(page)
            if not found:
                return
            page.wait_for_timeout(AXE_PAUSE_MS)
        raise AssertionError("axe found:\n" + "\n".join(found))

    return check


def _violations(page: Page) -> list[str]:
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for violation in Axe().run(page, options=AXE_OPTIONS).response["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture
def assert_no_sideways_scroll() -> Callable[[Page], None]:
    """The page is never wider than its window."""

    def check(page: Page) -> None:
        width, window = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= window, f"{page.url} is {width} px wide in a window of {window} px"

    return check


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keeps a picture of every open page of a failed test in test-results/."""
    outcome: Any = yield
    report = outcome.get_result()
    fixtures = getattr(item, "funcargs", {})
    if report.when != "call" or not report.failed or "browser" not in fixtures:
        return
    folder = item.config.rootpath / "test-results"
    folder.mkdir(exist_ok=True)
    pages = [page for context in fixtures["browser"].contexts for page in context.pages]
    for number, page in enumerate(pages):
        path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', item.name)}-{number}.png"
        try:
            page.screenshot(path=path)
        except Error:  # a page that has crashed gives no picture, and must not hide the failure
            continue
        report.sections.append(("Picture", str(path)))
