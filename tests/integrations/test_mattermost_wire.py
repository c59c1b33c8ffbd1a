"""What a Mattermost server says is read whatever its version, and rubbish is refused as such."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.mattermost.heard import (
    ChannelArchived,
    ChannelChanged,
    ChannelRestored,
    Deleted,
    Edited,
    Hello,
    Joined,
    Left,
    Posted,
    Reacted,
    Typing,
    UserChanged,
    told_by,
)
from integrations.mattermost.wire import (
    SINCE_ROWS_MOST,
    Event,
    Post,
    PostList,
    Reply,
    Unreadable,
    User,
    read_frame,
    read_object,
    read_objects,
)


def told(name, data, **broadcast):
    frame = read_frame(json.dumps({"event": name, "data": data, "broadcast": broadcast, "seq": 3, "new": {"a": 1}}))
    assert isinstance(frame, Event)
    assert frame.seq == 3
    return told_by(frame)


@pytest.mark.parametrize("files", [{}, {"file_ids": None}, {"file_ids": []}], ids=["missing", "null", "empty"])
def test_missing_null_and_empty_are_the_same(files):
    post = read_object(json.dumps({"id": "p", "metadata": None, "props": None, "participants": None} | files), Post)
    assert post == Post(id="p")


def test_post_knows_whether_somebody_wrote_it():
    def content(**parts):
        return Post(id="p", **parts).is_content

    assert all(content(type=kind) for kind in ("", "me", "slack_attachment", "custom_poll"))
    assert not content(type="system_join_channel")
    assert not content(original_id="live")


def test_reply_belongs_under_the_root():
    assert (Post(id="r", root_id="root").thread_id, Post(id="root").thread_id) == ("root", "root")


def test_attachments_are_a_list_or_none():
    assert Post(id="p", props={"attachments": [{"text": "a"}]}).attachments == [{"text": "a"}]
    assert Post(id="p", props={"attachments": "a"}).attachments == []


def test_list_is_read_oldest_first_each_post_once_and_only_what_it_names():
    posts = {name: {"id": name} for name in ("root", "a", "b", "beside")}
    listed = read_object(json.dumps({"order": ["b", "a", "root", "root"], "posts": posts}), PostList)
    assert [one.id for one in listed.oldest_first()] == ["root", "a", "b"]
    assert listed.is_whole
    many = {f"{number}": {"id": f"{number}"} for number in range(SINCE_ROWS_MOST)}
    assert not read_object(json.dumps({"order": None, "posts": many}), PostList).is_whole


def test_person_has_a_name_to_show():
    assert User(id="u", username="al").shown_name == "al"
    assert User(id="u", username="al", first_name="Al", last_name="Ba").shown_name == "Al Ba"
    assert User(id="u", username="al", first_name="Al", nickname="Ally").shown_name == "Ally"
    assert read_objects("null", User) == []


def test_answer_is_told_from_an_event():
    good = read_frame('{"status":"OK","seq_reply":4,"data":{"text":"pong"}}')
    assert isinstance(good, Reply)
    assert (good.seq_reply, good.data["text"]) == (4, "pong")
    bad = read_frame('{"status":"FAIL","error":{"id":"x","message":"m"}}')
    assert isinstance(bad, Reply)
    assert (bad.seq_reply, bad.error.id) == (0, "x")


def test_every_event_a_bridge_needs_is_read():
    post = json.dumps({"id": "p", "message": "Hi", "channel_id": "c"})
    mark = Post(id="p", message="Hi", channel_id="c")
    assert told("hello", {"connection_id": "k", "server_version": "6.7.0"}) == Hello(
        connection_id="k", server_version="6.7.0"
    )
    assert told("hello", {}) == Hello()
    assert told("posted", {"post": post, "sender_name": "@al", "channel_type": "O"}) == Posted(
        post=mark, sender_name="@al", channel_type="O"
    )
    assert told("post_edited", {"post": post}) == Edited(post=mark)
    assert told("post_deleted", {"post": post}) == Deleted(post=mark)
    assert told("typing", {"user_id": "u", "parent_id": "r"}, channel_id="c") == Typing(
        user_id="u", channel_id="c", parent_id="r"
    )
    assert told("user_added", {"user_id": "u", "team_id": "t"}, channel_id="c") == Joined(user_id="u", channel_id="c")
    assert told("channel_deleted", {"channel_id": "c"}, team_id="t") == ChannelArchived(channel_id="c")
    assert told("channel_restored", {"channel_id": "c"}) == ChannelRestored(channel_id="c")
    assert told("something_new", {"a": [None, {"b": None}]}) is None


def test_reaction_has_its_channel_from_the_broadcast():
    reaction = json.dumps({"user_id": "u", "post_id": "p", "emoji_name": "+1", "create_at": 0})
    heard = told("reaction_removed", {"reaction": reaction}, channel_id="c")
    assert isinstance(heard, Reacted)
    assert (heard.added, heard.channel_id, heard.reaction.emoji_name) == (False, "c", "+1")
    again = told("reaction_added", {"reaction": reaction}, channel_id="c")
    assert isinstance(again, Reacted)
    assert again.added


def test_removal_says_who_and_where_in_both_of_its_forms():
    gone = Left(user_id="u", channel_id="c")
    assert told("user_removed", {"user_id": "u", "remover_id": "a"}, channel_id="c") == gone
    assert told("user_removed", {"channel_id": "c", "remover_id": "a"}, user_id="u") == gone


def test_changed_channel_is_told_whole_or_by_its_id():
    whole = told("channel_updated", {"channel": json.dumps({"id": "c", "display_name": "D"})}, channel_id="c")
    assert isinstance(whole, ChannelChanged)
    assert whole.channel is not None
    assert (whole.channel_id, whole.channel.display_name) == ("c", "D")
    assert told("channel_updated", {"channel_id": "c"}) == ChannelChanged(channel_id="c")


def test_user_comes_as_an_object():
    heard = told("user_updated", {"user": {"id": "u", "username": "al", "email": "al@example.org"}})
    assert heard == UserChanged(user=User(id="u", username="al"))


@pytest.mark.parametrize(
    "rubbish",
    ["", "{", "[]", "3", '{"event":"posted"}', '{"event":3,"seq":1}', '{"seq":1}', "[" * 5000],
    ids=["nothing", "open", "list", "number", "no seq", "no name", "neither", "deep"],
)
def test_rubbish_is_no_frame(rubbish):
    with pytest.raises(Unreadable):
        read_frame(rubbish)


@pytest.mark.parametrize("data", [{}, {"post": "{"}, {"post": 3}, {"post": json.dumps({"id": 5})}, {"post": "[]"}])
def test_event_without_its_post_is_unreadable(data):
    with pytest.raises(Unreadable):
        told("posted", data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
NAMES = ["hello", "posted", "reaction_added", "typing", "user_removed", "channel_updated", "user_updated", "x"]
KEYS = ["post", "reaction", "user_id", "channel", "channel_id", "user", "connection_id"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(KEYS), VALUES | VALUES.map(json.dumps)))
def test_whatever_comes_is_read_or_unreadable(name, data):
    with contextlib.suppress(Unreadable):
        assert told(name, data, channel_id="c") is None or name != "x"
