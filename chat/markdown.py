"""Turns Markdown into safe HTML: markdown-it, Pygments' classes, then nh3's allow-list.

Called by services and, off the event loop, by the consumer before a message is written. Pure: never asks who exists;
`place_mentions` puts in later who was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

from chat import highlight, mentions

HTML_VERSION: Final = 1
"""Raised when the same body would give other HTML; `Message.html_version` says which one a row has."""

LINK_CHARS: Final = 2_000
MOST_NESTING: Final = 20
MOST_LINKS: Final = 400
"""After so many attempts to find the end of a link, brackets are text: each attempt reads on to the end."""

# One line of letters and digits of any script, pictures, and signs that mean nothing where they stand: a number with a
# dot, a plus, a dash, a hash, an equals sign or an angle bracket would mean something at the beginning.
_PLAIN: Final = re.compile(
    r"(?!\d{1,9}[.)])(?:[^\W_]|[(?!~\"':;/.\u2018-\u201d\u2026\U0001f300-\U0001faff])"
    r"(?:[^\W_]|[ ,.;:'\"?!()%/~$=+#>\u2018-\u201d\u2026\U0001f300-\U0001faff-]){0,400}"
)
_APART: Final = re.compile(r"\n\n[^\W\d_][^\n]*\Z")
_NOT_PLAIN: Final = re.compile(r"  |~~|://| \Z")
_URL: Final = re.compile(r"(?<![\w/])https?://[^\s<>\"'`\\^{|}\u200b-\u200f\u202a-\u202e\u2066-\u2069]+", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f\\]")
_PLACE: Final = re.compile(r'<span class="at" data-name="([a-z0-9._-]+)">@([^<]*)</span>')
EVERYBODY: Final = '<span class="at" data-room="">'
"""Stands in the HTML of a text that addresses all members; what people write has no such sign in it."""
_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "ol": {"start"},
    "pre": {"tabindex", "data-language"},
    "span": {"class", "data-name"},
    "td": {"align"},
    "th": {"align"},
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body's HTML before the mentions are placed.

    Attributes:
        source: the body it was made from.
        names: whom it addresses, in small letters; `room` for everybody.
    """

    source: str
    html: str
    names: tuple[str, ...]


def render(body: str) -> Rendered:
    """Safe HTML of a body that `texts.clean_body` let pass.

    Source: CommonMark with tables, strikethrough, line breaks as written and bare web addresses as links. No raw HTML;
    pictures become links, because a picture from elsewhere tells its server who looks.
    """
    return Rendered(body, f"<p>{_escape(body)}</p>\n", ()) if is_plain(body) else _render_markdown(body)


def _render_markdown(body: str) -> Rendered:
    found: dict[str, Any] = {"budget": highlight.Budget()}
    tokens = _MARKDOWN.parse(body, found)
    if any(token.level >= MOST_NESTING - 1 for token in tokens):
        # markdown-it leaves out what is deeper; nobody's text is thrown away.
        return Rendered(body, plain_html(body), ())
    html = _CLEANER.clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, found))
    return Rendered(body, html, tuple(dict.fromkeys(found.get("names", ()))))


def closed_length(text: str) -> int:
    """How many characters of a text that still grows are whole blocks: all before the one that comes last.

    What a line is may change until it ends: with more after it `****` is no rule any more, but words. Only a line that
    begins with a letter after an empty one cannot join what is before it.
    """
    lines = text.split("\n")
    whole = text if _APART.search(text) else "\n".join([*lines[:-1], ""])
    starts = [token.map[0] for token in _BLOCKS.parse(whole) if token.level == 0 and token.map]
    return sum(len(line) + 1 for line in lines[: max(starts, default=0)])


def is_plain(body: str) -> bool:
    """Whether nothing in this text can be Markdown, so that rendering it takes microseconds."""
    return _PLAIN.fullmatch(body) is not None and _NOT_PLAIN.search(body) is None


def place_mentions(rendered: Rendered, people: Mapping[str, int], *, everyone: bool) -> str:
    """The HTML with whom was meant: `people` are ids by name; other names become text again."""

    def place(match: re.Match[str]) -> str:
        name, shown = match.groups()
        if name == mentions.EVERYONE:
            return f"{EVERYBODY}@{shown}</span>" if everyone else f"@{shown}"
        return f'<span class="at" data-user="{people[name]}">@{shown}</span>' if name in people else f"@{shown}"

    return _PLACE.sub(place, rendered.html) if rendered.names else rendered.html


def plain_html(text: str) -> str:
    """A text without Markdown, as a system line is."""
    return "<p>" + _escape(text).replace("\n", "<br>\n") + "</p>\n"


