"""The token of a bridge is replaced on its page: asked of the server, kept sealed, and taken up without a restart."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import vault
from accounts.models import AuditEntry
from integrations.bridge import runner
from integrations.models import BridgeOutbox, MattermostServer
from integrations.services.bridges import own
from realtime import threads
from tests import factories
from tests.accounts.conftest import PASSWORD, prove
from tests.integrations.bridging import wait_until
from tests.integrations.serving import at_work
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _closed():
    yield
    threads.close()


@pytest.fixture
def server(both):
    """The server of both, which has said who we are there."""
    MattermostServer.objects.update(account_id=both.seed.bot_id, account_name="bridgebot")
    return MattermostServer.objects.get()


@pytest.fixture
def desk(server, both):
    both.boss.set_password(PASSWORD)
    both.boss.save()
    client = signed_in(both.boss)
    prove(client)
    return client


def at(server, name="token"):
    return reverse(f"admin:integrations_bridge_{name}", args=[server.pk])


def kept():
    return vault.unseal(MattermostServer.objects.get().token)


def test_staff_replaces_an_ended_token_and_the_running_bridge_goes_on(both, server, desk, teo, fake, monkeypatch):
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.2)
    with at_work(runner.runner):
        wait_until(both.listening)
        fake.revoke(both.seed.bot_token)
        both.say(teo, "waits")
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.REFUSED)
        token = fake.state.add_token(both.seed.bot_id).secret
        answer = desk.post(at(server), {"url": fake.url, "token": f" {token} "}, follow=True)
        assert "goes on as @bridgebot" in answer.content.decode()
        wait_until(lambda: both.there() == ["waits"] and not BridgeOutbox.objects.exists())
        wait_until(both.listening)
        shown = desk.get(at(server)).content.decode()
    assert token not in answer.content.decode() + shown + MattermostServer.objects.get().token
    assert kept() == token
    entry = AuditEntry.objects.get(action="bridge.token")
    assert (entry.actor, entry.detail["account"], token in str(entry.detail)) == (both.boss, "bridgebot", False)


def test_staff_reads_in_words_what_is_wrong_with_a_token(both, server, desk, teo, fake):
    def told(**given):
        answer = desk.post(at(server), {"url": fake.url, "token": both.seed.bot_token} | given)
        assert answer.status_code == 400
        return answer.content.decode()

    assert "does not know this token" in told(token="nonsense")
    assert "This field is required." in told(token="")
    assert "Ensure this value has at most 200 characters" in told(token="x" * 201)
    assert "cannot be reached" in told(url="http://127.0.0.1:9")
    assert "An address begins with http" in told(url="ftp://example.org")
    assert kept() == both.seed.bot_token
    assert not AuditEntry.objects.filter(action="bridge.token").exists()


def test_another_bot_takes_the_place_only_where_that_is_wanted(both, server, desk, teo, fake):
    given = {"url": fake.url, "token": both.seed.bob_token}
    told = desk.post(at(server), given).content.decode()
    assert "belongs to @bob; until now the bridge was @bridgebot" in told
    assert (kept(), both.seed.bob_token in told) == (both.seed.bot_token, False)
    desk.post(at(server), given | {"another": "1"})
    assert kept() == both.seed.bob_token
    teos = own.RemoteUser(id=both.seed.alice_id, username="alice")
    own.set_account(actor=teo, user=teo, server_id=server.pk, token=both.seed.alice_token, account=teos)
    told = desk.post(at(server), {"url": fake.url, "token": both.seed.alice_token, "another": "1"}).content.decode()
    assert "@alice is the account of somebody here." in told
    assert kept() == both.seed.bob_token


def test_token_takes_the_place_of_a_variable(both, server, desk, fake, monkeypatch):
    monkeypatch.setenv("MATTERMOST_TOKEN", "old")
    desk.post(at(server, "save"), {"url": fake.url, "token_env": "MATTERMOST_TOKEN"})
    assert MattermostServer.objects.get().token == ""
    assert "MATTERMOST_TOKEN" in desk.get(at(server)).content.decode()
    desk.post(at(server), {"url": fake.url, "token": both.seed.bot_token})
    assert (MattermostServer.objects.get().token_env, kept()) == ("", both.seed.bot_token)


def test_password_is_asked_for_and_no_token_waits_meanwhile(both, server, fake):
    chief = factories.make_person("chief", password=PASSWORD, is_staff=True, is_superuser=True)
    client = signed_in(chief)
    assert client.get(at(server))["Location"].startswith("/account/reauthenticate/")
    token = fake.state.add_token(both.seed.bot_id).secret
    sent = client.post(at(server), {"url": fake.url, "token": token})
    assert sent["Location"] == at(server)
    assert token not in str(dict(client.session))
    assert kept() == both.seed.bot_token
    prove(client)
    client.post(at(server), {"url": fake.url, "token": token})
    assert kept() == token


def test_who_may_not_add_servers_replaces_no_token(both, server, fake, ines):
    ines.is_staff = True
    ines.set_password(PASSWORD)
    ines.save()
    for codename in ("view_mattermostserver", "add_bridgelink"):
        ines.user_permissions.add(Permission.objects.get(codename=codename))
    client = signed_in(ines)
    prove(client)
    assert client.get(at(server)).status_code == 403
    assert client.post(at(server), {"url": fake.url, "token": both.seed.bob_token, "another": "1"}).status_code == 403
    assert "Replace the token" not in client.get(page_of(server)).content.decode()
    assert kept() == both.seed.bot_token


def page_of(server):
    return reverse("admin:integrations_mattermostserver_change", args=[server.pk])


def test_kept_token_is_sent_to_no_other_server_by_a_new_address(both, server, desk, fake):
    elsewhere = fake.url.replace("127.0.0.1", "localhost")
    told = desk.post(at(server, "save"), {"url": elsewhere, "token_env": ""}).content.decode()
    assert "is for the old address" in told
    assert MattermostServer.objects.get().url == fake.url
    desk.post(at(server, "save"), {"url": f"{fake.url}/chat/", "token_env": ""})
    assert (MattermostServer.objects.get().url, kept()) == (f"{fake.url}/chat", both.seed.bot_token)
