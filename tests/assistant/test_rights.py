"""Who may ask, stop, repeat and choose: everybody as what they are in the room, and nobody by a back door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.services import sanction_user
from assistant import quotas, services
from assistant.models import Run, Spending
from assistant.selectors import usage
from assistant.services import choices
from assistant.services.choices import RoomWish
from chat import services as rooms
from realtime.protocol import Refused
from tests import factories
from tests.api.conftest import Script
from tests.people import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack, pytest.mark.usefixtures("agent")]


def ask(asker: Any, room: Any, question: Any = None) -> str:
    """What comes of asking: ok or the code of the refusal."""
    given: Any = {"question_id": question.pk if question else None, "thread_root": None, "cid": uuid4()}
    return outcome(lambda: services.start_run(asker=asker, room_id=room.pk, **given))


def outcome(deed: Any) -> str:
    try:
        deed()
    except Refused as refused:
        return refused.code
    return "ok"


def person_as(what: str, room: Any, mina: Any) -> Any:
    """Somebody who is this in the room."""
    user = factories.make_person(what)
    if what in {"owner", "moderator", "member", "guest", "muted", "muted-everywhere", "banned-everywhere"}:
        rooms.invite_person(actor=mina, room_id=room.pk, user_id=user.pk)
        factories.give_role(room, user, what if what in {"owner", "moderator", "guest"} else "member")
    until = timezone.now() + timedelta(hours=1)
    boss = mina
    if what == "muted":
        rooms.sanction_member(
            actor=mina, room_id=room.pk, user_id=user.pk, kind="mute", reason="Too loud", seconds=3_600
        )
    elif what in {"muted-everywhere", "banned-everywhere"}:
        boss = factories.make_person("boss", is_superuser=True)
        kind = "mute" if what == "muted-everywhere" else "ban"
        sanction_user(actor=boss, user=user, kind=kind, reason="Too loud", until=until)
    elif what == "banned":
        rooms.sanction_member(actor=mina, room_id=room.pk, user_id=user.pk, kind="ban", reason="Too loud")
    return user


# What comes of asking, stopping another's run, repeating it, choosing for the room, and reading the log.
MATRIX = {
    "owner": ("ok", "ok", "ok", "ok", 200),
    "moderator": ("ok", "ok", "ok", "ok", 200),
    "member": ("ok", "ok", "ok", "forbidden", 200),
    "guest": ("ok", "ok", "ok", "forbidden", 200),
    "muted": ("muted", "muted", "muted", "forbidden", 200),
    "muted-everywhere": ("muted", "muted", "muted", "forbidden", 200),
    "outside": ("not_found", "not_found", "not_found", "not_found", 404),
    "banned": ("not_found", "not_found", "not_found", "not_found", 404),
}


@pytest.mark.parametrize("what", MATRIX)
def test_everybody_does_what_they_may_in_a_private_room(secret, mina, what):
    user = person_as(what, secret, mina)
    question = factories.say(mina, secret, "@assistant hello")
    services.start_run(asker=mina, room_id=secret.pk, question_id=question.pk, thread_root=None, cid=uuid4())
    run = Run.objects.get()
    assert run.message_id is not None
    deeds = (
        lambda: services.stop_run(actor=user, room_id=secret.pk, run_id=run.pk),
        lambda: services.repeat_run(actor=user, room_id=secret.pk, message_id=run.message_id, cid=uuid4()),
        lambda: choices.choose_for_room(actor=user, room_id=secret.pk, wish=RoomWish(may_edit=True)),
    )
    log = signed_in(user).get(f"/api/runs/{run.pk}/log/").status_code
    assert (ask(user, secret), *map(outcome, deeds), log) == MATRIX[what]


def test_somebody_outside_reads_in_a_public_room_and_asks_nothing(room, mina, ines):
    question = factories.say(mina, room, "@assistant hello")
    services.start_run(asker=mina, room_id=room.pk, question_id=question.pk, thread_root=None, cid=uuid4())
    run = Run.objects.get()
    assert signed_in(ines).get(f"/api/runs/{run.pk}/log/").status_code == 200
    assert ask(ines, room) == "not_member"
    assert outcome(lambda: services.stop_run(actor=ines, room_id=room.pk, run_id=run.pk)) == "not_member"
    assert Run.objects.count() == 1


def test_a_room_for_reading_is_asked_by_its_moderators_only(room, mina, teo):
    factories.change(mina, room, read_only=True)
    assert (ask(teo, room), ask(mina, room)) == ("read_only", "ok")
    factories.change(mina, room, archived=True)
    assert ask(mina, room) == "read_only"


def test_a_run_is_reached_in_its_own_room_only(room, secret, mina):
    question = factories.say(mina, secret, "@assistant hello")
    services.start_run(asker=mina, room_id=secret.pk, question_id=question.pk, thread_root=None, cid=uuid4())
    run = Run.objects.get()
    assert run.message_id is not None
    assert outcome(lambda: services.stop_run(actor=mina, room_id=room.pk, run_id=run.pk)) == "not_found"
    again = lambda: services.repeat_run(actor=mina, room_id=room.pk, message_id=run.message_id, cid=uuid4())  # noqa: E731
    assert outcome(again) == "not_found"


def test_a_room_that_switched_it_off_is_answered_nothing(room, mina, teo):
    choices.choose_for_room(actor=mina, room_id=room.pk, wish=RoomWish(enabled=False))
    with pytest.raises(Refused, match="switched off in this room"):
        services.start_run(asker=teo, room_id=room.pk, question_id=None, thread_root=None, cid=uuid4())
    assert not Run.objects.exists()


def test_a_token_asks_as_its_owner_if_it_may_write(room, teo, django_capture_on_commit_callbacks):
    said = {"body": "@assistant how is the build?"}
    path = f"rooms/{room.pk}/messages"
    reader = Script(teo, "messages:read")
    with django_capture_on_commit_callbacks(execute=True):
        assert reader.refused("POST", path, said, key=str(uuid4()))[0] == 403
    assert not Run.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        Script(teo, "messages:write").told("POST", path, said, status=201, key=str(uuid4()))
    assert [run.asker for run in Run.objects.all()] == [teo]
    # A token reads no log: it stands in the site's own pages.
    run = Run.objects.get()
    for address in (f"/api/runs/{run.pk}/log/", f"/api/rooms/{room.pk}/assistant/"):
        bearer = {"Authorization": f"Bearer {reader.token}"}
        assert Client().get(address, headers=bearer).status_code == 401


def test_the_banned_reach_no_address(room, mina):
    user = person_as("banned-everywhere", room, mina)
    client = signed_in(user)
    for path in (f"/api/rooms/{room.pk}/assistant/", "/api/assistant/memory/", f"/api/assistant/quota/?room={room.pk}"):
        assert client.get(path).status_code in {302, 401, 403}


@pytest.mark.django_db(transaction=True)
def test_twenty_questions_at_once_keep_to_the_limits(room, mina, settings):
    settings.ASSISTANT_PERSON_MINUTE_RUNS = 0
    settings.ASSISTANT_CONTEXT_TOKENS, settings.ASSISTANT_ANSWER_TOKENS = 900, 100
    each = 1_000 + quotas.TOOLS_TOKENS
    settings.ASSISTANT_PERSON_DAY_TOKENS, settings.ASSISTANT_ROOM_DAY_TOKENS = 0, 7 * each + 500
    people = [factories.make_person(f"asker{number}") for number in range(5)]
    for one in people:
        rooms.invite_person(actor=mina, room_id=room.pk, user_id=one.pk)

    def go(number: int) -> str:
        try:
            return ask(people[number % 5], room)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(go, range(20)))
    assert sorted(told) == ["assistant_quota"] * 13 + ["ok"] * 7
    row = Spending.objects.get(scope="room", key=room.pk, day=usage.today())
    assert (row.runs, row.tokens, row.reserved_tokens) == (7, 0, 7 * each)
    for run in Run.objects.all():
        services.stop_run(actor=mina, room_id=room.pk, run_id=run.pk)
    row.refresh_from_db()
    assert (row.tokens, row.reserved_tokens) == (0, 0)
