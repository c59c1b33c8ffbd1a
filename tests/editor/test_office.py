"""The back office takes back what somebody wrote: staff see the difference, give a reason, and it is in the trail."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import AuditEntry, User
from chat import services as chat
from chat.models import Report, Room
from editor.models import Update
from tests import factories
from tests.editor.conftest import make_document, signed_in, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

REASON = "reported three times"


@pytest.fixture
def helper(db):
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="change_report"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def spammed(mina, teo, room, secret):
    """Teo wrote into a document of a public and of a private room; Mina typed on in the first."""
    found = [make_document(mina, place, name=f"{word}.py", text=f"{word}\n") for place, word in
             ((room, "daylight"), (secret, "whisper"))]  # fmt: skip
    for document in found:
        write(teo, document, 0, 0, "buy this\n")
    write(mina, found[0], 0, 0, "# mina\n")
    return found


def page(person, **query):
    return reverse("admin:editor_take_back", query={"person": person.pk, **query})


def answered(office, person, *documents, **given):
    shown = office.get(page(person, since="0"))
    form = {"person": person.pk, "since": "0", "after": "", "wish": shown.context["wish"], "reason": REASON}
    return office.post(page(person), form | {"documents": [one.pk for one in documents]} | given)


def test_a_member_of_staff_takes_spam_back_in_public_rooms(helper, teo, spammed):
    public, private = spammed
    office = signed_in(helper)
    text = office.get(page(teo)).content.decode()
    assert "buy this" in text
    assert "daylight.py" in text
    assert "whisper" not in text
    assert answered(office, teo, public).status_code == 302
    assert text_of(public) == "# mina\ndaylight\n"
    entry = AuditEntry.objects.get(action="edits.revert")
    assert (entry.actor, entry.target, entry.reason) == (helper, f"user:{teo.pk}", REASON)
    assert "Nothing of Teo" not in office.get(page(teo, since="0")).content.decode()
    # A document that they do not see is no choice.
    assert answered(office, teo, private).status_code == 200
    assert text_of(private) == "buy this\nwhisper\n"


def test_a_superuser_takes_it_back_everywhere(teo, spammed):
    office = signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))
    assert answered(office, teo, *spammed).status_code == 302
    assert [text_of(document) for document in spammed] == ["# mina\ndaylight\n", "whisper\n"]
    assert AuditEntry.objects.filter(action="edits.revert").count() == 2
    shown = office.get(page(teo)).content.decode()
    assert "1 more were taken back before" in shown
    link = reverse("admin:editor_take_back")
    assert (
        f"{link}?person={teo.pk}" in office.get(reverse("admin:accounts_user_change", args=[teo.pk])).content.decode()
    )


def test_a_report_leads_there(helper, mina, teo, room):
    message = factories.say(teo, room, "Buy this")
    chat.report_message(actor=mina, room_id=room.pk, message_id=message.pk, reason="spam")
    case = reverse("admin:chat_report_change", args=[Report.objects.get().pk])
    User.objects.get(pk=helper.pk).user_permissions.add(*Permission.objects.filter(codename="view_report"))
    text = signed_in(User.objects.get(pk=helper.pk)).get(case).content.decode()
    assert f"{reverse('admin:editor_take_back')}?person={teo.pk}&amp;since=3600" in text


def test_without_a_reason_or_a_document_nothing_happens(helper, teo, spammed):
    office = signed_in(helper)
    before = Update.objects.count()
    assert "at least 8 characters" in answered(office, teo, spammed[0], reason="short").content.decode()
    assert answered(office, teo).status_code == 200
    assert Update.objects.count() == before


def test_a_page_left_open_takes_nothing_back_twice(helper, teo, spammed):
    office = signed_in(helper)
    wish = office.get(page(teo, since="0")).context["wish"]
    for _ in range(2):
        answered(office, teo, spammed[0], wish=wish)
    assert AuditEntry.objects.filter(action="edits.revert").count() == 1
    assert text_of(spammed[0]) == "# mina\ndaylight\n"


def test_only_those_who_decide_about_reports_come_here(teo, mina, spammed):
    staff = factories.make_person("clerk", is_staff=True)
    assert signed_in(staff).get(page(teo)).status_code == 404
    assert signed_in(mina).get(page(teo)).status_code == 302


def test_a_person_who_is_not_there_has_no_page(helper, teo):
    office = signed_in(helper)
    assert office.get(reverse("admin:editor_take_back", query={"person": 10**6})).status_code == 404
    assert office.get(reverse("admin:editor_take_back")).status_code == 404
    assert "Nothing of Teo" in office.get(page(teo)).content.decode()


def test_an_archived_room_is_for_staff_only(helper, mina, teo, spammed):
    Room.objects.filter(pk=spammed[0].room_id).update(archived_at="2026-01-05T09:00:00Z")
    assert answered(signed_in(helper), teo, spammed[0]).status_code == 302
    assert text_of(spammed[0]) == "# mina\ndaylight\n"
