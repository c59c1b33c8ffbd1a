"""Drafts: one text on every tab and device, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import delete_permanently
from chat import selectors, services
from chat.models import Draft, DraftCopy, Room
from chat.services.drafts import COPIES_MOST, DRAFTS_MOST
from realtime.models import Event
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, last_event, signed_in
from tests.factories import say

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def save(user: User, room: Room, body: str, rev: int = 0, **given: Any) -> int:
    given = {"thread": None, "reply_to": None} | given
    return services.save_draft(actor=user, room_id=room.pk, body=body, rev=rev, **given).rev


def drafts(user: User) -> list[tuple[int, str, int]]:
    return [(one.room, one.body, one.copies) for one in selectors.home_snapshot(actor=user).drafts]


def copies(user: User, room: Room) -> list[str]:
    return [one.body for one in selectors.draft_copies(actor=user, room_id=room.pk, thread_id=None)]


def test_writer_saves_and_every_other_tab_is_told_the_text(mina, room):
    assert (save(mina, room, "Good"), save(mina, room, "Good mor", 1)) == (1, 2)
    told = last_event(mina.topic)
    assert (told["type"], told["effect"]) == ("draft.changed", None)
    assert {"room": room.pk, "body": "Good mor", "rev": 2, "copies": 0}.items() <= told["data"]["draft"].items()
    assert drafts(mina) == [(room.pk, "Good mor", 0)]


def test_nobody_else_is_told_of_a_draft(mina, teo, room):
    before = head(teo.topic), head(f"room:{room.pk}")
    save(mina, room, "Secret")
    assert (head(teo.topic), head(f"room:{room.pk}")) == before
    assert drafts(teo) == []
    assert selectors.draft_copies(actor=teo, room_id=room.pk, thread_id=None) == []


def test_the_same_text_again_changes_nothing(mina, room):
    save(mina, room, "Good")
    before = head(mina.topic)
    assert save(mina, room, "Good", 0) == 1
    assert head(mina.topic) == before


def test_room_and_thread_have_drafts_of_their_own(mina, teo, room):
    root = say(teo, room)
    save(mina, room, "to all")
    save(mina, room, "in the thread", thread=root.pk)
    found = selectors.home_snapshot(actor=mina).drafts
    assert [(one.thread, one.thread_author, one.body) for one in found] == [
        (root.pk, teo.pk, "in the thread"),
        (None, None, "to all"),
    ]


def test_writer_quotes_in_a_draft(mina, teo, room):
    quoted = say(teo, room)
    save(mina, room, "Yes", reply_to=quoted.pk)
    assert selectors.home_snapshot(actor=mina).drafts[0].reply_to == quoted.pk


def test_two_devices_that_did_not_know_of_each_other_lose_no_text(mina, room):
    rev = save(mina, room, "Hello")
    save(mina, room, "Hello from the desk", rev)
    done = services.save_draft(
        actor=mina, room_id=room.pk, thread=None, body="Hello from the train", reply_to=None, rev=rev
    )
    assert done.kept
    assert drafts(mina) == [(room.pk, "Hello from the train", 1)]
    assert copies(mina, room) == ["Hello from the desk"]


def test_what_a_longer_text_goes_on_from_is_no_other_version(mina, room):
    save(mina, room, "Hel")
    save(mina, room, "Hello")
    assert copies(mina, room) == []
    save(mina, room, "Bye")
    save(mina, room, "Hello you")
    save(mina, room, "Bye bye")
    assert copies(mina, room) == ["Hello you"]


def test_no_more_than_five_versions_are_kept_and_the_oldest_goes(mina, room):
    for number in range(COPIES_MOST + 3):
        save(mina, room, f"{number} is a version")
    assert copies(mina, room) == [f"{number} is a version" for number in (6, 5, 4, 3, 2)]


def test_an_emptied_field_takes_away_only_the_text_it_knew(mina, room):
    rev = save(mina, room, "Old")
    save(mina, room, "Old and new", rev)
    save(mina, room, "", rev)
    assert drafts(mina) == [(room.pk, "Old and new", 0)]
    save(mina, room, "", rev + 1)
    assert drafts(mina) == []


def test_what_a_closed_tab_left_is_put_beside_the_draft(mina, room):
    save(mina, room, "Here")
    services.keep_copy(actor=mina, room_id=room.pk, thread=None, body="There")
    services.keep_copy(actor=mina, room_id=room.pk, thread=None, body="There")
    services.keep_copy(actor=mina, room_id=room.pk, thread=None, body="He")
    assert (drafts(mina), copies(mina, room)) == ([(room.pk, "Here", 1)], ["There"])


def test_sending_takes_the_draft_away_in_the_same_transaction(mina, room):
    rev = save(mina, room, "Good morning")
    say(mina, room, "Good morning", draft_rev=rev)
    assert drafts(mina) == []
    told = last_event(mina.topic)["data"]["draft"]
    assert (told["body"], told["rev"]) == ("", rev + 1)


def test_sending_leaves_what_another_device_has_written_since(mina, room):
    rev = save(mina, room, "Good morning")
    save(mina, room, "Something else", rev)
    say(mina, room, "Good morning", draft_rev=rev)
    assert drafts(mina) == [(room.pk, "Something else", 0)]


def test_sending_takes_away_an_older_state_of_the_same_text(mina, room):
    save(mina, room, "Good mor")
    say(mina, room, "Good morning", draft_rev=0)
    assert drafts(mina) == []


def test_other_versions_stay_after_sending_unless_they_were_sent(mina, room):
    save(mina, room, "Hello")
    services.keep_copy(actor=mina, room_id=room.pk, thread=None, body="Good")
    services.keep_copy(actor=mina, room_id=room.pk, thread=None, body="Bye")
    say(mina, room, "Good morning", draft_rev=1)
    assert (drafts(mina), copies(mina, room)) == ([(room.pk, "", 1)], ["Bye"])


def test_a_message_without_a_draft_asks_nothing_about_drafts(mina, room):
    with CaptureQueriesContext(connection) as captured:
        say(mina, room, "Hello")
    assert not [query for query in captured if "chat_draft" in query["sql"]]


def test_a_message_sent_twice_clears_once(mina, room):
    rev = save(mina, room, "Hello")
    cid = factories.nobody()
    for _ in range(2):
        services.send_message(actor=mina, room_id=room.pk, cid=cid, body="Hello", draft_rev=rev)
    cleared = [event for event in events(mina.topic) if event["type"] == "draft.changed"]
    assert [event["data"]["draft"]["body"] for event in cleared] == ["", ""]


def test_writer_discards_a_draft_and_its_versions(mina, room):
    save(mina, room, "One")
    rev = save(mina, room, "Two")
    services.discard_draft(actor=mina, room_id=room.pk, thread=None, rev=rev - 1)
    assert drafts(mina) == [(room.pk, "Two", 1)]
    services.discard_draft(actor=mina, room_id=room.pk, thread=None, rev=rev)
    assert drafts(mina) == [(room.pk, "", 1)]
    services.discard_draft(actor=mina, room_id=room.pk, thread=None, rev=None, copies=True)
    assert drafts(mina) == []


def test_writer_chooses_one_version_and_the_others_go(mina, room):
    save(mina, room, "One")
    save(mina, room, "Two")
    [other] = selectors.draft_copies(actor=mina, room_id=room.pk, thread_id=None)
    services.choose_version(actor=mina, room_id=room.pk, thread=None, copy_id=other.id)
    assert drafts(mina) == [(room.pk, "One", 0)]
    with pytest.raises(Refused, match="not_found"):
        services.choose_version(actor=mina, room_id=room.pk, thread=None, copy_id=other.id)


def test_somebody_removed_still_reads_and_discards_their_draft(mina, teo, room):
    save(teo, room, "I was about to say")
    services.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk)
    assert drafts(teo) == [(room.pk, "I was about to say", 0)]
    services.discard_draft(actor=teo, room_id=room.pk, thread=None, rev=None)
    assert drafts(teo) == []


def test_drafts_are_for_members(ines, teo, room, secret):
    with pytest.raises(Refused, match="not_member"):
        save(ines, room, "Hello")
    with pytest.raises(Refused, match="not_found"):
        save(ines, secret, "Hello")
    with pytest.raises(Refused, match="not_found"):
        services.keep_copy(actor=ines, room_id=secret.pk, thread=None, body="Hello")


def test_writer_meets_the_limits_of_drafts(mina, teo, room):
    reply = say(mina, room, thread=say(teo, room).pk)
    bad: list[tuple[str, dict[str, Any], str]] = [
        ("x" * 8001, {}, "too_large"),
        ("a\x00b", {}, "invalid"),
        ("x", {"thread": reply.pk}, "invalid"),
        ("x", {"thread": factories.nobody()}, "not_found"),
        ("x", {"reply_to": factories.nobody()}, "not_found"),
    ]
    for body, given, code in bad:
        with pytest.raises(Refused, match=code):
            save(mina, room, body, **given)
    roots = [say(teo, room) for _ in range(DRAFTS_MOST + 1)]
    for root in roots[:-1]:
        save(mina, room, "x", thread=root.pk)
    with pytest.raises(Refused, match="too_large"):
        save(mina, room, "x", thread=roots[-1].pk)
    assert Draft.objects.filter(user=mina).count() == DRAFTS_MOST


def test_drafts_of_nothing_but_versions_and_emptied_ones_count_too(mina, teo, room):
    roots = [say(teo, room) for _ in range(DRAFTS_MOST + 1)]
    first, *others = roots
    save(mina, room, "x", thread=first.pk)
    services.discard_draft(actor=mina, room_id=room.pk, thread=first.pk, rev=None)
    for root in others:
        services.keep_copy(actor=mina, room_id=room.pk, thread=root.pk, body="x")
    for write in (save, keep):
        with pytest.raises(Refused, match="too_large"):
            write(mina, room, "y", thread=first.pk)
    assert len(drafts(mina)) == DRAFTS_MOST
    save(mina, room, "into one that is there", thread=others[0].pk)


def keep(user: User, room: Room, body: str, thread: Any) -> None:
    services.keep_copy(actor=user, room_id=room.pk, thread=thread, body=body)


def log_of(user: User) -> str:
    return "".join(Event.objects.filter(topic=user.topic).values_list("data", flat=True))


def test_a_discarded_draft_is_not_in_the_log(mina, room, secret):
    save(mina, secret, "Stays")
    before = head(mina.topic)
    for rev, body in enumerate(("I quit", "I quit!", "I quit, really")):
        save(mina, room, body, rev)
    kept = events(mina.topic, before)
    discard(mina, room, rev=None)
    assert "quit" not in log_of(mina)
    assert "Stays" in log_of(mina)
    assert drafts(mina) == [(secret.pk, "Stays", 0)]
    told = events(mina.topic, before)
    assert [one["type"] for one in told] == ["draft.changed"] * 4
    assert told[-1]["effect"].forget == {mina.topic: kept[-1]["seq"]}
    assert {one["data"]["draft"]["rev"] for one in told} == {4}


def test_what_was_written_before_a_message_was_sent_is_not_in_the_log(mina, teo, room):
    root = say(teo, room)
    for thread in (None, root.pk):
        rev = save(mina, room, "You fool, thank you", thread=thread)
        rev = save(mina, room, "Thank you", rev, thread=thread)
        say(mina, room, "Thank you", thread=thread, draft_rev=rev)
    assert "fool" not in log_of(mina)


def test_other_versions_keep_their_texts_in_the_log_until_they_go(mina, room):
    save(mina, room, "Tea")
    save(mina, room, "Coffee")
    assert copies(mina, room) == ["Tea"]
    discard(mina, room, rev=None)
    assert "Tea" in log_of(mina)
    discard(mina, room, rev=None, copies=True)
    assert not {"Tea", "Coffee"} & set(log_of(mina).split('"'))
    assert drafts(mina) == []


def test_a_draft_from_before_anybody_counted_leaves_the_whole_log(mina, room):
    save(mina, room, "Long ago")
    Draft.objects.update(told_from=1)
    discard(mina, room, rev=None)
    assert "Long ago" not in log_of(mina)


def test_the_drafts_of_a_deleted_person_are_not_in_the_log(mina, teo, room):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    save(teo, room, "Never to be read")
    delete_permanently(actor=boss, user=teo, reason="Asked for it.")
    assert "Never to be read" not in log_of(teo)


def discard(user: User, room: Room, *, rev: int | None, copies: bool = False) -> None:
    services.discard_draft(actor=user, room_id=room.pk, thread=None, rev=rev, copies=copies)


def test_the_api_answers_versions_to_their_author_only(mina, teo, room):
    save(mina, room, "One")
    save(mina, room, "Two")
    where = f"/api/drafts/copies/?room={room.pk}"
    assert [one["body"] for one in signed_in(mina).get(where).json()] == ["One"]
    assert signed_in(teo).get(where).json() == []
    assert signed_in(mina).get("/api/drafts/copies/").status_code == 400
    assert Client().get(where).status_code == 401


def test_staff_never_reads_the_text_of_a_draft(mina, room):
    save(mina, room, "My secret wish")
    save(mina, room, "Another secret")
    office = signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))
    for model in (Draft, DraftCopy):
        name = model._meta.model_name
        pages = [
            reverse(f"admin:chat_{name}_changelist"),
            reverse(f"admin:chat_{name}_change", args=[model.objects.get().pk]),
        ]
        for page in pages:
            answer = office.get(page)
            assert answer.status_code == 200
            assert "secret" not in answer.content.decode()
