"""Why this answer: who may look it up, what stands in it, and what does not any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.services import delete_permanently
from assistant import redacting
from assistant.models import Note, PersonChoice, Run, Spending, Step
from assistant.selectors import usage
from assistant.services import agents, choices, withdrawal
from chat import services
from chat.services import retention
from chat.shapes import RunView
from editor.services import create_document, delete_document
from tests import factories
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def an_answer(asker, room, text="Neither of them.", **given) -> Run:
    """A run that is over, with its message, made as the services make it."""
    agent = agents.default_agent()
    question = factories.say(asker, room, "@assistant which order is correct?")
    run = Run.objects.create(
        agent=agent, asker=asker, room=room, question=question, lane=f"room:{room.pk}", day=usage.today(),
        model="fake-1", text=text, state="done", rounds=2, input_tokens=3_180, output_tokens=212, cost_micros=1_612,
        started_at=timezone.now(), ended_at=timezone.now(), **given,
    )  # fmt: skip
    view = RunView(id=run.pk, state="waiting", asker=asker.pk)
    message = services.begin_answer(author=agent.user, asker=asker, room_id=room.pk, run=view)
    Run.objects.filter(pk=run.pk).update(message=message.id)
    run.refresh_from_db()
    return run


def step(run, title, detail="", kind="context", **given) -> Step:
    return Step.objects.create(run=run, kind=kind, title=title, detail=detail, **given)


def look(user, run) -> Any:
    return signed_in(user).get(f"/api/runs/{run.pk}/log/")


def source_of(message, label="Mina, 09:02"):
    return {"kind": "message", "label": label, "url": f"/rooms/realtime-core/m/{message.pk}/"}


def test_whoever_reads_an_answer_reads_why(room, mina, teo, ines, settings):
    run = an_answer(mina, room)
    step(run, "Prompt of 90 tokens", "system: Be short.", kind="prompt")
    step(run, "edit_document refused", "This room allows suggestions only.", kind="tool", refused=True, ms=12)
    for reader in (mina, teo, ines):  # the room is public
        told = look(reader, run).json()
        assert (told["run"]["asker"], told["run"]["model"], told["rounds"]) == (mina.pk, "fake-1", 2)
        assert (told["input_tokens"], told["output_tokens"], told["cost_micros"]) == (3_180, 212, 1_612)
        assert told["currency"] == settings.ASSISTANT_CURRENCY
        assert [(one["kind"], one["title"], one["refused"], one["ms"]) for one in told["steps"]] == [
            ("prompt", "Prompt of 90 tokens", False, None), ("tool", "edit_document refused", True, 12),
        ]  # fmt: skip


def test_a_log_of_a_closed_room_is_not_there_for_others(secret, mina, ines, client):
    run = an_answer(mina, secret)
    assert look(mina, run).status_code == 200
    assert (look(ines, run).status_code, look(ines, Run()).status_code) == (404, 404)
    assert look(ines, run).json() == look(ines, Run()).json()
    assert client.get(f"/api/runs/{run.pk}/log/").status_code == 401


def test_a_summary_is_its_askers_alone(room, mina, teo):
    run = Run.objects.create(kind="summary", asker=mina, room=room, lane="user:1:summary", day=usage.today())
    assert look(mina, run).status_code == 200
    assert look(teo, run).status_code == 404


def test_what_was_deleted_since_is_in_no_log(room, mina, teo):
    said = [factories.say(teo, room, text) for text in ("kept words", "burned words", "changed words")]
    lines = "\n".join(f"[#{one.seq}] 09:0{number} Teo: {one.body}\nmore of it" for number, one in enumerate(said))
    run = an_answer(mina, room, sources=[source_of(said[0], "Teo, 09:00"), source_of(said[1], "Pinned: Teo, 09:01")])
    step(run, "3 messages, 09:00–09:02", f"<data-1> The last messages\n{lines}")
    step(run, "Pinned: Teo, 09:01", "burned words")
    before = look(mina, run).json()
    assert (len(before["sources"]), before["hidden_sources"]) == (2, 0)
    assert before["steps"][0]["detail"].count("words\nmore of it") == 3
    services.delete_message(actor=teo, room_id=room.pk, message_id=said[1].pk)
    services.edit_message(actor=teo, room_id=room.pk, message_id=said[2].pk, body="other words")
    told = look(mina, run).json()
    assert ([one["label"] for one in told["sources"]], told["hidden_sources"]) == (["Teo, 09:00"], 1)
    assert "burned" not in str(told)
    assert "changed" not in str(told)
    assert told["steps"][0]["detail"] == (
        f"<data-1> The last messages\n[#{said[0].seq}] 09:00 Teo: kept words\nmore of it\n"
        f"[#{said[1].seq}] (deleted or edited since)\n[#{said[2].seq}] (deleted or edited since)\n"
    )
    assert told["steps"][1]["detail"] == "This is about something that was deleted."


def test_a_document_that_was_deleted_is_a_source_that_nobody_sees(room, mina):
    made = create_document(actor=mina, room_id=room.pk, cid=factories.nobody(), name="a.py", language="", text="x = 1")
    url = f"/rooms/realtime-core/?doc={made.id}&v=1"
    run = an_answer(mina, room, sources=[{"kind": "document", "label": "a.py", "url": url}])
    step(run, "a.py", "x = 1")
    assert look(mina, run).json()["steps"][0]["detail"] == "x = 1"
    delete_document(actor=mina, document_id=made.id)
    told = look(mina, run).json()
    assert (told["sources"], told["hidden_sources"]) == ([], 1)
    assert told["steps"][0]["detail"] == "This is about something that was deleted."


def test_a_deleted_answer_leaves_its_cost_and_nothing_else(room, mina):
    run: Any = an_answer(mina, room, text="burned words", sources=[{"kind": "memory", "label": "x", "url": ""}])
    step(run, "Prompt", "burned words", kind="prompt")
    services.delete_message(actor=mina, room_id=room.pk, message_id=run.message_id)
    assert (look(mina, run).status_code, look(mina, run).json()["code"]) == (410, "gone")
    run.refresh_from_db()
    assert (run.text, run.html, run.sources, run.cost_micros) == ("", "", [], 1_612)
    assert not Step.objects.exists()


def test_retention_takes_answers_with_their_logs(room, mina, settings):
    settings.MESSAGE_RETENTION_DAYS = 10
    run = an_answer(mina, room, text="burned words")
    step(run, "Prompt", "burned words", kind="prompt")
    due = retention.rooms_with_an_end(now=timezone.now() + timedelta(days=11))
    assert sum(sum(retention.expire_room(one)) for one in due) >= 2
    run.refresh_from_db()
    assert (run.message_id, run.text, Step.objects.count()) == (None, "", 0)
    assert look(mina, run).json()["code"] == "gone"


def test_old_lines_are_pruned(room, mina, settings):
    run = an_answer(mina, room)
    old = timezone.now() - timedelta(days=31)
    for number in range(3):
        step(run, f"old {number}", at=old)
    step(run, "new")
    settings.ASSISTANT_LOG_DAYS = 0
    assert withdrawal.prune_logs() == 0
    settings.ASSISTANT_LOG_DAYS = 30
    assert (withdrawal.prune_logs(), withdrawal.prune_logs()) == (3, 0)
    told = look(mina, run).json()
    assert ([one["title"] for one in told["steps"]], told["input_tokens"]) == (["new"], 3_180)


def test_an_erased_person_leaves_their_answers_without_an_asker(room, teo, mina):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    run = an_answer(teo, room)
    session = choices.open_session(actor=teo, agent_id=agents.default_agent().pk)
    Run.objects.create(asker=teo, room_id=session, lane=f"room:{session}", day=usage.today(), text="private")
    Run.objects.create(kind="summary", asker=teo, room=room, lane="user:2:summary", day=usage.today())
    Note.objects.create(user=teo, text="likes tea")
    Note.objects.create(user=mina, text="likes coffee")
    choices.choose_for_oneself(actor=teo, wish=choices.OwnWish(hidden=True))
    Spending.objects.create(scope="person", key=teo.pk, day=usage.today(), tokens=5)
    delete_permanently(actor=boss, user=teo)
    assert [(left.pk, left.asker) for left in Run.objects.all()] == [(run.pk, None)]
    assert (list(Note.objects.values_list("text", flat=True)), PersonChoice.objects.count()) == (["likes coffee"], 0)
    assert not Spending.objects.exists()
    assert look(mina, run).json()["run"]["asker"] is None


def test_only_the_words_of_the_withdrawn_go():
    text = "[#1] a\nb [#2] c\n[#2] d\n\n[#3] e"
    assert redacting.quoted_in([text, "[#9] x", "no [#8] y"]) == {1, 2, 3, 9}
    assert redacting.without(text, {2}) == "[#1] a\nb [#2] c\n[#2] (deleted or edited since)\n[#3] e"
    assert redacting.without(text, {7}) == text
    assert redacting.without("plain", {1}) == "plain"
