"""What people want of runs, and what becomes of them: in line, claimed, stopped, repeated, swept; no provider."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.services import create_person
from assistant import services
from assistant.models import Run, Spending
from assistant.services import Ending, Written
from chat import services as rooms
from chat.markdown import render
from chat.models import Message
from realtime.protocol import Refused
from tests.chat.conftest import events, last_event
from tests.factories import give_role, make_direct, say
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack, pytest.mark.usefixtures("agent")]


def ask(person: Any, room: Any, body: str = "@assistant Why?", **given: Any) -> Any:
    """Asks as the listener does, which hears of nothing in a test's transaction."""
    question = say(person, room, body, **given)
    result = services.start_run(
        asker=person, room_id=room.pk, question_id=question.pk, thread_root=question.thread_root_id, cid=question.pk
    )
    return Run.objects.get(pk=result.run)


def claim(holder: str = "here") -> Any:
    run = services.claim_next(holder=holder)
    assert run is not None
    return run


def finish(run: Run, text: str = "Because.", state: str = "done", holder: str = "here", **given: Any) -> bool:
    return services.end_run(run_id=run.pk, holder=holder, ending=Ending(state=state, text=render(text), **given))


def shown(run: Any) -> dict[str, Any]:
    """The answer as a snapshot has it now."""
    room = run.room_id
    page = signed_in(User.objects.get(pk=run.asker_id)).get(f"/api/rooms/{room}/snapshot/").json()
    return next(one for one in page["messages"] if one["id"] == str(run.message_id))


def places(person: Any, room: Any) -> dict[str, int]:
    page = signed_in(person).get(f"/api/rooms/{room.pk}/snapshot/").json()
    return {one["run"]["id"]: one["run"]["place"] for one in page["messages"] if one["run"]}


def test_a_question_has_its_empty_answer_at_once(mina, room, agent):
    run = ask(mina, room)
    answer = shown(run)
    assert (answer["author"], answer["kind"], answer["body"]) == (agent.pk, "assistant", "")
    assert (answer["run"]["state"], answer["run"]["asker"], answer["run"]["place"]) == ("waiting", mina.pk, 0)
    assert answer["reply_to"]["id"] == str(run.question_id)
    held = Spending.objects.get(scope="person", key=mina.pk)
    assert held.reserved_tokens == run.reserved_tokens > 0


def test_a_question_in_a_thread_is_answered_there(mina, teo, room):
    root = say(teo, room, "Shall we?")
    run = ask(mina, room, thread=root.pk)
    message = Message.objects.get(pk=run.message_id)
    assert message.thread_root_id == root.pk
    assert run.lane == f"room:{room.pk}:{root.pk}"


def test_the_same_question_asked_twice_is_one_run(mina, room):
    run = ask(mina, room)
    again = services.start_run(
        asker=mina, room_id=room.pk, question_id=run.question_id, thread_root=None, cid=run.question_id
    )
    assert (again.run, again.duplicate) == (run.pk, True)
    assert Run.objects.count() == 1
    assert Message.objects.filter(kind="assistant").count() == 1


def test_who_may_not_write_gets_no_answer_and_nothing_is_held(mina, teo, ines, room):
    question = say(mina, room, "@assistant Why?")
    rooms.sanction_member(actor=mina, room_id=room.pk, user_id=teo.pk, kind="mute", reason="Spam", seconds=600)
    for person, code in ((ines, "not_member"), (teo, "muted")):
        with pytest.raises(Refused, match=code):
            services.start_run(
                asker=person, room_id=room.pk, question_id=question.pk, thread_root=None, cid=uuid.uuid4()
            )
    assert not Run.objects.exists()
    assert not Spending.objects.filter(reserved_tokens__gt=0).exists()


