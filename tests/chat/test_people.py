"""Somebody who goes by another name or picture: each of their rooms is told, and no other."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from accounts import selectors as accounts
from accounts import services as account_services
from accounts.models import User
from chat import services
from chat.models import Room
from tests import factories
from tests.chat.conftest import events, head, last_event, signed_in, topic_of


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(out, "PNG")
    return out.getvalue()


def rename(user: User, name: str) -> None:
    account_services.update_profile(actor=user, display_name=name, time_zone="UTC")


def test_person_takes_another_name_and_their_rooms_hear_of_it(mina: User, teo: User, room: Room, secret: Room) -> None:
    other = factories.make_room(mina, name="Without Teo")
    before = head(topic_of(other))
    rename(teo, "Theo L")
    for told in (room, secret):
        event = last_event(topic_of(told))
        assert event["type"] == "person.changed"
        assert event["data"] == {
            "person": {"id": teo.pk, "name": "teo", "display_name": "Theo L", "kind": "human", "avatar_url": None}
        }
    assert head(topic_of(other)) == before


def test_person_who_saves_the_same_name_tells_nobody(teo: User, room: Room) -> None:
    before = head(topic_of(room))
    rename(teo, "Teo Lindqvist")
    assert head(topic_of(room)) == before


def test_person_who_left_tells_the_room_nothing_more(teo: User, room: Room) -> None:
    services.leave_room(actor=teo, room_id=room.pk)
    before = head(topic_of(room))
    rename(teo, "Theo")
    assert head(topic_of(room)) == before


def test_person_shows_a_picture_and_takes_it_back(teo: User, room: Room, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    before = head(topic_of(room))
    address = account_services.set_avatar(actor=teo, data=picture())
    account_services.set_avatar(actor=teo, data=picture())
    account_services.remove_avatar(actor=teo)
    account_services.remove_avatar(actor=teo)
    told = [event["data"]["person"]["avatar_url"] for event in events(topic_of(room), before)]
    assert told == [address, None]


def test_staff_renames_somebody_and_their_rooms_hear_of_it(teo: User, room: Room) -> None:
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    form = {"username": "teo", "display_name": "Teo (bridge)", "email": "", "kind": "bridge", "is_active": "on"}
    response = signed_in(boss).post(reverse("admin:accounts_user_change", args=[teo.pk]), form)
    assert response.status_code == 302
    person = last_event(topic_of(room))["data"]["person"]
    assert (person["display_name"], person["kind"]) == ("Teo (bridge)", "bridge")


@pytest.mark.django_db(transaction=True)
def test_name_that_is_refused_reaches_no_room(teo: User, room: Room) -> None:
    before = head(topic_of(room))
    with pytest.raises(Exception, match="cannot hold control"):
        rename(teo, "Teo\u202e")
    assert (head(topic_of(room)), accounts.person_view(teo).display_name) == (before, "Teo Lindqvist")
