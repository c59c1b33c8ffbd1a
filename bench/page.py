"""python -m bench.page: how soon a long room can be used in a browser, and how long a key takes to the screen.

Called from the command line only; the site is its own, in a temporary folder, served by `manage.py serve`.
Never touches the site of the working copy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery staple"
BATCH = 2_000
WARM, KEYS, ROWS_BACK = 15, 200, 400
TEXT = "the quick brown fox jumps over the lazy dog "

READY = """() => {
  const look = () => {
    const field = document.querySelector(".chat textarea");
    if (field !== null && !field.disabled && document.querySelectorAll(".chat .msg").length >= 20) {
      requestAnimationFrame(() => setTimeout(() => { window.usable ??= performance.now(); }));
    } else requestAnimationFrame(look);
  };
  look();
}"""
"""Milliseconds from the start of the navigation to the frame in which one may write below the newest messages."""
KEYED = """() => {
  const before = window.took;
  window.took = [];
  if (before !== undefined) return;
  document.querySelector(".chat textarea").addEventListener("keydown", (event) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.took.push(performance.now() - event.timeStamp);
      port2.postMessage(0);
    });
  });
}"""
"""Milliseconds from the key to the task behind the frame that shows it."""


def fill(messages: int) -> None:
    """A room with so many messages of two people."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django.utils import timezone

    from accounts.services import create_person
    from chat import markdown, services
    from chat.models import Message, Room
    from chat.services.search import index_messages
    from realtime import log

    call_command("migrate", verbosity=0)
    people = [
        create_person(
            actor=None, username=name, display_name=name.title(), email=f"{name}@example.org", password=PASSWORD
        )
        for name in ("ada", "ben")
    ]
    made = services.create_room(actor=people[0], cid=uuid4(), kind="public", name="long", members=[people[1].pk])
    room = Room.objects.get(pk=made.room.id)
    first = log.reserve_many(f"room:{room.pk}", messages)
    begun = timezone.now() - timedelta(days=30)
    for start in range(0, messages, BATCH):
        rows = []
        for number in range(start, min(start + BATCH, messages)):
            body = f"{number}: {TEXT * (1 + number % 4)}" + ("`code()` and **bold**" if number % 5 == 0 else "")
            at = begun + timedelta(minutes=4 * number)
            rows.append(
                Message(
                    room=room, seq=first + number, author=people[number // 3 % 2], body=body,
                    html=markdown.render(body).html, html_version=markdown.HTML_VERSION, created_at=at,
                )
            )  # fmt: skip
        with transaction.atomic():
            Message.objects.bulk_create(rows)
            index_messages(rows)


def served(port: int) -> subprocess.Popen[bytes]:
    """The site, once it answers."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise SystemExit("the server did not come up")


def look(port: int) -> dict[str, list[float]]:
    """What a browser measures, in milliseconds."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {}
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu", *sandbox])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}")
        page.goto("/account/login/")
        page.fill("input[name=login]", "ada")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector("#rail a.item")
        page.add_init_script(f"({READY})()")
        found["open"] = [_opened(page) for _ in range(WARM + 2)][2:]
        found["key"] = _typed(page)
        _scroll_back(page)
        found["key, 400 rows"] = _typed(page)
        browser.close()
    return found


def _opened(page: Any) -> float:
    page.goto("/rooms/long/")
    page.wait_for_function("() => window.usable !== undefined", polling=20)
    return float(page.evaluate("window.usable"))


def _typed(page: Any) -> list[float]:
    page.locator(".chat textarea").fill("")
    page.locator(".chat textarea").focus()
    page.evaluate(KEYED)
    for number in range(KEYS):
        page.keyboard.press(TEXT[number % len(TEXT)].replace(" ", "Space"))
        page.wait_for_timeout(30)
    return [float(one) for one in page.evaluate("window.took")]


def _scroll_back(page: Any) -> None:
    """Reads back until the page holds as many rows as it ever does."""
    rows = "document.querySelectorAll('.chat .msg').length"
    for _ in range(60):
        if page.evaluate(rows) >= ROWS_BACK - 50:
            return
        page.evaluate("() => { document.querySelector('.chat [role=log]').scrollTop = 0; }")
        page.wait_for_timeout(150)


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--no-write", action="store_true", help="print only; leave bench/results alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="collab-bench-page-") as folder:
        site = f"http://127.0.0.1:{options.port}"
        os.environ |= {"COLLAB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "collab.settings", "SITE_URL": site}
        os.environ.pop("DATABASE_URL", None)
        # In a process of its own: Django's connections and the browser's loop do not mix.
        subprocess.run(
            [sys.executable, "-c", f"from bench.page import fill; fill({options.messages})"], cwd=ROOT, check=True
        )
        server = served(options.port)
        before = os.getloadavg()[0]
        try:
            found = look(options.port)
        finally:
            server.terminate()
            server.wait(30)
    lines = [
        f"A room of {options.messages:,} messages, 1440 x 900, server and browser on the same {os.cpu_count()} cores; "
        f"load before: {before:.1f}.",
        "",
        "| what | goal ms | p50 ms | p95 ms | most ms | measured |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for what, values in found.items():
        values.sort()
        goal = "p50 300" if what == "open" else "p95 16"
        cells = (median(values), values[int(len(values) * 0.95)], values[-1])
        lines.append(f"| {what} | {goal} | {' | '.join(f'{cell:.1f}' for cell in cells)} | {len(values)} |")
    text = "\n".join(lines)
    print(text)
    if not options.no_write:
        name = f"{datetime.now(UTC).date().isoformat()}-page"
        results = Path(__file__).parent / "results"
        (results / f"{name}.md").write_text(
            f"# A long room in a browser\n\n`python -m bench.page {' '.join(sys.argv[1:])}`\n\n{text}\n"
        )
        (results / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
