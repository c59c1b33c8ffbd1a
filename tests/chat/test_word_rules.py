"""Word rules: what they find, and what becomes of a text that is sent or edited."""

import time
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import services, words
from chat.models import Message, MessageRevision, Report, WordRule
from chat.words import Book, Rule, is_masked, mask
from realtime.models import Event
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import last_event, topic_of
from tests.chat.uploading import stored


def found(phrase: str, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in Book([Rule(1, phrase, "flag")]).find(text)]


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        ("spam", "Spam, SPAM! spammer antispam", ["Spam", "SPAM"]),
        ("spam*", "spam spammer antispam", ["spam", "spammer"]),
        ("*spam", "spammer antispam", ["antispam"]),
        ("s*m", "spam sum smx sm", ["spam", "sum", "sm"]),
        ("café", "a CAFE and a cafe\u0301!", ["CAFE", "cafe\u0301"]),
        ("strasse", "Straße", ["Straße"]),
        ("buy now", "Buy   now! buy it now", ["Buy   now"]),
        ("buy *", "buy this, buy", ["buy this"]),
        ("ban", "b\u200ba\u00adn banana", ["b\u200ba\u00adn"]),
        ("ban", "b\u3164an b\u2800an \uffa0ban", ["b\u3164an", "b\u2800an", "ban"]),
        ("привет", "ПРИВЕТ мир", ["ПРИВЕТ"]),
        ("", "anything", []),
        ("*", "anything", []),
    ],
)
def test_a_rule_finds_whole_words(phrase, text, places):
    assert found(phrase, text) == places


def test_a_mask_covers_the_word_and_keeps_its_place():
    text = "so cafe\u0301 it is"
    masked = mask(text, Book([Rule(1, "cafe", "mask")]).find(text))
    assert masked == "so ••••• it is"
    assert is_masked(masked, text)
    assert not is_masked("so ••••• it IS", text)


def test_no_rule_and_no_text_makes_the_search_slow():
    book = Book([Rule(number, "*a*a*a*a*b", "flag") for number in range(words.STARRED_MOST)])
    begun = time.process_time()
    assert book.find("a" * 8_000) == []
    assert book.find(" ".join(f"a{number}" for number in range(1_300))) == []
    assert time.process_time() - begun < 2


pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def rule(actor, phrase, action, room=None):
    made = WordRule(phrase=phrase, action=action, room=room)
    services.save_rule(actor=actor, rule=made)
    return made


def test_a_blocked_word_is_refused_without_being_repeated(mina, teo, room):
    rule(mina, "rosebud", "block")
    with pytest.raises(Refused) as refused:
        factories.say(teo, room, "It is RoseBud.")
    assert (refused.value.code, refused.value.field) == ("invalid", "body")
    assert "rosebud" not in refused.value.message.lower()
    message = factories.say(teo, room, "It is a sledge.")
    with pytest.raises(Refused):
        services.edit_message(actor=teo, room_id=room.pk, message_id=message.pk, body="rosebud")


def test_a_masked_word_is_nowhere_and_repeating_the_message_is_harmless(mina, teo, room):
    masking, cid = rule(mina, "rosebud", "mask"), uuid4()
    first = services.send_message(actor=teo, room_id=room.pk, cid=cid, body="It is **Rosebud**, @mina")
    services.delete_rule(actor=mina, rule=masking)
    again = services.send_message(actor=teo, room_id=room.pk, cid=cid, body="It is **Rosebud**, @mina")
    assert (again.id, again.duplicate) == (first.id, True)
    message = Message.objects.get(pk=first.id)
    assert message.body == "It is **•••••••**, @mina"
    assert "Rosebud" not in message.html
    assert not Event.objects.filter(data__icontains="rosebud").exists()


def test_an_edit_is_masked_as_well(mina, teo, room):
    rule(mina, "rosebud", "mask")
    message = factories.say(teo, room, "It is a sledge")
    services.edit_message(actor=teo, room_id=room.pk, message_id=message.pk, body="It is Rosebud")
    assert last_event(topic_of(room))["data"]["body"] == "It is •••••••"
    services.edit_message(actor=teo, room_id=room.pk, message_id=message.pk, body="Forget it")
    assert set(MessageRevision.objects.values_list("body", flat=True)) == {"It is a sledge", "It is •••••••"}


