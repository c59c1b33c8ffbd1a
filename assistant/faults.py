"""Words for what can go wrong between us and a model's provider: a code, a plain sentence, and what to do about it.

Called by assistant.backends, which finds the code; runs, the admin and the doctor show the words.
Knows no SDK and no network, and lets no key into a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "no_key": (
        "The assistant has no key: {variable} is not set.",
        "Set {variable} in the environment of the site and start it again.",
    ),
    "key_refused": (
        "The provider did not accept the key.",
        "Check {variable}: is it this provider's, whole, and not revoked?",
    ),
    "forbidden": ("The provider does not let us use {model}.", "Give the key that right, or choose another model."),
    "no_credit": ("The account at the provider has no credit left.", "Top it up or raise its limit at the provider."),
    "model_unknown": ("The provider does not know the model {model}.", "Choose a model that the provider lists."),
    "wrong_address": (
        "What answers at the provider's address is not a model's API.",
        "Check the base URL; most end in /v1, and redirects are not followed.",
    ),
    "busy": ("The provider takes no more requests from us just now.", "Wait, or raise the rate limit there."),
    "overloaded": ("The provider is overloaded just now.", "Wait; its status page may tell more."),
    "broken": ("The provider failed with a fault of its own.", "Wait; its status page may tell more."),
    "too_long": ("This is more than {model} can read at once.", "Give the assistant a smaller context budget."),
    "filtered": ("The provider's filter stopped the answer.", "Ask in other words, or change the filter there."),
    "not_understood": (
        "The provider refused the request.",
        "The run log holds its words; another model may take what this one refuses.",
    ),
    "unreachable": ("The provider cannot be reached.", "Check the base URL, the network and the firewall."),
    "slow": ("The provider did not begin to answer within {seconds} s.", "Wait, or raise the time-out."),
    "stalled": ("The provider fell silent in the middle of the answer.", "Try again."),
    "cut": ("The connection to the provider broke in the middle of the answer.", "Try again."),
    "garbled": ("The provider sent something that is no answer.", "Check the base URL; try again."),
    "empty": ("The provider ended without an answer.", "Try again, or choose another model."),
    "spent": ("The model used up its tokens before it said anything.", "Allow it more tokens for an answer."),
    "too_much": ("The provider sent much more than was asked for.", "Choose another model or provider."),
    "bad_call": ("The model called a tool in a way that cannot be read.", "Try again, or choose another model."),
    "demo_absent": (
        "The demo model does not answer: it is still being set up, or it cannot run on this machine."
        " OPENAI_API_KEY sets a real one.",
        "Wait a minute, or use a real model: set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider).",
    ),
}
"""Sentence for people, advice for operators."""
WORTH_ANOTHER_TRY: Final = frozenset({"busy", "overloaded", "broken", "unreachable"})
"""What may be over in a moment, if nothing of the answer was there yet."""
DETAIL_CHARS: Final = 600
LONGEST_WAIT_SECONDS: Final = 3600.0

_BY_STATUS: Final = {
    401: "key_refused",
    402: "no_credit",
    403: "forbidden",
    405: "wrong_address",
    408: "overloaded",
    413: "too_long",
    429: "busy",
    503: "overloaded",
    529: "overloaded",
}
_NO_CREDIT: Final = re.compile(r"insufficient_quota|billing|no credit|out of credit|exceeded your current quota", re.I)
_TOO_LONG: Final = re.compile(
    r"context[ _](length|window|size)|maximum context|too many tokens|(prompt|input) is too long|string_above_max",
    re.I,
)
_FILTERED: Final = re.compile(r"content[ _](filter|policy|management)|responsible.?ai|safety system", re.I)
_ANY_KEY: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|hf|r8|nvapi|key)[-_][\w*.…-]{6,}|\bAIza[\w-]{10,}|\beyJ[\w-]+\.[\w.-]+"
)
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic|api[-_]?key[\"']?\s*[:=])\s*[\"']?[^\s\"',}]+")


class BackendFailed(Exception):
    """An answer that did not come, or not whole.

    Attributes:
        code: a word of WORDS.
        words: a sentence for the person who asked.
        mend: what an operator can do.
        retry_after_seconds: when the provider said how long to wait.
        detail: what the provider said, for the run log; no key is in it.
        status: of HTTP, if there was an answer.
    """

    def __init__(
        self,
        code: str,
        words: str,
        retry_after_seconds: float | None = None,
        detail: str = "",
        status: int | None = None,
        *,
        mend: str = "",
    ) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.mend = mend
        self.retry_after_seconds = retry_after_seconds
        self.detail = detail
        self.status = status

    def __repr__(self) -> str:
        return f"BackendFailed({self.code!r}, status={self.status})"


def failure(
    code: str,
    *,
    places: Mapping[str, object] | None = None,
    detail: str = "",
    status: int | None = None,
    retry_after_seconds: float | None = None,
) -> BackendFailed:
    """Makes the exception for a code of WORDS; `places` fills model, variable and seconds in its sentences."""
    filled = {"model": "this model", "variable": "the key's variable", "seconds": "some", **(places or {})}
    words, mend = (text.format_map(filled) for text in WORDS[code])
    if retry_after_seconds is not None:
        words += f" It asks to wait {max(1, round(retry_after_seconds))} s."
    return BackendFailed(code, words, retry_after_seconds, detail, status, mend=mend)


def code_of_status(status: int, *, said: str) -> str:
    """Names what an HTTP status means; `said` is the provider's own error code and message in one text."""
    if status == 404:
        return "model_unknown" if "model" in said.lower() else "wrong_address"
    if status in {400, 413, 422}:
        if _TOO_LONG.search(said):
            return "too_long"
        if _FILTERED.search(said):
            return "filtered"
    if status in {403, 429} and _NO_CREDIT.search(said):
        return "no_credit"
    known = _BY_STATUS.get(status)
    if known is None:
        known = "broken" if status >= 500 else "not_understood" if status >= 400 else "wrong_address"
    return known


