"""The imitated Mattermost server keeps what was measured of the real one: posts, lists, reactions, files, refusals."""

import json

import pytest

from tests.fakes.mattermost.visitor import Visitor


def rows(answer):
    return answer.json()["posts"]


async def test_poster_gets_a_whole_post_in_bare_json(alice, seed):
    props = {"mine": {"n": 1}}
    answer = await alice.ask("POST", "/posts", {"channel_id": seed.channel_id, "message": "Hi", "props": props})
    post = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert (len(post["id"]), post["user_id"], post["edit_at"], post["props"]) == (26, seed.alice_id, 0, props)
    assert post["create_at"] == post["update_at"] > 10**12
    assert "file_ids" not in post


async def test_retry_within_thirty_seconds_makes_no_second_post(server, alice, seed):
    first = await alice.post(seed.channel_id, "One", pending_post_id="a:1")
    again = await alice.post(seed.channel_id, "Two", pending_post_id="a:1")
    assert (again["id"], again["message"]) == (first["id"], "One")
    server.advance(32)
    assert (await alice.post(seed.channel_id, "Three", pending_post_id="a:1"))["id"] != first["id"]


async def test_retry_that_meets_its_own_save_is_told_to_wait(server, alice, seed):
    server.collide_next_pending()
    body = {"channel_id": seed.channel_id, "message": "Hi", "pending_post_id": "a:1"}
    answer = await alice.ask("POST", "/posts", body)
    assert (answer.status_code, answer.json()["id"]) == (500, "api.post.deduplicate_create_post.pending")
    assert (await alice.ask("POST", "/posts", body)).status_code == 201


async def test_pending_id_is_not_stored(alice, seed):
    post = await alice.post(seed.channel_id, "Hi", pending_post_id="a:1")
    assert (await alice.ask("GET", f"/posts/{post['id']}")).json()["pending_post_id"] == ""


async def test_editor_keeps_props_unless_they_are_named(alice, seed):
    post = await alice.post(seed.channel_id, "Hi", props={"a": 1, "b": 2})
    edited = (await alice.ask("PUT", f"/posts/{post['id']}/patch", {"message": "Ho"})).json()
    assert edited["edit_at"] > 0
    assert edited["props"] == {"a": 1, "b": 2}
    replaced = (await alice.ask("PUT", f"/posts/{post['id']}/patch", {"props": {"c": 3}})).json()
    assert replaced["props"] == {"c": 3}
    wiped = (await alice.ask("PUT", f"/posts/{post['id']}", {"id": post["id"], "message": "Ha"})).json()
    assert wiped["props"] == {}


async def test_patch_that_changes_nothing_leaves_the_time_of_the_edit(alice, seed):
    post = await alice.post(seed.channel_id, "Hi")
    assert (await alice.ask("PUT", f"/posts/{post['id']}/patch", {"message": "Hi"})).json()["edit_at"] == 0


async def test_nobody_edits_a_post_of_somebody_else(alice, bot, seed):
    post = await alice.post(seed.channel_id, "Hi")
    answer = await bot.ask("PUT", f"/posts/{post['id']}/patch", {"message": "x"})
    assert answer.status_code == answer.json()["status_code"] == 403
    assert answer.json()["id"].endswith("permissions.app_error")


async def test_reply_belongs_under_a_live_root_of_its_channel(alice, bot, seed):
    root = await alice.post(seed.channel_id, "Root")
    reply = await bot.post(seed.channel_id, "Reply", root_id=root["id"])
    assert (reply["root_id"], reply["props"]["from_bot"]) == (root["id"], "true")
    elsewhere = await alice.post(seed.other_id, "Root")
    for wrong in (reply["id"], elsewhere["id"], "x" * 26):
        body = {"channel_id": seed.channel_id, "message": "r", "root_id": wrong}
        answer = await alice.ask("POST", "/posts", body)
        assert (answer.status_code, answer.json()["id"]) == (400, "api.post.create_post.root_id.app_error")


async def test_thread_may_list_its_root_twice(alice, seed):
    root = await alice.post(seed.channel_id, "Root")
    reply = await alice.post(seed.channel_id, "Reply", root_id=root["id"])
    listed = (await alice.ask("GET", f"/posts/{reply['id']}/thread")).json()
    assert listed["order"] == [reply["id"], root["id"], root["id"]]


async def test_deleted_post_is_gone_and_cannot_be_deleted_again(alice, seed):
    post = await alice.post(seed.channel_id, "Hi")
    assert (await alice.ask("DELETE", f"/posts/{post['id']}")).json() == {"status": "OK"}
    assert (await alice.ask("DELETE", f"/posts/{post['id']}")).status_code == 403
    assert (await alice.ask("GET", f"/posts/{post['id']}")).status_code == 404


