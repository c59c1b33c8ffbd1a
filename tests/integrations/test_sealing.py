"""SECRET_KEY is changed: what webhooks, commands and bridges keep sealed goes over to the new key."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from accounts import vault
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedAccount, MattermostServer, OutgoingHook, SlashCommand
from integrations.services import sealing
from integrations.services.bridges import own, setup
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
ANOTHER = "another key, and a long one at that: 0123456789"


@pytest.fixture
def kept(room, mina, teo):
    """One of each, as the models hold them."""
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    bots = [factories.make_person(name, kind="bot") for name in ("builds", "tells")]
    OutgoingHook.objects.create(
        room=room, bot=bots[0], name="Builds", url="https://ci.example.org", secret=vault.seal("hook's")
    )
    SlashCommand.objects.create(
        room=room, bot=bots[1], trigger="deploy", name="D", url="https://ci.example.org", secret=vault.seal("command's")
    )
    server = setup.make_server(actor=boss, name="Theirs", url="https://chat.example.org", token="bot's")
    setup.make_server(actor=boss, name="By variable", url="https://two.example.org", token_env="MATTERMOST_TWO")
    alice = RemoteUser(id="a" * 26, username="alice")
    own.set_account(actor=teo, user=teo, server_id=server.pk, token="teo's", account=alice)
    return server


def secrets():
    found = [OutgoingHook.objects.get().secret, SlashCommand.objects.get().secret, BridgedAccount.objects.get().token]
    servers = MattermostServer.objects.order_by("pk")
    return [*found, servers[0].token, servers[0].secret, servers[1].secret]


def test_operator_changes_the_key_and_every_secret_is_still_read(kept, settings):
    before = [vault.unseal(text) for text in secrets()]
    assert before[:4] == ["hook's", "command's", "teo's", "bot's"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], ANOTHER
    call_command("reseal_factors", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    assert [vault.unseal(text) for text in secrets()] == before
    assert MattermostServer.objects.get(name="By variable").token == ""


def test_operator_who_lost_the_key_is_told_and_nothing_is_changed(kept, settings, capsys):
    stored = secrets()
    settings.SECRET_KEY = ANOTHER
    with pytest.raises(CommandError, match="5 were sealed with a key that is not in SECRET_KEY_FALLBACKS; 0 done"):
        call_command("reseal_factors", verbosity=0)
    assert secrets() == stored
    assert "teo's" not in capsys.readouterr().out


def test_every_sealed_column_is_known():
    """Whoever adds one has to name it, so that no rotation forgets it."""
    columns = {
        (model.__name__, field.name)
        for model in (OutgoingHook, SlashCommand, MattermostServer, BridgedAccount)
        for field in model._meta.local_concrete_fields
        if "ealed" in str(field.help_text)
    }
    assert columns == {(model.__name__, name) for model, names in sealing.SEALED for name in names}
