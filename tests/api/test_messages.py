"""Scripts and messages: sent once, read without holes while others write, changed, answered, reacted to."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from chat.models import Message, Room
from tests import factories
from tests.api.conftest import Script


def test_script_says_something_once(mina: User, room: Room) -> None:
    script, messages = Script(mina), f"rooms/{room.pk}/messages"
    sent = script.told("POST", messages, {"body": "Deployed **1.4**"}, status=201, key="deploy-1.4")
    assert sent["duplicate"] is False
    again = script.told("POST", messages, {"body": "Deployed **1.4**"}, key="deploy-1.4")
    assert again == {**sent, "duplicate": True}
    assert script.refused("POST", messages, {"body": "Other"}, key="deploy-1.4") == (409, "conflict")
    message = script.told("GET", f"{messages}/{sent['id']}")["message"]
    assert (message["html"].strip(), message["author"]) == ("<p>Deployed <strong>1.4</strong></p>", mina.pk)


def test_uuid_as_key_is_the_cid_of_the_message(mina: User, room: Room) -> None:
    cid = uuid4()
    Script(mina).told("POST", f"rooms/{room.pk}/messages", {"body": "Hello"}, status=201, key=str(cid))
    assert Message.objects.get(kind="user").cid == cid


def test_another_person_may_use_the_same_key(mina: User, teo: User, room: Room) -> None:
    for user in (mina, teo):
        Script(user).told("POST", f"rooms/{room.pk}/messages", {"body": "Hello"}, status=201, key="once")
    assert Message.objects.filter(kind="user").count() == 2


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_wishes_that_race_are_fulfilled_once(mina: User, room: Room) -> None:
    script, start = Script(mina), threading.Barrier(6)
    wishes = {
        f"rooms/{room.pk}/messages": {"body": "Hello"},
        f"rooms/{room.pk}/documents": {"name": "plan.md", "text": "# Plan"},
    }

    def send(path: str) -> tuple[int, object]:
        try:
            start.wait(30)
            answer = Script(token=script.token).ask("POST", path, wishes[path], key="race")
            return answer.status_code, answer.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for path in wishes:
            answers = list(pool.map(send, [path] * 6))
            assert len({identifier for _, identifier in answers}) == 1, answers
            assert {status for status, _ in answers} <= {200, 201}
    assert Message.objects.filter(kind="user").count() == 1


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_pages_meet_while_others_write(mina: User, teo: User, room: Room) -> None:
    for number in range(30):
        factories.say(teo, room, f"before {number}")
    script, found, after, done = Script(mina), [], 0, threading.Event()

    def write() -> None:
        try:
            for number in range(30):
                factories.say(teo, room, f"while {number}")
        finally:
            done.set()
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    while True:
        ended = done.is_set()
        page = script.told("GET", f"rooms/{room.pk}/messages?after={after}&limit=7")
        found += [message["seq"] for message in page["messages"]]
        after = found[-1] if found else 0
        if ended and not page["has_after"]:
            break
        writer.join(0.2)  # a slow writer is not asked after so often that the limit says no
    writer.join()
    assert found == list(Message.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))


def test_newest_page_links_to_the_one_before(mina: User, room: Room) -> None:
    for number in range(5):
        factories.say(mina, room, str(number))
    response = Script(mina).get(f"rooms/{room.pk}/messages?limit=3")
    page = response.json()
    assert page["as_of_seq"] == 6
    assert response["Link"].endswith(f'limit=3&before={page["messages"][0]["seq"]}>; rel="prev"')
    older = Script(mina).told("GET", f"rooms/{room.pk}/messages?limit=3&before={page['messages'][0]['seq']}")
    assert [message["body"] for message in older["messages"]][-2:] == ["0", "1"]


def test_script_changes_and_deletes_its_own_message(mina: User, teo: User, room: Room) -> None:
    message = factories.say(mina, room, "Frist")
    path, script = f"rooms/{room.pk}/messages/{message.pk}", Script(mina)
    assert script.told("PATCH", path, {"body": "First"})["seq"]
    assert [one["body"] for one in script.told("GET", f"{path}/revisions")["revisions"]] == ["First", "Frist"]
    assert Script(teo).refused("PATCH", path, {"body": "x"}) == (403, "forbidden")
    assert Script(teo).refused("DELETE", path) == (403, "forbidden")
    assert script.told("DELETE", path)["seq"]
    assert script.told("DELETE", path) == {"seq": 0}
    assert script.told("GET", path)["message"]["body"] == ""
    assert script.refused("PATCH", path, {"body": "again"}) == (410, "gone")


def test_script_reads_a_thread_page_by_page(mina: User, teo: User, room: Room) -> None:
    root = factories.say(mina, room, "Root")
    replies = [str(factories.say(teo, room, str(number), thread=root.pk).pk) for number in range(5)]
    script, path = Script(mina), f"rooms/{room.pk}/messages/{root.pk}/thread?limit=2"
    found: list[str] = []
    after = 0
    while True:
        page = script.told("GET", f"{path}&after={after}")
        found += [reply["id"] for reply in page["replies"]]
        if not page["has_after"]:
            break
        after = page["replies"][-1]["seq"]
    assert found == replies
    assert [reply["id"] for reply in script.told("GET", path)["replies"]] == replies[-2:]
    assert script.refused("GET", f"rooms/{room.pk}/messages/{replies[0]}/thread") == (404, "not_found")
    assert script.refused("GET", f"{path}&after=1&before=9") == (400, "invalid")


def test_script_answers_in_a_thread_and_quotes(mina: User, room: Room) -> None:
    root, messages = factories.say(mina, room, "Root"), f"rooms/{room.pk}/messages"
    wish = {"body": "Reply", "thread": str(root.pk), "also_in_room": True, "reply_to": str(root.pk)}
    sent = Script(mina).told("POST", messages, wish, status=201)
    message = Script(mina).told("GET", f"{messages}/{sent['id']}")["message"]
    assert (message["thread_root"], message["also_in_room"], message["reply_to"]["excerpt"]) == (
        str(root.pk),
        True,
        "Root",
    )


def test_script_reacts(mina: User, room: Room) -> None:
    path = f"rooms/{room.pk}/messages/{factories.say(mina, room).pk}"
    script = Script(mina)
    assert script.told("PUT", f"{path}/reactions/%F0%9F%91%8D")["seq"]
    assert script.told("PUT", f"{path}/reactions/%F0%9F%91%8D") == {"seq": 0}
    assert script.told("GET", path)["message"]["reactions"] == [{"emoji": "👍", "users": [mina.pk]}]
    assert script.told("DELETE", f"{path}/reactions/%F0%9F%91%8D")["seq"]
    assert script.refused("PUT", f"{path}/reactions/hello") == (400, "invalid")


def test_muted_person_is_muted_for_their_scripts(mina: User, teo: User, room: Room) -> None:
    factories.change(mina, room, slow_mode_seconds=60)
    script, messages = Script(teo), f"rooms/{room.pk}/messages"
    script.told("POST", messages, {"body": "one"}, status=201)
    response = script.ask("POST", messages, {"body": "two"})
    assert (response.status_code, response.json()["code"]) == (429, "slow_mode")
    assert 0 < int(response["Retry-After"]) <= 61
    factories.change(mina, room, read_only=True)
    assert script.refused("POST", messages, {"body": "three"}) == (403, "read_only")
