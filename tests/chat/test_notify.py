"""What notifies and when somebody is not to be disturbed: the tables that the page's rules are held to as well."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from accounts.events import PreferencesView
from accounts.quiet import is_quiet
from chat.notify import Case, notifies

FOLDER = Path(__file__).resolve().parents[2] / "frontend" / "test"


def table(name: str) -> list[dict]:
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("row", table("notify.json"), ids=lambda row: row["what"])
def test_who_is_told(row):
    assert notifies(Case(**row["case"])) is row["told"]


@pytest.mark.parametrize("row", table("quiet.json"), ids=lambda row: row["what"])
def test_who_is_left_alone(row):
    until = row["chosen"]["quiet_until"]
    given = row["chosen"] | {"quiet_until": datetime.fromisoformat(until) if until else None}
    chosen = PreferencesView(theme="system", enter_sends=True, letter_shortcuts=True, **given)
    assert is_quiet(chosen, datetime.fromisoformat(row["now"])) is row["quiet"]
