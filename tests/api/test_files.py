"""Scripts, files and search: a file is uploaded once, sent with a message, and read by whoever sees the message."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from chat.models import Attachment, Message, Room
from tests import cluster, factories
from tests.api.conftest import Script, token_of

LOG = b"line of a log\n" * 10_000


def send(url: str, token: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """One request to a real server."""
    given = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(url, data=body, headers=given)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def code(answer: tuple[int, bytes]) -> tuple[int, Any]:
    return answer[0], json.loads(answer[1])["code"]


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_script_uploads_a_file_sends_it_and_others_read_it(
    mina: User, teo: User, ines: User, secret: Room, site_environment: dict[str, str]
) -> None:
    token, readers, outside = token_of(mina), token_of(teo), token_of(ines)
    narrow = token_of(mina, "messages:write")
    with cluster.running(site_environment) as [server]:
        api = f"{server.url}/api/v1"
        uploads = f"{api}/rooms/{secret.pk}/uploads?name=build.log"
        key = str(uuid4())
        first = send(uploads, token, LOG, Idempotency_Key=key)
        again = send(uploads, token, LOG, Idempotency_Key=key)
        assert (first[0], again[0], first[1]) == (201, 200, again[1])
        file = json.loads(first[1])
        assert (file["id"], file["name"], file["size_bytes"]) == (key, "build.log", len(LOG))
        assert code(send(uploads, "", LOG)) == (401, "unauthenticated")
        assert code(send(uploads, narrow, LOG)) == (403, "forbidden")
        assert code(send(uploads, outside, LOG)) == (404, "not_found")
        assert code(send(f"{api}/files/{key}", readers)) == (404, "not_found")
        body = json.dumps({"body": "The log", "attachments": [key]}).encode()
        sent = send(f"{api}/rooms/{secret.pk}/messages", token, body, Content_Type="application/json")
        assert sent[0] == 201, sent
        assert send(f"{api}/files/{key}", readers) == (200, LOG)
        assert send(f"{api}/files/{key}", readers, Range="bytes=0-3") == (206, b"line")
        assert code(send(f"{api}/files/{key}", outside)) == (404, "not_found")
    assert Message.objects.get(pk=json.loads(sent[1])["id"]).attachments.get().pk == Attachment.objects.get().pk


def test_script_lists_and_takes_back_what_waits(mina: User, room: Room) -> None:
    name = default_storage.save("attachments/1/waiting", ContentFile(LOG))
    row = Attachment.objects.create(
        id=uuid4(), room=room, uploader=mina, kind="file", name="a.log", content_type="text/plain", sha256="0" * 64,
        size_bytes=len(LOG), file=name,
    )  # fmt: skip
    script, uploads = Script(mina), f"rooms/{room.pk}/uploads"
    assert [one["id"] for one in script.told("GET", uploads)["pending"]] == [str(row.pk)]
    script.told("DELETE", f"{uploads}/{row.pk}", status=204)
    script.told("DELETE", f"{uploads}/{row.pk}", status=204)
    assert script.told("GET", uploads)["pending"] == []
    assert script.refused("POST", f"{uploads}?name=x", {"a": 1}) == (400, "invalid")


@pytest.mark.stack
def test_script_finds_what_its_owner_may_see(mina: User, ines: User, room: Room, secret: Room) -> None:
    factories.say(mina, room, "The kettle is broken")
    factories.say(mina, secret, "The kettle is expensive")
    own = Script(mina).told("GET", "search?q=kettle")
    assert own["counts"]["messages"] == 2
    assert Script(mina).told("GET", "search?q=kettle+in%3Arealtime-core")["counts"]["messages"] == 1
    assert Script(ines).told("GET", "search?q=kettle")["counts"]["messages"] == 0
    assert Script(mina).refused("GET", "search?q=kettle&kind=people") == (400, "invalid")