def code_of_stream_error(code: object, *, said: str) -> str:
    """Names an error that came inside a stream: some providers put a status there, others a word or nothing."""
    try:
        status = int(str(code))
    except ValueError:
        status = 0
    if 400 <= status < 600:
        return code_of_status(status, said=said)
    if _TOO_LONG.search(said):
        return "too_long"
    if _FILTERED.search(said):
        return "filtered"
    if _NO_CREDIT.search(said):
        return "no_credit"
    return "busy" if "rate_limit" in said else "overloaded" if "overloaded" in said else "broken"


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Reads how long a provider asks to wait, in seconds from 0 to an hour; None if it does not say so clearly."""
    milliseconds, seconds = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    wait = _number(milliseconds)
    wait = wait / 1000 if wait is not None else _number(seconds)
    if wait is None and seconds:
        try:
            wait = (parsedate_to_datetime(seconds) - now).total_seconds()
        except (TypeError, ValueError):  # no date, or one without a zone
            return None
    return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT_SECONDS)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None


def said_by(body: Any) -> str:
    """Reads the message of an error body, whichever of the usual shapes it has."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            said = [inner.get("code"), inner.get("type"), inner.get("message") or inner.get("detail")]
            return " ".join(str(part) for part in said if part)
        return str(inner)
    return "" if body is None else str(body)


def scrub(text: str, *, key: str) -> str:
    """Takes keys, ours and whatever looks like one, out of a text of a provider, and shortens it for the run log."""
    if key:
        text = text.replace(key, "…")
    text = _BEARER.sub(r"\1 …", text)
    text = _ANY_KEY.sub("…", text).replace("\x00", "")
    text = " ".join(text.split())
    return text if len(text) <= DETAIL_CHARS else text[: DETAIL_CHARS - 1] + "…"
