"""Rights over plain values, as one table."""

import pytest

from chat.permissions import Standing, can_address_everyone, can_give, can_react, can_remove, can_see, names_of


@pytest.mark.parametrize(
    ("role", "kind", "settings", "expected"),
    [
        ("owner", "public", {}, ["post", "moderate", "manage", "invite"]),
        ("moderator", "public", {}, ["post", "moderate", "invite"]),
        ("member", "private", {}, ["post", "invite"]),
        ("guest", "private", {}, ["post"]),
        ("", "public", {}, ["join"]),
        ("", "private", {}, []),
        ("member", "direct", {}, ["post"]),
        ("owner", "group", {}, ["post"]),
        ("member", "public", {"read_only": True}, ["invite"]),
        ("moderator", "public", {"read_only": True}, ["post", "moderate", "invite"]),
        ("owner", "public", {"archived": True}, ["moderate", "manage"]),
        ("", "public", {"archived": True}, []),
    ],
)
def test_a_role_offers_exactly_its_rights(role, kind, settings, expected):
    assert names_of(Standing(role=role, kind=kind, **settings)) == expected


def test_outsiders_see_public_rooms_only():
    assert can_see(Standing(role="", kind="public"))
    assert not any(can_see(Standing(role="", kind=kind)) for kind in ("private", "direct", "group"))


def test_moderators_remove_only_those_below_them():
    moderator = Standing(role="moderator", kind="public")
    assert [role for role in ("guest", "member", "moderator", "owner") if can_remove(moderator, role)] == [
        "guest",
        "member",
    ]
    assert can_remove(Standing(role="owner", kind="public"), "owner")
    assert not can_remove(Standing(role="member", kind="public"), "guest")


def test_nobody_gives_more_than_they_may():
    assert can_give(Standing(role="member", kind="public"), "guest")
    assert not can_give(Standing(role="guest", kind="public"), "guest")
    assert not can_give(Standing(role="moderator", kind="public"), "moderator")
    assert can_give(Standing(role="owner", kind="public"), "moderator")
    assert not can_give(Standing(role="owner", kind="public"), "owner")


def test_everybody_reacts_in_a_read_only_room_and_nobody_in_an_archived_one():
    assert can_react(Standing(role="guest", kind="public", read_only=True))
    assert not can_react(Standing(role="owner", kind="public", archived=True))
    assert not can_react(Standing(role="", kind="public"))


def test_a_large_room_is_addressed_whole_by_moderators_only():
    member, moderator = Standing(role="member", kind="public"), Standing(role="moderator", kind="public")
    assert can_address_everyone(member, 20)
    assert not can_address_everyone(member, 21)
    assert can_address_everyone(moderator, 5000)
