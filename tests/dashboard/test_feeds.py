"""Feeds over the page's API, and what is found in an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.selectors import audit_for
from dashboard.finding import check_path, find_number
from dashboard.models import Feed, Rule, Series
from dashboard.services import feeds
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
URL = "https://api.rates.example/latest?base=EUR"


@pytest.fixture
def mina() -> User:
    return factories.make_person("mina")


class Page:
    """Somebody's page asking."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = json.dumps(body) if body is not None else ""
        response = self.client.generic(method, f"/api/{path}", data, content_type="application/json")
        return response.status_code, json.loads(response.content)


def new(**given: Any) -> dict[str, Any]:
    return {"name": "eur.usd", "url": URL, "path": "rates.USD", **given}


def test_somebody_makes_changes_and_removes_a_feed(mina: User) -> None:
    page = Page(mina)
    assert page.ask("GET", "feeds/") == (200, {"feeds": [], "may_create": True, "may_send_secrets": False})
    status, made = page.ask("POST", "feeds/", new(unit="USD", title="Euro", interval_seconds=30))
    assert status == 201
    assert (made["url"], made["path"], made["enabled"], made["problem"]) == (URL, "rates.USD", True, "")
    assert (made["series"]["name"], made["series"]["unit"], made["series"]["outside"]) == ("eur.usd", "USD", True)
    status, changed = page.ask("POST", f"feeds/{made['id']}/", {"path": "rates.CHF", "enabled": False, "unit": "CHF"})
    assert (status, changed["path"], changed["enabled"], changed["url"]) == (200, "rates.CHF", False, URL)
    assert changed["series"]["unit"] == "CHF"
    assert page.ask("GET", "feeds/")[1]["feeds"] == [changed]
    assert page.ask("DELETE", f"feeds/{made['id']}/")[0] == 200
    assert page.ask("GET", "feeds/")[1]["feeds"] == []
    assert Series.objects.get().name == "eur.usd", "the series stays"
    assert page.ask("DELETE", f"series/{made['series']['id']}/")[0] == 200
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "9 lives"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"url": "ftp://x.example/"}, "url"),
        ({"url": "https://me:pass@x.example/"}, "url"),
        ({"url": "https://x.example/" + "y" * 500}, "url"),
        ({"path": "rates[["}, "path"),
        ({"path": "[a, b][0]"}, "path"),
        ({"path": "{a: b}"}, "path"),
        ({"path": "sort_by(a, &b)[0]"}, "path"),
        ({"path": "values(@)"}, "path"),
        ({"path": "a." * 110 + "b"}, "path"),
        ({"interval_seconds": 9}, "interval_seconds"),
        ({"interval_seconds": 86_401}, "interval_seconds"),
        ({"title": "a\nb"}, "title"),
        ({"unit": "x" * 25}, "unit"),
        ({"interval_seconds": "soon"}, "interval_seconds"),
    ],
    ids=str,
)
def test_a_wrong_feed_is_told_with_its_field(mina: User, given: dict[str, Any], field: str) -> None:
    status, told = Page(mina).ask("POST", "feeds/", new(**given))
    assert (status, told["code"], told["field"]) == (400, "invalid", field)
    assert not Series.objects.exists()


def test_feeds_of_others_do_not_exist(mina: User) -> None:
    made = feeds.create_feed(actor=mina, **new())
    page = Page(factories.make_person("ines", is_staff=True))
    for method, path in (("POST", "feeds"), ("DELETE", "feeds")):
        assert page.ask(method, f"{path}/{made.id}/", {})[0] == 404
    assert page.ask("DELETE", f"series/{made.series.id}/")[0] == 404
    assert page.ask("GET", "feeds/")[1]["feeds"] == []
    assert Client().get("/api/feeds/").status_code == 401


def test_whoever_sees_the_series_knows_that_its_feed_is_silent(mina: User) -> None:
    made = feeds.create_feed(actor=mina, **new())
    page = Page(mina)
    assert page.ask("GET", "series/")[1]["series"][0]["problem"] == ""
    Feed.objects.update(problem="api.rates.example cannot be reached.", failures=1)
    assert page.ask("GET", "series/")[1]["series"][0]["problem"] == "The address that it comes from gives no number."
    assert page.ask("GET", "feeds/")[1]["feeds"][0]["problem"] == "api.rates.example cannot be reached."
    assert page.ask("POST", f"feeds/{made.id}/", {"enabled": False})[1]["series"]["problem"] == ""


