"""Attachments as Slack and Mattermost send them: read leniently, told in words, stripped of what only servers may know.

Used by webhooks and the Mattermost-compatible API. Pure: never touches Django or a database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from chat import markdown
from chat.shapes import CardView, FieldView, WebhookAttachment
from realtime.protocol import BODY_CHARS

MOST: Final = 20
FIELDS_MOST: Final = 40
TEXT_CHARS: Final = 4_000
LINE_CHARS: Final = 300
NAME_CHARS: Final = 60
WORDS_CHARS: Final = 3_000
"""What the words of a message may hold of its attachments."""
# None of them reads past the next `<`: a text of nothing but beginnings would cost the square of its length.
_LINK: Final = re.compile(r"<((?:https?://|mailto:)[^|<>\s]{1,2000})\|([^<>\n]{1,500})>")
_BARE: Final = re.compile(r"<((?:https?://|mailto:)[^|<>\s]{1,2000})>")
_CALL: Final = re.compile(r"<!(here|channel|all|everyone)(?:\|[^<>\n]{0,100})?>")
_LINES: Final = ("color", "author_name", "author_link", "title", "title_link", "footer")
_TEXTS: Final = ("fallback", "pretext", "text")
_TIME_MOST: Final = 4_102_444_800


class Field(msgspec.Struct):
    """A named value."""

    title: str = ""
    value: str = ""
    short: bool = False


class Given(msgspec.Struct):
    """One attachment, whatever its sender left out."""

    fallback: str = ""
    color: str = ""
    pretext: str = ""
    author_name: str = ""
    author_link: str = ""
    title: str = ""
    title_link: str = ""
    text: str = ""
    footer: str = ""
    ts: float = 0.0
    fields: list[Field] = []


def rewrite_slack(text: str) -> str:
    """Slack's markup in Markdown: links, and calls to everybody as the plain words that they are here."""
    text = _LINK.sub(lambda found: f"[{found[2]}]({found[1]})", text)
    text = _BARE.sub(lambda found: found[1], text)
    return _CALL.sub(lambda found: f"@{found[1]}", text)


def read(raw: Any) -> list[Given]:
    """What can be made of a list of attachments; what is none is left out."""
    found = [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list) else []
    return [_read(one) for one in found[:MOST]]


def _read(raw: Mapping[str, Any]) -> Given:
    made = Given(ts=_time(raw.get("ts")))
    for name in _LINES:
        setattr(made, name, _line(raw.get(name)))
    for name in _TEXTS:
        setattr(made, name, _text(raw.get(name)))
    fields = raw.get("fields")
    for one in fields[:FIELDS_MOST] if isinstance(fields, list) else []:
        if isinstance(one, Mapping):
            made.fields.append(Field(_line(one.get("title")), _text(one.get("value")), one.get("short") is True))
    return made


def _text(value: Any) -> str:
    """A text of whatever was sent: values may be numbers."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = str(value).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return rewrite_slack(text)[:TEXT_CHARS].strip()


def _line(value: Any) -> str:
    return " ".join(_text(value).split())[:LINE_CHARS]


def _time(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if 0 < seconds < _TIME_MOST else 0.0


def words(given: list[Given]) -> str:
    """The attachments as Markdown, for search and for whoever reads without a page."""
    blocks = []
    for one in given:
        title = f"[{_plain(one.title)}]({one.title_link})" if _is_link(one.title_link) else f"**{_plain(one.title)}**"
        lines = [one.pretext, one.author_name, title if one.title else "", one.text]
        lines += [f"**{_plain(field.title)}:** {field.value}" for field in one.fields]
        lines.append(one.footer)
        told = "\n\n".join(line for line in lines if line)
        blocks.append(told or one.fallback)
    text = "\n\n".join(block for block in blocks if block)
    return text if len(text) <= WORDS_CHARS else f"{text[: WORDS_CHARS - 1]}…"


def signature(username: str) -> str:
    """How a message begins whose sender names somebody else than the account that says it."""
    name = re.sub(r"[^\w .()+#-]", "", " ".join(username.split()))[:NAME_CHARS].strip()
    return f"**{name}:** " if name else ""


def joined(text: str, told: str) -> str:
    """A message's words: its text, and what its attachments say."""
    return "\n\n".join(one for one in (text, told) if one.strip())


def bare(body: str, props: Mapping[str, Any]) -> str:
    """The text of a message as its program sent it, without what was added for people."""
    told = words(read(props.get("attachments")))
    text = ("" if body == told else body.removesuffix(f"\n\n{told}")) if told else body
    if props.get("from_webhook") == "true":
        return text.removeprefix(signature(str(props.get("override_username", ""))))
    return text


def card(text: str, given: list[Given]) -> CardView:
    """What the page shows: the words above, then each attachment with a bar of its colour."""
    return CardView(kind="attachments", html=_html(text), attachments=[_view(one) for one in given])


def _view(one: Given) -> WebhookAttachment:
    return WebhookAttachment(
        color=one.color,
        pretext_html=_html(one.pretext),
        author_name=one.author_name,
        author_url=one.author_link if _is_link(one.author_link) else "",
        title=one.title,
        title_url=one.title_link if _is_link(one.title_link) else "",
        html=_html(one.text or ("" if one.fields or one.title else one.fallback)),
        fields=[FieldView(title=field.title, html=_html(field.value), short=field.short) for field in one.fields],
        footer=one.footer,
        at=datetime.fromtimestamp(one.ts, UTC) if one.ts else None,
    )


def _html(text: str) -> str:
    """Safe HTML that calls nobody."""
    return markdown.place_mentions(markdown.render(text), {}, everyone=False) if text else ""


def _plain(text: str) -> str:
    """A line that is no markup inside of markup."""
    return re.sub(r"([\\\[\]*_`<>])", r"\\\1", text)


def _is_link(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s()<>]+", url) is not None


def without_secrets(raw: Any) -> list[Any]:
    """Attachments as programs may read them: what an action does is known to its sender alone."""
    if not isinstance(raw, list):
        return []
    return [_without(one) for one in raw[:MOST] if isinstance(one, Mapping)]


def _without(one: Mapping[str, Any]) -> dict[str, Any]:
    actions = one.get("actions")
    shown = {name: value for name, value in one.items() if name != "actions"}
    if isinstance(actions, list):
        shown["actions"] = [
            {name: value for name, value in action.items() if name != "integration"}
            for action in actions
            if isinstance(action, Mapping)
        ]
    return shown


def pieces(text: str, most: int = BODY_CHARS) -> list[str]:
    """A long text as several that fit, cut where a line ends or a word."""
    found = []
    while len(text) > most:
        cut = max(text.rfind("\n", most // 2, most), -1)
        if cut < 0:
            cut = max(text.rfind(" ", most // 2, most), -1)
        cut = cut if cut > 0 else most
        found.append(text[:cut])
        text = text[cut:].lstrip("\n") if text[cut] == "\n" else text[cut:]
    return [one for one in [*found, text] if one.strip()]
