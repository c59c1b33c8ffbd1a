"""Programs made for Mattermost over HTTP: what they post are ordinary messages, and rights are those of everybody."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import services as chat
from chat.models import Message, Reaction
from integrations.mattermost_api import ids
from integrations.models import PostProps
from tests import factories
from tests.integrations.conftest import Program

pytestmark = pytest.mark.django_db

FORBIDDEN = (403, "api.context.permissions.app_error")
GONE = (404, "app.post.get.app_error")


def post(program, room, message="Hello", *, status=201, **given):
    return program.told(
        "POST", "posts", {"channel_id": ids.of_room(room.pk), "message": message, **given}, status=status
    )


def listed(program, room, query=""):
    return program.told("GET", f"channels/{ids.of_room(room.pk)}/posts{query}")


# Who comes


def test_anybody_asks_whether_the_server_answers():
    assert Program().told("GET", "system/ping")["status"] == "OK"


def test_program_learns_who_it_is(bot):
    me = Program(bot).told("GET", "users/me")
    assert (me["id"], me["username"], me["is_bot"], me["email"]) == (ids.of_user(bot.pk), "builds", True, "")


@pytest.mark.parametrize("token", ["", "x" * 26, "collab_nothing"], ids=["none", "wrong", "unknown"])
def test_wrong_token_is_told_so(token):
    assert Program(token=token).refused("GET", "users/me") == (401, "api.context.session_expired.app_error")


def test_token_reaches_as_far_as_its_scopes(bot, room):
    reader = Program(bot, "messages:read", "rooms:read")
    assert listed(reader, room)["order"] == []
    assert Program(bot, "messages:read").refused("GET", f"users/{ids.of_user(room.created_by_id)}") == FORBIDDEN
    assert reader.refused("POST", "posts", {"channel_id": ids.of_room(room.pk), "message": "x"}) == FORBIDDEN


def test_address_that_is_not_offered_says_so(bot):
    assert Program(bot).refused("GET", "plugins/webapp") == (404, "api.context.404.app_error")
    assert Program(bot).refused("DELETE", "users/me") == (405, "api.context.405.app_error")


def test_busy_program_is_told_in_plain_text_when_to_come_back(bot, room, settings):
    settings.API_WRITES_PER_SECOND = 1
    program = Program(bot)
    body = {"channel_id": ids.of_room(room.pk), "message": "One more"}
    # On a slow machine some allowance comes back meanwhile.
    answer = next(one for _ in range(200) if (one := program.ask("POST", "posts", body)).status_code != 201)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        429,
        b"limit exceeded",
        "text/plain; charset=utf-8",
    )
    assert int(answer["Retry-After"]) >= 1


# Posts


def test_post_is_an_ordinary_message(bot, room, mina):
    made = post(Program(bot), room, "Deployed **1.4** for @mina", props={"build": {"n": 7}})
    message = Message.objects.get(kind="user")
    assert (ids.to_uuid(made["id"]), message.author, message.room) == (message.pk, bot, room)
    assert "<strong>1.4</strong>" in message.html
    assert list(message.mentions.values_list("user", flat=True)) == [mina.pk]
    assert (made["props"], made["create_at"], made["edit_at"]) == (
        {"build": {"n": 7}, "from_bot": "true"},
        made["update_at"],
        0,
    )


def test_person_cannot_pass_for_a_bot(mina, room):
    assert post(Program(mina), room, props={"from_bot": "true"})["props"] == {}


def test_repeat_is_the_same_post(bot, room):
    program = Program(bot)
    first = post(program, room, "Hello", pending_post_id="me:1")
    again = post(program, room, "Other text", pending_post_id="me:1")
    assert (again["id"], again["message"], first["pending_post_id"]) == (first["id"], "Hello", "me:1")
    assert Message.objects.filter(kind="user").count() == 1
    assert post(program, room, "Hello", pending_post_id="me:2")["id"] != first["id"]


def test_author_changes_text_and_keeps_props(bot, room, teo):
    program = Program(bot)
    made = post(program, room, props={"n": 1})
    edited = program.told("PUT", f"posts/{made['id']}/patch", {"message": "Goodbye"})
    assert (edited["message"], edited["props"]["n"], edited["edit_at"] > 0) == ("Goodbye", 1, True)
    other = program.told("PUT", f"posts/{made['id']}/patch", {"props": {"m": 2}})
    assert (other["message"], other["props"]) == ("Goodbye", {"m": 2, "from_bot": "true"})
    assert Program(teo).refused("PUT", f"posts/{made['id']}/patch", {"message": "Mine"}) == FORBIDDEN
    assert Program(teo).refused("PUT", f"posts/{made['id']}/patch", {"props": {"m": 3}}) == FORBIDDEN
    whole = program.told("PUT", f"posts/{made['id']}", {"message": "All new"})
    assert (whole["message"], whole["props"]) == ("All new", {"from_bot": "true"})


def test_what_a_program_said_with_a_deleted_post_is_gone_too(bot, room):
    program = Program(bot)
    made = post(program, room, props={"attachments": [{"text": "Secret"}]})
    program.told("DELETE", f"posts/{made['id']}")
    assert not PostProps.objects.exists()
    tombstone = listed(program, room, "?since=1")["posts"][made["id"]]
    assert (tombstone["message"], tombstone["props"], tombstone["delete_at"] > 0) == ("", {}, True)


def test_deleted_thread_is_gone_for_programs(bot, room):
    program = Program(bot)
    root = post(program, room, "Root")
    reply = post(program, room, "Reply", root_id=root["id"])
    assert program.told("DELETE", f"posts/{root['id']}") == {"status": "OK"}
    assert program.refused("DELETE", f"posts/{root['id']}") == GONE
    assert program.refused("GET", f"posts/{reply['id']}") == GONE
    assert listed(program, room)["order"] == []
    assert PostProps.objects.filter(pk=ids.to_uuid(reply["id"])).exists()


def test_reply_hangs_on_a_root_of_its_channel(bot, room, mina):
    program, elsewhere = Program(bot), factories.make_room(mina, bot, name="Elsewhere")
    root = post(program, room, "Root")
    reply = post(program, room, "Reply", root_id=root["id"])
    assert reply["root_id"] == root["id"]
    thread = program.told("GET", f"posts/{reply['id']}/thread")
    assert thread["order"] == [root["id"], reply["id"]]
    told = {"channel_id": ids.of_room(room.pk), "message": "x"}
    wrong = (400, "api.post.create_post.root_id.app_error")
    assert program.refused("POST", "posts", {**told, "root_id": reply["id"]}) == wrong
    assert program.refused("POST", "posts", {**told, "root_id": "nonsense"}) == wrong
    assert (
        program.refused("POST", "posts", {**told, "channel_id": ids.of_room(elsewhere.pk), "root_id": root["id"]})
        == wrong
    )


@pytest.mark.parametrize(
    "given",
    [
        {"message": ""},
        {"message": "x" * 8001},
        {"message": 5},
        {"message": "a\x00b"},
        {"props": {"a": "\x00"}, "message": "x"},
        [],
    ],
    ids=["empty", "long", "number", "nul", "nul-in-props", "list"],
)
def test_rubbish_gets_a_clear_error(bot, room, given):
    body = {"channel_id": ids.of_room(room.pk), **given} if isinstance(given, dict) else given
    status, word = Program(bot).refused("POST", "posts", body)
    assert (status, word.endswith("app_error")) == (400, True)
    assert not Message.objects.filter(kind="user").exists()


# Rooms that are closed to them


def test_closed_room_is_as_if_it_were_not_there(bot, mina, teo):
    closed = factories.make_room(mina, teo, kind="private", name="Closed")
    direct = factories.make_direct(mina, teo)
    said = factories.say(mina, closed, "Secret")
    program, nothing = Program(bot), ids.of_room(10**6)
    for room in (closed, direct):
        here = ids.of_room(room.pk)
        for path in ("channels/{}", "channels/{}/posts", "channels/{}/members"):
            answers = {json.dumps([program.refused("GET", path.format(one))[0]]) for one in (here, nothing)}
            assert len(answers) == 1, path
        assert program.refused("POST", "posts", {"channel_id": here, "message": "x"}) == FORBIDDEN
    assert program.refused("POST", "posts", {"channel_id": nothing, "message": "x"}) == FORBIDDEN
    assert program.refused("GET", f"posts/{ids.of_uuid(said.pk)}") == GONE
    named = program.refused("GET", f"teams/name/collab/channels/name/{closed.slug}")
    assert named == program.refused("GET", "teams/name/collab/channels/name/never-was")
    assert closed.slug not in json.dumps(program.told("GET", "users/me/channels"))


def test_public_room_must_be_joined_first(teo, mina):
    room, program = factories.make_room(mina, name="Open"), Program(teo)
    channel = ids.of_room(room.pk)
    assert program.refused("POST", "posts", {"channel_id": channel, "message": "x"}) == FORBIDDEN
    member = program.told("POST", f"channels/{channel}/members", {"user_id": program.id}, status=201)
    assert (member["user_id"], member["channel_id"]) == (program.id, channel)
    post(program, room)
    assert {one["user_id"] for one in program.told("GET", f"channels/{channel}/members")} == {
        program.id,
        ids.of_user(mina.pk),
    }
    program.told("DELETE", f"channels/{channel}/members/me")
    assert program.refused("GET", f"channels/{channel}/members/me")[0] == 404


def test_channels_are_found_by_name_and_person(bot, room, teo):
    program = Program(bot)
    team = program.told("GET", "users/me/teams")[0]
    found = program.told("GET", f"teams/{team['id']}/channels/name/{room.slug}")
    assert (found["id"], found["type"], found["team_id"]) == (ids.of_room(room.pk), "O", team["id"])
    assert found == program.told("GET", f"teams/name/{team['name']}/channels/name/{room.slug}")
    assert [one["id"] for one in program.told("GET", f"users/me/teams/{team['id']}/channels")] == [found["id"]]
    direct = program.told("POST", "channels/direct", [program.id, ids.of_user(teo.pk)], status=201)
    assert (direct["type"], direct["team_id"]) == ("D", "")
    assert direct["name"] == "__".join(sorted([program.id, ids.of_user(teo.pk)]))
    assert program.told("POST", "channels/direct", [ids.of_user(teo.pk), program.id], status=201) == direct


def test_people_are_found_without_their_address(bot, mina, teo):
    program = Program(bot)
    by_name = program.told("GET", "users/username/mina")
    assert by_name == program.told("GET", f"users/{ids.of_user(mina.pk)}")
    assert "@" not in json.dumps(by_name)
    wanted = [ids.of_user(teo.pk), ids.of_user(10**9), "nonsense"]
    assert [one["username"] for one in program.told("POST", "users/ids", wanted)] == ["teo"]
    assert [one["username"] for one in program.told("POST", "users/usernames", ["Teo", "nobody"])] == ["teo"]
    assert program.refused("GET", "users/username/nobody")[0] == 404


# Reactions and files


def test_reactions_are_counted_once_and_taken_back(bot, room, mina):
    said, program = factories.say(mina, room), Program(bot)
    wish = {"user_id": program.id, "post_id": ids.of_uuid(said.pk), "emoji_name": "thumbsup"}
    for _ in range(2):
        assert program.told("POST", "reactions", wish, status=201)["emoji_name"] == "+1"
    assert list(Reaction.objects.values_list("user", "emoji")) == [(bot.pk, "👍")]
    assert len(program.told("GET", f"posts/{wish['post_id']}/reactions")) == 1
    assert program.refused("POST", "reactions", {**wish, "user_id": ids.of_user(mina.pk)}) == FORBIDDEN
    assert program.refused("POST", "reactions", {**wish, "emoji_name": "nonsense"})[0] == 400
    for _ in range(2):
        program.told("DELETE", f"users/{program.id}/posts/{wish['post_id']}/reactions/+1")
    assert not Reaction.objects.exists()


def test_file_goes_with_one_post(bot, room, mina):
    program = Program(bot)
    file = SimpleUploadedFile("a ü.txt", b"hello", content_type="text/plain")
    answer = Client().post(
        "/api/v4/files",
        {"channel_id": ids.of_room(room.pk), "files": file},
        headers={"Authorization": f"Bearer {program.token}"},
    )
    assert answer.status_code == 201
    info = answer.json()["file_infos"][0]
    assert (info["name"], info["size"], info["extension"]) == ("a ü.txt", 5, "txt")
    made = post(program, room, "", file_ids=[info["id"]])
    assert made["metadata"]["files"][0]["id"] == made["file_ids"][0] == info["id"]
    assert post(program, room, "Again", file_ids=[info["id"]])["file_ids"] == []
    reader = Program(mina)
    assert reader.ask("HEAD", f"files/{info['id']}")["Content-Length"] == "5"
    assert reader.told("GET", f"files/{info['id']}/info")["post_id"] == made["id"]


# Pages


def test_pages_meet_without_holes(bot, room):
    program = Program(bot)
    made = [post(program, room, f"Message {number}")["id"] for number in range(5)]
    assert listed(program, room)["order"] == made[::-1]
    assert listed(program, room, "?per_page=2&page=1")["order"] == [made[2], made[1]]
    after = listed(program, room, f"?after={made[1]}&per_page=2")
    assert (after["order"], after["next_post_id"], after["prev_post_id"]) == ([made[3], made[2]], made[4], made[1])
    assert listed(program, room, f"?before={made[3]}&per_page=2")["order"] == [made[2], made[1]]
    program.told("DELETE", f"posts/{made[1]}")
    assert listed(program, room, f"?after={made[1]}")["order"] == made[:1:-1]
    assert listed(program, room, f"?after={ids.of_uuid(factories.nobody())}")["order"] == []


@pytest.mark.stack
def test_changes_since_a_moment_are_all_told(bot, room, mina):
    program = Program(bot)
    quiet, edited, reacted, deleted = (factories.say(mina, room, text) for text in ("a", "b", "c", "d"))
    reply = factories.say(mina, room, "e", thread=deleted.pk)
    since = program.told("GET", f"posts/{ids.of_uuid(reply.pk)}")["update_at"]
    assert listed(program, room, f"?since={since}")["order"] == []
    later = [chat.edit_message(actor=mina, room_id=room.pk, message_id=edited.pk, body="b2")]
    later.append(chat.add_reaction(actor=bot, room_id=room.pk, message_id=reacted.pk, emoji="👍"))
    later.append(chat.delete_message(actor=mina, room_id=room.pk, message_id=deleted.pk))
    new = factories.say(mina, room, "f")
    found = listed(program, room, f"?since={since}")
    changed = [ids.of_uuid(one.pk) for one in (new, reply, deleted, reacted, edited)]
    assert (found["order"], ids.of_uuid(quiet.pk) in found["posts"]) == (changed, False)
    tombstones = [found["posts"][ids.of_uuid(one.pk)] for one in (deleted, reply)]
    assert all(one["delete_at"] and not one["message"] and not one["original_id"] for one in tombstones)
    assert found["posts"][ids.of_uuid(reacted.pk)]["metadata"]["reactions"][0]["emoji_name"] == "+1"
    newest = max(one["update_at"] for one in found["posts"].values())
    assert listed(program, room, f"?since={newest}")["order"] == []
