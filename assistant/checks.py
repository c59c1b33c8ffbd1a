"""System checks of what the assistant is set to: prices, limits, the provider's address, the name of its key.

Run by `manage.py check`, by every command and by the doctor. Decide nothing, change nothing, and show no key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from assistant import quotas

LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
SCOPES: Final = ("PERSON", "ROOM", "SITE")
COUNTS: Final = (
    "ASSISTANT_RUNS_MOST", "ASSISTANT_CONTEXT_TOKENS", "ASSISTANT_ANSWER_TOKENS", "ASSISTANT_FIRST_SECONDS",
    "ASSISTANT_SILENT_SECONDS", "ASSISTANT_RUN_SECONDS",
)  # fmt: skip
"""At least one of each."""
BOUNDS: Final = (
    "ASSISTANT_ROUNDS_MOST", "ASSISTANT_LOG_DAYS", "ASSISTANT_PERSON_MINUTE_RUNS",
    *(f"ASSISTANT_{scope}_DAY_TOKENS" for scope in SCOPES),
)  # fmt: skip
"""Nought means none."""
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")


@register(Tags.compatibility)
def check_money(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Prices and limits that cannot be read would let everybody spend as they like, or nobody."""
    return [Error(text, hint=hint, id=code) for code, text, hint in _money()]


def _money() -> Iterator[tuple[str, str, str]]:
    try:
        quotas.parse_prices(settings.ASSISTANT_PRICES)
    except ValueError as error:
        hint = 'JSON: {"model": [price of a million tokens read, of a million written]}.'
        yield "assistant.E001", f"ASSISTANT_PRICES cannot be used: {error}.", hint
    for scope in SCOPES:
        name = f"ASSISTANT_{scope}_DAY_COST"
        try:
            quotas.parse_cost(getattr(settings, name))
        except ValueError as error:
            yield "assistant.E002", f"{name} cannot be used: {error}.", "An amount such as 2.50; 0 is no limit."
    for name in BOUNDS:
        if not 0 <= getattr(settings, name) <= quotas.MOST_LIMIT:
            yield "assistant.E003", f"{name} is below 0 or too large.", "0 is no limit."
    for name in COUNTS:
        if getattr(settings, name) < 1:
            yield "assistant.E004", f"{name} is below 1.", "Leave it out for the default."


@register(Tags.compatibility)
def check_provider(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The address of the provider and the name of its key."""
    found: list[CheckMessage] = []
    if not _is_address(settings.OPENAI_BASE_URL):
        text = "OPENAI_BASE_URL is no plain http or https address."
        found.append(Error(text, hint="Such as https://api.openai.com/v1.", id="assistant.E005"))
    if settings.ASSISTANT_KEY_ENV and not _NAME.match(settings.ASSISTANT_KEY_ENV):
        # Not shown: it may be the key.
        text = "ASSISTANT_KEY_ENV is not the name of a variable."
        found.append(Error(text, hint="Give the name, such as OPENAI_API_KEY, not the key.", id="assistant.E006"))
    return found


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False


@register(Tags.security, deploy=True)
def check_before_production(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """What a site with people should know of its provider."""
    found: list[CheckMessage] = []
    parts = urlsplit(settings.OPENAI_BASE_URL)
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        text = "OPENAI_BASE_URL is http: the key and what people say go over the network as they are."
        found.append(Warning(text, hint="Give an https address.", id="assistant.W001"))
    priced = (parts.hostname or "") not in LOCAL and not settings.ASSISTANT_DEMO
    if priced and not _is_priced(settings.ASSISTANT_MODEL):
        text = f"{settings.ASSISTANT_MODEL} has no price: no limit of cost holds for it, only those of tokens."
        found.append(Warning(text, hint="Add it to ASSISTANT_PRICES.", id="assistant.W002"))
    return found


def _is_priced(model: str) -> bool:
    try:
        prices = quotas.parse_prices(settings.ASSISTANT_PRICES)
    except ValueError:
        return True  # check_money says so
    return bool(quotas.price_of(model, prices))
