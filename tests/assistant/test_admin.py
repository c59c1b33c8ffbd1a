"""The back office of the assistant: every page loads, agents are made and tested; it shows no words and no key."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from assistant.models import Agent, Note, PersonChoice, RoomChoice, Run, Spending, Step
from assistant.selectors import usage
from assistant.services import agents
from tests import factories
from tests.assistant.conftest import KEY
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "assistant"), key=lambda m: m.__name__
)
ADD = "/admin/assistant/agent/add/"


@pytest.fixture
def boss(db):
    return factories.make_person("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def office(boss):
    return signed_in(boss)


@pytest.fixture
def helper(db):
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="assistant"))
    return signed_in(user)


@pytest.fixture
def used(mina, room, secret):
    """The same in a public and in a private room: a choice, a run with its log, what it cost; and a note of Mina's."""
    agent = agents.default_agent()
    for place, word in ((room, "daylight"), (secret, "whisper")):
        question = factories.say(mina, place, f"@assistant {word} question")
        RoomChoice.objects.create(room=place, prompt=f"{word} prompt", changed_by=mina)
        run = Run.objects.create(
            agent=agent, asker=mina, room=place, question=question, lane=f"room:{place.pk}", day=usage.today(),
            text=f"{word} answer", html=f"{word} html", state="done", model=f"model-{word}", cost_micros=1_234_567,
            sources=[{"kind": "message", "label": f"{word} source", "url": ""}], started_at=timezone.now(),
            ended_at=timezone.now() + timedelta(seconds=4),
        )  # fmt: skip
        Step.objects.create(run=run, kind="tool", title=f"{word} title", detail=f"{word} detail")
        Spending.objects.create(scope="room", key=place.pk, day=usage.today(), tokens=1_000, micros=2_500_000)
    Note.objects.create(user=mina, text="whisper note")
    PersonChoice.objects.create(user=mina, hidden=True)


def listing(model, **query):
    return reverse(f"admin:assistant_{model._meta.model_name}_changelist", query=query)


def page(row):
    return reverse(f"admin:assistant_{row._meta.model_name}_change", args=[row.pk])


def test_every_model_is_in_the_office():
    assert set(MODELS) == set(apps.get_app_config("assistant").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_loads_and_shows_no_words(office, helper, used, model):
    words = [f"{word} {what}" for word in ("daylight", "whisper") for what in ("prompt", "answer", "source", "detail")]
    for client in (office, helper):
        pages = [client.get(listing(model)), client.get(listing(model, q="mina"))]
        pages += [client.get(page(row)) for row in model._default_manager.all() if client is office]
        for response in pages:
            assert response.status_code == 200
            told = response.content.decode()
            assert [word for word in [*words, "whisper note", "whisper title"] if word in told] == []


def test_runs_of_private_rooms_are_for_superusers(office, helper, used, secret):
    assert "model-whisper" in office.get(listing(Run)).content.decode()
    told = helper.get(listing(Run)).content.decode()
    assert "model-daylight" in told
    assert "whisper" not in told
    for row in (Run.objects.get(room=secret), RoomChoice.objects.get(room=secret), Step.objects.get(run__room=secret)):
        assert helper.get(page(row)).status_code == 302  # to the index: there is no such row
        assert office.get(page(row)).status_code == 200


def test_what_was_spent_is_shown_beside_its_limit(office, used, settings):
    settings.ASSISTANT_ROOM_DAY_TOKENS, settings.ASSISTANT_ROOM_DAY_COST = 4_000, "5"
    Spending.objects.create(scope="person", key=User.objects.get(username="mina").pk, day=usage.today(), tokens=1)
    told = office.get(listing(Spending)).content.decode()
    assert "2.50 USD" in told
    assert '<td class="field-whose">mina</td>' in told
    assert "50%" in told
    assert "1.234567 USD" in office.get(listing(Run)).content.decode()


def test_an_agent_is_made_with_its_account(office, boss):
    given = {"username": "Coder", "display_name": "Coder", "model": "code-1", "base_url": "http://127.0.0.1:9/v1"}
    given |= {"key_env": "CODER_API_KEY", "prompt": "You write Python.", "temperature": "0.2", "answer_tokens": "800"}
    assert office.get(ADD).status_code == 200
    assert office.post(ADD, given).status_code == 302
    made = Agent.objects.get(user__username="coder")
    assert (made.user.kind, made.user.has_usable_password(), made.model) == ("assistant", False, "code-1")
    entry = AuditEntry.objects.get(action="agent.create")
    assert (entry.actor, entry.target, entry.detail["key_env"]) == (boss, made.user.topic, "CODER_API_KEY")
    changed = {"model": "code-2", "base_url": made.base_url, "key_env": "", "prompt": "", "answer_tokens": ""}
    assert office.post(page(made), changed).status_code == 302
    made.refresh_from_db()
    assert (made.model, made.key_env, made.temperature) == ("code-2", "", None)
    assert "model" in AuditEntry.objects.get(action="agent.change").detail["changed"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"username": "mina"}, "This name is taken."),
        ({"username": "no spaces"}, "Use letters, digits"),
        ({"display_name": "A\u202eB"}, "invisible"),
        ({"key_env": "sk-live-0123456789"}, "ends in _API_KEY, not the key"),
        ({"key_env": "DATABASE_URL"}, "ends in _API_KEY, not the key"),
        ({"key_env": "SECRET_KEY"}, "ends in _API_KEY, not the key"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "An address that begins with http"),
        ({"temperature": "3"}, "Between 0 and 2."),
    ],
    ids=["taken", "name", "bidi", "key", "secret", "secret-key", "address", "temperature"],
)
def test_an_agent_that_cannot_be_is_not_made(office, mina, wrong, words):
    response = office.post(ADD, {"username": "coder", "display_name": "Coder", **wrong})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert "sk-live" not in response.content.decode()
    assert not User.objects.filter(kind="assistant").exists()


