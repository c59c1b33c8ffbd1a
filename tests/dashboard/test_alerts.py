"""Rules that fire: one message each, changed in place, acknowledged, quieted, over by itself; never a storm."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from accounts import services as accounts
from accounts.models import User
from chat import services as chat
from chat.models import Room
from chat.selectors import home_snapshot
from chat.selectors.integrity import check_room
from dashboard import alerting
from dashboard.models import Alert, Rule
from dashboard.selectors import watched
from dashboard.selectors.alerts import alert_list, rule_list
from dashboard.services import alerts, charts, feeds, rules
from dashboard.services.rules import RuleWish
from realtime import log, metrics
from realtime.protocol import Refused
from tests import factories
from tests.dashboard.alerting_world import START, World, card_of, firing, make_rule, make_series, shown, told
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def boss(db: None, room: Room) -> User:
    """Staff, and a member of the room."""
    boss = factories.make_person("boss", is_staff=True)
    chat.join_room(actor=boss, room_id=room.pk)
    return boss


@pytest.fixture
def world(boss: User, room: Room) -> World:
    """A rule over 120 ms for two minutes, and figures that are fine."""
    make_rule(boss, room, make_series())
    world = World()
    world.tick(5, delivery=60.0)
    return world


def test_a_rule_that_fires_tells_its_room_once_and_changes_that_message(world, room, teo):
    world.tick(15)
    world.tick(120, delivery=184.0)
    assert told(room, teo) == []
    world.tick()
    [message] = told(room, teo)
    assert (message.kind, message.author) == ("alert", None)
    assert message.body == "Delivery above 120 ms: 184 ms for 2 min"
    world.tick(10, delivery=190.0)
    [same] = told(room, teo)
    card = card_of(same)
    assert (same.id, card.value, card.peak, card.state, card.threshold) == (message.id, 190.0, 190.0, "firing", 120.0)
    assert card.points[-1][1] == 190.0
    assert min(value for _, value in card.points) == 60.0
    assert list(check_room(room)) == []


def test_an_alert_is_over_by_itself_after_its_time(world, room, teo):
    world.tick(121, delivery=184.0)
    world.tick(119, delivery=80.0)
    assert firing().state == "firing"
    world.tick(5)
    [message] = told(room, teo)
    assert card_of(message).state == "resolved"
    assert message.body == "Resolved by itself: Delivery above 120 ms, 09:00–09:04"
    assert Rule.objects.get().since is None


def test_its_message_does_not_change_more_often_than_every_five_seconds(world, room):
    world.tick(121, delivery=184.0)
    head = log.heads([f"room:{room.pk}"])[f"room:{room.pk}"][0]
    for value in range(30):
        world.tick(delivery=190.0 + value)
    assert log.heads([f"room:{room.pk}"])[f"room:{room.pk}"][0] - head <= 6


def test_an_alert_whose_figure_stays_says_nothing_more(world, room):
    world.tick(121, delivery=184.0)
    head = log.heads([f"room:{room.pk}"])[f"room:{room.pk}"][0]
    world.tick(90)
    assert log.heads([f"room:{room.pk}"])[f"room:{room.pk}"][0] == head


def test_who_fires_again_within_ten_minutes_goes_on_in_its_message(world, room, teo):
    for _ in range(3):
        world.tick(125, every=5, delivery=184.0)
        world.tick(125, every=5, delivery=80.0)
    [message] = told(room, teo)
    assert card_of(message).times == 3
    world.tick(alerting.AGAIN_SECONDS, every=10)
    world.tick(125, every=5, delivery=184.0)
    assert [card_of(one).times for one in told(room, teo)] == [3, 1]


def test_no_figures_end_nothing_and_begin_nothing(world, room, teo):
    world.tick(121, delivery=184.0)
    world.tick(1_200, every=10, delivery=None)
    [message] = told(room, teo)
    assert card_of(message).state == "firing"


def test_a_room_sees_no_newer_figure_of_somebody_who_left_it(room, mina, teo):
    make_rule(teo, room, make_series("jobs", owner=teo), for_seconds=0)
    world = World()
    world.tick(2, jobs=184.0)
    [message] = told(room, mina)
    chat.leave_room(actor=teo, room_id=room.pk)
    world.tick(30, jobs=777.0)
    [message] = told(room, mina)
    assert (card_of(message).value, card_of(message).peak) == (184.0, 184.0)
    assert Rule.objects.get().problem == "Whose figures these are is no member of the room any more."
    assert watched.moved_curves(changed={Rule.objects.get().series_id}, before=0, now=world.now) == []
    world.tick(2, jobs=5.0)
    [message] = told(room, mina)
    card = card_of(message)
    assert (card.state, card.value, card.peak, card.points) == ("resolved", 184.0, 184.0, [])


def test_a_counter_that_counts_nothing_is_nought_and_not_unknown(room, mina, teo):
    series = make_series("messages", room=room, kind="counter", unit="", outside=False)
    make_rule(mina, room, series, threshold=1.0, above=False, for_seconds=60, aggregate="per_minute")
    World().tick(62)
    [message] = told(room, teo)
    assert message.body == "Messages below 1 per min: 0 per min for 60 s"


def test_what_was_before_the_recorder_stood_still_does_not_count(world, room, teo):
    """A clock that is put forward, and a site that was off, look alike: nobody knows what was in between."""
    world.tick(100, delivery=184.0)
    world.now += timedelta(minutes=10)
    world.tick(60)
    assert told(room, teo) == []
    world.tick(62)
    assert len(told(room, teo)) == 1


def test_a_clock_put_back_neither_fires_nor_ends_anything(world, room, teo):
    world.tick(121, delivery=184.0)
    world.now -= timedelta(minutes=5)
    world.tick(30)
    assert [card_of(one).state for one in told(room, teo)] == ["firing"]


def test_two_recorders_that_judge_at_once_tell_once(world, room, teo):
    """The second one has read what the first one then changed."""
    world.tick(120, delivery=184.0)
    world.now += timedelta(seconds=1)
    world.record()
    stale = Rule.objects.select_related("series").get()
    alerts.judge(now=world.now)
    alerts.judge(now=world.now)
    alerts._fire(stale, 184.0, START, world.now)
    assert len(told(room, teo)) == 1
    assert Alert.objects.get().times == 1


def test_a_recorder_that_dies_while_it_tells_leaves_nothing_half_done(world, room, teo):
    world.tick(120, delivery=184.0)
    world.now += timedelta(seconds=1)
    world.record()
    with transaction.atomic():
        alerts.judge(now=world.now)
        assert len(told(room, teo)) == 1
        transaction.set_rollback(True)
    assert (told(room, teo), Alert.objects.count()) == ([], 0)
    world.tick()
    assert len(told(room, teo)) == 1


# People


def test_the_first_who_answers_has_it(world, room, mina, teo, django_capture_on_commit_callbacks):
    world.tick(121, delivery=184.0)
    [message] = told(room, teo)
    replies = []
    for person in (teo, mina):
        with django_capture_on_commit_callbacks(execute=True):
            replies.append(factories.say(person, room, "Mine", reply_to=message.id).pk)
    [same] = told(room, teo)
    assert (card_of(same).acknowledged_by, card_of(same).reply) == (teo.pk, replies[0])
    assert same.body == f"Delivery above 120 ms: 184 ms for 2 min. {teo.display_name} has it"


def test_the_first_who_clicks_has_it_and_who_comes_later_changes_nothing(world, room, mina, teo):
    world.tick(121, delivery=184.0)
    alert = firing()
    for person in (teo, mina):
        alerts.acknowledge(actor=person, room_id=room.pk, alert_id=alert.pk)
    assert (firing().acknowledged_by, firing().reply) == (teo, None)


def counts(user: User, room: Room) -> tuple[int, int]:
    [one] = [one for one in home_snapshot(actor=user).rooms if one.room.id == room.pk]
    return one.unread, one.mentions


def test_an_alert_counts_once_and_calls_whoever_made_the_rule(world, room, boss, teo):
    before = counts(teo, room)[0], counts(boss, room)[0]
    world.tick(125, delivery=184.0)
    alerts.acknowledge(actor=teo, room_id=room.pk, alert_id=firing().pk)
    world.tick(125, every=5, delivery=80.0)
    world.tick(125, every=5, delivery=190.0)
    assert counts(teo, room) == (before[0] + 1, 0)
    assert counts(boss, room) == (before[1] + 1, 1)
    world.tick(125, every=5, delivery=80.0)
    world.tick(alerting.AGAIN_SECONDS, every=10)
    world.tick(125, every=5, delivery=184.0)
    assert counts(teo, room) == (before[0] + 2, 0)
    assert counts(boss, room) == (before[1] + 2, 2)


def test_whoever_made_the_rule_and_left_the_room_is_not_called(world, room, boss, teo):
    chat.leave_room(actor=boss, room_id=room.pk)
    world.tick(121, delivery=184.0)
    [message] = told(room, teo)
    assert message.mentions == []


def test_an_alert_that_a_moderator_deleted_stays_away_until_it_fires_anew(world, room, mina, teo):
    world.tick(121, delivery=184.0)
    [message] = told(room, teo)
    chat.delete_message(actor=mina, room_id=room.pk, message_id=message.id)
    world.tick(60, every=5, delivery=250.0)
    assert told(room, teo) == []
    world.tick(125, every=5, delivery=80.0)
    world.tick(125, every=5, delivery=184.0)
    [again] = told(room, teo)
    assert again.id != message.id
    assert card_of(again).state == "firing"
    assert list(check_room(room)) == []


def test_an_alert_is_no_message_of_the_rooms_figures(world, room, teo, django_capture_on_commit_callbacks):
    """A rule for rooms where nobody writes would end itself."""
    world.tick(120, delivery=184.0)
    metrics.take_happened()
    with django_capture_on_commit_callbacks(execute=True):
        world.tick()
    assert len(told(room, teo)) == 1
    assert (room.pk, "messages") not in metrics.take_happened()


def test_strangers_neither_see_nor_touch_the_alerts_of_a_room(world, secret, room, ines, mina):
    world.tick(121, delivery=184.0)
    alert = firing()
    with pytest.raises(Refused, match="not_member"):
        alerts.acknowledge(actor=ines, room_id=room.pk, alert_id=alert.pk)
    with pytest.raises(Refused, match="not_found"):
        alerts.acknowledge(actor=ines, room_id=secret.pk, alert_id=alert.pk)
    with pytest.raises(Refused, match="not_found"):
        alerts.acknowledge(actor=mina, room_id=secret.pk, alert_id=alert.pk)
    with pytest.raises(Refused, match="not_member"):
        alert_list(actor=ines, room_id=room.pk)
    with pytest.raises(Refused, match="not_found"):
        rule_list(actor=ines, room_id=secret.pk)


def test_a_quiet_rule_says_nothing_until_its_time_is_over(world, room, teo):
    rule = Rule.objects.get()
    alerts.quiet_rule(actor=teo, room_id=room.pk, rule_id=rule.pk, seconds=300, at=world.now)
    [view] = rule_list(actor=teo, room_id=room.pk).rules
    assert (view.state, view.quiet_by) in {("quiet", teo.pk), ("ok", None)}
    world.tick(290, every=5, delivery=184.0)
    assert told(room, teo) == []
    world.tick(15, every=5)
    assert len(told(room, teo)) == 1


def test_an_alert_that_is_made_quiet_says_so_and_still_ends(world, room, teo):
    world.tick(121, delivery=184.0)
    rule = Rule.objects.get()
    alerts.quiet_rule(actor=teo, room_id=room.pk, rule_id=rule.pk, seconds=3600, at=world.now)
    [message] = told(room, teo)
    assert card_of(message).quiet_by == teo.pk
    world.tick(20, delivery=500.0)
    assert card_of(told(room, teo)[0]).value == 184.0
    world.tick(125, every=5, delivery=80.0)
    assert card_of(told(room, teo)[0]).state == "resolved"


# No storm


def test_many_rules_at_once_are_few_messages_and_the_others_are_counted(boss, room, teo):
    world, names = World(), [f"disk{number}" for number in range(12)]
    for name in names:
        make_rule(boss, room, make_series(name), for_seconds=0)
    world.show(dict.fromkeys(names, 184.0))
    world.tick(10)
    shown = told(room, teo)
    assert len(shown) == alerting.MINUTE_MESSAGES
    assert [card_of(one).others for one in shown] == [0, 0, 0, 0, 7]
    assert shown[-1].body.endswith("7 more rules fire here")
    world.tick(260, every=5)
    shown = told(room, teo)
    assert len(shown) == len(names)
    assert {card_of(one).others for one in shown} == {0}
    assert Alert.objects.filter(state="firing").count() == len(names)


# Rules that end while they fire, and rooms that cannot be told


@pytest.mark.parametrize("how", ["removed", "switched off"])
def test_a_rule_that_goes_while_it_fires_ends_its_message(world, room, boss, teo, how):
    world.tick(121, delivery=184.0)
    rule = Rule.objects.get()
    if how == "removed":
        rules.delete_rule(actor=boss, rule_id=rule.pk)
    else:
        rules.change_rule(actor=boss, rule_id=rule.pk, wish=RuleWish(enabled=False))
    [message] = told(room, teo)
    assert card_of(message).state == "resolved"
    assert how in message.body.lower()
    world.tick(5)
    assert len(told(room, teo)) == 1


def test_an_archived_room_is_not_told_and_the_rule_says_why(world, room, boss, mina):
    factories.change(mina, room, archived=True)
    world.tick(125, every=5, delivery=184.0)
    assert told(room, mina) == []
    [view] = rule_list(actor=mina, room_id=room.pk).rules
    assert (view.state, view.problem) == ("stuck", "The room is archived.")
    factories.change(mina, room, archived=False)
    world.tick(70)
    assert len(told(room, mina)) == 1
    assert Rule.objects.get().problem == ""


def test_a_rule_of_somebody_who_is_no_staff_any_more_shows_nothing_of_the_site(world, room, boss, teo):
    boss.is_staff = False
    boss.save(update_fields=["is_staff"])
    world.tick(125, every=5, delivery=184.0)
    assert told(room, teo) == []
    assert "may not see" in Rule.objects.get().problem


def test_an_alert_list_leads_with_what_fires(world, room, teo):
    world.tick(121, delivery=184.0)
    world.tick(125, every=5, delivery=80.0)
    world.tick(700, every=10)
    world.tick(125, every=5, delivery=184.0)
    listed = alert_list(actor=teo, room_id=room.pk).alerts
    assert [one.card.state for one in listed] == ["firing", "resolved"]
    assert listed[0].message_url.endswith(f"/m/{listed[0].message}/")


@pytest.mark.parametrize("how", ["deletes it", "deletes the account"])
def test_who_takes_figures_away_ends_what_shows_them(room, mina, teo, boss, how):
    series = make_series("steps", owner=teo)
    make_rule(teo, room, series, for_seconds=0)
    charts.post_chart(actor=teo, room_id=room.pk, cid=uuid4(), text="steps 15m")
    World().tick(2, steps=184.0)
    assert card_of(told(room, mina)[0]).state == "firing"
    if how == "deletes it":
        feeds.delete_series(actor=teo, series_id=series.pk)
    else:
        User.objects.filter(pk=boss.pk).update(is_superuser=True)
        accounts.delete_permanently(actor=User.objects.get(pk=boss.pk), user=teo)
    [message] = told(room, mina)
    assert message.body.startswith("Its figures were deleted: Steps above 120 ms")
    [chart] = [one.card.chart for one in shown(room, mina) if one.card and one.card.chart]
    assert chart.live_until is None
    assert list(check_room(room)) == []


def test_alerts_that_are_long_over_are_forgotten(world, room):
    world.tick(125, every=5, delivery=184.0)
    assert alerts.prune_alerts(now=world.now + timedelta(days=400)) == 0
    world.tick(125, every=5, delivery=80.0)
    assert alerts.prune_alerts(now=world.now + timedelta(days=89)) == 0
    assert alerts.prune_alerts(now=world.now + timedelta(days=91)) == 1