def test_without_a_key_one_is_told_what_to_set(mina, room, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(Refused) as refused:
        ask(mina, room)
    assert refused.value.code == "assistant_unavailable"
    assert "OPENAI_API_KEY" in refused.value.message
    assert not Message.objects.filter(kind="assistant").exists()


def test_runs_of_a_lane_wait_for_each_other_and_see_their_place(mina, teo, room):
    first, second, third = ask(mina, room), ask(teo, room), ask(mina, room)
    assert claim().pk == first.pk
    assert services.claim_next(holder="there") is None
    assert places(mina, room) == {str(first.pk): 0, str(second.pk): 1, str(third.pk): 2}
    finish(first)
    assert claim("there").pk == second.pk
    assert services.waiting_after(run_id=second.pk) == [third.pk]
    services.move_up(run_id=third.pk)
    assert places(mina, room) == {str(first.pk): 0, str(second.pk): 0, str(third.pk): 1}


def test_threads_are_lanes_of_their_own(mina, teo, room):
    root = say(teo, room, "Shall we?")
    first, second = ask(mina, room), ask(teo, room, thread=root.pk)
    assert {claim().pk, claim().pk} == {first.pk, second.pk}


def test_the_whole_site_writes_so_many_answers_at_once(mina, teo, room, settings):
    settings.ASSISTANT_RUNS_MOST = 2
    roots = [say(teo, room, f"Topic {number}") for number in range(3)]
    runs = [ask(mina, room, thread=root.pk) for root in roots]
    assert [claim().pk, claim("there").pk] == [runs[0].pk, runs[1].pk]
    assert services.claim_next(holder="here") is None
    assert not services.can_claim()
    late = ask(teo, room)
    assert shown(late)["run"]["place"] == 1
    finish(runs[0])
    assert services.can_claim()
    assert claim().pk == runs[2].pk
    assert set(Run.objects.filter(state="streaming").values_list("slot", flat=True)) == {1, 2}


def test_a_lane_takes_twenty_that_wait(mina, room, settings):
    settings.ASSISTANT_PERSON_MINUTE_RUNS = settings.ASSISTANT_PERSON_DAY_TOKENS = 0
    for _ in range(20):
        ask(mina, room)
    with pytest.raises(Refused, match="assistant_busy"):
        ask(mina, room)
    claim()
    ask(mina, room)


def test_what_is_written_is_kept_and_read_by_who_comes_late(mina, teo, room):
    run = ask(mina, room)
    claim()
    text = "One 😀.\n\nTwo"
    written = Written(run=run.pk, message=run.message_id, text=text, html="<p>One 😀.</p>\n", rendered=9)
    assert services.keep_alive(holder="here", written=[written])[run.pk].stop is False
    view = signed_in(teo).get(f"/api/runs/{run.pk}/").json()
    assert (view["text"], view["offset"], view["rendered"], view["state"]) == (text, 12, 9, "streaming")
    answer = shown(run)
    assert (answer["body"], answer["html"]) == (text, "<p>One 😀.</p>\n")


def test_the_end_is_told_once_and_paid(mina, room):
    run = ask(mina, room)
    claim()
    before = len(events(f"room:{room.pk}"))
    sources = [{"kind": "message", "label": "Mina, 09:02", "url": "/rooms/x/"}]
    assert finish(run, "It is **green**, @mina", used=(900, 100), sources=sources)
    assert not finish(run, "Again")
    told = events(f"room:{room.pk}")[before:]
    assert [one["type"] for one in told] == ["run.changed"]
    assert told[0]["data"]["run"]["sources"] == sources
    assert "<strong>green</strong>, @mina</p>" in told[0]["data"]["html"]
    assert shown(run)["html"] == told[0]["data"]["html"]
    row = Spending.objects.get(scope="person", key=mina.pk)
    assert (row.tokens, row.reserved_tokens) == (1000, 0)


def test_an_answer_is_found_by_search_only_when_it_ended(mina, room):
    run = ask(mina, room)
    claim()
    services.keep_alive(holder="here", written=[Written(run=run.pk, message=run.message_id, text="A pelican")])
    search = "/api/search/?q=pelican"
    assert signed_in(mina).get(search).json()["messages"] == []
    finish(run, "A pelican flew by")
    assert len(signed_in(mina).get(search).json()["messages"]) == 1


# Stop


def test_one_that_waits_is_stopped_at_once(mina, teo, room):
    first, second = ask(mina, room), ask(teo, room)
    claim()
    result = services.stop_run(actor=mina, room_id=room.pk, run_id=second.pk)
    assert result.state == "stopped"
    assert shown(second)["run"]["stopped_by"] == mina.pk
    assert services.stop_run(actor=teo, room_id=room.pk, run_id=second.pk).state == "stopped"
    finish(first)
    assert services.claim_next(holder="here") is None


def test_one_that_writes_hears_of_it_with_its_heartbeat(mina, teo, room):
    run = ask(mina, room)
    claim("elsewhere")
    assert services.stop_run(actor=teo, room_id=room.pk, run_id=run.pk).state == "streaming"
    written = [Written(run=run.pk, message=run.message_id)]
    assert services.keep_alive(holder="elsewhere", written=written)[run.pk].stop is True
    assert finish(run, "Half", state="stopped", holder="elsewhere")
    assert (shown(run)["body"], shown(run)["run"]["stopped_by"]) == ("Half", teo.pk)


def test_who_may_not_write_may_not_stop_the_run_of_another(mina, teo, ines, room):
    run = ask(mina, room)
    with pytest.raises(Refused, match="not_member"):
        services.stop_run(actor=ines, room_id=room.pk, run_id=run.pk)
    give_role(room, teo, "guest")
    assert services.stop_run(actor=teo, room_id=room.pk, run_id=run.pk).state == "stopped"
    with pytest.raises(Refused, match="not_found"):
        services.stop_run(actor=teo, room_id=room.pk, run_id=uuid.uuid4())


def test_a_run_whose_answer_was_deleted_ends_quietly(mina, room):
    run = ask(mina, room)
    claim()
    rooms.delete_message(actor=mina, room_id=room.pk, message_id=run.message_id)
    written = [Written(run=run.pk, message=run.message_id, text="Secret")]
    assert services.keep_alive(holder="here", written=written)[run.pk].gone is True
    assert finish(run, "Secret", state="stopped")
    message = Message.objects.get(pk=run.message_id)
    assert (message.body, message.html) == ("", "")
    assert "Secret" not in str(events(f"room:{room.pk}"))
    assert signed_in(mina).get(f"/api/runs/{run.pk}/").status_code == 410
    assert signed_in(mina).get(f"/api/messages/{run.message_id}/answers/").json() == []


# Again


def test_an_answer_is_written_again_and_the_first_stays_readable(mina, teo, room):
    run = ask(mina, room)
    claim()
    finish(run, "Red", state="failed", problem="The provider failed.")
    again = services.repeat_run(actor=teo, room_id=room.pk, message_id=run.message_id, cid=uuid.uuid4())
    second = Run.objects.get(pk=again.run)
    assert (second.answer_no, second.asker_id, second.message_id) == (2, teo.pk, run.message_id)
    assert (shown(run)["body"], shown(run)["run"]["answers"], shown(run)["run"]["problem"]) == ("", 2, "")
    assert claim().pk == second.pk
    finish(second, "Green")
    told = signed_in(teo).get(f"/api/messages/{run.message_id}/answers/").json()
    assert [(one["answer_no"], one["text"], one["state"]) for one in told] == [
        (2, "Green", "done"),
        (1, "Red", "failed"),
    ]
    assert told[1]["problem"] == "The provider failed."
    assert Message.objects.filter(kind="assistant").count() == 1


def test_a_second_press_while_it_is_answered_changes_nothing(mina, teo, room):
    run = ask(mina, room)
    claim()
    finish(run)
    cid = uuid.uuid4()
    first = services.repeat_run(actor=mina, room_id=room.pk, message_id=run.message_id, cid=cid)
    for person, wish in ((mina, cid), (teo, uuid.uuid4())):
        again = services.repeat_run(actor=person, room_id=room.pk, message_id=run.message_id, cid=wish)
        assert (again.run, again.duplicate) == (first.run, True)
    assert Run.objects.count() == 2


def test_nothing_but_an_answer_is_answered_again(mina, ines, room):
    message = say(mina, room, "Hello")
    run = ask(mina, room)
    with pytest.raises(Refused, match="not_found"):
        services.repeat_run(actor=mina, room_id=room.pk, message_id=message.pk, cid=uuid.uuid4())
    with pytest.raises(Refused, match="not_member"):
        services.repeat_run(actor=ines, room_id=room.pk, message_id=run.message_id, cid=uuid.uuid4())


# Lost and handed over


def lose(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(held_until=timezone.now() - timedelta(seconds=1))


def test_a_lost_run_ends_with_what_was_kept(mina, room):
    run = ask(mina, room)
    claim("dead")
    written = Written(run=run.pk, message=run.message_id, text="It is", html="", input_tokens=40)
    services.keep_alive(holder="dead", written=[written])
    assert services.lost_runs() == []
    lose(run)
    assert services.lost_runs() == [(run.pk, "dead")]
    assert services.sweep_run(run_id=run.pk, holder="dead")
    assert not services.sweep_run(run_id=run.pk, holder="dead")
    answer = shown(run)
    assert (answer["body"], answer["html"], answer["run"]["state"]) == ("It is", "<p>It is</p>\n", "interrupted")
    assert answer["run"]["problem"]
    run.refresh_from_db()
    assert (run.input_tokens, run.estimated, run.reserved_tokens) == (40, True, 0)
    assert run.output_tokens > 0
    assert not finish(run, "Too late", holder="dead")


def test_a_run_that_speaks_again_in_time_is_not_swept(mina, room):
    run = ask(mina, room)
    claim()
    lose(run)
    services.keep_alive(holder="here", written=[Written(run=run.pk, message=run.message_id)])
    assert not services.sweep_run(run_id=run.pk, holder="here")


def test_a_run_that_was_handed_back_is_executed_by_another_process(mina, room):
    run = ask(mina, room)
    claim()
    assert services.hand_back(run_id=run.pk, holder="here")
    assert shown(run)["run"]["state"] == "waiting"
    assert services.keep_alive(holder="here", written=[Written(run=run.pk, message=run.message_id)]) == {}
    assert claim("there").pk == run.pk
    assert finish(run, "Done", holder="there")


def test_the_end_of_a_room_takes_its_runs_with_it(mina, room):
    run = ask(mina, room)
    Message.objects.filter(room=room)
    room.delete()
    assert not Run.objects.filter(pk=run.pk).exists()
    assert services.claim_next(holder="here") is None


# Who asks


def test_only_people_and_bots_ask(mina, room, agent):
    bot = create_person(actor=None, username="helper", kind="bot")
    rooms.invite_person(actor=mina, room_id=room.pk, user_id=bot.pk)
    message = say(bot, room, "@assistant Why?")
    view = rooms_view(bot, room, message)
    assert services.is_called(message=view)
    assert services.ask(asker=bot, message=view) is not None
    other = create_person(actor=None, username="second", kind="assistant")
    assert services.ask(asker=other, message=view) is None


def rooms_view(person: Any, room: Any, message: Message) -> Any:
    from chat.selectors.views import message_views

    return message_views([message])[0]


def test_every_word_in_ones_own_session_is_a_question(mina, teo, agent):
    session, other = make_direct(mina, agent), make_direct(mina, teo)
    assert services.is_called(message=rooms_view(mina, session, say(mina, session, "Good morning")))
    assert not services.is_called(message=rooms_view(mina, other, say(mina, other, "Good morning")))


def test_a_question_that_nobody_heard_is_found_once(mina, room, monkeypatch):
    say(mina, room, "Nobody is asked here")
    question = say(mina, room, "@assistant Why?")
    [missed] = services.missed_questions()
    assert missed.id == question.pk
    services.ask(asker=mina, message=missed)
    assert services.missed_questions() == []
    refused = say(mina, room, "@assistant And now?")
    monkeypatch.delenv("OPENAI_API_KEY")
    [missed] = services.missed_questions()
    with pytest.raises(Refused):
        services.ask(asker=mina, message=missed)
    assert services.missed_questions() == []
    assert Run.objects.get(question=refused).fault == "assistant_unavailable"
    assert last_event(f"room:{room.pk}")["type"] == "message.created"


def test_an_edit_asks_nothing(mina, room):
    message = say(mina, room, "Why?")
    rooms.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="@assistant Why?")
    assert services.missed_questions() == []


def test_a_summary_is_of_its_asker_alone(mina, teo, ines, room):
    result = services.ask_summary(actor=mina, room_id=room.pk, cid=uuid.uuid4(), since_seq=1)
    assert not Message.objects.filter(kind="assistant").exists()
    with pytest.raises(Refused, match="not_member"):
        services.ask_summary(actor=ines, room_id=room.pk, cid=uuid.uuid4(), since_seq=1)
    run = claim()
    assert run.pk == result.run
    finish(run, "Nothing happened.")
    assert signed_in(mina).get(f"/api/runs/{run.pk}/").json()["text"] == "Nothing happened."
    assert signed_in(teo).get(f"/api/runs/{run.pk}/").status_code == 404
    told = last_event(mina.topic)
    assert (told["type"], told["data"]["state"], told["data"]["room"]) == ("summary.changed", "done", room.pk)


def test_what_one_may_not_see_has_no_runs(mina, teo, ines, secret):
    run = ask(mina, secret)
    assert signed_in(ines).get(f"/api/runs/{run.pk}/").status_code == 404
    assert signed_in(ines).get(f"/api/messages/{run.message_id}/answers/").status_code == 404
    assert signed_in(teo).get(f"/api/runs/{run.pk}/").status_code == 200


def test_long_and_unfinished_answers_are_exported_and_taken_in_again(mina, room, tmp_path):
    run = ask(mina, room)
    claim()
    finish(run, "word " * 4_000)
    ask(mina, room, "@assistant And then?")
    path = tmp_path / "talk-2026-11-22.jsonl"
    call_command("export_room", room.slug, output=path)
    call_command("import_room", path, room="copy", owner="mina", verbosity=0)
    rows = Message.objects.filter(room__slug="copy").exclude(kind="system").order_by("seq")
    bodies = list(rows.values_list("body", flat=True))
    assert bodies == ["@assistant Why?", "word " * 4_000, "@assistant And then?"]