def test_staff_who_are_no_superusers_change_no_agent(helper, mina):
    agent = agents.default_agent()
    assert helper.post(ADD, {"username": "coder", "display_name": "Coder"}).status_code == 403
    assert helper.post(page(agent), {"base_url": "https://elsewhere.example/v1"}).status_code == 403
    helper.post(listing(Agent), {"action": "test_connection", "_selected_action": [agent.pk]})
    agent.refresh_from_db()
    assert agent.base_url == ""
    assert helper.get(listing(Agent)).status_code == 200


def act(client, name, *rows):
    chosen = {"action": name, "_selected_action": [row.pk for row in rows]}
    return client.post(listing(type(rows[0])), chosen, follow=True).content.decode()


def test_the_connection_is_tested_from_the_server(office, provider):
    agent = agents.default_agent()
    assert "It answers. Models: fake-1." in act(office, "test_connection", agent)
    Agent.objects.update(model="gone-1")
    assert "It answers, but does not list gone-1. It lists fake-1." in act(office, "test_connection", agent)
    assert KEY not in office.get(listing(Agent)).content.decode()


def test_a_connection_that_fails_says_why_and_shows_no_key(office, provider, monkeypatch, settings):
    agent = agents.default_agent()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789abcdef")
    told = act(office, "test_connection", agent)
    assert "The provider did not accept the key." in told
    assert "sk-wrong" not in told
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "Set OPENAI_API_KEY (and OPENAI_BASE_URL" in act(office, "test_connection", agent)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    assert "The provider cannot be reached." in act(office, "test_connection", agent)


def test_one_agent_becomes_the_default(office, boss):
    first = agents.default_agent()
    coder = agents.make_agent(actor=boss, username="coder", display_name="Coder")
    assert "Choose exactly one agent." in act(office, "make_default", first, coder)
    assert "Coder answers by default now." in act(office, "make_default", coder)
    assert list(Agent.objects.filter(is_default=True)) == [coder]


def test_runs_are_stopped_by_whoever_may_change_them(office, helper, used, mina, room):
    def waiting():
        return Run.objects.create(
            kind="summary", asker=mina, room=room, lane=f"user:{mina.pk}:summary", day=usage.today()
        )

    run = waiting()
    assert "Stopped: 1." in act(office, "stop", run)
    run.refresh_from_db()
    assert (run.state, run.stop_wanted_by.username) == ("stopped", "boss")
    assert AuditEntry.objects.get(action="run.stop").target == f"run:{run.pk}"
    assert "Stopped: 0." in act(office, "stop", run)
    assert "Stopped: 1." in act(helper, "stop", waiting())
    looker = factories.make_person("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_run"))
    run = waiting()
    act(signed_in(looker), "stop", run)
    run.refresh_from_db()
    assert run.state == "waiting"
