"""The look: icons, letters, colours, and pages that must stand when nothing else does."""

import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string

from collab.templatetags.ui import letters, person_colour

FRONTEND = Path(settings.BASE_DIR) / "frontend"
DIST = FRONTEND / "dist"
FIRST_LOAD_BYTES = 40_000
EDITOR_BYTES = 105_000
"""The editor until a document can be typed in; the core of CodeMirror is 79 kB of it (docs/decisions/0011)."""
COMFORTS_BYTES = 52_000
"""Keys, undo, search, folding, completion; languages come one by one."""
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def test_icon_is_hidden_from_screen_readers_without_a_label() -> None:
    drawn = Template('{% load ui %}{% icon "hash" %}').render(Context())
    assert re.fullmatch(
        r'<svg class="icon" aria-hidden="true"><use href="/static/icons(\.\w+)?\.svg#hash"/></svg>', drawn
    )


def test_icon_escapes_its_label() -> None:
    drawn = Template('{% load ui %}{% icon "hash" label %}').render(Context({"label": '"><b>'}))
    assert 'role="img" aria-label="&quot;&gt;&lt;b&gt;"' in drawn


def test_page_names_the_pieces_that_its_script_begins_with() -> None:
    drawn = Template('{% load ui %}{% module "app.js" %}').render(Context())
    named = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', drawn)
    assert sorted(named) == sorted(set(re.findall(r'from"\./(chunks/[^"]+)"', (DIST / "app.js").read_text())))
    assert re.search(r'<script type="module" src="/static/app(\.\w+)?\.js"></script>$', drawn)


def test_first_load_is_at_most_forty_kilobytes_of_script() -> None:
    needs = json.loads((DIST / "modules.json").read_text())
    for script, pieces in needs.items():
        size = sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in (script, *pieces))
        assert size <= FIRST_LOAD_BYTES, script


def pieces_of(name: str, found: set[str]) -> set[str]:
    """A script and everything that it cannot begin without."""
    if name not in found:
        found.add(name)
        for other in re.findall(r'(?:from|import)"\./([^"]+)"', (DIST / name).read_text()):
            pieces_of(str(Path(name).parent / other), found)
    return found


def weight(names: set[str]) -> int:
    return sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in names)


def test_editor_is_no_heavier_than_it_was() -> None:
    room = pieces_of("app.js", set())
    pane = pieces_of(next(f"chunks/{path.name}" for path in DIST.glob("chunks/pane-*.js")), set())
    rich = pieces_of(next(f"chunks/{path.name}" for path in DIST.glob("chunks/rich-*.js")), set())
    assert len(pane - room) > 1
    assert weight(pane - room) <= EDITOR_BYTES
    assert weight(rich - pane - room) <= COMFORTS_BYTES


def test_every_icon_of_the_templates_is_in_the_sprite() -> None:
    sprite = ElementTree.parse(FRONTEND / "dist" / "icons.svg")
    drawn = {symbol.get("id") for symbol in sprite.iter("{http://www.w3.org/2000/svg}symbol")}
    text = "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))
    assert set(re.findall(r'{%\s*icon\s+"([a-z0-9-]+)"', text)) <= drawn


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mina Okafor", "MO"),
        ("lea", "L"),
        ("Ana Maria da Silva", "AS"),
        ("  (bot) Bridge Two ", "BT"),
        ("渡辺", "渡"),
        ("~~~", "~"),
        ("", "?"),
    ],
)
def test_person_without_a_picture_gets_letters(name: str, expected: str) -> None:
    assert letters(name) == expected


def test_people_share_eight_colours() -> None:
    assert [person_colour(user_id) for user_id in (None, 1, 7, 8, 15)] == ["c1", "c2", "c8", "c1", "c8"]


@pytest.mark.parametrize("page", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_page_stands_without_any_context(page: str) -> None:
    text = render_to_string(page)
    assert re.search(r"<h1[^>]*>[^<]+</h1>", text)
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", text)


def test_sheet_carries_its_fonts_beside_it() -> None:
    sheet = (FRONTEND / "dist" / "app.css").read_text()
    addresses = re.findall(r"url\(([^)]+)\)", sheet)
    assert addresses
    assert all(address.startswith("./fonts/") for address in addresses)
    assert all((FRONTEND / "dist" / address).is_file() for address in addresses)
