"""close_sessions: an operator signs people out, and their sockets close."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEntry
from realtime.testing import make_session
from tests import factories
from tests.cluster import connected, running

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def people():
    return factories.make_person("mina"), factories.make_person("teo")


def sign_in(user, days_ago=0):
    """A session as a browser's sign-in leaves it, made so many days ago."""
    key = make_session(user)
    device = UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1", user_agent="test")
    UserSession.objects.filter(pk=device.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return key


def keys():
    return set(Session.objects.values_list("session_key", flat=True))


def test_operator_signs_one_person_out_everywhere(people, capsys):
    mina, teo = people
    sign_in(mina), make_session(mina)
    stays = sign_in(teo)
    call_command("close_sessions", "@Mina", dry_run=True)
    assert len(keys()) == 3
    call_command("close_sessions", "@Mina")
    assert keys() == {stays}
    assert capsys.readouterr().out.splitlines() == [
        "Would end 2 sign-ins of 1 people.",
        "Ended 2 sign-ins of 1 people.",
    ]
    assert UserSession.objects.get().user == teo
    entry = AuditEntry.objects.get(action="session.close")
    assert (entry.target, entry.actor) == (mina.topic, None)


def test_operator_ends_only_what_was_begun_long_ago(people, capsys):
    mina, teo = people
    fresh = {sign_in(mina, 3), sign_in(teo)}
    sign_in(mina, 40), sign_in(teo, 31)
    call_command("close_sessions", all=True, older_than=30)
    assert keys() == fresh
    call_command("close_sessions", all=True, older_than=30)
    assert capsys.readouterr().out.splitlines()[-1] == "Ended 0 sign-ins of 0 people."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Give USERNAME, or --all"),
        (["mina", "--all"], "Give USERNAME, or --all"),
        (["nobody"], "There is nobody called “nobody”"),
        (["--all", "--older-than", "-1"], "cannot be negative"),
    ],
)
def test_operator_is_told_what_is_missing(people, words, told):
    with pytest.raises(CommandError, match=told):
        call_command("close_sessions", *words)


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
async def test_a_closed_session_closes_its_socket_in_a_running_server(site_environment):
    from asgiref.sync import sync_to_async

    mina = await sync_to_async(factories.make_person)("mina")
    key = await sync_to_async(sign_in)(mina)
    with running(site_environment) as (server,):
        async with connected(server, key) as socket:
            await sync_to_async(call_command)("close_sessions", "mina", verbosity=0)
            await socket.expect_closed(4401)
