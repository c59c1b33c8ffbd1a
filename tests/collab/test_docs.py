"""The documents: links that lead somewhere, an index that misses nothing, commands that exist and are told of."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
DECISIONS = ROOT / "docs/decisions"
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")


def prose(page: Path) -> str:
    """A page without its blocks of code, whose brackets are no links."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in addresses."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).lower()) for one in headings)
    return {one.strip().replace(" ", "-") for one in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_reader_follows_every_link(page: Path) -> None:
    for path, heading in LINK.findall(prose(page)):
        target = page.parent / path if path else page
        assert target.exists(), path
        if heading and target.suffix == ".md":
            assert heading in anchors(target), f"{path}#{heading}"


def test_newcomer_finds_every_decision_in_the_index() -> None:
    told = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    written = [(page.name, page.read_text().splitlines()[0]) for page in sorted(DECISIONS.glob("0*.md"))]
    assert [(name, f"# {number}. {title}") for number, title, name in told] == written
    assert [int(number) for number, *_ in told] == list(range(1, len(written) + 1))


def test_operator_types_only_commands_that_exist() -> None:
    known = get_commands()
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        unknown = {name for name in COMMAND.findall(page.read_text()) if name not in known}
        assert not unknown, page.name


def test_every_command_of_ours_is_told_of() -> None:
    ours = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    told = "".join(page.read_text() for page in GUIDES)
    untold = {name for name in ours if not re.search(rf"\b{name}\b", told)}
    assert not untold
