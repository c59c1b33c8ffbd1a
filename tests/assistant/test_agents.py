"""Who answers: the agent that every site has, others, what a room chose of them, and what is missing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import User
from accounts.services import deactivate_person
from assistant.models import Agent, RoomChoice
from assistant.services import agents
from realtime.protocol import Refused
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]
KEY = "sk-known-to-this-test-0123456789abcdef"


@pytest.fixture
def keyed(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_a_new_site_makes_its_agent_when_somebody_asks_for_it(room, keyed, settings):
    assert not Agent.objects.exists()
    found = agents.agent_for(room_id=room.pk)
    account = User.objects.get(username="assistant")
    assert (found.agent_id, found.user_id, found.name) == (account.pk, account.pk, "Assistant")
    assert (account.kind, account.has_usable_password(), account.email) == ("assistant", False, "")
    assert (found.model, found.base_url) == (settings.ASSISTANT_MODEL, settings.OPENAI_BASE_URL)
    assert (found.enabled, found.ready, found.problem, found.may_edit) == (True, True, "", False)
    assert agents.agent_for(room_id=room.pk) == found
    assert Agent.objects.count() == 1


def test_a_site_without_a_key_says_what_to_set(room, monkeypatch, settings):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = agents.agent_for(room_id=room.pk)
    words = "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider), or start bin/run without --no-llm."
    assert (found.ready, found.problem) == (False, words)
    settings.ASSISTANT_KEY_ENV = ""  # a server of one's own that wants none
    assert agents.agent_for(room_id=room.pk).ready
    settings.ASSISTANT_KEY_ENV = "OTHER_KEY"
    assert "Set OTHER_KEY (" in agents.agent_for(room_id=room.pk).problem
    monkeypatch.setenv("OTHER_KEY", "  ")
    assert not agents.agent_for(room_id=room.pk).ready


def test_a_demo_site_needs_no_key_and_keeps_to_its_model(room, monkeypatch, settings):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings.ASSISTANT_DEMO = True
    settings.ASSISTANT_MODELS = ["gpt-4.1"]
    RoomChoice.objects.create(room=room, model="gpt-4.1")
    found = agents.agent_for(room_id=room.pk)
    assert (found.demo, found.ready, found.key_env, found.model) == (True, True, "", settings.ASSISTANT_MODEL)


def test_where_somebody_has_the_name_the_assistant_takes_another(room):
    factories.make_person("assistant")
    assert agents.default_agent().user.username == "assistant.ai"
    assert agents.agent_for(room_id=room.pk).name == "Assistant"


def test_an_account_of_its_kind_that_is_there_becomes_the_assistant():
    account = factories.make_person("assistant", kind="assistant", display_name="Old helper")
    assert agents.default_agent().user == account


@pytest.mark.django_db(transaction=True)
def test_many_ask_at_once_and_one_agent_is_made():
    def ask(_: int) -> int:
        try:
            return agents.default_agent().pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(12)))) == 1
    assert Agent.objects.count() == User.objects.filter(kind="assistant").count() == 1


def test_a_room_chooses_agent_model_and_prompt(room, mina, keyed, settings):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    default = agents.default_agent()
    settings.ASSISTANT_MODELS = ["gpt-4.1"]
    choice = RoomChoice.objects.create(room=room, model="gpt-4.1", prompt="Be short.", may_edit=True)
    found = agents.agent_for(room_id=room.pk)
    assert (found.model, found.prompt, found.may_edit) == ("gpt-4.1", "Be short.", True)
    other = agents.make_agent(
        actor=boss, username="coder", display_name="Coder", model="code-1", prompt="You write Python.",
        base_url="http://127.0.0.1:9/v1/", key_env="CODER_API_KEY",
    )  # fmt: skip
    RoomChoice.objects.filter(pk=choice.pk).update(agent=other)
    found = agents.agent_for(room_id=room.pk)
    assert (found.agent_id, found.name, found.base_url) == (other.pk, "Coder", "http://127.0.0.1:9/v1")
    # The list of models is of the site's provider, not of this one.
    assert (found.model, found.prompt) == ("code-1", "You write Python.\n\nBe short.")
    assert (found.ready, found.problem) == (
        False,
        "Set CODER_API_KEY in the environment of the site and start it again.",
    )
    deactivate_person(actor=boss, user=other.user)
    assert agents.agent_for(room_id=room.pk).agent_id == default.pk


def test_a_persons_own_session_is_with_whom_they_opened_it(mina):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    default = agents.default_agent()
    coder = agents.make_agent(actor=boss, username="coder", display_name="Coder")
    assert agents.agent_for(room_id=factories.make_direct(mina, coder.user).pk).agent_id == coder.pk
    assert agents.agent_for(room_id=factories.make_direct(mina, default.user).pk).agent_id == default.pk


def test_an_administrator_closes_the_assistant_by_its_account(room, keyed):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    deactivate_person(actor=boss, user=agents.default_agent().user)
    found = agents.agent_for(room_id=room.pk)
    assert (found.enabled, found.ready) == (False, False)
    assert found.problem == "The assistant is switched off on this site."


def test_only_superusers_make_agents(mina):
    for actor in (mina, factories.make_person("helper", is_staff=True)):
        with pytest.raises(Refused, match="forbidden"):
            agents.make_agent(actor=actor, username="coder", display_name="Coder")
        with pytest.raises(Refused, match="forbidden"):
            agents.make_default(actor=actor, agent_id=agents.default_agent().pk)


def test_another_agent_becomes_the_default(room):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    agents.default_agent()
    coder = agents.make_agent(actor=boss, username="coder", display_name="Coder")
    agents.make_default(actor=boss, agent_id=coder.pk)
    assert agents.agent_for(room_id=room.pk).agent_id == coder.pk
    assert list(Agent.objects.filter(is_default=True)) == [coder]


def test_an_address_of_its_own_is_never_given_another_secret(room, mina, keyed, monkeypatch):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    monkeypatch.setenv("SITE_SECRET", "of-the-site")
    agents.default_agent()
    address = "http://127.0.0.1:9/v1"
    local = agents.make_agent(actor=boss, username="local", display_name="Local", base_url=address)
    thief = agents.make_agent(
        actor=boss, username="thief", display_name="Thief", base_url=address, key_env="SITE_SECRET"
    )
    RoomChoice.objects.create(room=room, agent=local)
    found = agents.agent_for(room_id=room.pk)
    assert (found.key_env, found.ready) == ("", True)  # not the site's own key either
    RoomChoice.objects.update(agent=thief)
    found = agents.agent_for(room_id=room.pk)
    assert (found.ready, found.problem) == (False, "SITE_SECRET is not the name of a key: it has to end in _API_KEY.")
