"""create_room: an operator makes a room for people who are here."""

import pytest
from django.core.management import CommandError, call_command

from chat.models import Membership, Room
from tests import factories
from tests.chat.conftest import events

pytestmark = pytest.mark.django_db


def test_operator_makes_a_room_and_gets_its_address(mina, teo, capsys):
    call_command("create_room", "Design review", owner="@Mina", member=["teo"], purpose="Show early", kind="public")
    assert capsys.readouterr().out == "http://127.0.0.1:8000/rooms/design-review/\n"
    room = Room.objects.get()
    assert (room.name, room.purpose, room.created_by) == ("Design review", "Show early", mina)
    members = Membership.objects.filter(room=room).order_by("user__username")
    assert list(members.values_list("user__username", "role")) == [("mina", "owner"), ("teo", "member")]
    assert events(teo.topic)[-1]["type"] == "room.added"


def test_the_first_superuser_owns_a_room_of_nobody(mina, capsys):
    with pytest.raises(CommandError, match="give --owner USERNAME"):
        call_command("create_room", "General")
    boss = factories.make_person("boss", is_superuser=True)
    call_command("create_room", "General", kind="private")
    room = Room.objects.get()
    assert (room.created_by, room.kind) == (boss, "private")
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8000/rooms/general-")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"owner": "nobody"}, "There is nobody called “nobody”"),
        ({"member": ["ghost"]}, "There is nobody called “ghost”"),
        ({"slug": "Not a slug"}, "Use up to 60 small letters"),
        ({"slug": "taken"}, "This address is taken."),
        ({"purpose": "x" * 251}, "at most 250"),
    ],
)
def test_operator_is_told_why_there_is_no_room(mina, options, told):
    factories.make_room(mina, name="taken")
    with pytest.raises(CommandError, match=told):
        call_command("create_room", "General", **({"owner": "mina"} | options))
    assert Room.objects.count() == 1


def test_a_closed_account_owns_nothing(mina):
    mina.is_active = False
    mina.save()
    with pytest.raises(CommandError, match="the account is closed"):
        call_command("create_room", "General", owner="mina")