async def test_since_lists_edits_deletions_and_earlier_texts_but_not_its_own_moment(alice, bot, seed):
    root = await alice.post(seed.channel_id, "Root")
    reply = await bot.post(seed.channel_id, "Reply", root_id=root["id"])
    mark = await alice.post(seed.other_id, "Mark")
    await alice.ask("DELETE", f"/posts/{root['id']}")
    edited = await alice.post(seed.channel_id, "Before")
    await alice.ask("PUT", f"/posts/{edited['id']}/patch", {"message": "After"})
    listed = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?since={mark['update_at'] - 1}")
    stones = [one for one in rows(listed).values() if one["delete_at"] and not one["original_id"]]
    assert {(one["id"], one["message"]) for one in stones} == {(root["id"], ""), (reply["id"], "")}
    (earlier,) = [one for one in rows(listed).values() if one["original_id"]]
    assert (earlier["original_id"], earlier["message"]) == (edited["id"], "")
    assert earlier["id"] != edited["id"]
    last = max(one["update_at"] for one in rows(listed).values())
    assert rows(await alice.ask("GET", f"/channels/{seed.channel_id}/posts?since={last}")) == {}


async def test_reaction_and_reply_touch_their_post(alice, seed):
    post = await alice.post(seed.channel_id, "Hi")
    await alice.ask("POST", "/reactions", {"user_id": seed.alice_id, "post_id": post["id"], "emoji_name": "+1"})
    listed = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?since={post['update_at']}")
    (told,) = rows(listed).values()
    assert told["has_reactions"] is True
    assert [one["emoji_name"] for one in told["metadata"]["reactions"]] == ["+1"]
    await alice.post(seed.channel_id, "Reply", root_id=post["id"])
    again = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?since={told['update_at']}")
    assert post["id"] in rows(again)


async def test_since_leaves_out_what_is_beyond_a_thousand_rows_and_does_not_say_so(server, alice, seed):
    start = server.say("bob", seed.channel_id, "Start").update_at
    for number in range(1050):
        server.say("bob", seed.channel_id, f"{number}", create_at=0)
    listed = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?since={start - 1}")
    assert (listed.status_code, len(rows(listed)), listed.json()["has_next"]) == (200, 1000, False)


async def test_reader_goes_forward_by_after_from_a_deleted_post_too(server, alice, seed):
    made = []
    for number in range(5):
        made.append(server.say("bob", seed.channel_id, f"{number}").id)
        server.advance(0.01)
    await alice.post(seed.channel_id, "Last")
    server.delete("bob", made[1])
    page = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?after={made[1]}&per_page=2")
    assert page.json()["order"] == [made[3], made[2]]


async def test_unknown_anchor_has_nothing_after_it_and_is_no_error(alice, seed):
    await alice.post(seed.channel_id, "Hi")
    page = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?after={'x' * 26}")
    assert (page.status_code, page.json()["order"]) == (200, [])


async def test_page_never_holds_more_than_two_hundred(server, alice, seed):
    for number in range(210):
        server.say("bob", seed.channel_id, f"{number}")
    page = await alice.ask("GET", f"/channels/{seed.channel_id}/posts?per_page=1000")
    assert len(page.json()["order"]) == 200


async def test_reaction_is_only_ones_own_and_may_be_repeated(alice, bot, seed):
    post = await alice.post(seed.channel_id, "Hi")
    body = {"user_id": seed.alice_id, "post_id": post["id"], "emoji_name": "nonsense"}
    assert [(await alice.ask("POST", "/reactions", body)).status_code for _ in range(2)] == [200, 200]
    assert (await bot.ask("POST", "/reactions", body)).status_code == 403
    gone = f"/users/{seed.alice_id}/posts/{post['id']}/reactions/nonsense"
    assert [(await alice.ask("DELETE", gone)).status_code for _ in range(2)] == [200, 200]
    assert (await alice.ask("GET", f"/posts/{post['id']}/reactions")).json() == []


async def test_file_belongs_to_one_post(alice, bot, seed):
    form = {"files": ("a ü b.txt", b"hello", "text/plain")}
    answer = await bot.ask("POST", "/files", data={"channel_id": seed.channel_id}, files=form)
    (info,) = answer.json()["file_infos"]
    assert (answer.status_code, info["name"], info["size"]) == (201, "a ü b.txt", 5)
    post = await bot.post(seed.channel_id, "", file_ids=[info["id"]])
    assert [one["id"] for one in post["metadata"]["files"]] == [info["id"]]
    assert "file_ids" not in await bot.post(seed.channel_id, "again", file_ids=[info["id"]])
    assert (await alice.ask("GET", f"/files/{info['id']}")).content == b"hello"
    assert (await alice.ask("GET", f"/files/{info['id']}/info")).json()["post_id"] == post["id"]


async def test_file_may_come_as_the_body(bot, seed):
    address = f"/files?channel_id={seed.channel_id}&filename=a.bin"
    answer = await bot.ask("POST", address, content=b"\0\1")
    assert answer.json()["file_infos"][0]["size"] == 2


async def test_file_beyond_the_limit_is_refused(server, bot, seed):
    server.set(file_bytes_most=10)
    answer = await bot.ask("POST", f"/files?channel_id={seed.channel_id}&filename=a", content=b"x" * 11)
    assert (answer.status_code, answer.json()["id"]) == (413, "api.file.upload_file.too_large_detailed.app_error")


