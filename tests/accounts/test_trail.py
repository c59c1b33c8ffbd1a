"""The audit trail: nobody changes or shortens it, not even past Django; it outlives people, and can be taken away."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import services
from accounts.models import AuditEntry, User

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
