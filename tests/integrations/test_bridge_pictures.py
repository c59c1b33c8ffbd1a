"""Posts of the bridge carry the picture of whoever speaks, at an address that another site's pages can show."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from accounts import selectors as people
from accounts import services as accounts
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
SITE = "https://talk.example.org"


@pytest.fixture
def pictured(teo, settings):
    """Teo, with a picture, on a site that others reach."""
    settings.SITE_URL = SITE
    made = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(made, "PNG")
    accounts.set_avatar(actor=teo, data=made.getvalue())
    return teo


def test_address_shows_this_picture_to_whoever_was_given_it(pictured, mina):
    address = people.outside_avatar_url(user_id=pictured.pk)
    assert address.startswith(f"{SITE}/account/avatar/{pictured.pk}/")
    path = address.removeprefix(SITE)
    shown = Client().get(path)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert shown["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert shown["Cache-Control"].startswith("public, max-age=31536000")
    for wrong in (path.partition("?")[0], path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace("?for=", "?x=")):
        assert Client().get(wrong).status_code == 404
    assert people.outside_avatar_url(user_id=mina.pk) == ""
    accounts.remove_avatar(actor=pictured)
    assert Client().get(path).status_code == 404


def test_address_outlives_a_change_of_the_key(pictured, settings):
    path = people.outside_avatar_url(user_id=pictured.pk).removeprefix(SITE)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key: 0123456789abcdefghijklmno"
    assert Client().get(path).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("site", ["http://127.0.0.1:8000", "http://localhost:8000", "http://10.1.2.3"])
def test_site_that_nobody_reaches_gives_no_address(pictured, settings, site):
    settings.SITE_URL = site
    assert people.outside_avatar_url(user_id=pictured.pk) == ""


def test_post_carries_the_picture_of_its_author(pictured, mina, room, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    with FakeMattermost() as fake:
        both = Bridged(fake, room, boss)
        both.say(pictured, "with a face")
        both.say(mina, "without")
        both.pump()
        props = {post.message: post.props for post in both.posts()}
    assert props["with a face"]["override_icon_url"] == people.outside_avatar_url(user_id=pictured.pk)
    assert "override_icon_url" not in props["without"]
