"""The pages on which people, and staff for them, give the token of an account on a joined server."""

from __future__ import annotations

import pytest

from integrations.models import BridgedAccount, MattermostServer
from integrations.services.bridges import own, setup
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
PAGE = "/account/mattermost/"
ADD = "/admin/integrations/bridgedaccount/add/"


@pytest.fixture(scope="module")
def fake():
    with FakeMattermost() as running:
        yield running


@pytest.fixture(scope="module")
def seed(fake):
    return fake.seed()


@pytest.fixture
def boss(db):
    return factories.make_person("boss", is_superuser=True, is_staff=True)


@pytest.fixture
def server(fake, seed, boss, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    return setup.make_server(actor=boss, name="Theirs", url=fake.url, token=seed.bot_token)


def test_person_says_who_they_are_there(teo, server, seed):
    page = signed_in(teo)
    assert "None yet" in page.get(PAGE).content.decode()
    answer = page.post(PAGE, {"server": server.pk, "token": f" {seed.alice_token} "}, follow=True)
    assert "On Theirs you are @alice now" in answer.content.decode()
    kept = BridgedAccount.objects.get()
    assert (kept.user, kept.remote_id) == (teo, seed.alice_id)
    assert seed.alice_token not in answer.content.decode() + kept.token
    assert own.token_of(server_id=server.pk, remote_id=seed.alice_id) == seed.alice_token
    page.post(PAGE, {"remove": kept.pk})
    assert not BridgedAccount.objects.exists()


def test_person_is_asked_for_the_password_before_a_token_is_kept(server, seed):
    page = signed_in(factories.make_person("pia", password="northwind-7"))
    wish = {"server": server.pk, "token": seed.alice_token}
    assert 'name="token"' not in page.get(PAGE).content.decode()
    assert page.get(f"{PAGE}?give=1")["Location"].startswith("/account/reauthenticate/")
    # Sent too late it is thrown away: nothing keeps it while the password is asked for.
    assert page.post(PAGE, wish)["Location"] == f"{PAGE}?give=1"
    assert seed.alice_token not in str(dict(page.session))
    assert not BridgedAccount.objects.exists()
    page.post("/account/reauthenticate/", {"password": "northwind-7"})
    assert 'name="token"' in page.get(f"{PAGE}?give=1").content.decode()
    page.post(PAGE, wish)
    assert BridgedAccount.objects.get().username == "alice"


def test_person_hears_what_is_wrong_with_the_token(teo, mina, server, seed, fake):
    page = signed_in(teo)
    for token, words in [
        ("nonsense", "does not know this token"),
        ("", "This field is required"),
    ]:
        answer = page.post(PAGE, {"server": server.pk, "token": token})
        assert (answer.status_code, words in answer.content.decode()) == (400, True)
    signed_in(mina).post(PAGE, {"server": server.pk, "token": seed.alice_token})
    answer = page.post(PAGE, {"server": server.pk, "token": seed.alice_token})
    assert "is the account of somebody else here" in answer.content.decode()
    MattermostServer.objects.update(url="http://127.0.0.1:9")
    assert page.post(PAGE, {"server": server.pk, "token": "whatever"}).status_code == 400
    assert BridgedAccount.objects.get().user == mina


def test_person_sees_that_a_token_is_used_no_more(teo, server, seed):
    page = signed_in(teo)
    page.post(PAGE, {"server": server.pk, "token": seed.alice_token})
    BridgedAccount.objects.update(problem="The server does not accept the token any more.")
    assert "not used" in page.get(PAGE).content.decode()
    page.post(PAGE, {"server": server.pk, "token": seed.alice_token})
    assert BridgedAccount.objects.get().problem == ""


def test_nobody_guesses_tokens_quickly(teo, server):
    page = signed_in(teo)
    answers = [page.post(PAGE, {"server": server.pk, "token": f"guess {number}"}) for number in range(8)]
    assert "does not know this token" in answers[0].content.decode()
    assert "does not know this token" not in answers[-1].content.decode()


def test_person_removes_only_what_is_theirs(teo, mina, server, seed):
    signed_in(teo).post(PAGE, {"server": server.pk, "token": seed.alice_token})
    for given in (BridgedAccount.objects.get().pk, "x", 10**20):
        signed_in(mina).post(PAGE, {"remove": given})
    assert BridgedAccount.objects.get().user == teo


def test_profile_leads_there_where_a_server_is_joined(teo, db, boss, settings):
    assert PAGE not in signed_in(teo).get("/account/profile/").content.decode()
    setup.make_server(actor=boss, name="Theirs", url="https://chat.example.org", token="x")
    assert PAGE in signed_in(teo).get("/account/profile/").content.decode()


def test_staff_gives_a_token_for_somebody_and_forgets_it(boss, teo, server, seed):
    office = signed_in(boss)
    assert office.get(ADD).status_code == 200
    wish = {"server": server.pk, "username": "@Teo", "token": "nonsense"}
    assert "does not know this token" in office.post(ADD, wish).content.decode()
    assert "nobody of this name" in office.post(ADD, wish | {"username": "nobody"}).content.decode()
    answer = office.post(ADD, wish | {"token": seed.alice_token}, follow=True)
    kept = BridgedAccount.objects.get()
    assert (kept.user, answer.status_code) == (teo, 200)
    shown = office.get(f"/admin/integrations/bridgedaccount/{kept.pk}/change/").content.decode()
    assert "alice" in shown
    assert kept.token not in shown
    office.post("/admin/integrations/bridgedaccount/", {"action": "forget", "_selected_action": [kept.pk]})
    assert not BridgedAccount.objects.exists()
