"""seed_demo: a team that is alive, made once, whole or not at all."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Message, MessageRevision, Reaction, Room
from chat.selectors import home_snapshot
from collab.management.commands import seed_demo
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _no_password_kept() -> None:
    (Path(settings.DATA_DIR) / "demo_password").unlink(missing_ok=True)


def sign_in(name: str, password: str) -> bool:
    return Client().post("/account/login/", {"login": name, "password": password}).status_code == 302


def test_operator_seeds_once_and_everything_holds_together(capsys):
    call_command("seed_demo", password=PASSWORD)
    assert "Sign in as mina, teo, ines, jun, rosa, bao, lea, or as admin" in capsys.readouterr().out
    counts = User.objects.count(), Room.objects.count(), Message.objects.count()
    call_command("seed_demo", password="another horse battery")
    call_command("seed_demo", if_empty=True)
    assert (User.objects.count(), Room.objects.count(), Message.objects.count()) == counts
    assert {room.kind for room in Room.objects.all()} == {"public", "private", "direct", "group"}
    assert MessageRevision.objects.exists()
    assert Reaction.objects.count() > 20
    assert Message.objects.filter(html__contains='data-language="python"').exists()
    call_command("check_integrity", verbosity=0)


def test_the_conversation_is_in_order_and_a_few_minutes_old():
    call_command("seed_demo", password=PASSWORD)
    for room in Room.objects.all():
        times = list(Message.objects.filter(room=room).order_by("seq").values_list("created_at", flat=True))
        assert times == sorted(times), room
    newest = Message.objects.order_by("-created_at")[0].created_at
    assert timedelta(0) < timezone.now() - newest < timedelta(minutes=30)


@pytest.mark.parametrize("hour", [0, 5, 12, 23])
def test_the_order_holds_at_whatever_hour_it_is_made(hour):
    now = datetime(2026, 11, 22, hour, 1, tzinfo=UTC)
    for room in seed_demo.read_demo().rooms:
        said = [say.at for say in room.says if not say.thread]
        times = [seed_demo.moment(text, now) for text in (room.made, *said)]
        assert [*times, now] == sorted([*times, now])


def test_unread_messages_and_mentions_wait_for_jun():
    call_command("seed_demo", password=PASSWORD)
    rooms = home_snapshot(actor=User.objects.get(username="jun")).rooms
    waiting = {room.room.name or room.people[0].name: (room.unread, room.mentions) for room in rooms if room.unread}
    assert waiting == {"general": (7, 0), "realtime-core": (5, 1), "incident-1142": (1, 1), "mina": (3, 0)}
    assert not any(room.unread for room in home_snapshot(actor=User.objects.get(username="teo")).rooms)


def test_everybody_signs_in_with_the_printed_password_which_is_kept_for_the_next_start(capsys):
    call_command("seed_demo", if_empty=True)
    first = capsys.readouterr().out
    password = first.partition("Password of all of them: ")[2].split("\n")[0]
    assert all(sign_in(person.name, password) for person in seed_demo.read_demo().people)
    assert User.objects.get(username="admin").is_superuser
    assert User.objects.filter(is_staff=True).count() == 1
    file = Path(settings.DATA_DIR) / "demo_password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    call_command("seed_demo", if_empty=True)
    assert capsys.readouterr().out == first
    admin = User.objects.get(username="admin")
    admin.set_password("something else entirely")
    admin.save()
    call_command("seed_demo", if_empty=True)
    assert password not in capsys.readouterr().out


def test_a_given_password_is_not_shown(capsys, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    call_command("seed_demo")
    assert PASSWORD not in capsys.readouterr().out
    assert sign_in("rosa", PASSWORD)


def test_a_weak_password_makes_nobody():
    with pytest.raises(CommandError, match="too short"):
        call_command("seed_demo", password="demo")
    assert not User.objects.exists()


def test_a_site_with_people_is_left_alone(capsys):
    factories.make_person("somebody")
    call_command("seed_demo", if_empty=True)
    assert capsys.readouterr().out == ""
    assert User.objects.count() == 1


def test_a_name_that_is_taken_stops_it_before_anything_is_made():
    factories.make_person("rosa")
    with pytest.raises(CommandError, match="@rosa is somebody else here"):
        call_command("seed_demo")
    assert User.objects.count() == 1
    assert not (Path(settings.DATA_DIR) / "demo_password").exists()


def test_a_part_of_the_team_is_not_completed():
    factories.make_person("rosa", email="rosa@northwind.example")
    with pytest.raises(CommandError, match="A part of the demo"):
        call_command("seed_demo")
    assert User.objects.count() == 1
