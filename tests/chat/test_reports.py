"""Reports: who may ask for a moderator, what moderators see, and what their decision does."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry, Sanction
from chat import selectors, services
from chat.models import Membership, Message, Report
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import last_event, topic_of
from tests.factories import give_role, say

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def report(actor, message, reason="abuse", **given):
    services.report_message(actor=actor, room_id=message.room_id, message_id=message.pk, reason=reason, **given)


def settle(actor, message, action, **given):
    given.setdefault("reason", "Insult against Ines.")
    services.settle_report(actor=actor, message_id=message.pk, action=action, **given)


def refusal(act, *args, **given):
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    return refused.value


@pytest.fixture
def insult(teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    return say(teo, room, "Nobody reads what you write, Ines")


def test_reporting_twice_is_one_report_and_others_add_theirs(mina, ines, insult):
    report(ines, insult, note="Not the first time.")
    report(ines, insult, reason="spam")
    report(mina, insult)
    assert list(Report.objects.order_by("pk").values_list("reporter__username", "reason")) == [
        ("ines", "abuse"),
        ("mina", "abuse"),
    ]
    assert Report.objects.first().excerpt == insult.body


def test_only_what_others_said_and_what_one_sees_can_be_reported(mina, teo, ines, room, secret, insult):
    assert refusal(report, teo, insult).field == "message"
    assert refusal(report, ines, insult, reason="rule").field == "reason"
    assert refusal(report, ines, insult, note="x" * 501).field == "note"
    assert refusal(report, ines, say(teo, secret)).code == "not_found"
    line = Message.objects.filter(room=room, kind="system").first()
    assert refusal(report, ines, line).field == "message"
    services.delete_message(actor=teo, room_id=room.pk, message_id=insult.pk)
    assert refusal(report, ines, insult).code == "gone"


def test_moderators_see_the_message_in_its_context_and_no_reporter(mina, teo, ines, room, insult):
    give_role(room, teo, "member")
    before = [say(mina, room, f"before {number}") for number in range(3)]
    spam = say(teo, room, "Buy now")
    after = say(ines, room, "That was not needed")
    report(ines, spam, note="Again")
    [case] = selectors.room_cases(actor=mina, room_id=room.pk)
    assert case.message.id == spam.pk
    assert [one.id for one in case.context][-5:] == [*(one.pk for one in before), spam.pk, after.pk]
    assert [(one.reason, one.note) for one in case.reports] == [("abuse", "Again")]
    assert "reporter" not in str(case)
    assert refusal(selectors.room_cases, actor=teo, room_id=room.pk).code == "forbidden"


def test_a_moderator_does_not_judge_themselves(mina, teo, ines, room, insult):
    give_role(room, teo, "moderator")
    report(ines, insult)
    assert selectors.room_cases(actor=teo, room_id=room.pk) == []
    assert refusal(settle, teo, insult, "dismiss").code == "forbidden"
    assert len(selectors.room_cases(actor=mina, room_id=room.pk)) == 1


def test_dismissing_ends_all_reports_and_forgets_what_was_said(mina, ines, room, insult):
    report(ines, insult)
    report(mina, insult)
    settle(mina, insult, "dismiss", reason="Both laugh about it.")
    assert set(Report.objects.values_list("state", "excerpt")) == {("dismissed", "")}
    assert selectors.room_cases(actor=mina, room_id=room.pk) == []
    entry = AuditEntry.objects.get(action="report.dismiss")
    assert (entry.target, entry.reason) == (f"message:{insult.pk}", "Both laugh about it.")
    assert refusal(settle, mina, insult, "dismiss").code == "conflict"


def test_one_decision_deletes_mutes_and_closes(mina, teo, ines, room, insult):
    report(ines, insult)
    settle(mina, insult, "mute", seconds=3600, delete=True)
    assert last_event(topic_of(room))["type"] == "message.deleted"
    assert refusal(say, teo, room).code == "muted"
    assert Report.objects.get().state == "acted"
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"report.mute", "sanction.mute", "message.delete"} <= actions


@pytest.mark.parametrize("action", ["kick", "ban"])
def test_a_decision_takes_the_author_out(mina, teo, ines, room, insult, action):
    report(ines, insult)
    settle(mina, insult, action)
    assert not Membership.objects.filter(room=room, user=teo).exists()
    assert Sanction.objects.get().kind == action


def test_a_decision_locks_the_room(mina, teo, ines, room, insult):
    report(ines, insult)
    settle(mina, insult, "lock")
    told = last_event(topic_of(room))["data"]
    assert told["room"]["read_only"]
    assert refusal(say, teo, room).code == "read_only"


def test_a_decision_that_is_refused_leaves_everything_as_it_was(mina, teo, ines, room, insult):
    give_role(room, ines, "moderator")
    give_role(room, teo, "moderator")
    report(mina, insult)
    assert refusal(settle, ines, insult, "ban", delete=True).code == "forbidden"
    assert refusal(settle, mina, insult, "shout").field == "action"
    assert refusal(settle, mina, insult, "dismiss", reason="").field == "reason"
    assert refusal(settle, mina, insult, "dismiss", room_id=room.pk + 1).code == "not_found"
    assert Report.objects.get().state == "open"
    assert Message.objects.get(pk=insult.pk).deleted_at is None


def test_staff_decide_about_a_report_from_a_private_room_and_about_nothing_else_there(mina, teo, secret):
    helper = factories.make_person("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["change_report", "delete_message"]))
    message = say(mina, secret, "Something bad")
    assert refusal(settle, helper, message, "delete").code == "not_found"
    report(teo, message)
    settle(helper, message, "delete")
    message.refresh_from_db()
    assert message.deleted_at is not None
    assert refusal(services.sanction_member, actor=helper, room_id=secret.pk, user_id=mina.pk, kind="mute", reason="x")
