"""POST /api/v4/posts/ephemeral: a program tells one person something, and the room does not hear it."""

from __future__ import annotations

import pytest

from accounts import services as accounts
from chat.models import Message
from integrations.mattermost_api import ids
from tests import factories
from tests.integrations.conftest import Program, token_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def wish(room, user, message="Only for you", **post):
    return {"user_id": ids.of_user(user.pk), "post": {"channel_id": ids.of_room(room.pk), "message": message, **post}}


@pytest.fixture
def program(bot):
    return Program(bot)


def test_program_tells_one_person_where_the_others_hear_nothing(program, room, teo, bot):
    made = program.told("POST", "posts/ephemeral", wish(room, teo), status=201)
    assert (made["type"], made["channel_id"]) == ("system_ephemeral", ids.of_room(room.pk))
    assert (made["message"], made["user_id"]) == ("Only for you", ids.of_user(bot.pk))
    said = Message.objects.get(body="Only for you")
    assert (said.author, said.room.kind) == (bot, "direct")
    assert set(said.room.memberships.values_list("user__username", flat=True)) == {bot.username, teo.username}
    program.told("POST", "posts/ephemeral", wish(room, teo, "And this"), status=201)
    assert Message.objects.get(body="And this").room == said.room


def test_program_shows_attachments_to_one_person(program, room, teo):
    props = {"attachments": [{"title": "Build 7", "text": "failed"}]}
    made = program.told("POST", "posts/ephemeral", wish(room, teo, "", props=props), status=201)
    assert made["props"]["attachments"][0]["title"] == "Build 7"
    assert Message.objects.get(pk=ids.to_uuid(made["id"])).card is not None


def test_program_outside_the_room_tells_nobody_of_it(room, secret, teo, mina, program):
    assert program.refused("POST", "posts/ephemeral", wish(secret, mina)) == (403, "api.context.permissions.app_error")
    stranger = factories.make_person("stranger")
    accounts.sanction_user(
        actor=factories.make_person("chief", is_staff=True, is_superuser=True),
        user=stranger,
        kind="ban",
        reason="Noise",
        room_id=None,
    )
    before = Message.objects.count()
    outside = Program(token=token_of(factories.make_person("outside")))
    status, _ = outside.refused("POST", "posts/ephemeral", wish(room, teo))
    assert (status, Message.objects.count()) == (403, before)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 403),
        ({"user_id": "nonsense", "post": {}}, 403),
        ({"post": "nonsense"}, 400),
        ("nobody", 400),
        ("empty", 400),
        ("themselves", 400),
    ],
    ids=["nothing", "no-channel", "no-object", "nobody", "no-text", "themselves"],
)
def test_program_hears_what_is_wrong(program, room, teo, bot, body, status):
    given = {
        "nobody": wish(room, teo) | {"user_id": "nonsense"},
        "empty": wish(room, teo, " "),
        "themselves": wish(room, bot),
    }
    asked = given[body] if isinstance(body, str) else body
    assert program.refused("POST", "posts/ephemeral", asked)[0] == status


def test_program_that_may_only_read_is_refused(bot, room, teo):
    assert Program(bot, "messages:read").refused("POST", "posts/ephemeral", wish(room, teo))[0] == 403
