"""What rooms and people choose about the assistant: who may, what it changes, and what a page is told."""

import json
from typing import Any

import pytest

from accounts.models import AuditEntry
from assistant.models import PersonChoice, RoomChoice
from assistant.selectors import usage
from assistant.services import agents
from chat.models import Room
from tests import factories
from tests.chat.conftest import events, topic_of
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]
KEY = "sk-known-to-this-test-0123456789abcdef"


@pytest.fixture(autouse=True)
def keyed(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def look(user, room) -> Any:
    return signed_in(user).get(f"/api/rooms/{room.pk}/assistant/")


def post(user, path, **given) -> Any:
    return signed_in(user).post(path, json.dumps(given), content_type="application/json")


def choose(user, room, **given) -> Any:
    return post(user, f"/api/rooms/{room.pk}/assistant/", **given)


def test_a_member_sees_who_answers(room, teo, settings):
    told = look(teo, room).json()
    agent = agents.default_agent()
    assert told["agent"] == {
        "id": agent.pk, "name": "assistant", "display_name": "Assistant", "kind": "assistant", "avatar_url": None,
    }  # fmt: skip
    assert (told["enabled"], told["ready"], told["problem"], told["model"]) == (
        True,
        True,
        "",
        settings.ASSISTANT_MODEL,
    )
    assert (told["may_choose"], told["agents"], told["models"], told["quota"]) == (False, [], [], None)
    assert (told["demo"], told["tell_demo"], told["hidden"], told["direct_room"]) == (False, False, False, None)


def test_an_owner_chooses_and_everybody_is_told(room, mina, teo, settings):
    settings.ASSISTANT_MODELS = ["gpt-4.1", "gpt-4.1-nano"]
    told = look(mina, room).json()
    assert (told["may_choose"], [one["name"] for one in told["agents"]]) == (True, ["assistant"])
    assert told["models"] == [settings.ASSISTANT_MODEL, "gpt-4.1", "gpt-4.1-nano"]
    response = choose(mina, room, model="gpt-4.1", prompt=" Quote the lines.\r\nBe short. ", may_edit=True)
    assert response.status_code == 200, response.content
    told = response.json()
    assert (told["model"], told["chosen_model"], told["may_edit"]) == ("gpt-4.1", "gpt-4.1", True)
    assert look(teo, room).json()["prompt"] == "Quote the lines.\nBe short."
    last = events(topic_of(room))[-1]
    assert (last["type"], last["data"]) == ("assistant.changed", {"enabled": True})
    entry = AuditEntry.objects.get(action="assistant.choose")
    assert (entry.actor, entry.target) == (mina, f"room:{room.pk}")
    assert entry.detail == {"model": "gpt-4.1", "may_edit": True, "prompt_chars": 26}
    assert choose(mina, room, model="gpt-4.1", may_edit=True).status_code == 200
    assert AuditEntry.objects.filter(action="assistant.choose").count() == 1
    assert events(topic_of(room))[-1] == last


def test_a_room_switches_it_off_and_on(room, mina):
    told = choose(mina, room, enabled=False).json()
    assert (told["enabled"], told["ready"], told["problem"]) == (
        False, True, "The assistant is switched off in this room.",
    )  # fmt: skip
    assert events(topic_of(room))[-1]["data"] == {"enabled": False}
    assert choose(mina, room, enabled=True).json()["enabled"]


def test_only_who_moderates_a_room_chooses(room, mina, teo, ines):
    for role, status in (("guest", 403), ("member", 403), ("moderator", 200), ("owner", 200)):
        factories.give_role(room, teo, role)
        assert choose(teo, room, may_edit=role == "owner").status_code == status, role
    assert choose(ines, room, may_edit=True).json()["code"] == "forbidden"
    factories.change(mina, room, archived=True)
    assert choose(mina, room, may_edit=True).json()["code"] == "forbidden"


def test_a_room_that_is_closed_to_somebody_is_not_there(secret, ines, mina):
    Room.objects.get(pk=secret.pk)
    for response in (
        look(ines, secret),
        choose(ines, secret, enabled=False),
        signed_in(ines).get(f"/api/assistant/quota/?room={secret.pk}"),
        choose(mina, Room(pk=2**62), enabled=False),
        choose(mina, Room(pk=2**70), enabled=False),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not RoomChoice.objects.exists()


def test_in_a_conversation_everybody_in_it_chooses(mina, teo, ines):
    direct = factories.make_direct(mina, teo)
    assert choose(teo, direct, enabled=False).status_code == 200
    assert choose(mina, direct, enabled=True).status_code == 200
    assert choose(ines, direct, enabled=False).status_code == 404


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"model": "gpt-9"}, "invalid", "model"),
        ({"agent": 999_999}, "invalid", "agent"),
        ({"prompt": "x" * 4_001}, "too_large", "prompt"),
        ({"prompt": "a\x00b"}, "invalid", "prompt"),
        ({"prompt": "a\ud800b"}, "invalid", None),
        ({"enabled": "yes"}, "invalid", "enabled"),
        ({"secret": 1}, "invalid", None),
    ],
    ids=["model", "agent", "long", "nul", "surrogate", "text", "unknown"],
)
def test_what_cannot_be_chosen_is_told_and_changes_nothing(room, mina, given, code, field):
    response = choose(mina, room, may_edit=True, **given)
    assert response.status_code in {400, 413}
    assert (response.json()["code"], response.json()["field"]) == (code, field)
    assert not RoomChoice.objects.exists()


