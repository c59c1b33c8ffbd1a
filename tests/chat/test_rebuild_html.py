"""rebuild_html: old HTML becomes what the renderer makes today, and nothing else changes."""

import pytest
from django.core.management import call_command

from chat import markdown, services
from chat.models import Message
from chat.services import rehtml
from tests import factories
from tests.chat.conftest import head, topic_of

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def html(message):
    return Message.objects.values_list("html", flat=True).get(pk=message.pk)


def test_operator_renders_anew_only_what_differs(room, mina, teo, capsys):
    kept = factories.say(mina, room, "*Early* and `late`")
    old = factories.say(mina, room, "**Bold** for @teo, @nobody and @Mina")
    everyone = factories.say(mina, room, "Lunch, @room!")
    right = {message.pk: html(message) for message in (kept, old, everyone)}
    Message.objects.filter(pk=old.pk).update(html=right[old.pk].replace("strong", "b"), html_version=0)
    Message.objects.filter(pk=everyone.pk).update(html_version=0)
    seq = head(topic_of(room))
    call_command("rebuild_html", dry_run=True)
    assert html(old) != right[old.pk]
    call_command("rebuild_html", outdated=True)
    call_command("rebuild_html")
    assert [line.partition("; ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "would change 1.",
        "changed 1.",
        "changed 0.",
    ]
    assert {message.pk: html(message) for message in (kept, old, everyone)} == right
    assert not Message.objects.filter(edited_at__isnull=False).exists()
    assert set(Message.objects.values_list("html_version", flat=True)) == {markdown.HTML_VERSION}
    assert head(topic_of(room)) == seq


def test_mentions_stay_although_a_name_has_changed_since(room, mina, teo):
    message = factories.say(mina, room, "Ask **@Teo**")
    before = html(message)
    assert f'data-user="{teo.pk}"' in before
    teo.username = "theo"
    teo.save()
    Message.objects.update(html_version=0)
    call_command("rebuild_html", verbosity=0)
    assert html(message) == before


def test_an_edit_in_the_same_moment_wins(room, mina):
    message = factories.say(mina, room, "before")
    Message.objects.update(html="<p>old</p>", html_version=0)
    made = rehtml.render_again(rehtml.next_ids(None, outdated=True))
    assert "<p>before</p>\n" in [html for _, html in made]
    services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="after")
    rehtml.store_html(made)
    assert html(message) == "<p>after</p>\n"


def test_what_was_deleted_and_what_the_room_says_itself_stay_as_they_are(room, mina, teo):
    gone = factories.say(mina, room, "gone")
    services.delete_message(actor=mina, room_id=room.pk, message_id=gone.pk)
    factories.change(mina, room, name="*Not* italic")
    before = dict(Message.objects.values_list("pk", "html"))
    Message.objects.update(html_version=0)
    call_command("rebuild_html", verbosity=0)
    assert dict(Message.objects.values_list("pk", "html")) == before
