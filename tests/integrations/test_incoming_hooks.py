"""Webhooks into rooms: what a sender sends is a message of the hook's own bot, and rubbish has its words."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import AuditEntry
from chat.models import Message
from integrations import attachments, selectors, services
from integrations.mattermost_api import ids
from integrations.models import IncomingHook, PostProps
from realtime.protocol import Refused
from tests import factories
from tests.integrations.conftest import Program
from tests.people import signed_in

pytestmark = pytest.mark.django_db
UNKNOWN, PARSE = "web.incoming_webhook.invalid.app_error", "model.incoming_hook.parse_data.app_error"


@pytest.fixture
def hook(mina, room):
    return services.make_hook(actor=mina, room_id=room.pk, name="Builds")


def send(key, payload, **given):
    given.setdefault("content_type", "application/json")
    return Client().post(f"/hooks/{key}", payload if isinstance(payload, str) else json.dumps(payload), **given)


def refused(answer):
    told = json.loads(answer.content)
    assert told["status_code"] == answer.status_code
    return answer.status_code, told["id"]


def said():
    return list(Message.objects.filter(kind="user").order_by("seq"))


# What is said


def test_sender_speaks_as_the_hook(hook, room):
    answer = send(hook[1], {"text": "Build **7** passed"})
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok", "text/plain")
    message = said()[0]
    assert (message.room, message.author.display_name, message.author.kind) == (room, "Builds", "bot")
    assert "<strong>7</strong>" in message.html
    hook[0].refresh_from_db()
    assert hook[0].last_used_at is not None


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_form_with_a_payload_is_taken(hook, kind):
    form = {"payload": json.dumps({"text": "Hello"})}
    if kind == "multipart":
        answer = Client().post(f"/hooks/{hook[1]}", form)
    else:
        body = "payload=" + form["payload"].replace('"', "%22").replace(" ", "+")
        answer = send(hook[1], body, content_type="application/x-www-form-urlencoded")
    assert (answer.content, said()[0].body) == (b"ok", "Hello")


def test_other_name_is_shown_and_told_apart_for_programs(hook, room, bot):
    send(hook[1], {"text": "On fire", "username": "Zed *the* [dog]", "props": {"n": 1}})
    assert said()[0].body == "**Zed the dog:** On fire"
    post = Program(bot).told("GET", f"posts/{ids.of_uuid(said()[0].pk)}")
    assert (post["message"], post["props"]["override_username"]) == ("On fire", "Zed *the* [dog]")
    assert (post["props"]["from_webhook"], post["props"]["n"]) == ("true", 1)


def test_slack_markup_becomes_markdown(hook):
    send(hook[1], {"text": "<https://ci.example/7|Build 7> by <!here> see <https://ci.example>"})
    assert said()[0].body == "[Build 7](https://ci.example/7) by @here see https://ci.example"


def test_attachments_are_a_card_and_words(hook, room, bot):
    given = {
        "fallback": "Build failed",
        "color": "danger",
        "pretext": "Look *here*",
        "author_name": "CI",
        "title": "Build 7",
        "title_link": "https://ci.example/7",
        "text": "Two **tests** failed <script>",
        "fields": [{"title": "Branch", "value": "main", "short": True}, {"title": "Tests", "value": 2}],
        "footer": "ci.example",
        "ts": 1795318465,
        "actions": [{"id": "again", "name": "Again", "type": "button", "integration": {"url": "http://10.0.0.1/x"}}],
    }
    send(hook[1], {"text": "Oh no", "attachments": [given]})
    message = said()[0]
    assert message.body.startswith("Oh no\n\nLook *here*")
    assert "[Build 7](https://ci.example/7)" in message.body
    assert "**Tests:** 2" in message.body
    card = json.loads(message.card.view)
    one = card["attachments"][0]
    assert (card["kind"], one["color"], one["title_url"]) == ("attachments", "danger", "https://ci.example/7")
    assert "<strong>tests</strong>" in one["html"]
    assert "<script>" not in message.card.view
    post = Program(bot).told("GET", f"posts/{ids.of_uuid(message.pk)}")
    assert (post["type"], post["message"]) == ("slack_attachment", "Oh no")
    assert "integration" not in json.dumps(post)
    assert post["props"]["attachments"][0]["actions"][0]["name"] == "Again"


def test_attachment_with_a_hostile_link_has_none(hook):
    send(hook[1], {"attachments": [{"title": "Click", "title_link": "javascript:alert(1)", "author_link": "data:x"}]})
    one = json.loads(said()[0].card.view)["attachments"][0]
    assert (one["title"], one["title_url"], one["author_url"]) == ("Click", "", "")


def test_long_text_is_said_in_several_messages(hook):
    text = "\n".join(f"line {number}" for number in range(3000))
    assert send(hook[1], {"text": text, "attachments": [{"text": "End"}]}).status_code == 200
    bodies = [one.body for one in said()]
    assert len(bodies) > 3
    assert "\n".join(bodies).startswith(text[:9000])
    assert bodies[-1].endswith("End")
    assert sum(body.count("line ") for body in bodies) == 3000


@pytest.mark.parametrize(
    "text", ["x" * 20_000, "ab " * 6000, "a\n" * 9000, "x"], ids=["solid", "words", "lines", "short"]
)
def test_pieces_fit_and_lose_nothing(text):
    parts = attachments.pieces(text, 8000)
    assert all(0 < len(one) <= 8000 for one in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_mentions_of_a_hook_reach_people(hook, mina):
    send(hook[1], {"text": "@mina look"})
    assert list(said()[0].mentions.values_list("user", flat=True)) == [mina.pk]


# What is refused


@pytest.mark.parametrize(
    ("payload", "kind", "word"),
    [
        ({"username": "q"}, "application/json", "web.incoming_webhook.text.app_error"),
        ({"text": " \n"}, "application/json", "web.incoming_webhook.text.app_error"),
        ("{nonsense", "application/json", PARSE),
        ("[1]", "application/json", PARSE),
        ({"text": 5}, "application/json", PARSE),
        ("hello", "text/plain", PARSE),
        ("other=1", "application/x-www-form-urlencoded", PARSE),
        ({"text": "x", "type": "system_join"}, "application/json", "model.post.is_valid.type.app_error"),
        ({"text": "a\x00b"}, "application/json", "api.context.invalid_body_param.app_error"),
    ],
    ids=["no-text", "blank", "no-json", "list", "number", "plain", "no-payload", "type", "nul"],
)
def test_rubbish_has_its_words(hook, payload, kind, word):
    assert refused(send(hook[1], payload, content_type=kind)) == (400, word)
    assert said() == []


@pytest.mark.parametrize(
    ("payload", "given", "word"),
    [
        ("{nonsense", {}, "Unable to parse"),
        ({"username": "q"}, {}, "No text specified."),
        ({"text": "x", "channel": "elsewhere"}, {}, "in its own room only"),
        ("--x\r\nnonsense", {"content_type": "multipart/form-data; boundary=x"}, "in its field payload"),
        ("", {}, "Send JSON"),
        ("nonsense", {"content_type": "multipart/form-data"}, "form"),
        ({"text": "a " * 90_000}, {}, "at most"),
        ({"attachments": [{"ts": 10**400, "text": "\x00"}], "props": {"a": "\x00"}}, {}, "NUL"),
    ],
    ids=["no-json", "no-text", "channel", "form", "empty", "no-boundary", "long", "nul"],
)
def test_who_looks_after_a_webhook_reads_what_was_wrong(hook, payload, given, word):
    answer = send(hook[1], payload, **given)
    assert (answer.status_code in {400, 404}, answer["Content-Type"]) == (True, "application/json")
    hook[0].refresh_from_db()
    assert word in hook[0].last_error
    assert said() == []
    assert send(hook[1], {"text": "Hello"}).status_code == 200
    hook[0].refresh_from_db()
    assert hook[0].last_error == ""


def test_unknown_key_is_400(hook):
    assert refused(send("x" * 26, {"text": "Hello"})) == (400, UNKNOWN)
    assert refused(Client().get(f"/hooks/{hook[1]}"))[0] == 405


def test_hook_speaks_in_its_own_room_only(hook, mina, room):
    other = factories.make_room(mina, name="Other")
    for name in (other.slug, "never-was", "@mina"):
        assert refused(send(hook[1], {"text": "x", "channel": name})) == (404, "web.incoming_webhook.channel.app_error")
    assert send(hook[1], {"text": "x", "channel": f"#{room.slug}"}).status_code == 200


def test_hook_of_an_archived_room_says_why(hook, mina, room):
    factories.change(mina, room, archived=True)
    assert refused(send(hook[1], {"text": "Hello"})) == (403, "api.context.permissions.app_error")
    hook[0].refresh_from_db()
    assert hook[0].last_error == "This room is archived."


def test_long_text_is_no_matter_of_waiting_in_slow_mode(hook, mina, room):
    factories.change(mina, room, slow_mode_seconds=3600)
    assert refused(send(hook[1], {"text": "a " * 6000})) == (400, "model.post.is_valid.msg.app_error")
    assert said() == []
    assert send(hook[1], {"text": "Short"}).status_code == 200
    assert send(hook[1], {"text": "Shorter"}).status_code == 429


def test_busy_sender_is_told_to_wait(hook):
    # On a slow machine some allowance comes back meanwhile.
    assert 429 in (send(hook[1], {"text": f"{number}"}).status_code for number in range(600))
    assert len(said()) >= 60


# Who makes them


def test_key_is_kept_as_a_hash_and_everything_is_recorded(hook, mina, room):
    row, key = hook
    assert key not in json.dumps([str(value) for value in IncomingHook.objects.filter(pk=row.pk).values()[0].values()])
    assert key.endswith(row.hint)
    new = services.renew_key(actor=mina, hook_id=row.pk)
    assert refused(send(key, {"text": "x"})) == (400, UNKNOWN)
    assert send(new, {"text": "x"}).status_code == 200
    services.switch_hook(actor=mina, hook_id=row.pk, enabled=False)
    assert refused(send(new, {"text": "x"})) == (400, UNKNOWN)
    services.switch_hook(actor=mina, hook_id=row.pk, enabled=True)
    services.delete_hook(actor=mina, hook_id=row.pk)
    assert refused(send(new, {"text": "x"})) == (400, UNKNOWN)
    assert said()[0].author.display_name == "Builds"
    assert not PostProps.objects.exclude(message=said()[0]).exists()
    actions = AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == [f"webhook.{one}" for one in ("make", "renew", "switch", "switch", "delete")]


def test_only_moderators_make_them(teo, ines, mina, room, secret):
    for user, where, code in ((teo, room, "forbidden"), (ines, room, "forbidden"), (ines, secret, "not_found")):
        with pytest.raises(Refused) as caught:
            services.make_hook(actor=user, room_id=where.pk, name="Mine")
        assert caught.value.code == code
    hook, _ = services.make_hook(actor=mina, room_id=secret.pk, name="Ours")
    for act in (services.delete_hook, services.renew_key):
        with pytest.raises(Refused, match="not_found"):
            act(actor=ines, hook_id=hook.pk)
    with pytest.raises(Refused, match="not_found"):
        selectors.incoming_hooks(actor=ines, room_id=secret.pk)


@pytest.mark.parametrize("name", ["", "x" * 61, "a\x00b", "a\u202eb"], ids=["empty", "long", "nul", "bidi"])
def test_name_that_is_none_is_refused(mina, room, name):
    with pytest.raises(Refused):
        services.make_hook(actor=mina, room_id=room.pk, name=name)
    assert not IncomingHook.objects.exists()


def test_staff_makes_one_in_the_back_office(room):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True, password="northwind-7")
    client = signed_in(boss)
    assert client.get("/admin/integrations/incominghook/add/")["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": "northwind-7"})
    answer = client.post("/admin/integrations/incominghook/add/", {"slug": "nowhere", "name": "Alerts"})
    assert "There is no such room" in answer.content.decode()
    answer = client.post("/admin/integrations/incominghook/add/", {"slug": room.slug, "name": "Alerts"}, follow=True)
    key = answer.content.decode().partition("/hooks/")[2].partition("<")[0]
    assert send(key, {"text": "Hello"}).status_code == 200
    hook = IncomingHook.objects.get()
    listed = client.get("/admin/integrations/incominghook/").content.decode()
    assert ("Alerts" in listed, hook.key_hash in listed) == (True, False)
    chosen = {"_selected_action": [hook.pk], "action": "switch_off"}
    client.post("/admin/integrations/incominghook/", chosen)
    assert refused(send(key, {"text": "x"})) == (400, UNKNOWN)
    client.post("/admin/integrations/incominghook/", {**chosen, "action": "end"})
    assert not IncomingHook.objects.exists()
