"""Limits of a day under everything that runs do to them: many at once, failing, over midnight, with their room gone."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from assistant.models import Run, Spending
from assistant.selectors import usage
from assistant.services import spending
from realtime.protocol import Refused
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]
DAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.ASSISTANT_PERSON_DAY_TOKENS = 10_000
    settings.ASSISTANT_ROOM_DAY_TOKENS = 20_000
    settings.ASSISTANT_SITE_DAY_TOKENS = 30_000
    settings.ASSISTANT_PERSON_DAY_COST = settings.ASSISTANT_ROOM_DAY_COST = settings.ASSISTANT_SITE_DAY_COST = "0"


def a_run(asker, room, day=DAY):
    return Run.objects.create(asker=asker, room=room, lane=f"room:{room.pk}", day=day)


def reserved(asker, room, tokens=4_000, micros=0, day=DAY):
    with transaction.atomic():
        run = a_run(asker, room, day)
        spending.reserve(run=run, tokens=tokens, micros=micros)
    return run


def row(scope, key=0, day=DAY):
    return Spending.objects.get(scope=scope, key=key, day=day)


def figures(scope, key=0, day=DAY):
    found = row(scope, key, day)
    return found.runs, found.tokens, found.micros, found.reserved_tokens, found.reserved_micros


def test_a_run_reserves_and_pays_what_it_took(room, mina):
    run = reserved(mina, room, 4_000, 70)
    for scope, key in (("person", mina.pk), ("room", room.pk), ("site", 0)):
        assert figures(scope, key) == (1, 0, 0, 4_000, 70)
    spending.settle(run=run, tokens=1_200, micros=20)
    for scope, key in (("person", mina.pk), ("room", room.pk), ("site", 0)):
        assert figures(scope, key) == (1, 1_200, 20, 0, 0)


def test_a_run_that_failed_gives_back_what_it_did_not_use(room, mina):
    run = reserved(mina, room)
    spending.settle(run=run, tokens=0, micros=0)
    assert figures("person", mina.pk) == (1, 0, 0, 0, 0)
    reserved(mina, room, 10_000)


def test_a_run_pays_once(room, mina):
    run = reserved(mina, room)
    also = Run.objects.get(pk=run.pk)
    spending.settle(run=run, tokens=900, micros=0)
    spending.settle(run=also, tokens=900, micros=0)
    spending.settle(run=run, tokens=900, micros=0)
    assert figures("site") == (1, 900, 0, 0, 0)


def test_a_run_of_several_rounds_reserves_each_and_counts_once(room, mina):
    run = reserved(mina, room, 4_000)
    spending.reserve(run=run, tokens=5_000, micros=3)
    assert (run.reserved_tokens, figures("person", mina.pk)) == (9_000, (1, 0, 0, 9_000, 3))
    with pytest.raises(Refused, match="assistant_quota"):
        spending.reserve(run=run, tokens=5_000, micros=3)
    spending.settle(run=run, tokens=7_000, micros=2)
    assert figures("person", mina.pk) == (1, 7_000, 2, 0, 0)


@pytest.mark.parametrize("scope", ["person", "room", "site"])
def test_who_is_over_a_limit_is_told_which_and_nothing_is_kept(room, mina, settings, scope):
    for other in ("person", "room", "site"):
        setattr(settings, f"ASSISTANT_{other.upper()}_DAY_TOKENS", 5_000 if other == scope else 0)
    spending.settle(run=reserved(mina, room, 4_500, day=usage.today()), tokens=4_500, micros=0)
    with transaction.atomic():  # whoever refuses the run may keep the question
        run = a_run(mina, room, usage.today())
        with pytest.raises(Refused) as refused:
            spending.reserve(run=run, tokens=501, micros=0)
    words = {"person": "Your limit", "room": "The limit of this room", "site": "The limit of this site"}[scope]
    assert refused.value.message.startswith(f"{words} for today is 5,000 tokens, and what is left (500) is too little")
    assert refused.value.retry_after is not None
    assert abs(refused.value.retry_after - usage.seconds_left(usage.today())) < 60
    for one, key in (("person", mina.pk), ("room", room.pk), ("site", 0)):
        assert figures(one, key, usage.today()) == (1, 4_500, 0, 0, 0)
    spending.reserve(run=run, tokens=500, micros=0)


def test_money_is_a_limit_of_its_own(room, mina, settings):
    settings.ASSISTANT_PERSON_DAY_COST = "0.01"
    spending.settle(run=reserved(mina, room, 10, 9_000), tokens=10, micros=9_999)
    with pytest.raises(Refused, match="assistant_quota"):
        reserved(mina, room, 10, 2)
    reserved(mina, room, 10, 1)
    settings.ASSISTANT_PERSON_DAY_COST = "0.001"
    reserved(mina, room, 10, 0)  # what costs nothing is not kept from by what was spent


def test_a_limit_of_nought_is_none(room, mina, settings):
    for scope in ("PERSON", "ROOM", "SITE"):
        setattr(settings, f"ASSISTANT_{scope}_DAY_TOKENS", 0)
    reserved(mina, room, 10**9, 10**12)


def test_one_persons_limit_is_not_anothers(room, mina, teo):
    reserved(mina, room, 10_000)
    reserved(teo, room, 10_000)
    with pytest.raises(Refused, match="assistant_quota"):  # now it is the room's
        reserved(factories.make_person("jun"), room, 1)


def test_a_run_over_midnight_pays_on_the_day_it_was_asked(room, mina):
    run = reserved(mina, room, 4_000)
    tomorrow = DAY + timedelta(days=1)
    reserved(mina, room, 10_000, day=tomorrow)
    spending.settle(run=run, tokens=3_000, micros=0)
    assert figures("person", mina.pk) == (1, 3_000, 0, 0, 0)
    assert figures("person", mina.pk, tomorrow) == (1, 0, 0, 10_000, 0)


def test_a_run_whose_asker_is_gone_still_pays_for_the_room(room, mina, teo):
    run = reserved(teo, room, 4_000)
    Run.objects.filter(pk=run.pk).update(asker=None)
    spending.settle(run=run, tokens=1_000, micros=0)
    assert figures("room", room.pk) == (1, 1_000, 0, 0, 0)
    assert spending.mend_reservations() == 1
    assert figures("person", teo.pk) == (1, 0, 0, 0, 0)


def test_what_a_lost_run_held_is_given_back(room, secret, mina):
    kept = reserved(mina, room, 3_000, 5)
    reserved(mina, secret, 4_000, 7).delete()
    assert spending.mend_reservations() == 3
    assert figures("person", mina.pk) == (2, 0, 0, 3_000, 5)
    assert figures("room", secret.pk) == (1, 0, 0, 0, 0)
    assert spending.mend_reservations() == 0
    spending.settle(run=kept, tokens=10, micros=1)
    assert figures("site") == (2, 10, 1, 0, 0)


def test_pages_hear_of_the_nearest_limit_from_seven_tenths(room, mina):
    assert usage.nearest_limit(person_id=mina.pk, room_id=room.pk) is None
    day = usage.today()
    run = reserved(mina, room, 6_999, day=day)
    assert usage.nearest_limit(person_id=mina.pk, room_id=room.pk) is None
    spending.settle(run=run, tokens=8_000, micros=0)
    found = usage.nearest_limit(person_id=mina.pk, room_id=room.pk)
    assert found is not None
    assert (found.scope, found.share, found.opens_at.date()) == ("person", 0.8, day + timedelta(days=1))
    for name in ("jun", "kai", "lea"):
        reserved(factories.make_person(name), room, 4_000, day=day)
    found = usage.nearest_limit(person_id=mina.pk, room_id=room.pk)
    assert found is not None
    assert (found.scope, found.share, found.used, found.limit) == ("room", 1.0, "20,000", "20,000 tokens")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_cannot_overspend(room, mina):
    def ask(number: int) -> bool:
        try:
            run = reserved(mina, room, 1_500)
            if number % 2:
                spending.settle(run=run, tokens=1_500, micros=0)
            return True
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        taken = sum(pool.map(ask, range(20)))
    assert taken == 10_000 // 1_500
    for scope, key in (("person", mina.pk), ("room", room.pk), ("site", 0)):
        found = row(scope, key)
        assert (found.runs, found.tokens + found.reserved_tokens) == (taken, taken * 1_500)


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["ask", "more", "end", "fail", "lose"]), st.integers(1, 4_000)), max_size=25))
def test_whatever_happens_no_limit_is_passed(room, mina, steps):
    with transaction.atomic():
        open_runs = []
        for step, tokens in steps:
            if step == "ask" or not open_runs:
                open_runs += [run for run in [_tried(mina, room, tokens)] if run is not None]
            elif step == "more":
                _more(open_runs[-1], tokens)
            elif step == "lose":
                open_runs.pop(0).delete()
                spending.mend_reservations()
            else:
                run = open_runs.pop(0)
                spending.settle(run=run, tokens=min(tokens, run.reserved_tokens) if step == "end" else 0, micros=0)
            for scope in ("person", "room", "site"):
                found = Spending.objects.filter(scope=scope).first()
                used = 0 if found is None else found.tokens + found.reserved_tokens
                assert used <= usage.limit_of(scope).tokens
                held = 0 if found is None else found.reserved_tokens
                assert held == sum(run.reserved_tokens for run in open_runs)
        transaction.set_rollback(True)


def _tried(asker, room, tokens):
    try:
        return reserved(asker, room, tokens)
    except Refused:
        return None


def _more(run, tokens):
    with suppress(Refused):
        spending.reserve(run=run, tokens=tokens, micros=0)


def test_who_asks_too_often_waits_a_minute(room, mina, teo, settings):
    settings.ASSISTANT_PERSON_MINUTE_RUNS = 3
    for number in range(3):
        spending.refuse_hasty(asker_id=mina.pk)
        run = a_run(mina, room)
        Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(seconds=50 - number))
    a_run(mina, room)
    Run.objects.filter(pk=run.pk).update(lane="refused:x")  # a question that was refused is no run
    with pytest.raises(Refused) as refused:
        spending.refuse_hasty(asker_id=mina.pk)
    assert refused.value.code == "rate_limited"
    assert refused.value.message.startswith("You have asked 3 times within a minute. Ask again in ")
    assert refused.value.retry_after is not None
    assert 1 <= refused.value.retry_after <= 11
    spending.refuse_hasty(asker_id=teo.pk)
    settings.ASSISTANT_PERSON_MINUTE_RUNS = 0
    spending.refuse_hasty(asker_id=mina.pk)
