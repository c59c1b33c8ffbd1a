"""What operators learn of what was spent, and what is checked before a site starts."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from prometheus_client import REGISTRY

from accounts.services import delete_permanently
from assistant import services
from assistant.models import Run, Step
from assistant.selectors import usage
from assistant.services import withdrawal
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def a_run(asker, room, *, days=0, **given):
    figures = {"input_tokens": 1_000, "output_tokens": 100, "cost_micros": 500}
    given = {"state": "done", "model": "small", "lane": f"room:{room.pk}", **figures, **given}
    run = Run.objects.create(asker=asker, room=room, day=usage.today() - timedelta(days=days), **given)
    Run.objects.filter(pk=run.pk).update(ended_at=run.created_at)
    return run


@pytest.fixture
def used(mina, teo, room, secret):
    a_run(mina, room, cost_micros=2_000_000, model="large")
    a_run(mina, secret, days=2)
    a_run(teo, room, days=2, state="failed")
    a_run(teo, room, days=40, cost_micros=9_000_000)
    a_run(teo, room, lane="refused:1", input_tokens=0)
    Run.objects.create(asker=mina, room=room, lane="open", day=usage.today())


def told(*args):
    out = io.StringIO()
    call_command("assistant_usage", *args, stdout=out)
    return out.getvalue()


def test_usage_by_day_is_a_table_with_its_sum(used):
    lines = told().splitlines()
    day = usage.today()
    assert lines[0].split() == ["day", "runs", "failed", "tokens", "read", "tokens", "written", "cost"]
    assert lines[1].split() == [str(day - timedelta(days=2)), "2", "1", "2,000", "200", "0.001", "USD"]
    assert lines[2].split() == [str(day), "1", "0", "1,000", "100", "2.00", "USD"]
    assert lines[3].split() == ["total", "3", "1", "3,000", "300", "2.001", "USD"]
    assert "9.00" in told("--days", "60")


def test_usage_by_person_room_and_model_names_them(used, secret, room):
    assert [line.split()[0] for line in told("--by", "person").splitlines()] == ["person", "mina", "teo", "total"]
    assert [line.split()[0] for line in told("--by", "room").splitlines()] == ["room", room.slug, secret.slug, "total"]
    assert [line.split()[0] for line in told("--by", "model").splitlines()] == ["model", "large", "small", "total"]


def test_usage_is_read_by_programs_too(used):
    found = json.loads(told("--by", "model", "--json"))
    assert found[0] == {
        "model": "large", "runs": 1, "failed": 0, "tokens_read": 1_000, "tokens_written": 100, "cost": "2.000000",
        "currency": "USD",
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(told("--by", "person", "--csv"))))
    assert [(row["person"], row["runs"], row["cost"]) for row in rows] == [
        ("mina", "2", "2.000500"), ("teo", "1", "0.000500"),
    ]  # fmt: skip


def test_a_model_named_like_a_formula_is_no_formula(mina, room):
    a_run(mina, room, model="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in told("--by", "model", "--csv")


def test_what_the_deleted_spent_is_counted_without_their_names(used, teo):
    delete_permanently(actor=factories.make_person("boss", is_superuser=True), user=teo)
    assert "deleted person" in told("--by", "person")
    assert "teo" not in told("--by", "person")


def test_an_empty_report_says_so_and_wrong_days_are_refused(db):
    assert told() == "Nobody has asked the assistant in these days.\n"
    assert json.loads(told("--json")) == []
    for days in ("0", "-1", "4000"):
        with pytest.raises(CommandError, match="--days goes from 1"):
            told("--days", days)


def found(**options):
    return {one.id for one in run_checks(**options) if str(one.id).startswith("assistant.")}


def test_the_defaults_pass_every_check():
    assert found() == found(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ASSISTANT_PRICES", '{"a": 1}', "assistant.E001"),
        ("ASSISTANT_PERSON_DAY_COST", "two", "assistant.E002"),
        ("ASSISTANT_SITE_DAY_COST", "-1", "assistant.E002"),
        ("ASSISTANT_ROOM_DAY_TOKENS", -1, "assistant.E003"),
        ("ASSISTANT_PERSON_DAY_TOKENS", 2**63, "assistant.E003"),
        ("ASSISTANT_LOG_DAYS", -1, "assistant.E003"),
        ("ASSISTANT_RUNS_MOST", 0, "assistant.E004"),
        ("OPENAI_BASE_URL", "api.openai.com", "assistant.E005"),
        ("OPENAI_BASE_URL", "https://user:word@127.0.0.1/v1", "assistant.E005"),
        ("OPENAI_BASE_URL", "https://[::1/v1", "assistant.E005"),
        ("ASSISTANT_KEY_ENV", "sk-live-0123456789abcdef", "assistant.E006"),
    ],
)
def test_a_setting_that_cannot_hold_is_named(settings, name, value, code):
    setattr(settings, name, value)
    assert found() == {code}
    assert "sk-live" not in str(run_checks())


def test_what_a_site_with_people_should_know_is_said_before_it_opens(settings):
    settings.OPENAI_BASE_URL = "http://llm.internal/v1"
    settings.ASSISTANT_MODEL = "unpriced-1"
    assert found(include_deployment_checks=True) == {"assistant.W001", "assistant.W002"}
    settings.OPENAI_BASE_URL = "http://127.0.0.1:11434/v1"
    assert found(include_deployment_checks=True) == set()


def test_pruning_is_bounded(settings, mina, room, monkeypatch):
    settings.ASSISTANT_LOG_DAYS = 1
    run = a_run(mina, room)
    Step.objects.bulk_create([Step(run=run, kind="tool", title="x", at=run.created_at - timedelta(days=2))] * 5)
    monkeypatch.setattr(withdrawal, "PRUNED_AT_ONCE", 3)
    assert [withdrawal.prune_logs() for _ in range(3)] == [3, 2, 0]


def test_runs_are_counted_for_prometheus_once_they_are_over(mina, room, agent, django_capture_on_commit_callbacks):
    def counted() -> tuple[float, float]:
        labels = {"kind": "summary", "state": "failed", "fault": "busy"}
        runs = REGISTRY.get_sample_value("collab_assistant_runs_total", labels) or 0
        return runs, REGISTRY.get_sample_value("collab_assistant_tokens_total", {"direction": "read"}) or 0

    run = Run.objects.create(kind="summary", asker=mina, room=room, lane="x", day=usage.today(), model="small")
    before = counted()
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            services.end_run(
                run_id=run.pk, holder="", ending=services.Ending(state="failed", fault="busy", used=(70, 3))
            )
    assert counted() == (before[0] + 1, before[1] + 70)
