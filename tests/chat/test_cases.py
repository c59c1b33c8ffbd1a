"""Working through reports: who is deciding, and what can be taken back a moment after it was decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import AuditEntry, Sanction, User
from chat import services
from chat.models import CaseClaim, Message, Report, Room
from chat.selectors.claims import deciders
from realtime.protocol import Refused
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def said(mina: User, teo: User, room: Room) -> Message:
    """Teo's message, which Mina has reported."""
    message = factories.say(teo, room, "Nobody reads what you write")
    services.report_message(actor=mina, room_id=room.pk, message_id=message.pk, reason="abuse")
    return message


@pytest.fixture
def helper(db: None) -> User:
    return factories.make_person("helper", is_staff=True, is_superuser=True)


def refusal(call: Any, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(**given)
    return refused.value.code


def decide(actor: User, message: Message, action: str = "dismiss", **more: Any) -> None:
    services.settle_report(actor=actor, message_id=message.pk, action=action, reason="Seen by two of us.", **more)


def test_the_first_who_decides_holds_the_case_until_a_minute_has_gone(mina, teo, ines, helper, said):
    assert services.claim_case(actor=mina, message_id=said.pk) == mina.pk
    assert services.claim_case(actor=helper, message_id=said.pk) == mina.pk
    assert services.claim_case(actor=mina, message_id=said.pk) == mina.pk
    assert [one.id for one in deciders([said.pk], without=helper.pk).values()] == [mina.pk]
    assert deciders([said.pk], without=mina.pk) == {}
    CaseClaim.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert deciders([said.pk], without=helper.pk) == {}
    assert services.claim_case(actor=helper, message_id=said.pk) == helper.pk
    services.release_case(actor=mina, message_id=said.pk)
    assert services.claim_case(actor=mina, message_id=said.pk) == helper.pk
    services.release_case(actor=helper, message_id=said.pk)
    assert services.claim_case(actor=mina, message_id=said.pk) == mina.pk
    for outsider in (teo, ines):
        assert refusal(services.claim_case, actor=outsider, message_id=said.pk) == "forbidden"


def test_a_decision_ends_the_claim(mina, said):
    services.claim_case(actor=mina, message_id=said.pk)
    decide(mina, said)
    assert not CaseClaim.objects.exists()


def test_a_dismissal_taken_back_waits_again_as_it_was_reported(mina, teo, room, said):
    services.edit_message(actor=teo, room_id=room.pk, message_id=said.pk, body="Everybody reads what you write")
    decide(mina, said)
    assert Report.objects.get().excerpt == ""
    services.undo_decision(actor=mina, message_id=said.pk)
    report = Report.objects.get()
    assert (report.state, report.handled_by, report.handled_at) == ("open", None, None)
    assert report.excerpt == "Nobody reads what you write"
    last = AuditEntry.objects.order_by("-pk")[0]
    assert (last.action, last.detail) == ("report.undo", {"was": "dismiss"})
    decide(mina, said)
    services.undo_decision(actor=mina, message_id=said.pk)
    assert Report.objects.get().state == "open"


def test_a_mute_taken_back_is_lifted_and_an_older_one_stays(mina, teo, room, said):
    services.sanction_member(actor=mina, room_id=room.pk, user_id=teo.pk, kind="mute", reason="Before", seconds=3600)
    Sanction.objects.update(created_at=timezone.now() - timedelta(hours=1))
    decide(mina, said, "mute", seconds=600)
    services.undo_decision(actor=mina, message_id=said.pk)
    assert [(one.reason, one.lifted_at is None) for one in Sanction.objects.order_by("pk")] == [
        ("Before", True),
        ("Seen by two of us.", False),
    ]
    assert Report.objects.get().state == "open"


def test_what_left_traces_what_is_old_and_what_others_decided_is_not_taken_back(mina, teo, helper, room, said):
    undo = services.undo_decision
    assert refusal(undo, actor=mina, message_id=said.pk) == "conflict"
    decide(mina, said)
    assert refusal(undo, actor=helper, message_id=said.pk) == "conflict"
    Report.objects.update(handled_at=timezone.now() - timedelta(minutes=1))
    assert refusal(undo, actor=mina, message_id=said.pk) == "conflict"
    for action, more in (("ban", {}), ("mute", {"delete": True}), ("delete", {})):
        other = factories.say(teo if action != "delete" else helper_in(helper, room), room, f"{action} this")
        services.report_message(actor=mina, room_id=room.pk, message_id=other.pk, reason="spam")
        if action == "ban":
            services.settle_report(actor=mina, message_id=other.pk, action="ban", reason="Enough of it.")
            services.lift_member_sanction(actor=mina, room_id=room.pk, sanction_id=Sanction.objects.latest("pk").pk)
            services.join_room(actor=teo, room_id=room.pk)
        else:
            decide(mina, other, action, **more)
        assert refusal(undo, actor=mina, message_id=other.pk) == "conflict", action
    assert set(Report.objects.values_list("state", flat=True)) == {"dismissed", "acted"}


def helper_in(helper: User, room: Room) -> User:
    services.join_room(actor=helper, room_id=room.pk)
    return helper


def test_staff_take_back_in_a_private_room_too(mina, teo, secret):
    staff = factories.make_person("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    message = factories.say(teo, secret, "whispered insult")
    services.report_message(actor=mina, room_id=secret.pk, message_id=message.pk, reason="abuse")
    decide(staff, message)
    services.undo_decision(actor=staff, message_id=message.pk)
    assert Report.objects.get().state == "open"
