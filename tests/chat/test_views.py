"""Pages: the shell with its first snapshots, and the page of an invite link."""

import json
import re
from typing import Any

import pytest

from chat import services
from chat.models import RoomInvite
from tests import factories
from tests.chat.conftest import signed_in
from tests.factories import say

pytestmark = pytest.mark.stack


def boot(response) -> Any:
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', response.content.decode())
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("path", ["/", "/browse/", "/rooms/general/", "/direct/1/"])
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client, db, path):
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/account/login/?next={path}"


def test_home_and_browse_carry_the_home_snapshot(teo, room):
    for path in ("/", "/browse/"):
        response = signed_in(teo).get(path)
        assert response.status_code == 200
        data = boot(response)
        assert (data["room"], data["message"], data["socket"]) == (None, None, "/ws/chat/")
        assert data["home"]["rooms"][0]["room"]["id"] == room.pk


def test_a_room_page_carries_its_snapshot(mina, teo, room):
    message = say(mina, room, "</script><script>alert(1)</script>")
    client = signed_in(teo)
    for path in ("/rooms/realtime-core/", "/rooms/realtime-core/settings/"):
        response = client.get(path)
        assert boot(response)["room"]["messages"][-1]["id"] == str(message.pk)
        assert b"<script>alert" not in response.content


def test_a_permalink_names_its_message(mina, teo, room):
    message, direct = say(mina, room), factories.make_direct(mina, teo)
    data = boot(signed_in(teo).get(f"/rooms/realtime-core/m/{message.pk}/"))
    assert (data["message"], data["room"]["room"]["id"]) == (str(message.pk), room.pk)
    said = say(mina, direct)
    assert boot(signed_in(teo).get(f"/direct/{direct.pk}/m/{said.pk}/"))["message"] == str(said.pk)


def test_forbidden_unknown_and_misplaced_rooms_are_the_same_404_in_the_shell(mina, teo, ines, room, secret):
    message, direct = say(mina, secret), factories.make_direct(mina, teo)
    client = signed_in(ines)
    paths = [
        f"/rooms/{secret.slug}/",
        f"/rooms/{secret.slug}/m/{message.pk}/",
        f"/rooms/realtime-core/m/{message.pk}/",
        f"/rooms/{direct.slug}/",
        f"/direct/{direct.pk}/",
        f"/direct/{room.pk}/",
        "/rooms/nothing/",
        f"/direct/{10**9}/",
    ]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 404, path
        assert (boot(response)["room"], boot(response)["message"]) == (None, None)


def test_pages_obey_the_policy(teo, room):
    response = signed_in(teo).get("/rooms/realtime-core/")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "require-trusted-types-for 'script'" in policy
    html = response.content.decode()
    assert not re.findall(r"\son[a-z]+=|\sstyle=|<style|javascript:", html)
    scripts = re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", html)
    assert scripts == [' id="boot" type="application/json"']


def link_path(actor, room, **given) -> str:
    return services.create_link(actor=actor, room_id=room.pk, **given).url.removeprefix("http://127.0.0.1:8000")


def test_a_link_shows_the_room_and_the_inviter_but_no_message(client, mina, secret):
    say(mina, secret, "between us")
    path = link_path(mina, secret, role="guest")
    html = client.get(path).content.decode()
    assert "Mina Okafor" in html
    assert "Hiring" in html
    assert "You join as a guest" in html
    assert "between us" not in html
    assert f"/account/login/?next={path.replace('/', '%2F')}" in html
    assert f"/account/signup/?next={path.replace('/', '%2F')}" in html


def test_a_live_link_lets_somebody_sign_up_where_sign_up_is_by_invite(client, settings, mina, secret):
    settings.SIGNUP = "invite"
    assert 'name="username"' not in client.get("/account/signup/").content.decode()
    client.get(link_path(mina, secret))
    assert 'name="username"' in client.get("/account/signup/").content.decode()


def test_a_dead_link_lets_nobody_sign_up(client, settings, mina, secret):
    settings.SIGNUP = "invite"
    path = link_path(mina, secret)
    RoomInvite.objects.update(max_uses=1, uses=1)
    client.get(path)
    assert 'name="username"' not in client.get("/account/signup/").content.decode()


def test_somebody_signed_in_joins_by_one_button(mina, ines, secret):
    path = link_path(mina, secret)
    client = signed_in(ines)
    assert "Join Hiring" in client.get(path).content.decode()
    response = client.post(path)
    assert (response.status_code, response["Location"]) == (302, f"/rooms/{secret.slug}/")
    assert secret.memberships.filter(user=ines).exists()


def test_joining_needs_a_signed_in_person_and_the_csrf_token(client, mina, ines, secret):
    path = link_path(mina, secret)
    assert client.post(path).status_code == 200
    strict = signed_in(ines)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(path).status_code == 403
    assert not secret.memberships.filter(user=ines).exists()


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"uses": 3, "max_uses": 3}, 410, "they have come"),
        ({"expires_at": "2020-01-01T00:00Z"}, 410, "Its time is over"),
        ({"revoked_at": "2020-01-01T00:00Z"}, 410, "It was taken back"),
        ({"token_hash": "other"}, 404, "the whole address was copied"),
    ],
)
def test_a_dead_link_says_why_in_one_sentence(mina, ines, secret, change, status, sentence):
    path = link_path(mina, secret)
    RoomInvite.objects.update(**change)
    client = signed_in(ines)
    for response in (client.get(path), client.post(path)):
        assert response.status_code == status
        assert sentence in response.content.decode()
        assert "Hiring" not in response.content.decode()
