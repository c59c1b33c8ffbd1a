"""The queue of reports in the back office: what stands where, who reads what, and what a decision does."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Sanction, User
from chat import services
from chat.models import Message, Report, WordRule
from tests import factories
from tests.chat.conftest import last_event, signed_in, topic_of
from tests.chat.uploading import stored

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def helper(db: None) -> User:
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    return user


@pytest.fixture
def office(helper: User) -> Client:
    return signed_in(helper)


def reported(author, room, by, body="Nobody reads what you write"):
    message = factories.say(author, room, body)
    services.report_message(actor=by, room_id=room.pk, message_id=message.pk, reason="abuse", note="Again, you see")
    return message


def page_of(message: Message) -> str:
    report = Report.objects.filter(message=message).order_by("pk").first()
    return reverse("admin:chat_report_change", args=[report.pk])


def listing(**query: str) -> str:
    return reverse("admin:chat_report_changelist", query=query)


def test_all_reports_of_a_message_are_one_row_without_a_word_of_it(office, mina, teo, ines, room):
    message = reported(teo, room, mina)
    services.report_message(actor=ines, room_id=room.pk, message_id=message.pk, reason="spam")
    answer = office.get(listing(state__exact="open"))
    [row] = answer.context["cl"].queryset
    assert (row.message_id, row.report_count) == (message.pk, 2)
    page = answer.content.decode()
    assert "Nobody reads" not in page
    assert "Again, you see" not in page
    assert not office.get(listing(q="Nobody reads")).context["cl"].queryset.exists()


def test_what_was_dismissed_and_is_reported_again_waits_again(office, mina, teo, ines, room):
    message = reported(teo, room, mina)
    services.settle_report(actor=mina, message_id=message.pk, action="dismiss", reason="Irony, both agree.")
    assert not office.get(listing(state__exact="open")).context["cl"].queryset.exists()
    services.report_message(actor=ines, room_id=room.pk, message_id=message.pk, reason="abuse")
    [row] = office.get(listing(state__exact="open")).context["cl"].queryset
    assert (row.reporter, row.report_count) == (ines, 2)
    assert len(office.get(listing()).context["cl"].queryset) == 1


def test_a_report_shows_the_message_among_the_others_and_the_past_of_its_author(office, mina, teo, room):
    factories.say(mina, room, "The release notes are up")
    message = reported(teo, room, mina)
    factories.say(mina, room, "I would rather not answer")
    services.sanction_member(actor=mina, room_id=room.pk, user_id=teo.pk, kind="mute", reason="Third time", seconds=60)
    page = office.get(page_of(message)).content.decode()
    for text in ("The release notes are up", "Nobody reads", "I would rather", "Again, you see", "Third time"):
        assert text in page


def test_a_message_without_words_is_said_to_have_only_files(office, mina, teo, room):
    file = stored(mina, room, b"plans", name="plans.txt")
    factories.say(mina, room, "", attachments=[file.id])
    page = office.get(page_of(reported(teo, room, mina))).content.decode()
    assert "<em>only files</em>" in page


def test_a_private_message_is_read_after_a_reason_that_stands_in_the_trail(office, helper, mina, teo, secret):
    factories.say(mina, secret, "whispers around it")
    message = reported(teo, secret, mina, "whispered insult")
    page = office.get(page_of(message)).content.decode()
    for text in ("whisper", "Again, you see", "Hiring"):
        assert text not in page
    refused = office.post(page_of(message), {"why": "short"}).content.decode()
    assert "whisper" not in refused
    assert not AuditEntry.objects.filter(action="message.reveal").exists()
    shown = office.post(page_of(message), {"why": "Reported as an insult"}).content.decode()
    assert "whispered insult" in shown
    assert "whispers around it" not in shown
    entry = AuditEntry.objects.get(action="message.reveal")
    assert (entry.actor, entry.target, entry.reason) == (helper, f"message:{message.pk}", "Reported as an insult")
    assert "whispered" not in office.get(page_of(message)).content.decode()


def test_a_superuser_reads_it_at_once(mina, teo, secret):
    boss = signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))
    assert "whispered insult" in boss.get(page_of(reported(teo, secret, mina, "whispered insult"))).content.decode()


def test_a_decision_needs_a_reason_and_is_told_to_the_room(office, mina, teo, room):
    message = reported(teo, room, mina)
    given = {"action": "ban", "lasting": "86400", "delete": "on"}
    assert "This field is required." in office.post(page_of(message), given).content.decode()
    assert Report.objects.get().state == "open"
    answer = office.post(page_of(message), given | {"reason": "Second time this month."}, follow=True)
    assert "Decided: ban the author from the room." in answer.content.decode()
    assert last_event(topic_of(room))["type"] == "message.deleted"
    sanction = Sanction.objects.get()
    assert (sanction.kind, sanction.room_id, sanction.reason) == ("ban", room.pk, "Second time this month.")
    assert not room.memberships.filter(user=teo).exists()
    assert "Decided: Acted by Helper" in office.get(page_of(message)).content.decode()


def test_an_end_of_ones_own_choice_lies_ahead(office, mina, teo, room):
    message = reported(teo, room, mina)
    given = {"action": "mute", "lasting": "until", "reason": "Cool down.", "until_0": "2020-01-01", "until_1": "00:00"}
    assert "Give a time that is not over." in office.post(page_of(message), given).content.decode()
    office.post(page_of(message), given | {"until_0": "2090-06-01"})
    assert Sanction.objects.get().until.year == 2090


def test_the_list_dismisses_several_with_one_reason(office, mina, teo, room):
    for number in range(2):
        reported(teo, room, mina, f"Joke {number}")
    chosen = {"action": "dismiss", "_selected_action": list(Report.objects.values_list("pk", flat=True))}
    assert "Dismiss reports" in office.post(listing(), chosen).content.decode()
    office.post(listing(), chosen | {"answered": "1", "reason": "Irony."})
    assert set(Report.objects.values_list("state", flat=True)) == {"dismissed"}


def test_staff_who_may_only_look_decide_nothing_and_reveal_nothing(mina, teo, room, secret):
    viewer = factories.make_person("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_report"))
    client = signed_in(viewer)
    message = reported(teo, room, mina)
    page = client.post(page_of(message), {"action": "dismiss", "reason": "x"}).content.decode()
    assert "You may look, not decide." in page
    assert Report.objects.get().state == "open"
    hidden = reported(teo, secret, mina, "whispered")
    assert "whispered" not in client.post(page_of(hidden), {"why": "I am curious"}).content.decode()


def test_the_reported_do_not_learn_who_reported(helper, office, mina, room):
    services.join_room(actor=helper, room_id=room.pk)
    page = office.get(page_of(reported(helper, room, mina))).content.decode()
    assert "Mina Okafor" not in page.partition("What was said")[0]


def test_a_rule_is_made_changed_and_removed_with_a_trail(office, room):
    add = reverse("admin:chat_wordrule_add")
    assert "Give one to" in office.post(add, {"phrase": "!!", "action": "mask"}).content.decode()
    assert (
        "no room of this address"
        in office.post(add, {"phrase": "casino", "action": "mask", "place": "nowhere"}).content.decode()
    )
    office.post(add, {"phrase": "casino", "action": "mask", "place": room.slug, "enabled": "on"})
    rule = WordRule.objects.get()
    assert (rule.room, rule.created_by.username) == (room, "helper")
    chosen = {"action": "switch_off", "_selected_action": [rule.pk]}
    office.post(reverse("admin:chat_wordrule_changelist"), chosen)
    rule.refresh_from_db()
    assert not rule.enabled
    office.post(reverse("admin:chat_wordrule_delete", args=[rule.pk]), {"post": "yes"})
    actions = list(
        AuditEntry.objects.filter(action__startswith="word_rule").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["word_rule.create", "word_rule.change", "word_rule.delete"]
