"""Prices and limits as plain values: what is read from the settings, what it costs, and how a refusal is said."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import quotas
from assistant.pieces import estimate_request
from assistant.quotas import Limit, Price, Used
from assistant.tools.declared import TOOLS, schema_of

PRICES = {"small": Price(Decimal("0.4"), Decimal("1.6")), "large": Price(Decimal(2), Decimal(8))}
DAY = date(2026, 11, 22)


def refusal(used: Used, limit: Limit, *, scope: str = "person", tokens: int = 1_000, micros: int = 0):
    now = datetime(2026, 11, 22, 20, 39, 30, tzinfo=UTC)
    return quotas.refusal(
        scope=scope, used=used, limit=limit, tokens=tokens, micros=micros, day=DAY, now=now, currency="USD"
    )


def test_prices_are_read_exactly():
    found = quotas.parse_prices('{"a": [0.1, 3], "b/c:free": [0, 0]}')
    assert found == {"a": Price(Decimal("0.1"), Decimal(3)), "b/c:free": Price(Decimal(0), Decimal(0))}
    assert quotas.parse_prices("") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an object"),
        ('{"a": 3}', "the price of a is not two numbers"),
        ('{"a": [1]}', "the price of a is not two numbers"),
        ('{"a": ["1", "2"]}', "the price of a is not two numbers"),
        ('{"a": [true, 2]}', "the price of a is not two numbers"),
        ('{"a": [NaN, 2]}', "the price of a is not two numbers"),
        ('{"a": [-1, 2]}', "below 0"),
        ('{"a": [1, 1e30]}', "above"),
    ],
    ids=["brace", "deep", "list", "number", "one", "texts", "bool", "nan", "negative", "huge"],
)
def test_a_price_that_is_none_is_named(text, words):
    with pytest.raises(ValueError, match=words):
        quotas.parse_prices(text)


@pytest.mark.parametrize("text", ["two", "-1", "NaN", "Infinity", "1e40", "2 USD"])
def test_an_amount_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"not a number|below 0 or too large"):
        quotas.parse_cost(text)


def test_amounts_are_read_to_the_micro():
    texts = ("2", "0", "", " 0.5 ", "0.0000001")
    assert [quotas.parse_cost(text) for text in texts] == [2_000_000, 0, 0, 500_000, 1]


def test_a_run_costs_what_the_list_says():
    def cost(model: str, read: int, written: int) -> int:
        return quotas.cost_micros(model=model, input_tokens=read, output_tokens=written, prices=PRICES)

    assert cost("small", 1_000_000, 0) == 400_000
    assert cost("small", 10, 1) == 6  # 5.6, rounded up
    assert cost("large", 3_180, 212) == 8_056
    assert cost("large-2026-04-14", 100, 0) == cost("large-20260414", 100, 0) == 200
    assert cost("large-mini", 100, 100) == cost("local", 100, 100) == 0


def test_an_estimate_is_rather_too_much():
    assert quotas.estimate(answer_tokens=1_500, input_tokens=12_000) == 13_500
    assert quotas.estimate(answer_tokens=100, chars=301) == 201
    assert quotas.estimate(answer_tokens=0) == 1


def test_the_tools_have_their_share_of_what_is_reserved():
    assert estimate_request([], [schema_of(name) for name in TOOLS]) <= quotas.TOOLS_TOKENS


def test_who_is_refused_reads_whose_limit_it_is_and_when_it_opens():
    words, wait = refusal(Used(tokens=300_000), Limit(300_000, 0))
    assert words == "Your limit for today is used up: 300,000 tokens. It opens again in 3 h 21 min, at midnight UTC."
    assert wait == 3 * 3600 + 20 * 60 + 30
    words, _ = refusal(Used(tokens=299_800), Limit(300_000, 0), scope="room")
    assert words.startswith("The limit of this room for today is 300,000 tokens, and what is left (200) is too little")
    words, _ = refusal(Used(micros=1_995_000), Limit(300_000, 2_000_000), scope="site", micros=8_000)
    assert words.startswith("The limit of this site for today is 2.00 USD, and what is left (0.005 USD) is too little")


def test_who_is_only_in_the_way_of_others_asks_again_in_a_minute():
    words, wait = refusal(Used(tokens=10, reserved_tokens=9_500), Limit(10_000, 0), scope="room")
    assert words == "The limit of this room is held by answers that are being written just now. Ask again in a minute."
    assert wait == 60


def test_the_nearer_of_tokens_and_cost_is_the_share():
    assert quotas.share(Used(tokens=80, reserved_tokens=10), Limit(100, 0)) == 0.9
    assert quotas.share(Used(tokens=10, micros=95), Limit(100, 100)) == 0.95
    assert quotas.share(Used(tokens=10**9, micros=10**9), Limit(0, 0)) == 0


def test_the_nearer_limit_is_told_in_its_own_measure():
    used = Used(tokens=8_000, reserved_tokens=240, micros=1_640_000)
    assert quotas.told(used, Limit(10_000, 0), "USD") == ("8,240", "10,000 tokens")
    assert quotas.told(used, Limit(10_000, 1_700_000), "USD") == ("1.64", "1.70 USD")
    assert quotas.told(used, Limit(0, 2_000_000), "EUR") == ("1.64", "2.00 EUR")


def test_a_limit_opens_at_midnight_of_the_next_day():
    assert quotas.opens_at(date(2026, 12, 31)) == datetime(2027, 1, 1, tzinfo=UTC)


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.sampled_from(sorted(PRICES)))
def test_two_runs_never_cost_less_than_one_of_both(read, written, model):
    def cost(read: int, written: int) -> int:
        return quotas.cost_micros(model=model, input_tokens=read, output_tokens=written, prices=PRICES)

    assert cost(read, 0) + cost(0, written) >= cost(read, written) >= 0