async def test_message_has_sixteen_thousand_characters_not_bytes(alice, seed):
    await alice.post(seed.channel_id, "é" * 16_383)
    answer = await alice.ask("POST", "/posts", {"channel_id": seed.channel_id, "message": "é" * 16_384})
    assert answer.status_code == answer.json()["status_code"] == 400


async def test_people_cannot_speak_as_the_system_but_may_forge_a_webhook(alice, seed):
    body = {"channel_id": seed.channel_id, "message": "x", "type": "system_join_channel"}
    assert (await alice.ask("POST", "/posts", body)).status_code == 400
    forged = {"from_webhook": "true", "override_username": "Boss"}
    assert (await alice.post(seed.channel_id, "x", props=forged))["props"] == forged


async def test_stranger_is_refused_by_status_and_code(server, alice, seed):
    async with Visitor(server.url, "x" * 26) as stranger:
        answer = await stranger.ask("GET", "/users/me")
    assert (answer.status_code, answer.json()["id"]) == (401, "api.context.session_expired.app_error")
    body = {"channel_id": "x" * 26, "message": "m"}
    assert (await alice.ask("POST", "/posts", body)).status_code == 403
    assert (await alice.ask("POST", "/posts", content=b"{")).status_code == 400


async def test_bot_posts_only_where_it_is_and_may_join_a_public_channel(server, bot, seed):
    server.remove_member(seed.channel_id, "bridgebot")
    body = {"channel_id": seed.channel_id, "message": "m"}
    assert (await bot.ask("POST", "/posts", body)).status_code == 403
    joined = await bot.ask("POST", f"/channels/{seed.channel_id}/members", {"user_id": seed.bot_id})
    assert joined.status_code == 201
    assert (await bot.ask("POST", "/posts", body)).status_code == 201


async def test_archived_channel_can_be_read_and_takes_no_post(server, alice, seed):
    await alice.post(seed.channel_id, "Hi")
    server.archive(seed.channel_id)
    body = {"channel_id": seed.channel_id, "message": "m"}
    assert (await alice.ask("POST", "/posts", body)).status_code == 400
    assert (await alice.ask("GET", f"/channels/{seed.channel_id}")).json()["delete_at"] > 0
    server.restore(seed.channel_id)
    assert (await alice.ask("POST", "/posts", body)).status_code == 201


async def test_people_are_found_by_ids_and_names_and_missing_ones_are_absent(bot, seed):
    listed = (await bot.ask("POST", "/users/ids", [seed.alice_id, seed.bot_id, "x" * 26])).json()
    assert {one["username"]: one.get("is_bot") for one in listed} == {"alice": None, "bridgebot": True}
    named = (await bot.ask("POST", "/users/usernames", ["bob", "nobody"])).json()
    assert [one["id"] for one in named] == [seed.bob_id]
    assert (await bot.ask("GET", f"/users/{seed.alice_id}/image")).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"json": {"text": "Hi"}}, id="json"),
        pytest.param({"data": {"payload": json.dumps({"text": "Hi"})}}, id="form"),
        pytest.param({"files": {"payload": (None, json.dumps({"text": "Hi"}))}}, id="multipart"),
    ],
)
async def test_webhook_takes_three_kinds_of_body(server, bot, seed, sent):
    answer = await bot.hook(seed.hook_key, **sent)
    assert (answer.status_code, answer.text) == (200, "ok")
    (post,) = server.posts(seed.channel_id)
    assert (post.message, post.props["from_webhook"], post.props["override_username"]) == ("Hi", "true", "webhook")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"json": {"username": "q"}}, 400, "web.incoming_webhook.text.app_error", id="no text"),
        pytest.param({"content": b"{"}, 400, "model.incoming_hook.parse_data.app_error", id="rubbish"),
        pytest.param(
            {"content": b"Hi", "headers": {"Content-Type": "text/plain"}},
            400,
            "model.incoming_hook.parse_data.app_error",
            id="plain",
        ),
        pytest.param(
            {"json": {"text": "x", "channel": "no"}}, 404, "web.incoming_webhook.channel.app_error", id="channel"
        ),
        pytest.param({"json": {"text": "x", "type": "me"}}, 500, "web.incoming_webhook.type.app_error", id="type"),
    ],
)
async def test_webhook_refuses_what_it_cannot_use(bot, seed, sent, status, code):
    answer = await bot.hook(seed.hook_key, **sent)
    assert (answer.status_code, answer.json()["id"]) == (status, code)


async def test_unknown_webhook_is_a_bad_request(bot, seed):
    assert (await bot.hook("x" * 26, json={"text": "Hi"})).status_code == 400


async def test_webhook_splits_long_texts_and_reads_slack(server, bot, seed):
    await bot.hook(seed.hook_key, json={"text": "é" * 20_000})
    await bot.hook(seed.hook_key, json={"text": "<!here> <http://x.test|see>"})
    posts = server.posts(seed.channel_id)
    assert [len(one.message) for one in posts[:2]] == [16_383, 3_617]
    assert posts[2].message == "@here [see](http://x.test)"
