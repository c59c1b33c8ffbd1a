"""The page "Tokens and webhooks": a secret is seen once, states are what they are, and only who may change changes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, User
from accounts.services import make_token
from accounts.tokens import bearer_of
from integrations import services
from integrations.models import Delivery, IncomingHook, OutgoingHook, SlashCommand
from integrations.selectors.desk import calls_of, hooks_shown
from tests import factories
from tests.accounts.conftest import PASSWORD, prove
from tests.integrations.receiving import deliver
from tests.integrations.test_outgoing_hooks import make, make_due
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

DESK = "/admin/integrations/incominghook/desk/"
TOKEN = re.compile(r"collab_[\w-]{43}")
WISH = re.compile(r'name="wish" value="([^"]+)"')


def enter(user: User) -> Client:
    """Signed in a moment ago, with the password."""
    user.set_password(PASSWORD)
    user.save()
    client = signed_in(user)
    prove(client)
    return client


@pytest.fixture
def boss() -> User:
    return factories.make_person("boss", is_staff=True, is_superuser=True)


def staff(name: str, *permissions: str) -> User:
    made = factories.make_person(name, is_staff=True)
    for codename in permissions:
        made.user_permissions.add(Permission.objects.get(codename=codename))
    return made


def shown(client: Client) -> str:
    response = client.get(DESK)
    assert response.status_code == 200
    return response.content.decode()


def wish_of(client: Client) -> str:
    found = WISH.search(shown(client))
    assert found
    return found[1]


def wanted(client: Client, **given: Any) -> dict[str, Any]:
    values = {"do": "make", "name": "load-probe", "days": "90", "scopes": ["metrics:write"], "whose": "me"}
    return values | {"new_bot": "", "wish": wish_of(client)} | given


def row_of(actor: User, key: str) -> Any:
    return next(row for row in hooks_shown(actor=actor) if row.key == key)


# Tokens


def test_staff_makes_a_token_and_sees_it_once(boss):
    client = enter(boss)
    wish = wanted(client)
    page = client.post(DESK, wish).content.decode()
    (token,) = TOKEN.findall(page)
    row = ApiToken.objects.get()
    assert bearer_of(token).user == boss
    assert (row.made_by, row.scopes, "Token “load-probe” is made" in page) == (boss, ["metrics:write"], True)
    assert not TOKEN.search(shown(client))
    again = client.post(DESK, wish, follow=True).content.decode()
    assert ("made already" in again, TOKEN.search(again), ApiToken.objects.count()) == (True, None, 1)


def test_staff_makes_a_token_for_a_bot_that_is_new(boss):
    client = enter(boss)
    client.post(DESK, wanted(client, whose="new", new_bot="builds"))
    row = ApiToken.objects.get()
    assert (row.user.username, row.user.kind, row.made_by) == ("builds", "bot", boss)
    page = client.post(DESK, wanted(client, whose="new", new_bot="builds")).content.decode()
    assert ("This name is taken" in page, ApiToken.objects.count()) == (True, 1)
    page = client.post(DESK, wanted(client, whose="new")).content.decode()
    assert "Say what the bot is called." in page
    page = client.post(DESK, wanted(client, name="", scopes=[])).content.decode()
    assert page.count("This field is required.") == 2


def test_staff_is_asked_for_the_password_first(boss):
    boss.set_password(PASSWORD)
    boss.save()
    client = signed_in(boss)
    response = client.post(DESK, wanted(client))
    assert (response.status_code, "reauthenticate" in response["Location"]) == (302, True)
    assert not ApiToken.objects.exists()


def test_end_that_is_near_is_amber_and_revoking_ends_it_now(boss):
    for days in (5, 13, 20):
        end = timezone.now() + timedelta(days=days, hours=1)
        make_token(actor=boss, user=boss, name=f"for {days}", scopes=["rooms:read"], expires_at=end)
    client = enter(boss)
    page = shown(client)
    assert ("in 5 days" in page, "in 13 days" in page, "in 20 days" in page) == (True, True, False)
    near = ApiToken.objects.get(name="for 5")
    client.post(DESK, {"do": "revoke", "which": str(near.pk)})
    near.refresh_from_db()
    assert near.revoked_at is not None
    assert "for 5" not in shown(client)


def test_who_may_only_look_changes_nothing_and_a_stranger_sees_nothing(boss, mina, room):
    hook, _ = services.make_hook(actor=mina, room_id=room.pk, name="Builds")
    row, _ = make_token(actor=boss, user=boss, name="theirs", scopes=["rooms:read"])
    looker = enter(staff("looker", "view_apitoken", "view_incominghook"))
    page = shown(looker)
    assert ("Builds" in page, "theirs" in page, 'value="revoke"' in page, 'value="renew"' in page) == (
        True,
        True,
        False,
        False,
    )
    for deed in ({"do": "revoke", "which": str(row.pk)}, {"do": "off", "which": f"in:{hook.pk}"}, {"do": "off"}):
        assert "not there any more" in looker.post(DESK, deed, follow=True).content.decode()
    hook.refresh_from_db()
    assert (hook.enabled, ApiToken.objects.get(pk=row.pk).revoked_at) == (True, None)
    assert "theirs" not in shown(enter(staff("hooks", "view_incominghook")))
    assert enter(staff("other", "view_user")).get(DESK).status_code == 403
    assert enter(mina).get(DESK).status_code == 302


def test_name_of_a_private_room_is_not_told_to_staff(mina, secret):
    services.make_hook(actor=mina, room_id=secret.pk, name="Builds")
    page = shown(enter(staff("looker", "view_incominghook")))
    assert (secret.name in page, f"Private room #{secret.pk}" in page) == (False, True)


# Webhooks


def test_new_secret_signs_what_comes_after_it_and_is_seen_once(boss, mina, room):
    hook, old = make(mina, room, "https://pager.example.org/")
    key = services.make_hook(actor=mina, room_id=room.pk, name="Builds")[1]
    inward, sealed = IncomingHook.objects.get(), hook.secret
    client = enter(boss)
    deed = {"do": "renew", "which": f"out:{hook.pk}", "wish": "a"}
    page = client.post(DESK, deed).content.decode()
    hook.refresh_from_db()
    assert ("The webhook has a new secret" in page, old in page, hook.secret != sealed) == (True, False, True)
    assert "made already" in client.post(DESK, deed, follow=True).content.decode()
    page = client.post(DESK, {"do": "renew", "which": f"in:{inward.pk}", "wish": "b"}).content.decode()
    assert ("/hooks/" in page, key in page) == (True, False)
    said = list(AuditEntry.objects.filter(action__endswith=".renew").order_by("pk").values_list("action", flat=True))
    assert said == ["webhook_out.renew", "webhook.renew"]


def test_state_of_an_address_follows_what_becomes_of_its_calls(boss, mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    key = f"out:{hook.pk}"
    assert row_of(boss, key).state == "not used yet"
    factories.say(teo, room, "one")
    deliver()
    assert (row_of(boss, key).state, [call.words for call in calls_of(key=key)]) == ("good", ["200"])
    receiver.answers = [(502, {}, b""), (502, {}, b"")]
    factories.say(teo, room, "two")
    deliver()
    make_due()
    deliver()
    row = row_of(boss, key)
    assert (row.tone, row.last, row.state.startswith("again in ")) == ("warn", "502", True)
    tries = [(call.words, call.after) for call in calls_of(key=key)]
    assert tries[:2] == [("502", ", try 2"), ("502", ", try 1")]
    page = enter(boss).get(f"/admin/integrations/delivery/{Delivery.objects.latest('pk').pk}/change/").content.decode()
    assert page.count("The address answered 502. (") == 2
    OutgoingHook.objects.update(enabled=False, failed_in_row=20)
    assert row_of(boss, key).state == "stopped after 20 failures"


def test_trying_again_switches_on_and_sends_at_once(boss, mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    receiver.answers = [(404, {}, b""), (502, {}, b"")]
    factories.say(teo, room, "given up")
    deliver()
    factories.say(teo, room, "waits")
    deliver()
    OutgoingHook.objects.update(enabled=False, failed_in_row=20)
    client = enter(boss)
    page = client.post(DESK, {"do": "again", "which": f"out:{hook.pk}"}, follow=True).content.decode()
    assert "2 sent again in a moment." in page
    deliver()
    deliver()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert row_of(boss, f"out:{hook.pk}").state == "good"


def test_one_that_is_under_way_is_not_sent_twice(boss, mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    receiver.answers = [(502, {}, b"")]
    factories.say(teo, room, "slow")
    deliver()
    row = Delivery.objects.get()
    claimed = timezone.now() + timedelta(seconds=90)
    Delivery.objects.update(attempts=row.attempts + 1, due_at=claimed)
    services.try_again(actor=boss, hook_id=hook.pk)
    assert Delivery.objects.get().due_at == claimed


def test_switches_work_for_each_kind_and_names_that_are_none_are_refused(boss, mina, room):
    services.make_hook(actor=mina, room_id=room.pk, name="Builds")
    make(mina, room, "https://pager.example.org/")
    new = services.NewCommand(trigger="deploy", name="Deployer", url="https://d.example.org/", usage="", help="")
    services.make_command(actor=boss, room_id=room.pk, new=new, taken=set())
    client = enter(boss)
    for row in hooks_shown(actor=boss):
        client.post(DESK, {"do": "off", "which": row.key})
    assert [row.state for row in hooks_shown(actor=boss)] == ["switched off"] * 3
    for row in hooks_shown(actor=boss):
        client.post(DESK, {"do": "on", "which": row.key})
    states = [model.objects.get().enabled for model in (IncomingHook, OutgoingHook, SlashCommand)]
    assert states == [True] * 3
    for which in ("", "out:", "out:x", "out:²", f"out:{2**63}", "up:1", "cmd:0"):
        assert "not there any more" in client.post(DESK, {"do": "off", "which": which}, follow=True).content.decode()
        assert client.get(DESK, {"calls": which}).status_code == 200
