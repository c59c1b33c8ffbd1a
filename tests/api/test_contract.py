"""The API keeps what its description promises: schemathesis writes requests from it and judges every answer.

A real server on the test's database; requests of the right form, of a wrong one, and chains of them along the links.
The seed is fixed, and the whole is bounded in time.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import msgspec
import pytest
from django.test import Client

from accounts.models import User
from api import endpoints, openapi, pages
from api.declared import ENDPOINTS
from api.examples import example_of
from chat.models import Room
from realtime.protocol import ERROR_CODES
from tests import cluster, factories
from tests.api.conftest import token_of

assert endpoints.__all__  # they are declared
SECONDS = 60
"""For the requests that are made up freely, on a busy machine; those that cover the description come on top of it."""
EXAMPLES = 3
TOKENS_STAY = ("revoke_current_token", "revoke_token")
"""They would end the run; tests/api/test_rights.py asks them."""


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_server_keeps_the_promises_of_its_description(
    mina: User, teo: User, room: Room, site_environment: dict[str, str], tmp_path: Path
) -> None:
    root = factories.say(mina, room, "Is it green?")
    factories.say(teo, room, "It is", thread=root.pk)
    no_rates = {"API_READS_PER_SECOND": "0", "API_WRITES_PER_SECOND": "0"}
    with cluster.running(site_environment | no_rates) as [server]:
        told = subprocess.run(
            [*_command(f"{server.url}/api/v1/openapi.json"), "-H", f"Authorization: Bearer {token_of(mina)}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        log = server.log
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert "Traceback" not in log, log[-8000:]
    done = re.search(r"Tested: (\d+)", told.stdout)
    assert done
    assert int(done[1]) == len(ENDPOINTS) + 1 - len(TOKENS_STAY), told.stdout[-4000:]


def _command(description: str) -> list[str | Path]:
    command: list[str | Path] = [Path(__file__).resolve().parents[2] / ".venv" / "bin" / "schemathesis"]
    command += ["--config-file", Path(__file__).with_name("schemathesis.toml"), "run", description]
    command += [
        "--checks",
        "all",
        "--phases",
        "examples,coverage,fuzzing,stateful",
        "--no-color",
        "--continue-on-failure",
    ]
    command += ["--max-examples", str(EXAMPLES), "--max-time", str(SECONDS), "--generation-deterministic"]
    for name in TOKENS_STAY:
        command += ["--exclude-operation-id", name]
    return command


def test_description_names_every_address_and_every_refusal() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    operations = {one["operationId"]: one for path in described["paths"].values() for one in path.values()}
    assert operations.keys() == {"health", *(one.name for one in ENDPOINTS)}
    for endpoint in ENDPOINTS:
        responses = operations[endpoint.name]["responses"]
        codes = {
            code
            for response in responses.values()
            for content in response.get("content", {}).values()
            for code in content.get("examples", {})
        }
        assert codes == set(openapi.codes_of(endpoint)) <= ERROR_CODES.keys()


def test_texts_of_addresses_hold_no_nul() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    parameters = [
        one["schema"]
        for path in described["paths"].values()
        for operation in path.values()
        for one in operation.get("parameters", [])
        if one["in"] == "query" and one["schema"].get("type") == "string" and "enum" not in one["schema"]
    ]
    assert len(parameters) > 3
    for schema in parameters:
        assert "format" in schema or not re.search(schema["pattern"], "a\x00b")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_examples_are_what_they_are_examples_of(endpoint: object) -> None:
    for kind, whole in ((endpoint.body, False), (endpoint.answer, True)):  # type: ignore[attr-defined]
        if kind is not None and hasattr(kind, "__struct_fields__"):
            msgspec.json.decode(msgspec.json.encode(example_of(kind, whole=whole)), type=kind)


def test_description_is_not_sent_again_while_it_is_the_same() -> None:
    first = Client().get("/api/v1/openapi.json")
    again = Client().get("/api/v1/openapi.json", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


@pytest.mark.django_db
def test_documentation_shows_every_address(mina: User) -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    for endpoint in ENDPOINTS:
        assert f'id="{endpoint.name}"' in text
        assert endpoint.template in text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)|https?://(?!testserver)", text)
    assert "Your tokens" not in text
    signed_in = Client()
    signed_in.force_login(mina)
    assert "Your tokens" in signed_in.get("/api/docs/").content.decode()
    assert len(pages.tags("http://testserver/api/v1")) == 9
