"""Lists of webhooks, commands and links in the back office: names of closed rooms, new addresses, forms."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry
from integrations import services
from integrations.mattermost.catching_up import Place
from integrations.models import BridgeLink, BridgeOutbox, IncomingHook, MattermostServer, OutgoingHook, SlashCommand
from integrations.services.bridges import setup
from tests import factories
from tests.accounts.conftest import PASSWORD, prove
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
URL = "https://pager.example.org/told"


@pytest.fixture
def boss(db):
    return factories.make_person("boss", is_superuser=True, is_staff=True, password=PASSWORD)


@pytest.fixture
def looker(db):
    made = factories.make_person("looker", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return made


@pytest.fixture
def all_kinds(boss, mina, secret):
    """One of each kind in the private room."""
    services.make_hook(actor=mina, room_id=secret.pk, name="Builds")
    services.make_outgoing(
        actor=mina, room_id=secret.pk, name="Pager", url=URL, form="collab", of="people", triggers=[]
    )
    new = services.NewCommand(trigger="deploy", name="Deployer", url=URL)
    services.make_command(actor=mina, room_id=secret.pk, new=new, taken=set())
    server = setup.make_server(actor=boss, name="Theirs", url="https://chat.example.org", token="x")
    own = factories.make_room(boss, name="Own")
    link = setup.link_room(actor=boss, server_id=server.pk, room_id=own.pk, channel_id="c" * 26, place=Place())
    BridgeLink.objects.filter(pk=link.pk).update(room=secret)


@pytest.mark.parametrize("kind", [IncomingHook, OutgoingHook, SlashCommand, BridgeLink], ids=lambda one: one.__name__)
def test_closed_room_has_no_name_towards_staff(all_kinds, boss, looker, secret, kind):
    page = f"/admin/integrations/{kind._meta.model_name}/"
    for address in (page, f"{page}{kind.objects.get().pk}/change/"):
        shown = signed_in(looker).get(address).content.decode()
        assert (secret.name in shown, f"rivate room #{secret.pk}" in shown) == (False, True), address
        assert f"# {secret.name}" in signed_in(boss).get(address).content.decode()
    # Nor is it found out letter by letter.
    assert f"# {secret.name}" in signed_in(boss).get(page, {"q": secret.name[:4]}).content.decode()
    assert f"rivate room #{secret.pk}" not in signed_in(looker).get(page, {"q": secret.name[:4]}).content.decode()


def test_password_is_asked_for_before_a_new_address_is_given(boss, mina, room):
    hook, _ = services.make_hook(actor=mina, room_id=room.pk, name="Builds")
    before = IncomingHook.objects.get().key_hash
    client = signed_in(boss)
    wish = {"_selected_action": [hook.pk], "action": "renew"}
    page = "/admin/integrations/incominghook/"
    assert client.get(page).status_code == 200
    assert client.post(page, wish)["Location"].startswith("/account/reauthenticate/")
    assert IncomingHook.objects.get().key_hash == before
    prove(client)
    assert "shown only now" in client.post(page, wish, follow=True).content.decode()
    assert IncomingHook.objects.get().key_hash != before


def test_form_says_at_the_field_what_is_wrong(boss, room):
    client = signed_in(boss)
    prove(client)
    form = {"slug": room.slug, "name": "Pager", "url": URL, "form": "collab", "of": "people", "words": "x" * 61}
    answer = client.post("/admin/integrations/outgoinghook/add/", form)
    assert answer.context["adminform"].form.errors.keys() == {"words"}
    assert "single words" in answer.content.decode()
    assert not OutgoingHook.objects.exists()


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("incominghook", {"name": "Builds"}),
        ("outgoinghook", {"name": "Pager", "url": URL, "form": "collab", "of": "people", "words": ""}),
        ("slashcommand", {"trigger": "deploy", "name": "D", "url": URL, "usage": "", "help": ""}),
    ],
    ids=["in", "out", "command"],
)
def test_form_of_nothing_and_of_a_room_that_is_none_makes_nothing(boss, kind, form):
    client = signed_in(boss)
    prove(client)
    page = f"/admin/integrations/{kind}/add/"
    assert "This field is required." in client.post(page, {}).content.decode()
    answer = client.post(page, {**form, "slug": "nowhere"})
    assert "There is no such room" in str(answer.context["adminform"].form.errors["slug"])
    assert [one.objects.count() for one in (IncomingHook, OutgoingHook, SlashCommand)] == [0, 0, 0]


@pytest.mark.parametrize(
    "written", ["{}", "#{}", "https://collab.example.org/rooms/{}/"], ids=["plain", "sign", "address"]
)
def test_room_is_found_as_people_write_it(boss, room, written):
    client = signed_in(boss)
    prove(client)
    client.post("/admin/integrations/incominghook/add/", {"slug": written.format(room.slug), "name": "Builds"})
    assert IncomingHook.objects.get().room == room


def test_staff_adds_a_server_and_a_link_by_their_forms_once(boss, room):
    client = signed_in(boss)
    prove(client)
    page = "/admin/integrations/mattermostserver/add/"
    form = {"name": "Theirs", "url": "https://chat.example.org/", "token_env": "MATTERMOST_TOKEN", "token": ""}
    assert "was added successfully" in client.post(page, form, follow=True).content.decode()
    server = MattermostServer.objects.get()
    assert (server.name, server.url) == ("Theirs", "https://chat.example.org")
    assert "Another server is called so." in client.post(page, form).content.decode()
    assert "one of both" in client.post(page, {**form, "name": "Two", "token": "x"}).content.decode()
    page = "/admin/integrations/bridgelink/add/"
    form = {
        "server": str(server.pk),
        "slug": room.slug,
        "channel_id": "c" * 26,
        "channel_name": "x",
        "direction": "both",
    }
    assert "was added successfully" in client.post(page, form, follow=True).content.decode()
    assert "joined with a room already" in client.post(page, form).content.decode()
    assert "26 letters and digits" in client.post(page, {**form, "channel_id": "town-square"}).content.decode()
    assert BridgeLink.objects.count() == 1


def test_reason_of_a_skip_is_asked_for_until_it_can_be_kept(all_kinds, boss):
    order = BridgeOutbox.objects.create(link=BridgeLink.objects.get(), op="say", local_id=factories.nobody())
    client = signed_in(boss)
    wish = {"_selected_action": [order.pk], "action": "drop", "answered": "1"}
    page = "/admin/integrations/bridgeoutbox/"
    for reason in ("", "x" * 400, "a\u202eb"):
        answer = client.post(page, {**wish, "reason": reason})
        assert (answer.status_code, "errorlist" in answer.content.decode()) == (200, True), reason
    assert BridgeOutbox.objects.exists()
    client.post(page, {**wish, "reason": "Told by mail,\r\nand read"})
    assert not BridgeOutbox.objects.exists()
    assert AuditEntry.objects.get(action="bridge.skip").reason == "Told by mail, and read"