def test_a_flagged_message_waits_for_a_moderator_once(mina, teo, room):
    flagging = rule(mina, "casino", "flag")
    message = factories.say(teo, room, "The casino is open")
    services.edit_message(actor=teo, room_id=room.pk, message_id=message.pk, body="The casino is closed")
    report = Report.objects.get()
    assert (report.message_id, report.reporter, report.reason) == (message.pk, None, "rule")
    assert report.note == f"Word rule {flagging.pk}"


def test_rules_of_a_room_hold_there_and_those_of_the_site_everywhere(mina, teo, room, secret):
    rule(mina, "here", "block", room)
    rule(mina, "anywhere", "block")
    factories.say(teo, secret, "here")
    for place, body in ((room, "here"), (room, "anywhere"), (secret, "anywhere")):
        with pytest.raises(Refused):
            factories.say(teo, place, body)


def test_a_changed_rule_holds_with_the_next_message(mina, teo, room):
    blocking = rule(mina, "rosebud", "block")
    with pytest.raises(Refused):
        factories.say(teo, room, "rosebud")
    blocking.enabled = False
    services.save_rule(actor=mina, rule=blocking)
    assert factories.say(teo, room, "rosebud").body == "rosebud"


def test_rules_cost_no_query_once_they_are_known(mina, teo, room):
    factories.say(teo, room, "warm")
    with CaptureQueriesContext(
        connection,
    ) as without:
        factories.say(teo, room, "first")
    rule(mina, "rosebud", "block")
    factories.say(teo, room, "reads the rules")
    with CaptureQueriesContext(connection) as with_rules:
        factories.say(teo, room, "second")
    assert len(with_rules) == len(without)


@pytest.mark.parametrize("phrase", ["", " * ", "!?", " ".join("abcdefghijk")])
def test_a_rule_that_could_find_nothing_is_refused(mina, phrase):
    with pytest.raises(Refused) as refused:
        rule(mina, phrase, "flag")
    assert refused.value.field == "phrase"
    assert not WordRule.objects.exists()


EVASIONS = [
    "rose*bud*",
    "**rose**bud",
    "ro~~se~~bud",
    "rose&#98;ud",
    "rose&ZeroWidthSpace;bud",
    "[rose](https://a.example)bud",
    "r`osebud`",
]


@pytest.mark.parametrize("text", EVASIONS)
@pytest.mark.parametrize("action", ["block", "mask"])
def test_a_word_that_markdown_takes_apart_is_found_as_the_page_shows_it(mina, teo, room, text, action):
    rule(mina, "rosebud", action)
    with pytest.raises(Refused) as caught:
        factories.say(teo, room, text)
    assert (caught.value.code, caught.value.field) == ("invalid", "body")
    message = factories.say(teo, room, "Something else")
    with pytest.raises(Refused):
        services.edit_message(actor=teo, room_id=room.pk, message_id=message.pk, body=text)


def test_a_word_that_markdown_takes_apart_is_flagged(mina, teo, room):
    rule(mina, "rosebud", "flag")
    message = factories.say(teo, room, "rose*bud*")
    assert Report.objects.get().message == message


def test_a_mask_beside_markdown_covers_what_it_can(mina, teo, room):
    rule(mina, "rosebud", "mask")
    assert factories.say(teo, room, "**rosebud** and `rosebud`").body == "**•••••••** and `•••••••`"


@pytest.mark.parametrize("action", ["block", "mask", "flag"])
def test_the_name_of_a_file_is_read_too(mina, teo, room, action):
    rule(mina, "rosebud", action)
    file = stored(teo, room, b"x", name="a_rosebud.txt")
    if action == "flag":
        assert Report.objects.get(message=factories.say(teo, room, "", attachments=[file.id])).reason == "rule"
        return
    with pytest.raises(Refused) as caught:
        factories.say(teo, room, "", attachments=[file.id])
    assert (caught.value.code, caught.value.field) == ("invalid", "attachments")
    assert not Message.objects.filter(author=teo).exists()
