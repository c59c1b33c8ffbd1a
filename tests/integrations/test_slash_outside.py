"""Commands that are answered from outside: asked once, answered to whom it is meant for, also later."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.test import Client as Browser
from django.utils import timezone

from chat import selectors as rooms
from chat.models import Message
from chat.services.slash import commands, offered, run_slash
from integrations import services, signing
from integrations.models import CommandCall, SlashCommand
from integrations.services.commands import prune_calls
from realtime.protocol import Refused
from tests import factories
from tests.integrations.receiving import deliver
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def make(mina, room, url, trigger="deploy", **given):
    new = services.NewCommand(trigger=trigger, name="Deployer", url=url, usage="environment", help="Deploys", **given)
    return services.make_command(actor=mina, room_id=room.pk, new=new, taken={*commands(), "help"})


def run(user, room, text, **given):
    given.setdefault("cid", factories.nobody())
    return run_slash(actor=user, room_id=room.pk, text=text, **given).text


def to(user, bot):
    """What a bot said to somebody alone."""
    return [*Message.objects.filter(author=bot, room__kind="direct").order_by("seq").values_list("body", flat=True)]


def test_command_is_asked_as_mattermost_asks(mina, teo, room, receiver):
    command, secret = make(mina, room, receiver.url)
    receiver.says({"text": "Deployed", "response_type": "in_channel", "attachments": [{"title": "1.4"}]})
    root = factories.say(mina, room)
    assert run(teo, room, "/deploy staging  now", thread=root.pk).startswith("Deployer was asked.")
    deliver()
    headers, body = receiver.heard[0]
    asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert (asked["command"], asked["text"], asked["user_name"]) == ("/deploy", "staging  now", "teo")
    assert (asked["token"], headers["authorization"]) == (secret, f"Token {secret}")
    at = int(headers["x-collab-timestamp"])
    assert signing.holds(secret, headers["x-collab-signature"], at=at, body=body, now=at)
    answer = Message.objects.get(author=command.bot)
    assert (answer.room, answer.thread_root_id, answer.card.kind) == (room, root.pk, "attachments")
    deliver()
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("kind", ["json", "plain"])
def test_answer_for_the_caller_is_said_to_them_alone(mina, teo, room, receiver, kind):
    command, _ = make(mina, room, receiver.url)
    if kind == "json":
        receiver.says({"text": "Only you"})
    else:
        receiver.answers.append((200, {"Content-Type": "text/plain"}, b"Only you\n"))
    run(teo, room, "/deploy")
    deliver()
    said = Message.objects.get(author=command.bot)
    assert (said.body, said.room.kind) == ("Only you", "direct")
    assert rooms.rights_of(room_id=said.room_id, user_ids=[mina.pk, teo.pk]).keys() == {teo.pk}


def test_several_answers_are_all_said(mina, teo, room, receiver):
    command, _ = make(mina, room, receiver.url)
    more = [{"text": "Two", "response_type": "in_channel"}, {"nonsense": 1}, 5]
    receiver.says({"text": "One", "extra_responses": more})
    run(teo, room, "/deploy")
    deliver()
    assert to(teo, command.bot) == ["One"]
    assert Message.objects.get(author=command.bot, room=room).body == "Two"


def test_late_answers_are_taken_for_a_while(mina, teo, room, receiver):
    command, _ = make(mina, room, receiver.url)
    run(teo, room, "/deploy")
    deliver()
    address = parse_qs(receiver.heard[0][1].decode())["response_url"][0]
    path = address[address.index("/hooks/") :]

    def answer(text, kind="application/json"):
        body = json.dumps({"text": text, "response_type": "in_channel"})
        return Browser().post(path, body, content_type=kind)

    assert (answer("Begun").content, answer("Done").content) == (b"ok", b"ok")
    assert [one.body for one in Message.objects.filter(author=command.bot).order_by("seq")] == ["Begun", "Done"]
    assert answer("").status_code == 400
    assert Browser().get(path).status_code == 405
    assert Browser().post("/hooks/commands/nonsense", "{}", content_type="application/json").status_code == 400
    assert [answer(str(number)).status_code for number in range(4)] == [200, 200, 200, 404]
    CommandCall.objects.update(answers=0, created_at=timezone.now() - timedelta(minutes=31))
    assert answer("Too late").status_code == 404


@pytest.mark.parametrize(
    ("status", "told"), [(500, "The address answered 500."), (404, "The address answered 404.")], ids=["500", "404"]
)
def test_failure_is_told_to_the_caller(mina, teo, room, receiver, status, told):
    command, _ = make(mina, room, receiver.url)
    receiver.answers.append((status, {}, b"secret stack"))
    run(teo, room, "/deploy")
    deliver()
    assert to(teo, command.bot) == [f"/deploy did not work. {told}"]
    command.refresh_from_db()
    assert command.last_error == told
    assert len(receiver.heard) == 1


def test_network_inside_is_never_reached(mina, teo, room, settings):
    settings.OUTBOUND_ALLOW = []
    command, _ = make(mina, room, "http://127.0.0.1:8065/x")
    run(teo, room, "/deploy")
    deliver()
    assert "not on the public internet" in to(teo, command.bot)[0]


def test_command_is_offered_in_its_room_and_run_once(mina, teo, ines, room, secret, receiver):
    command, _ = make(mina, room, receiver.url)
    assert ("deploy", "environment", "Deploys") in [
        (one.name, one.usage, one.help) for one in offered(actor=teo, room_id=room.pk)
    ]
    assert "deploy" not in [one.name for one in offered(actor=teo, room_id=secret.pk)]
    for user, where in ((teo, secret), (ines, room)):
        with pytest.raises(Refused):
            run(user, where, "/deploy")
    cid = factories.nobody()
    for _ in range(2):
        run(teo, room, "/deploy", cid=cid)
    assert CommandCall.objects.count() == 1
    with pytest.raises(Refused, match="too_large"):
        run(teo, room, "/deploy " + "x" * 4001)
    SlashCommand.objects.update(enabled=False)
    with pytest.raises(Refused, match="There is no command"):
        run(teo, room, "/deploy")
    CommandCall.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert prune_calls() == 1
    assert command.trigger == "deploy"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"trigger": "me"}, "trigger"),
        ({"trigger": "help"}, "trigger"),
        ({"trigger": "Two words"}, "trigger"),
        ({"trigger": ""}, "trigger"),
        ({"url": "ftp://example.org"}, "url"),
    ],
    ids=["taken", "help", "words", "empty", "scheme"],
)
def test_command_that_cannot_be_is_refused(mina, room, given, field):
    with pytest.raises(Refused) as caught:
        make(mina, room, **{"url": "https://example.org/", **given})
    assert caught.value.field == field


def test_staff_makes_switches_and_ends_one(room):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True, password="northwind-7")
    client = signed_in(boss)
    client.post("/account/reauthenticate/", {"password": "northwind-7"})
    form = {
        "slug": room.slug,
        "trigger": "me",
        "name": "Deployer",
        "url": "https://example.org/",
        "usage": "",
        "help": "",
    }
    assert "already" in client.post("/admin/integrations/slashcommand/add/", form).content.decode()
    page = client.post("/admin/integrations/slashcommand/add/", {**form, "trigger": "/deploy"}, follow=True)
    assert "shown only now" in page.content.decode()
    command = SlashCommand.objects.get()
    chosen = {"_selected_action": [command.pk]}
    client.post("/admin/integrations/slashcommand/", {**chosen, "action": "switch_off"})
    command.refresh_from_db()
    assert not command.enabled
    assert command.secret not in client.get(f"/admin/integrations/slashcommand/{command.pk}/change/").content.decode()
    client.post("/admin/integrations/slashcommand/", {**chosen, "action": "end"})
    assert not SlashCommand.objects.exists()
