"""What was answered to a wish with a key is forgotten after a day, and nothing younger."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from api.models import IdempotencyKey
from chat.models import Room
from tests.api.conftest import Script

WISH = {"kind": "public", "name": "x"}


def age(**past: int) -> None:
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(**past))


def test_operator_prunes_what_is_old(mina: User) -> None:
    Script(mina).told("POST", "rooms", WISH, status=201, key="k")
    for past, count in (({"hours": 23}, 0), ({"hours": 25}, 1)):
        age(**past)
        said = StringIO()
        call_command("prune_idempotency_keys", "--dry-run", stdout=said)
        assert said.getvalue() == f"Would delete {count} keys.\n"
    call_command("prune_idempotency_keys", stdout=StringIO())
    assert not IdempotencyKey.objects.exists()


def test_key_of_yesterday_is_a_new_wish_and_its_room_is_still_made_once(mina: User) -> None:
    script = Script(mina)
    made = script.told("POST", "rooms", WISH, status=201, key="k")
    age(hours=25)
    again = script.ask("POST", "rooms", WISH, key="k")
    assert (again.json(), "Idempotent-Replayed" in again) == (made, False)
    assert (Room.objects.count(), IdempotencyKey.objects.count()) == (1, 1)
