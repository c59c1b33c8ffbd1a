"""docs/api.md is run as it stands: its examples, in their order, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from accounts.models import User
from accounts.scopes import SCOPES
from chat.models import Message, Reaction
from editor.models import Document
from tests import cluster, factories
from tests.api.conftest import token_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_examples_of_the_page_do_what_they_say(mina: User, site_environment: dict[str, str]) -> None:
    if shutil.which("curl") is None:
        pytest.fail("the examples need curl (Debian: apt-get install curl)", pytrace=False)
    room = factories.make_room(mina, name="general")
    for number in range(120):
        factories.say(mina, room, str(number))
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.S | re.M))
    with cluster.running(site_environment) as [server]:
        environment = {"SITE": server.url, "TOKEN": token_of(mina), "PATH": os.environ["PATH"]}
        command = ["bash", "-c", script + "\necho; echo read to $AFTER"]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    root = Message.objects.get(body="Deployed **1.4**")
    assert root.replies.get().body == "All checks are green"
    assert Reaction.objects.get().emoji == "🚀"
    assert Message.objects.get(body="The report").attachments.get().name == "report.txt"
    assert Document.objects.get().version == 1
    assert f"read to {Message.objects.filter(room=room, thread_root=None).latest('seq').seq}" in told.stdout


def test_page_tells_of_every_scope() -> None:
    assert re.findall(r"^\| `([a-z]+:[a-z]+)` \|", PAGE.read_text(), re.M) == list(SCOPES)
