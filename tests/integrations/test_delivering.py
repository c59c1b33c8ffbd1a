"""The service that takes messages and calls to their addresses: who waits for whom, what becomes of what is lost."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import runner
from integrations.models import CommandCall, Delivery, SlashCommand
from integrations.services import deliveries
from outbound.client import Limits
from tests import factories
from tests.integrations.bridging import wait_until
from tests.integrations.receiving import deliver
from tests.integrations.serving import at_work
from tests.integrations.test_outgoing_hooks import make, make_due
from tests.integrations.test_slash_outside import make as make_command
from tests.integrations.test_slash_outside import run, to

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def silent(settings):
    """An address that takes connections and never answers."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/told"


def test_nobody_waits_for_an_address_that_does_not_answer(mina, teo, room, receiver, silent, monkeypatch):
    monkeypatch.setattr(runner, "LIMITS", Limits(seconds=600.0, redirects=0))
    slow, _ = make(mina, room, silent, name="Slow")
    make(mina, room, receiver.url, name="Quick")
    make_command(mina, room, receiver.url)
    for number in range(3):
        factories.say(teo, room, f"message {number}")
    with at_work(runner.runner):
        wait_until(lambda: Delivery.objects.filter(state="sent").count() == 3)
        run(teo, room, "/deploy")
        wait_until(lambda: CommandCall.objects.get().state == "asked")
        factories.say(teo, room, "one more")
        wait_until(lambda: Delivery.objects.filter(state="sent").count() == 4)
    assert len(receiver.heard) == 5
    # One at a time, and what was under way when the service ended comes again.
    assert sorted(Delivery.objects.filter(hook=slow).values_list("attempts", flat=True)) == [0, 0, 0, 1]
    assert set(Delivery.objects.filter(hook=slow).values_list("state", flat=True)) == {"waiting"}


def test_webhook_with_much_to_tell_lets_the_others_have_their_turn(mina, teo, room, receiver):
    loud, _ = make(mina, room, receiver.url, name="Loud")
    for number in range(6):
        factories.say(teo, room, f"message {number}")
    quiet, _ = make(mina, room, receiver.url, name="Quiet")
    factories.say(teo, room, "for both")
    assert [one.hook for one in deliveries.claim_due(limit=1)] == [loud.pk]
    assert [one.hook for one in deliveries.claim_due(limit=1, after=loud.pk)] == [quiet.pk]
    assert [one.hook for one in deliveries.claim_due(limit=8, busy={loud.pk})] == []
    assert deliveries.claim_due(limit=0) == []
    assert [one.hook for one in deliveries.claim_due(limit=8)] == [loud.pk]


def test_delivery_that_breaks_off_each_time_is_given_up(mina, teo, room, receiver):
    make(mina, room, receiver.url)
    factories.say(teo, room, "Help")
    Delivery.objects.update(attempts=len(deliveries.PAUSES) + 1)
    make_due()
    deliver()
    row = Delivery.objects.get()
    assert (row.state, "broke off" in row.error, receiver.heard) == ("failed", True, [])


def _lost(row):
    row.update(claimed_until=timezone.now() - timedelta(seconds=1))


def _old(row):
    row.update(created_at=timezone.now() - timedelta(minutes=16))


def _switched_off(row):
    SlashCommand.objects.update(enabled=False)


def _unreadable(row):
    SlashCommand.objects.update(secret="sealed:with another key")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(_lost, "it may be done or not", id="lost"),
        pytest.param(_old, "Type it again if it is still wanted", id="old"),
        pytest.param(_switched_off, "It was switched off.", id="switched-off"),
        pytest.param(_unreadable, "staff has to make it anew", id="unreadable"),
    ],
)
def test_call_that_cannot_be_made_any_more_is_told_and_not_made(mina, teo, room, receiver, spoil, words):
    command, _ = make_command(mina, room, receiver.url)
    run(teo, room, "/deploy")
    spoil(CommandCall.objects.all())
    deliver()
    (told,) = to(teo, command.bot)
    assert told.startswith("/deploy did not work. ")
    assert words in told
    assert receiver.heard == []
    assert CommandCall.objects.get().state == "failed"
    deliver()
    assert len(to(teo, command.bot)) == 1