def is_safe_link(url: str) -> bool:
    """Absolute http, https and mailto, and paths of this site; nothing that begins with two slashes."""
    if len(url) > LINK_CHARS or _CONTROL.search(url):
        return False
    if url.startswith("/"):
        return not url.startswith("//")
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _escape(text: str) -> str:
    # As nh3 writes text: quotation marks stay.
    return escape(text, quote=False)


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if is_safe_link(value) else None
    if name == "class":
        return value if value == "at" or value in highlight.CLASSES else None
    if name == "data-language":
        return value if value in highlight.LANGUAGES else None
    if name == "tabindex":
        return "0"
    return value


# Rules that markdown-it does not have.


def _find_addresses(state: StateCore) -> None:
    """Makes links of bare web addresses and spans of `@names`, outside code and links; pictures become links."""
    names: list[str] = state.env.setdefault("names", [])
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        inside = 0
        children: list[Token] = []
        for token in block.children:
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            if token.type == "image":
                children += _image_link(token, linked=inside > 0)
            elif token.type == "text" and not inside:
                children += _split_text(token.content, names)
            else:
                children.append(token)
        block.children = children


def _image_link(token: Token, *, linked: bool) -> list[Token]:
    source = str(token.attrs.get("src", ""))
    shown = _text(token.content or source)
    return [shown] if linked else _link(source, shown)


def _split_text(text: str, names: list[str]) -> list[Token]:
    if "@" not in text and "://" not in text:
        return [_text(text)]
    tokens: list[Token] = []
    at = 0
    for match in _URL.finditer(text):
        url = _trim_address(match[0])
        if is_safe_link(url):
            tokens += _split_names(text[at : match.start()], names) + _link(url, _text(url))
            at = match.start() + len(url)
    return tokens + _split_names(text[at:], names)


def _trim_address(url: str) -> str:
    """The address without the punctuation of the sentence around it; a bracket stays if it was opened inside."""
    while url.endswith(tuple(".,;:!?*_~")) or _closes_more(url, "()") or _closes_more(url, "[]"):
        url = url[:-1]
    return url


def _closes_more(url: str, pair: str) -> bool:
    return url.endswith(pair[1]) and url.count(pair[1]) > url.count(pair[0])


def _split_names(text: str, names: list[str]) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    for match in mentions.PATTERN.finditer(text):
        name = match[1].lower()
        names.append(name)
        span = Token("mention", "span", 0, content=match[0], meta={"name": name})
        tokens += [_text(text[at : match.start()]), span]
        at = match.end()
    return [*tokens, _text(text[at:])]


def _text(text: str) -> Token:
    return Token("text", "", 0, content=text)


def _link(url: str, shown: Token) -> list[Token]:
    return [Token("link_open", "a", 1, attrs={"href": url}), shown, Token("link_close", "a", -1)]


InlineRule = Callable[[StateInline, bool], bool]


def _limited(rule: InlineRule) -> InlineRule:
    def attempt(state: StateInline, silent: bool) -> bool:
        if state.src[state.pos] not in "![":
            return False
        state.env["links"] = state.env.get("links", 0) + 1
        return state.env["links"] <= MOST_LINKS and rule(state, silent)

    return attempt


Rule = Callable[[RendererHTML, Sequence[Token], int, Any, Any], str]


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = highlight.language_of(token.info) if token.type == "fence" else ""
    named = f' data-language="{language}"' if language else ""
    # A block that scrolls sideways must be reachable by keyboard.
    code = highlight.to_html(token.content, language, env["budget"])
    return f'<pre tabindex="0"{named}><code>{code}</code></pre>\n'


def _mention(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    return f'<span class="at" data-name="{token.meta["name"]}">{escape(token.content)}</span>'


def _cell(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    # markdown-it aligns by a style attribute, which the site's policy refuses.
    side = str(token.attrs.pop("style", "")).partition(":")[2]
    if side in {"left", "center", "right"}:
        token.attrs["align"] = side
    return renderer.renderToken(tokens, index, options, env)


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True, "maxNesting": MOST_NESTING})
    markdown.validateLink = is_safe_link  # type: ignore[method-assign]
    markdown.inline.ruler.at("link", _limited(link))
    markdown.inline.ruler.at("image", _limited(image))
    markdown.core.ruler.push("addresses", _find_addresses)
    rules: dict[str, Rule] = {
        "fence": _fence, "code_block": _fence, "mention": _mention, "th_open": _cell, "td_open": _cell
    }  # fmt: skip
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN: Final = _make_markdown()
_BLOCKS: Final = _make_markdown()
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_keep_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener nofollow ugc",
)
