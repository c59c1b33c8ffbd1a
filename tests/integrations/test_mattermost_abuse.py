"""Programs with a token that mean ill, or know no better: odd bytes, odd sizes, odd forms, and what is not theirs."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from accounts import services as accounts
from chat import services as chat
from chat.models import Message, Report, WordRule
from integrations import attachments
from integrations.mattermost_api import ids
from integrations.models import PostProps
from realtime.protocol import Refused
from tests import factories
from tests.chat.test_cards import posted
from tests.integrations.conftest import Program

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

FORBIDDEN = (403, "api.context.permissions.app_error")
BAD_BODY = (400, "api.context.invalid_body_param.app_error")
CARD = {"title": "Build 7", "text": "Two tests **failed**", "color": "danger"}


@pytest.fixture
def program(bot):
    return Program(bot)


def post(program, room, message="Hello", *, status=201, **given):
    body = {"channel_id": ids.of_room(room.pk), "message": message, **given}
    return program.told("POST", "posts", body, status=status)


def nested(levels):
    return {"deep": json.loads("[" * levels + "]" * levels)}


# Odd bytes and sizes


@pytest.mark.parametrize(
    "given",
    [
        {"pending_post_id": "a\x00b"},
        {"pending_post_id": "x" * 201},
        {"props": {"a\x00b": 1}},
        {"props": {"a": [{"b": "\x00"}]}},
        {"props": nested(60)},
        {"props": nested(900)},
        {"props": {"attachments": [{"text": {"a": "\x00"}}]}},
        {"props": {"big": "x" * 70_000}},
        {"file_ids": ["nonsense"]},
        {"root_id": "x" * 26},
    ],
    ids=["nul-name", "long-name", "nul-key", "nul", "deep", "deeper", "nul-card", "big", "file", "root"],
)
def test_program_that_sends_what_cannot_be_kept_is_told_so(program, room, given):
    status, word = program.refused("POST", "posts", {"channel_id": ids.of_room(room.pk), "message": "Hello", **given})
    assert (status, word.endswith("app_error")) == (400, True)
    assert not Message.objects.filter(kind="user").exists()


def test_program_keeps_what_only_looks_odd(program, room):
    props = {"path": "C:\\u0000", "n": -(10**30), "deep": nested(40), "é": "\u202e"}
    made = post(program, room, props=props)
    assert {name: made["props"][name] for name in props} == props


@pytest.mark.parametrize("stamp", [10**18, -5, "nan", "1e999", "soon", [], True], ids=str)
def test_program_whose_card_has_an_odd_time_is_heard_all_the_same(program, room, stamp):
    made = post(program, room, props={"attachments": [{**CARD, "ts": stamp}]})
    assert made["type"] == "slack_attachment"


@pytest.mark.parametrize(
    "path",
    ["users/username/a%00b", "teams/name/a%00b", "teams/name/collab/channels/name/a%00b", "users/a%00b", "posts/a%00b"],
)
def test_program_that_asks_for_a_name_with_a_nul_finds_nothing(program, path):
    assert program.refused("GET", path)[0] == 404


def test_program_finds_those_it_may_among_odd_names(program, mina):
    found = program.told("POST", "users/usernames", ["a\x00b", "mina", "x" * 5_000])
    assert [one["username"] for one in found] == ["mina"]


def test_program_that_names_everybody_is_refused(program):
    crowd = [ids.of_user(10**9 + number) for number in range(40_000)]
    assert program.refused("POST", "channels/group", crowd) == BAD_BODY
    assert program.told("POST", "users/ids", crowd) == []


ODD_PAGES = ["page=9999999&per_page=200", f"since={'9' * 30}", "since=-1", "page=x&per_page=0", "before=", "after=a"]


@pytest.mark.parametrize("query", ODD_PAGES)
def test_program_that_asks_for_an_odd_page_gets_a_clear_answer(program, room, query):
    assert program.ask("GET", f"channels/{ids.of_room(room.pk)}/posts?{query}").status_code in {200, 400}


@pytest.mark.parametrize("boundary", ["", "; boundary=é", "; boundary=x"], ids=["none", "odd", "not-there"])
def test_program_whose_form_is_broken_is_told_so(program, boundary):
    headers = {"Authorization": f"Bearer {program.token}"}
    client = Client(raise_request_exception=False)
    kind, body = f"multipart/form-data{boundary}", b"--x\r\nnonsense"
    answer = client.generic("POST", "/api/v4/files", body, content_type=kind, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")


def test_program_whose_form_has_too_many_parts_is_told_so(program, room):
    fields = {f"field{number}": "x" for number in range(1_100)}
    headers = {"Authorization": f"Bearer {program.token}"}
    answer = Client(raise_request_exception=False).post("/api/v4/files", fields, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")


@pytest.mark.parametrize("piece", ["<!all|", "<https://a", "<https://a|b", "<mailto:", "<!here|x|"])
def test_text_of_nothing_but_beginnings_costs_its_length(piece):
    begun = time.process_time()
    attachments.rewrite_slack(piece * 40_000)
    assert time.process_time() - begun < 5


def test_markup_of_slack_is_still_rewritten():
    told = "<https://a.example/?x=1|Build <7> and <!here|here>, <!channel>"
    assert attachments.rewrite_slack(told) == "<https://a.example/?x=1|Build <7> and @here, @channel"
    assert attachments.rewrite_slack("<https://a.example|Build 7> <https://b.example>") == (
        "[Build 7](https://a.example) https://b.example"
    )


# What is not theirs


def test_program_that_may_only_write_reads_nothing_by_changing_nothing(bot, room, mina):
    said = ids.of_uuid(factories.say(mina, room, "For readers").pk)
    writer, reader = Program(bot, "messages:write"), Program(bot, "messages:write", "messages:read")
    for patch in ({}, {"is_pinned": True}):
        assert writer.refused("PUT", f"posts/{said}/patch", patch) == FORBIDDEN
    assert reader.refused("PUT", f"posts/{said}/patch", {}) == FORBIDDEN
    assert reader.refused("PUT", f"posts/{said}", {"is_pinned": True}) == FORBIDDEN
    assert reader.told("PUT", f"posts/{said}/patch", {"is_pinned": True})["is_pinned"] is True
    assert writer.told("POST", f"posts/{said}/unpin") == {"status": "OK"}


# Cards


def test_program_changes_its_card(program, room, teo):
    made = post(program, room, "Look", props={"attachments": [CARD]})
    now = {"message": "Over", "props": {"attachments": [{**CARD, "text": "All **passed**", "color": "good"}]}}
    after = program.told("PUT", f"posts/{made['id']}/patch", now)
    assert (after["message"], after["props"]["attachments"][0]["text"]) == ("Over", "All **passed**")
    message = Message.objects.get(kind="user")
    card = json.loads(message.card.view)
    assert message.body == "Over\n\n**Build 7**\n\nAll **passed**"
    assert ("<strong>passed</strong>" in card["attachments"][0]["html"], "Over" in card["html"]) == (True, True)
    assert Program(teo).refused("PUT", f"posts/{made['id']}/patch", now) == FORBIDDEN
    only = program.told("PUT", f"posts/{made['id']}/patch", {"message": "Really over"})
    assert only["message"] == "Really over"
    assert len(only["props"]["attachments"]) == 1


def test_program_that_may_not_speak_changes_no_card(program, bot, room, mina):
    made = post(program, room, "Look", props={"attachments": [CARD]})
    boss = factories.make_person("chief", is_staff=True, is_superuser=True)
    accounts.sanction_user(actor=boss, user=bot, kind="mute", reason="Noise", room_id=room.pk)
    now = {"props": {"attachments": [{**CARD, "color": "good"}]}}
    assert program.refused("PUT", f"posts/{made['id']}/patch", now) == FORBIDDEN
    assert PostProps.objects.get().props["attachments"][0]["color"] == "danger"


def rule(actor, action):
    chat.save_rule(actor=actor, rule=WordRule(phrase="rosebud", action=action))


def test_blocked_word_gets_in_by_no_part_of_a_card(program, room, mina):
    rule(mina, "block")
    long = {"text": "x " * 1_900}
    for odd in ({"title": "Rosebud"}, {"fields": [{"title": "a", "value": "rose**bud**"}]}, {"footer": "rosebud"}):
        body = {"channel_id": ids.of_room(room.pk), "message": "Look", "props": {"attachments": [long, long, odd]}}
        assert program.refused("POST", "posts", body)[0] == 400
    made = post(program, room, "Look", props={"attachments": [CARD]})
    hidden = {"props": {"attachments": [long, long, {"text": "rosebud"}]}}
    assert program.refused("PUT", f"posts/{made['id']}/patch", hidden)[0] == 400
    assert "ose" not in Message.objects.get(kind="user").card.view


def test_masked_word_is_on_no_card(program, room, mina):
    rule(mina, "mask")
    post(program, room, "Look", props={"attachments": [{**CARD, "text": "It is Rosebud"}]})
    message = Message.objects.get(kind="user")
    assert message.body == "Look\n\n**Build 7**\n\nIt is •••••••"
    assert not hasattr(message, "card")


def test_flagged_word_on_a_card_waits_for_a_moderator(program, room, mina):
    rule(mina, "flag")
    post(program, room, "Look", props={"attachments": [{"text": "x " * 1_900}, {"text": "Rosebud"}]})
    report = Report.objects.get()
    assert (report.message.author.username, report.reason) == ("builds", "rule")


def test_card_that_shows_something_else_is_not_made_one_of_attachments(mina, room):
    message_id = posted(mina, room)
    with pytest.raises(Refused, match="changed where it comes from"):
        chat.edit_card(
            actor=mina, room_id=room.pk, message_id=message_id, body="Mine", card=attachments.card("Mine", [])
        )
    program = Program(mina)
    assert program.refused("PUT", f"posts/{ids.of_uuid(message_id)}/patch", {"props": {}}) == FORBIDDEN
    assert Message.objects.get(pk=message_id).card.kind == "chart"


# What changed since


def since_of(program, room, message):
    return program.told("GET", f"posts/{ids.of_uuid(message.pk)}")["update_at"]


def changed(program, room, since):
    found = program.told("GET", f"channels/{ids.of_room(room.pk)}/posts?since={since}")
    assert all(one["update_at"] > since for one in found["posts"].values())
    newest = max((one["update_at"] for one in found["posts"].values()), default=since)
    assert program.told("GET", f"channels/{ids.of_room(room.pk)}/posts?since={newest}")["order"] == []
    return found["order"]


def test_program_hears_afterwards_of_what_leaves_no_time_in_a_post(program, room, mina, bot):
    said, pinned, quiet = (factories.say(mina, room, text) for text in ("a", "b", "c"))
    card = post(program, room, "Look", props={"attachments": [CARD]})
    where = {"room_id": room.pk, "message_id": said.pk}
    chat.add_reaction(actor=mina, emoji="👍", **where)
    since = since_of(program, room, said)
    time.sleep(0.002)  # times are told in whole milliseconds
    chat.remove_reaction(actor=mina, emoji="👍", **where)
    assert changed(program, room, since) == [ids.of_uuid(said.pk)]
    chat.pin_message(actor=mina, room_id=room.pk, message_id=pinned.pk)
    program.told("PUT", f"posts/{card['id']}/patch", {"message": "Over"})
    found = changed(program, room, since)
    assert {card["id"], ids.of_uuid(pinned.pk), ids.of_uuid(said.pk)} <= set(found)
    assert ids.of_uuid(quiet.pk) not in found
