"""What runs cost and how much may be spent: prices, limits of a day, and what they mean for the next question.

Called by assistant.services.spending, selectors.usage and the system checks. Pure: never touches Django, a database or
a clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Final

MICROS: Final = 1_000_000
"""Of the currency's unit: a price of a million tokens is the price of one token in micros."""
SITE: Final = "site"
ROOM: Final = "room"
PERSON: Final = "person"
SCOPES: Final = (SITE, ROOM, PERSON)
"""In the order in which their rows are locked."""
WHOSE: Final = {SITE: "The limit of this site", ROOM: "The limit of this room", PERSON: "Your limit"}
SHOWN_FROM: Final = 0.7
"""Nobody is bothered with a limit of which less is used."""
TOOLS_TOKENS: Final = 1_600
"""What the descriptions of all tools take, which a request carries besides its messages; rather too much."""
HELD_SECONDS: Final = 60.0
"""When to ask again where answers that are being written hold the rest of a limit."""
MOST_LIMIT: Final = 2**62
"""Beyond it a database's number would run over."""

_DATED: Final = re.compile(r"-\d{4}-?\d{2}-?\d{2}\Z")
_CHARS_A_TOKEN: Final = 3
"""Fewer than texts have on average, so that what is reserved is rather too much."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a token costs in micros, read and written."""

    read: Decimal
    written: Decimal


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of one day; 0 is no limit."""

    tokens: int
    micros: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a day has taken: settled, and reserved for runs that are not over."""

    tokens: int = 0
    micros: int = 0
    reserved_tokens: int = 0
    reserved_micros: int = 0


def parse_prices(text: str) -> dict[str, Price]:
    """Reads ASSISTANT_PRICES: JSON, model -> [price of a million tokens read, of a million written].

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    try:
        # A fraction is read as it is written: 0.1 as a float is another price.
        found = json.loads(text or "{}", parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("it is not an object of models")
    return {model: _price(model, pair) for model, pair in found.items()}


def _price(model: str, pair: object) -> Price:
    if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, Decimal) for one in pair)):
        raise ValueError(f"the price of {model} is not two numbers, of a million tokens read and written")
    read, written = pair
    if not (0 <= read <= MICROS and 0 <= written <= MICROS):
        raise ValueError(f"the price of {model} is below 0 or above {MICROS}")
    return Price(read, written)


def parse_cost(text: str) -> int:
    """Reads an amount of the currency, as micros.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    try:
        amount = Decimal(text.strip() or "0")
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not (amount.is_finite() and 0 <= amount <= MOST_LIMIT // MICROS):
        raise ValueError(f"{text!r} is below 0 or too large")
    return int((amount * MICROS).to_integral_value(ROUND_CEILING))


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of a model, listed with its date or without; None for one that is not listed."""
    return prices.get(model) or prices.get(_DATED.sub("", model))


def cost_micros(*, model: str, input_tokens: int, output_tokens: int, prices: Mapping[str, Price]) -> int:
    """What these tokens cost, rounded up; a model that is not listed, with its date or without, costs nothing."""
    price = price_of(model, prices)
    if price is None:
        return 0
    cost = price.read * max(0, input_tokens) + price.written * max(0, output_tokens)
    return int(cost.to_integral_value(ROUND_CEILING))


def estimate(*, answer_tokens: int, input_tokens: int = 0, chars: int = 0) -> int:
    """The most that one request is likely to take, for `reserve`: what is sent, counted or by its length, and answered.

    Args:
        answer_tokens: the bound of the answer.
        input_tokens: what is sent, where it was counted.
        chars: the length of what is sent besides, where it was not.
    """
    return max(1, input_tokens + -(-chars // _CHARS_A_TOKEN) + answer_tokens)


def opens_at(day: date) -> datetime:
    """When the limits of a day are over: the midnight after it, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def share(used: Used, limit: Limit) -> float:
    """How much of a limit is used or reserved, of tokens or of cost, whichever is nearer; 0 without a limit."""
    tokens = (used.tokens + used.reserved_tokens) / limit.tokens if limit.tokens else 0.0
    cost = (used.micros + used.reserved_micros) / limit.micros if limit.micros else 0.0
    return max(tokens, cost)


def told(used: Used, limit: Limit, currency: str) -> tuple[str, str]:
    """The nearer of tokens and cost as people read it: what is used of it, and all of it."""
    tokens, cost = used.tokens + used.reserved_tokens, used.micros + used.reserved_micros
    if limit.tokens and (not limit.micros or tokens / limit.tokens >= cost / limit.micros):
        return f"{tokens:,}", f"{limit.tokens:,} tokens"
    return money(cost, currency).removesuffix(f" {currency}"), money(limit.micros, currency)


def refusal(
    *, scope: str, used: Used, limit: Limit, tokens: int, micros: int, day: date, now: datetime, currency: str
) -> tuple[str, float]:
    """Why a request that a limit does not take is refused, and after how many seconds to ask again."""
    left = max(1.0, (opens_at(day) - now).total_seconds())
    whose = WHOSE[scope]
    without_held = _fits(used.tokens, tokens, limit.tokens) and (not micros or _fits(used.micros, micros, limit.micros))
    if without_held:
        text = f"{whose} is held by answers that are being written just now. Ask again in a minute."
        return text, min(HELD_SECONDS, left)
    bound, rest = _bound(used, limit, tokens, currency)
    when = f"It opens again in {_span(left)}, at midnight UTC."
    if not rest:
        return f"{whose} for today is used up: {bound}. {when}", left
    return f"{whose} for today is {bound}, and what is left ({rest}) is too little for this question. {when}", left


def _fits(used: int, more: int, limit: int) -> bool:
    return not limit or used + more <= limit


def _bound(used: Used, limit: Limit, tokens: int, currency: str) -> tuple[str, str]:
    if not _fits(used.tokens + used.reserved_tokens, tokens, limit.tokens):
        left = limit.tokens - used.tokens - used.reserved_tokens
        return f"{limit.tokens:,} tokens", f"{left:,}" if left > 0 else ""
    left = limit.micros - used.micros - used.reserved_micros
    return money(limit.micros, currency), money(left, currency) if left > 0 else ""


def money(micros: int, currency: str) -> str:
    """An amount as people read it: to the cent, and to six places where it is less."""
    amount = Decimal(micros) / MICROS
    text = f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount:.6f}".rstrip("0")
    return f"{text} {currency}"


def _span(seconds: float) -> str:
    minutes = max(1, -(-int(seconds) // 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
