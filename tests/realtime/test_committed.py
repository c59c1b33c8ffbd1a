"""What follows a commit asks a question once, and never before everything is stored that it is asked about."""

import pytest
from django.db import transaction

from realtime.committed import after_commit, once
from realtime.models import Topic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]
asked = []


def topics_of(kind):
    asked.append(kind)
    return Topic.objects.filter(key__startswith=kind).count()


@pytest.fixture(autouse=True)
def nothing_asked():
    asked.clear()


def store(key, found, *, kind="room"):
    Topic.objects.create(key=key)
    after_commit(lambda: found.append(once(topics_of, kind)))


def test_services_of_one_transaction_ask_once_and_see_each_other():
    found = []
    with transaction.atomic():
        store("room:1", found)
        with transaction.atomic():
            store("room:2", found)
        store("user:1", found, kind="user")
        assert found == []
    assert (found, asked) == ([2, 2, 1], ["room", "user"])


def test_each_commit_asks_anew():
    found = []
    store("room:1", found)
    with transaction.atomic():
        store("room:2", found)
    with transaction.atomic():
        store("room:3", found)
    assert (found, asked) == ([1, 2, 3], ["room"] * 3)


def test_what_was_taken_back_asks_nothing_and_leaves_nothing():
    found = []
    with transaction.atomic():
        store("room:1", found)
        transaction.set_rollback(True)
    with transaction.atomic():
        with transaction.atomic():
            store("room:2", found)
            transaction.set_rollback(True)
        store("room:3", found)
    assert (found, asked) == ([1], ["room"])


def test_a_commit_within_what_follows_one_asks_for_itself():
    found = []

    def go_on():
        once(topics_of, "room")
        with transaction.atomic():
            store("room:2", found)
        found.append(once(topics_of, "room"))

    with transaction.atomic():
        Topic.objects.create(key="room:1")
        after_commit(go_on)
    assert found == [2, 1]


def test_outside_of_a_commit_everybody_asks_for_himself():
    assert [once(topics_of, "room"), once(topics_of, "room")] == [0, 0]
    assert asked == ["room", "room"]


def test_a_question_that_fails_is_asked_again():
    tried = []

    def follow():
        with pytest.raises(ZeroDivisionError):
            once(fail)
        tried.append(True)

    with transaction.atomic():
        after_commit(follow)
        after_commit(follow)
    assert (tried, asked) == ([True, True], ["fail", "fail"])


def fail():
    asked.append("fail")
    raise ZeroDivisionError
