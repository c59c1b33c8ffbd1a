"""Who makes rules for which figures, what a rule may be, and what its list says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from chat import services as chat
from chat.models import Room
from dashboard.models import Rule
from dashboard.selectors.alerts import rule_list
from dashboard.services import rules
from dashboard.services.rules import RuleWish
from realtime.protocol import Refused
from tests import factories
from tests.dashboard.alerting_world import World, make_rule, make_series
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def boss(room):
    boss = factories.make_person("boss", is_staff=True)
    chat.join_room(actor=boss, room_id=room.pk)
    return boss


# Who


def test_rules_for_figures_of_a_room_are_its_moderators(room, mina, teo):
    series = make_series("messages", room=room)
    assert make_rule(mina, room, series).made_by == mina
    with pytest.raises(Refused, match="owners and moderators"):
        make_rule(teo, room, series)


def test_rules_for_figures_of_the_site_are_of_staff_who_may_write_there(room, secret, boss, mina):
    series = make_series()
    assert make_rule(boss, room, series).room == room
    with pytest.raises(Refused, match="not_found"):
        make_rule(mina, room, series)
    with pytest.raises(Refused, match="not_found"):
        make_rule(boss, secret, series)


def test_everybody_lets_a_room_be_told_of_their_own_figures(room, teo, mina):
    series = make_series("steps", owner=teo)
    assert make_rule(teo, room, series).series == series
    with pytest.raises(Refused, match="not_found"):
        make_rule(mina, room, series)


def test_figures_of_one_room_are_not_told_in_another(room, secret, mina):
    series = make_series("messages", room=secret)
    with pytest.raises(Refused, match="another room"):
        make_rule(mina, room, series)


def test_a_rule_is_changed_by_its_maker_and_by_moderators(room, teo, mina, boss, ines):
    rule = make_rule(teo, room, make_series("steps", owner=teo))
    for person in (teo, mina):
        rules.change_rule(actor=person, rule_id=rule.pk, wish=RuleWish(threshold=90.0))
    with pytest.raises(Refused, match="forbidden"):
        rules.delete_rule(actor=boss, rule_id=rule.pk)
    with pytest.raises(Refused, match="not_found"):
        rules.delete_rule(actor=ines, rule_id=rule.pk)
    rules.delete_rule(actor=mina, rule_id=rule.pk)
    assert not Rule.objects.exists()


# What


def test_a_rule_without_a_title_is_called_after_its_condition(room, mina):
    rule = make_rule(mina, room, make_series("messages", room=room, unit=""), threshold=30.0)
    assert rule.title == "Messages above 30 per min"
    rules.change_rule(actor=mina, rule_id=rule.pk, wish=RuleWish(threshold=5.0, above=False))
    rule.refresh_from_db()
    assert rule.title == "Messages below 5 per min"
    rules.change_rule(actor=mina, rule_id=rule.pk, wish=RuleWish(title="Too quiet"))
    rules.change_rule(actor=mina, rule_id=rule.pk, wish=RuleWish(threshold=4.0))
    rule.refresh_from_db()
    assert rule.title == "Too quiet"
    rules.change_rule(actor=mina, rule_id=rule.pk, wish=RuleWish(title=""))
    rule.refresh_from_db()
    assert rule.title == "Messages below 4 per min"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threshold": float("nan")}, "threshold"),
        ({"clear": float("inf")}, "clear"),
        ({"clear": 130.0}, "clear"),
        ({"above": False, "clear": 110.0}, "clear"),
        ({"for_seconds": -1}, "for_seconds"),
        ({"for_seconds": 3_601}, "for_seconds"),
        ({"aggregate": "median"}, "aggregate"),
        ({"level": "panic"}, "level"),
        ({"title": "x" * 81}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "no address"}, "url"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_a_rule_that_cannot_be_is_refused_with_its_field(room, mina, given, field):
    with pytest.raises(Refused) as refused:
        make_rule(mina, room, make_series("messages", room=room), **given)
    assert refused.value.field == field


def test_a_room_has_a_bound_of_rules(room, mina, monkeypatch):
    monkeypatch.setattr(rules, "ROOM_RULES", 2)
    series = make_series("messages", room=room)
    for _ in range(2):
        make_rule(mina, room, series)
    with pytest.raises(Refused, match="at most 2"):
        make_rule(mina, room, series)


def test_the_list_says_how_each_rule_is_and_hides_addresses(room, mina, teo):
    series = make_series("messages", room=room, unit="")
    fine = make_rule(mina, room, series, threshold=500.0, aggregate="last", url="https://hooks.example/secret")
    pending = make_rule(mina, room, series, threshold=100.0, aggregate="last")
    off = make_rule(mina, room, series, threshold=1.0)
    rules.change_rule(actor=mina, rule_id=off.pk, wish=RuleWish(enabled=False))
    World().tick(10, messages=184.0)
    listed = {one.id: one for one in rule_list(actor=teo, room_id=room.pk).rules}
    assert {one.id: one.state for one in listed.values()} == {fine.pk: "ok", pending.pk: "pending", off.pk: "off"}
    assert (listed[fine.pk].url, listed[fine.pk].may_change) == ("", False)
    mine = {one.id: one for one in rule_list(actor=mina, room_id=room.pk).rules}
    assert (mine[fine.pk].url, mine[fine.pk].may_change) == ("https://hooks.example/secret", True)


def test_what_one_may_make_a_rule_of_is_offered(room, secret, mina, teo, boss):
    here, own = make_series("messages", room=room), make_series("steps", owner=teo)
    site = make_series()
    make_series("plans", room=secret)
    offered = {
        person.username: {one.id for one in rule_list(actor=person, room_id=room.pk).series}
        for person in (mina, teo, boss)
    }
    assert offered == {"mina": {here.pk}, "teo": {own.pk}, "boss": {site.pk}}


# Over HTTP


def post(client: Client, url: str, **data):
    return client.post(url, json.dumps(data), content_type="application/json")


def test_a_rule_is_made_changed_listed_and_removed_over_http(room: Room, mina, teo):
    series = make_series("messages", room=room, unit="")
    page = signed_in(mina)
    made = post(page, f"/api/rooms/{room.pk}/rules/", series=series.pk, threshold=30)
    assert made.status_code == 201
    rule = made.json()
    assert (rule["title"], rule["state"], rule["may_change"]) == ("Messages above 30 per min", "ok", True)
    changed = post(page, f"/api/rules/{rule['id']}/", enabled=False)
    assert (changed.status_code, changed.json()["state"]) == (200, "off")
    assert [one["id"] for one in page.get(f"/api/rooms/{room.pk}/rules/").json()["rules"]] == [rule["id"]]
    assert signed_in(teo).delete(f"/api/rules/{rule['id']}/").status_code == 403
    assert page.delete(f"/api/rules/{rule['id']}/").status_code == 200
    assert page.get(f"/api/rooms/{room.pk}/alerts/").json() == {"alerts": [], "people": []}


def test_bad_rules_over_http_are_refused_in_words(room, mina, ines, secret):
    page = signed_in(mina)
    series = make_series("messages", room=room)
    cases: list[tuple[dict[str, Any], int, str | None]] = [
        ({"series": series.pk}, 400, "threshold"),
        ({"threshold": 3}, 400, "series"),
        ({"series": 4711, "threshold": 3}, 404, None),
        ({"series": series.pk, "threshold": "many"}, 400, "threshold"),
        ({"series": series.pk, "threshold": 3, "wrong": 1}, 400, None),
    ]
    for data, status, field in cases:
        told = post(page, f"/api/rooms/{room.pk}/rules/", **data)
        assert (told.status_code, told.json()["field"]) == (status, field), data
    assert signed_in(ines).get(f"/api/rooms/{secret.pk}/rules/").status_code == 404
    assert Client().get(f"/api/rooms/{room.pk}/alerts/").status_code == 401