def test_another_agent_brings_its_own_model(room, mina, settings):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    settings.ASSISTANT_MODELS = ["gpt-4.1"]
    choose(mina, room, model="gpt-4.1")
    coder = agents.make_agent(
        actor=boss, username="coder", display_name="Coder", model="code-1", base_url="http://127.0.0.1:9/v1"
    )
    told = choose(mina, room, agent=coder.pk).json()
    assert (told["agent"]["id"], told["model"], told["models"]) == (coder.pk, "code-1", ["code-1"])
    assert choose(mina, room, model="gpt-4.1").json()["field"] == "model"
    told = choose(mina, room, agent=0, model="gpt-4.1").json()
    assert (told["agent"]["name"], told["model"]) == ("assistant", "gpt-4.1")
    assert RoomChoice.objects.get().agent_id is None


def test_a_person_hides_it_everywhere_for_themselves(room, teo, mina):
    assert post(teo, "/api/assistant/me/", hidden=True).status_code == 200
    assert look(teo, room).json()["hidden"]
    assert not look(mina, room).json()["hidden"]
    post(teo, "/api/assistant/me/", remembers=False)
    found = PersonChoice.objects.get(pk=teo.pk)
    assert (found.hidden, found.remembers, found.told_demo) == (True, False, False)
    assert post(teo, "/api/assistant/me/", hidden=None, other=1).status_code == 400


def test_the_notice_about_the_demo_model_is_put_away_once(room, teo, settings):
    settings.ASSISTANT_DEMO = True
    assert (look(teo, room).json()["demo"], look(teo, room).json()["tell_demo"]) == (True, True)
    post(teo, "/api/assistant/me/", told_demo=True)
    assert (look(teo, room).json()["demo"], look(teo, room).json()["tell_demo"]) == (True, False)


def test_a_person_opens_a_session_of_their_own(room, teo, mina):
    made = post(teo, "/api/assistant/session/").json()["room"]
    assert post(teo, "/api/assistant/session/", agent=agents.default_agent().pk).json()["room"] == made
    assert look(teo, room).json()["direct_room"] == made
    assert look(mina, room).json()["direct_room"] is None
    assert post(mina, "/api/assistant/session/").json()["room"] != made
    assert look(mina, Room(pk=made)).status_code == 404
    assert post(teo, "/api/assistant/session/", agent=mina.pk).status_code == 404


def test_a_page_hears_of_the_quota_when_it_is_near(room, teo, settings):
    settings.ASSISTANT_PERSON_DAY_TOKENS = 10_000
    ask = f"/api/assistant/quota/?room={room.pk}"
    assert signed_in(teo).get(ask).json() is None
    usage.Spending.objects.create(scope="person", key=teo.pk, day=usage.today(), tokens=8_240)
    told = signed_in(teo).get(ask).json()
    assert (told["scope"], told["share"], told["used"], told["limit"]) == ("person", 0.824, "8,240", "10,000 tokens")
    assert look(teo, room).json()["quota"] == told
    assert signed_in(teo).get("/api/assistant/quota/").status_code == 400


def test_nobody_without_a_sign_in_is_told_anything(client, room, mina):
    for path in (f"/api/rooms/{room.pk}/assistant/", f"/api/assistant/quota/?room={room.pk}"):
        assert client.get(path).status_code == 401
    for path in ("/api/assistant/me/", "/api/assistant/session/", f"/api/rooms/{room.pk}/assistant/"):
        assert client.post(path).status_code == 401
        assert signed_in(mina).delete(path).status_code == 405
