"""The audit trail: nobody changes or shortens it, not even past Django; it outlives people, and can be taken away."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.admin.export import PAGE_ROWS, export
from accounts.models import AuditEntry, User
from realtime import threads
from tests.accounts.conftest import SignIn

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def entry(boss: User) -> AuditEntry:
    services.record_audit(actor=boss, action="test.deed", target="user:1", reason="Because.")
    return AuditEntry.objects.get(action="test.deed")


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_auditentry SET reason = 'other'", "DELETE FROM accounts_auditentry"]
)
def test_the_database_itself_refuses_to_touch_the_trail(entry: AuditEntry, statement: str) -> None:
    with pytest.raises(DatabaseError, match="the trail is"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get(pk=entry.pk).reason == "Because."


def test_whoever_acted_stands_there_by_name_after_they_are_gone(entry: AuditEntry, boss: User) -> None:
    User.objects.filter(pk=boss.pk).delete()
    kept = AuditEntry.objects.select_related("actor").get(pk=entry.pk)
    assert (kept.actor, kept.actor_name) == (None, "boss")


def _exported(client: Client, kind: str) -> str:
    chosen = {
        "action": f"export_{kind}",
        "_selected_action": list(AuditEntry.objects.filter(action="test.deed").values_list("pk", flat=True)),
    }
    answer = client.post(reverse("admin:accounts_auditentry_changelist"), chosen)
    assert f".{kind}" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_the_trail_is_taken_away_and_no_cell_is_a_formula(boss: User, sign_in: SignIn) -> None:
    services.record_audit(actor=boss, action="test.deed", target="user:1", reason="=HYPERLINK(1)", detail={"a": "ü"})
    client = sign_in(boss)
    head, row = csv.reader(io.StringIO(_exported(client, "csv")))
    assert head[:4] == ["id", "at", "actor", "actor_name"]
    assert row[2:] == [str(boss.pk), "boss", "test.deed", "user:1", "'=HYPERLINK(1)", '{"a": "ü"}']
    [line] = _exported(client, "jsonl").splitlines()
    assert json.loads(line)["reason"] == "=HYPERLINK(1)"
    assert AuditEntry.objects.filter(action="audit.export").count() == 2


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_long_trail_is_streamed_page_by_page() -> None:
    rows = [AuditEntry(action="test.deed", target="user:1", reason=str(number)) for number in range(PAGE_ROWS + 1)]
    await threads.write(AuditEntry.objects.bulk_create, rows)
    request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
    answer = export(request, AuditEntry.objects.filter(action="test.deed"), "jsonl")
    parts = [part async for part in answer]
    assert [part.count(b"\n") for part in parts] == [0, PAGE_ROWS, 1]