def test_staff_switches_a_feed_off_and_sees_no_key_in_its_address(mina: User) -> None:
    made = feeds.create_feed(actor=mina, **new(url="https://api.rates.example/latest?key=s3cret"))
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(boss)
    for address in ("/admin/dashboard/feed/", f"/admin/dashboard/feed/{made.id}/change/"):
        page = client.get(address).content.decode()
        assert "api.rates.example" in page
        assert "s3cret" not in page
    chosen = {"action": "switch_off", "_selected_action": made.id}
    assert client.post("/admin/dashboard/feed/", chosen).status_code == 302
    row = Feed.objects.get()
    assert (row.enabled, row.problem) == (False, "Staff switched it off.")
    assert [entry.action for entry in audit_for(f"feed:{made.id}")] == ["feed.switch_off"]
    helper = factories.make_person("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename="view_feed"))
    client.force_login(helper)
    assert "eur.usd" not in client.get("/admin/dashboard/feed/").content.decode()


def test_a_name_is_taken_once(mina: User) -> None:
    page = Page(mina)
    assert page.ask("POST", "feeds/", new())[0] == 201
    status, told = page.ask("POST", "feeds/", new())
    assert (status, told["code"], told["field"]) == (409, "conflict", "name")
    assert Page(factories.make_person("teo")).ask("POST", "feeds/", new())[0] == 201


def test_nobody_has_feeds_without_end(mina: User) -> None:
    for number in range(20):
        feeds.create_feed(actor=mina, **new(name=f"f{number}"))
    page = Page(mina)
    assert page.ask("POST", "feeds/", new())[1]["code"] == "quota_full"
    assert page.ask("GET", "feeds/")[1]["may_create"] is False


def test_only_staff_sends_a_secret_and_never_to_another_address(mina: User) -> None:
    status, told = Page(mina).ask("POST", "feeds/", new(secret="FEED_RATES"))
    assert (status, told["code"]) == (403, "forbidden")
    boss = factories.make_person("boss", is_staff=True)
    page = Page(boss)
    assert page.ask("POST", "feeds/", new(secret="SECRET_KEY"))[1]["field"] == "secret"
    status, made = page.ask("POST", "feeds/", new(secret="FEED_RATES"))
    assert (status, made["secret"]) == (201, "FEED_RATES")
    User.objects.filter(pk=boss.pk).update(is_staff=False)
    page = Page(User.objects.get(pk=boss.pk))
    moved = {"url": "https://evil.example/", "secret": "FEED_RATES"}
    assert page.ask("POST", f"feeds/{made['id']}/", moved)[0] == 403
    assert Feed.objects.get().url == URL
    status, changed = page.ask("POST", f"feeds/{made['id']}/", {"url": "https://evil.example/"})
    assert (status, changed["secret"]) == (200, "")


def test_a_series_of_the_site_cannot_be_deleted(mina: User) -> None:
    site = Series.objects.create(key="site/up", scope="site", name="up")
    assert Page(factories.make_person("boss", is_staff=True)).ask("DELETE", f"series/{site.pk}/")[0] == 404


def test_a_series_that_goes_takes_its_rules_along(mina: User) -> None:
    made = feeds.create_feed(actor=mina, **new())
    room = factories.make_room(mina)
    Rule.objects.create(series_id=made.series.id, title="Too dear", threshold=2, room=room, made_by=mina)
    feeds.delete_series(actor=mina, series_id=made.series.id)
    assert not Rule.objects.exists()
    assert not Feed.objects.exists()


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        ('{"rates": {"USD": 1.08}}', "rates.USD", 1.08),
        ('{"price": "50000.12"}', "price", 50000.12),
        ("42", "", 42),
        ('{"items": [{"n": 1}, {"n": 4}]}', "items[-1].n", 4),
        ('{"items": [{"n": 1}, {"n": 4}]}', "sum(items[*].n)", 5),
        ('{"items": [1, 2, 3]}', "length(items)", 3),
        ("""[{"id": "a", "v": 1}, {"id": "b", "v": 2}]""", "[?id == 'b'].v | [0]", 2),
        ('{"ok": true}', "ok", 1),
        ('{"a": null, "b": 3}', "a || b", 3),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_path_leads_to_a_number(body: str, path: str, value: float) -> None:
    assert find_number(body.encode(), check_path(path)) == value


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ("<html>", "", "The answer is no JSON."),
        ("[" * 20_000, "", "The answer is no JSON."),
        ('{"a": 1}', "b", "At b is nothing."),
        ('{"a": [1]}', "a", "At a is a list: choose one of it, as with [0] or sum(…)."),
        ('{"a": {}}', "a", "At a is an object: name a key of it."),
        ('{"a": "soon"}', "a", "At a is a text, and no number."),
        ('{"a": "soon"}', "sum(a)", "The path does not fit to the answer."),
        ('{"a": [1, "x"]}', "max(a)", "The path does not fit to the answer."),
        ('{"a": 1}', "", "In the answer is an object: name a key of it."),
        ('{"a": 1' + "0" * 400 + "}", "a", "The number is too large."),
        ('{"a": "1e999"}', "a", "The number is too large."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_number_is_told_in_words(body: str, path: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        find_number(body.encode(), path)
    assert str(error.value) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


PATHS = ["", "a", "a[*].b", "length(@)", "*.a | [0]", "sum(@)", "[?@ > `1`] | [0]", "to_number(@)"]


@given(JSON, st.sampled_from(PATHS))
def test_no_answer_breaks_the_poller(value: Any, path: str) -> None:
    found: float | str
    try:
        found = find_number(json.dumps(value).encode(), path)
    except ValueError as error:
        found = str(error)
    assert isinstance(found, float) or found.endswith(".")
