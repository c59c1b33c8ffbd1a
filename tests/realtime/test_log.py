"""The log: seqs without holes under many writers, events after the commit only, pruning, redaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from realtime import log, protocol, renewal
from realtime.models import Event, Topic
from realtime.soundness import check_log
from tests.realtime.conftest import Noted, Waved, note

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]


def write_some(count):
    for _ in range(count):
        note(topic="room:1", text="x")
    connection.close()


def test_six_writers_leave_no_hole_and_no_double():
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write_some, [20] * 6))
    seqs = list(Event.objects.filter(topic="room:1").order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, 121))
    assert Topic.objects.get(key="room:1").head_seq == 120


def test_nobody_is_told_before_the_commit_nor_after_a_rollback(monkeypatch):
    told = []
    monkeypatch.setattr(log, "_listeners", [told.append])
    with transaction.atomic():
        log.append(topic="room:1", event=Noted(text="kept"))
        assert told == []
    with pytest.raises(protocol.Refused):
        note(topic="room:1", text="refuse")
    assert [(entry.seq, b"kept" in entry.frame) for entry in told] == [(1, True)]
    assert log.heads(["room:1", "room:2"]) == {"room:1": (1, 1), "room:2": (0, 1)}


def test_a_read_gives_the_same_frame_as_the_commit_did(monkeypatch):
    told = []
    monkeypatch.setattr(log, "_listeners", [told.append])
    log.append(topic="room:1", event=Noted(text='"é\u2028'), effect=protocol.Effect(drop_user=3))
    assert log.read("room:1", 0, 10) == told


@pytest.mark.parametrize(("topic", "event"), [("user:1", Noted(text="x")), ("room:1", Waved(text="x"))])
def test_an_event_goes_to_its_own_kind_of_topic_and_only_durable_ones_are_stored(topic, event):
    with pytest.raises(ValueError, match="cannot be appended"):
        log.append(topic=topic, event=event)


def test_pruning_keeps_the_newest_and_raises_the_oldest_seq():
    for number in range(10):
        log.append(topic="room:1", event=Noted(text=str(number)))
    Event.objects.filter(seq__lte=8).update(at=timezone.now() - timedelta(days=40))
    before = timezone.now() - timedelta(days=30)
    assert log.prune(before=before, keep=5, dry_run=True) == 5
    assert log.prune(before=before, keep=5) == 5
    assert log.prune(before=before, keep=5) == 0
    assert log.heads(["room:1"]) == {"room:1": (10, 6)}
    assert [entry.seq for entry in log.read("room:1", 0, 10)] == [6, 7, 8, 9, 10]


def test_pruning_goes_piece_by_piece_and_may_stop_between(monkeypatch):
    for number in range(10):
        log.append(topic="room:1", event=Noted(text=str(number)))
    monkeypatch.setattr(log, "PRUNE_EVENTS", 3)
    assert log.prune(before=timezone.now() + timedelta(days=1), keep=2) == 8
    assert log.heads(["room:1"]) == {"room:1": (10, 9)}


def test_a_topic_that_begins_anew_goes_on_with_its_seq_and_without_its_log():
    for text in ("one", "two"):
        log.append(topic="room:1", event=Noted(text=text))
    renewal.renew_topic("room:1")
    assert log.heads(["room:1"]) == {"room:1": (3, 4)}
    assert log.read("room:1", 0, 10) == []
    assert log.append(topic="room:1", event=Noted(text="three")) == 4
    assert list(check_log()) == []


def test_a_redacted_event_no_longer_says_what_it_said():
    seq = log.append(topic="room:1", event=Noted(text="a secret"))
    log.redact(topic="room:1", seqs=[seq], event=Noted(text=""))
    assert b"secret" not in log.read("room:1", 0, 10)[0].frame


def test_an_app_may_keep_its_own_log(monkeypatch):
    told = []
    monkeypatch.setattr(log, "_readers", {})
    monkeypatch.setattr(log, "_heads_elsewhere", {})
    monkeypatch.setattr(log, "_listeners", [told.append])
    kept = log.Entry("document:7", 5, b"{}")
    log.register_reader(
        "document", lambda topic, after, limit: [kept][:limit], lambda topics: dict.fromkeys(topics[:1], (5, 2))
    )
    assert log.read("document:7", 4, 10) == [kept]
    log.append(topic="room:1", event=Noted(text="x"))
    told.clear()
    heads = {"document:7": (5, 2), "room:1": (1, 1), "document:8": (0, 1)}
    assert log.heads(["document:7", "room:1", "document:8"]) == heads
    with transaction.atomic():
        log.tell_after_commit([kept])
        assert told == []
    assert told == [kept]


def test_an_entry_of_another_log_reads_like_one_of_ours():
    at = timezone.now()
    log.append(topic="room:1", event=Noted(text="x"), at=at)
    assert log.entry_of(topic="room:1", seq=1, event=Noted(text="x"), at=at) == log.read("room:1", 0, 1)[0]


def test_many_events_at_once_leave_no_hole_and_only_the_last_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(log, "_listeners", [told.append])
    log.append(topic="room:1", event=Noted(text="before"))
    moment = timezone.now() - timedelta(days=400)
    with transaction.atomic():
        first = log.reserve_many("room:1", 3)
        log.append_many(
            topic="room:1", first_seq=first, past=[log.Past(Noted(text=text), 7, moment) for text in ("a", "b", "c")]
        )
    log.append(topic="room:1", event=Noted(text="after"))
    assert first == 2
    assert [entry.seq for entry in told] == [1, 4, 5]
    assert told == [entry for entry in log.read("room:1", 0, 10) if entry.seq in {1, 4, 5}]
    assert set(Event.objects.filter(seq__in=[2, 3, 4]).values_list("at", "actor_id")) == {(moment, 7)}


def test_many_events_are_of_the_kind_that_the_topic_stores():
    with pytest.raises(ValueError, match="cannot be appended"):
        log.append_many(topic="room:1", first_seq=1, past=[log.Past(Waved(text="x"), None, timezone.now())])
