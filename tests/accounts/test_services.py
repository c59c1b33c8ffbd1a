"""People: made, named, suspended, and the trail of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import selectors, services
from accounts.models import AuditEntry, Profile, Sanction, User
from realtime.models import Event
from realtime.protocol import Refused
from tests.accounts.conftest import Person, events


@pytest.mark.django_db
def test_command_makes_a_person_whole() -> None:
    user = services.create_person(
        actor=None,
        username="Mina",
        display_name=" Mina  Okafor ",
        email="M@x.example",
        password="x",
        time_zone="Africa/Lagos",
    )
    assert (user.username, user.display_name, user.email) == ("mina", "Mina Okafor", "m@x.example")
    assert user.profile.time_zone == "Africa/Lagos"
    assert user.emailaddress_set.get().verified
    assert user.check_password("x")


@pytest.mark.django_db
def test_person_without_password_cannot_sign_in_with_one() -> None:
    assert not services.create_person(actor=None, username="bridge.teo", kind="bridge").has_usable_password()


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"username": ""}, "invalid", "username"),
        ({"username": "mina okafor"}, "invalid", "username"),
        ({"username": "mina\u200b"}, "invalid", "username"),
        ({"username": "MINA"}, "conflict", "username"),
        ({"username": "b", "email": "MINA@northwind.example"}, "conflict", "email"),
        ({"username": "b", "display_name": "x" * 61}, "invalid", "display_name"),
        ({"username": "b", "display_name": "a\u202eb"}, "invalid", "display_name"),
        ({"username": "b", "display_name": "a\ud800"}, "invalid", "display_name"),
        ({"username": "b", "time_zone": "../../etc/passwd"}, "invalid", "time_zone"),
    ],
)
def test_command_is_told_what_is_wrong(person: Person, given: dict[str, str], code: str, field: str) -> None:
    person("mina")
    with pytest.raises(Refused) as refused:
        services.create_person(actor=None, **{"username": "x", **given})  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.field) == (code, field)
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["Ana María", "Ngozi Okonjo-Iweala", "नेहा", "علی\u200cرضا", "Jun 加藤", "O’Brien 🌱"])
def test_person_is_called_what_they_are_called(person: Person, name: str) -> None:
    assert services.update_profile(actor=person(), display_name=name, time_zone="UTC").display_name == name


def test_database_refuses_a_second_owner_of_an_address(person: Person) -> None:
    person("mina")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="teo", email="Mina@Northwind.example")


def test_person_chooses_and_the_other_tabs_hear(person: Person) -> None:
    user = person()
    chosen = services.update_preferences(actor=user, theme="dark", enter_sends=False)
    assert (chosen.theme, chosen.enter_sends, chosen.letter_shortcuts) == ("dark", False, True)
    assert events(user) == [("preferences.changed", {})]
    assert '"theme":"dark"' in Event.objects.get(topic=user.topic).data


def test_person_who_changes_nothing_disturbs_nobody(person: Person) -> None:
    user = person()
    services.update_preferences(actor=user, theme="system")
    services.update_profile(actor=user, display_name="Mina", time_zone="UTC")
    assert events(user) == []


def test_person_moves_to_another_zone(person: Person) -> None:
    user = person()
    services.update_profile(actor=user, display_name="Mina", time_zone="Asia/Tokyo")
    assert selectors.visit_of(user).time_zone == "Asia/Tokyo"
    assert events(user) == [("preferences.changed", {})]


def test_person_made_without_profile_still_has_preferences(db: None) -> None:
    user = User.objects.create(username="imported")
    assert selectors.preferences_view(user).theme == "system"
    assert services.update_preferences(actor=user, theme="light").theme == "light"
    assert Profile.objects.filter(user=user).exists()


def test_views_of_many_cost_one_query_and_hold_no_address(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [person(name, display_name=name.title()) for name in ("mina", "teo", "ines")]
    with django_assert_num_queries(1):
        views = selectors.people_views([*(user.pk for user in people), 999])
    assert [views[user.pk].display_name for user in people] == ["Mina", "Teo", "Ines"]
    assert "@northwind" not in repr(views)


def test_person_finds_people_by_either_name(person: Person) -> None:
    mina = person("mina", display_name="Mina Okafor")
    person("jun", display_name="Jun Kato")
    person("kamino", display_name="Zed")
    person("gone", display_name="Mina Gone", is_active=False)
    person("percent", display_name="100 %")

    def found(q: str) -> list[str]:
        return [view.name for view in selectors.search_people(actor=mina, q=q)]

    assert found("min") == ["mina", "kamino"]
    assert found("@KATO") == ["jun"]
    assert found("%") == ["percent"]
    assert found("_") == []
    assert len(found("")) == 4
    assert [view.name for view in selectors.search_people(actor=mina, q="", among=[mina.pk])] == ["mina"]


def test_staff_mutes_and_nothing_is_closed(person: Person, boss: User) -> None:
    user = person()
    services.sanction_user(actor=boss, user=user, kind="mute", reason="Cool down.")
    assert events(user) == [("sanction.applied", {})]
    assert selectors.active_sanction(user_id=user.pk, kind="mute") is not None
    assert selectors.active_sanction(user_id=user.pk, kind="ban") is None
    assert selectors.ban_reason(user) is None


def test_room_sanction_holds_in_its_room_only(person: Person, boss: User) -> None:
    user = person()
    services.sanction_user(actor=boss, user=user, kind="mute", reason="Cool down.", room_id=7)
    assert selectors.active_sanction(user_id=user.pk, kind="mute", room_id=7) is not None
    assert selectors.active_sanction(user_id=user.pk, kind="mute", room_id=8) is None
    assert selectors.active_sanction(user_id=user.pk, kind="mute") is None


def test_longest_sanction_is_the_one_that_counts(person: Person, boss: User) -> None:
    user, now = person(), timezone.now()
    for reason, until in [("hour", now + timedelta(hours=1)), ("ever", None), ("day", now + timedelta(days=1))]:
        services.sanction_user(actor=boss, user=user, kind="mute", reason=reason, until=until)
    held = selectors.active_sanction(user_id=user.pk, kind="mute")
    assert held is not None
    assert held.reason == "ever"


def test_staff_lifts_a_ban(person: Person, boss: User) -> None:
    user = person()
    sanction = services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam.")
    services.lift_sanction(actor=boss, sanction=sanction, reason="A mistake.")
    services.lift_sanction(actor=boss, sanction=sanction, reason="Again.")
    assert selectors.ban_reason(user) is None
    assert [entry.action for entry in selectors.audit_for(user.topic)] == ["sanction.lift_ban", "sanction.ban"]


@pytest.mark.parametrize("case", ["nobody", "self", "above", "beside", "no kind", "no reason", "long reason", "past"])
def test_sanction_is_refused(person: Person, boss: User, case: str) -> None:
    user, helper, other = person(), person("helper", is_staff=True), person("other", is_staff=True)
    helper.user_permissions.set(_sanction_permission())
    actor, target, reason, until = {
        "nobody": (user, helper, "x", None),
        "self": (boss, boss, "x", None),
        "above": (helper, boss, "x", None),
        "beside": (helper, other, "x", None),
        "no kind": (boss, user, "x", None),
        "no reason": (boss, user, "  ", None),
        "long reason": (boss, user, "x" * 501, None),
        "past": (boss, user, "x", timezone.now()),
    }[case]
    kind = "hug" if case == "no kind" else "ban"
    with pytest.raises(Refused):
        services.sanction_user(actor=actor, user=target, kind=kind, reason=reason, until=until)
    assert not Sanction.objects.exists()
    assert events(target) == []


def _sanction_permission() -> list[Any]:
    from django.contrib.auth.models import Permission

    return list(Permission.objects.filter(codename="add_sanction"))


def test_nobody_changes_the_trail(person: Person, boss: User) -> None:
    services.record_audit(actor=boss, action="test", target="user:1")
    entry = AuditEntry.objects.get(action="test")
    for act in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(reason="rewritten"),
    ):
        with pytest.raises(TypeError, match="the trail"):
            act()
    assert AuditEntry.objects.get(action="test").reason == ""


def test_trail_outlives_its_people(person: Person, boss: User) -> None:
    helper = person("helper", is_superuser=True, is_staff=True)
    services.record_audit(actor=helper, action="test", target="user:1")
    services.delete_permanently(actor=boss, user=helper)
    entry = AuditEntry.objects.get(action="test")
    assert (entry.actor_name, entry.target) == ("helper", "user:1")


def test_only_superusers_delete_and_not_themselves(person: Person, boss: User) -> None:
    helper = person("helper", is_staff=True)
    for actor, user in [(helper, person()), (boss, boss)]:
        with pytest.raises(Refused, match="forbidden"):
            services.delete_permanently(actor=actor, user=user)
