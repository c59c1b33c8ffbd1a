"""Listeners of other apps hear of each stored message after its commit, and cannot break anything."""

import pytest
from django.db import transaction

from chat import services
from chat.models import Message
from chat.shapes import MessageView
from tests.factories import say

pytestmark = pytest.mark.stack
heard: list[tuple[MessageView, bool]] = []


def listen(*, message: MessageView) -> None:
    heard.append((message, Message.objects.filter(pk=message.id).exists()))


def fail(*, message: MessageView) -> None:
    raise ZeroDivisionError(f"on purpose, at {message.seq}")


@pytest.fixture(autouse=True)
def hooks(settings):
    heard.clear()
    settings.MESSAGE_POSTED_HOOKS = [f"{__name__}.fail", f"{__name__}.listen"]


@pytest.mark.allow_logged_errors("a listener fails on purpose")
def test_a_listener_hears_a_message_even_when_another_fails(mina, room, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        message = say(mina, room, "Hello")
        assert heard == []
    [(told, stored)] = heard
    assert (told.id, told.body, stored) == (message.pk, "Hello", True)


def test_nobody_hears_of_a_message_that_was_taken_back(mina, room, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        say(mina, room)
        transaction.set_rollback(True)
    assert heard == []


@pytest.mark.allow_logged_errors("a listener fails on purpose")
def test_a_duplicate_is_told_once(mina, room, django_capture_on_commit_callbacks):
    message = say(mina, room, "Hello")
    with django_capture_on_commit_callbacks(execute=True):
        assert message.cid is not None
        services.send_message(actor=mina, room_id=room.pk, cid=message.cid, body="Hello")
    assert heard == []
