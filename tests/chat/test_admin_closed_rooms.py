"""Rooms that are closed to staff: the back office calls them by a number, whichever page is asked."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from chat import services
from chat.models import WordRule
from tests import factories
from tests.chat.conftest import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def helper(db: None) -> Client:
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    return signed_in(user)


@pytest.fixture
def office(db: None) -> Client:
    return signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))


@pytest.fixture
def merger(mina, teo):
    return factories.make_room(mina, teo, kind="private", name="Merger", purpose="Before the announcement")


def body(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def tells(page: str) -> bool:
    return any(word in page.lower() for word in ("merger", "announcement"))


def test_the_list_has_closed_rooms_by_their_number(helper, office, room, merger, mina, ines):
    factories.make_direct(mina, ines)
    page = body(helper, reverse("admin:chat_room_changelist"))
    assert f"Private room #{merger.pk}" in page
    assert "Realtime core" in page
    assert "Direct room #" in page
    assert not tells(page)
    assert "Ines" not in page
    assert tells(body(office, reverse("admin:chat_room_changelist")))


@pytest.mark.parametrize("view", ["change", "history"])
def test_a_closed_rooms_own_pages_say_no_more(helper, office, merger, view):
    address = reverse(f"admin:chat_room_{view}", args=[merger.pk])
    page = body(helper, address)
    assert f"Private room #{merger.pk}" in page
    assert not tells(page)
    assert not re.search(r"\bteo\b", page, re.IGNORECASE)  # a token of the page may have the letters in it
    assert tells(body(office, address))


@pytest.mark.parametrize("word", ["Merger", "announcement", "teo"])
def test_no_search_finds_a_closed_room(helper, office, merger, word):
    listed = helper.get(reverse("admin:chat_room_changelist"), {"q": word}).context["cl"].queryset
    assert merger not in listed
    assert merger in office.get(reverse("admin:chat_room_changelist"), {"q": word}).context["cl"].queryset


def test_the_list_that_django_offers_to_choose_from_is_closed_too(helper, office, room, merger):
    asked = {"app_label": "chat", "model_name": "message", "field_name": "room"}
    for client, found in ((helper, False), (office, True)):
        page = body(client, reverse("admin:autocomplete"), **asked)
        assert "Realtime core" in page
        assert tells(page) is found
        assert tells(body(client, reverse("admin:autocomplete"), term="Merg", **asked)) is found


@pytest.mark.parametrize("column", [0, 2])
def test_the_order_of_names_tells_nothing_of_the_closed_ones(helper, office, mina, merger, column):
    named = [factories.make_room(mina, name=name) for name in ("Alpha", "Zulu")]

    def order(client):
        listed = client.get(reverse("admin:chat_room_changelist"), {"o": column}).context["cl"].queryset
        return [room.pk for room in listed]

    assert order(office) == [named[0].pk, merger.pk, named[1].pk]
    assert order(helper) == [merger.pk, named[0].pk, named[1].pk]


def test_who_is_there_its_links_and_its_rules_are_for_superusers(helper, office, mina, merger):
    services.create_link(actor=mina, room_id=merger.pk)
    services.save_rule(actor=mina, rule=WordRule(phrase="casino", action="flag", room=merger))
    for model in ("membership", "roominvite", "wordrule"):
        address = reverse(f"admin:chat_{model}_changelist")
        assert not tells(body(helper, address))
        assert tells(body(office, address))


def test_staff_make_no_rule_for_a_room_that_they_do_not_know(helper, office, merger):
    given = {"phrase": "casino", "action": "flag", "place": merger.slug, "enabled": "on"}
    page = helper.post(reverse("admin:chat_wordrule_add"), given).content.decode()
    assert "There is no room of this address." in page
    office.post(reverse("admin:chat_wordrule_add"), given)
    assert WordRule.objects.get().room == merger


def test_a_report_tells_the_room_after_a_reason(helper, mina, teo, merger):
    message = factories.say(teo, merger, "We sign on Monday")
    services.report_message(actor=mina, room_id=merger.pk, message_id=message.pk, reason="private")
    assert not tells(body(helper, reverse("admin:chat_report_changelist")))
    address = reverse("admin:chat_report_change", args=[message.reports.get().pk])
    page = body(helper, address)
    assert f"Report from private room #{merger.pk}" in page
    assert not tells(page)
    revealed = helper.post(address, {"why": "Somebody may be in danger."}).content.decode()
    assert "Report from Merger" in revealed
    assert AuditEntry.objects.get(action="message.reveal").reason == "Somebody may be in danger."
