"""Texts made to run a script or to leave the page, and a reader of HTML that finds what they would need."""

from html.parser import HTMLParser

from chat import highlight
from chat.markdown import is_safe_link

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "ol": {"start"},
    "pre": {"tabindex", "data-language"},
    "span": {"class", "data-user", "data-room"},
    "td": {"align"},
    "th": {"align"},
}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)" />',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    '<a href="&#106;avascript:alert(1)">x</a>',
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<style>@import '//evil.example/x.css'</style>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x onclick=alert(1)>",
    "<x onclick=alert(1)>x",
    "<a\nhref='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](data:image/png;base64,iVBORw0KGgo=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](blob:https://example.com/1)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](\\\\evil.example)",
    "[x](/%09/evil.example)",
    "[x](https:evil.example)",
    "[x](https:///evil.example)",
    "[x](ftp://evil.example)",
    "[x](about:blank)",
    "[x](view-source:https://a.example)",
    '[x](https://a.example "onmouseover=alert(1)")',
    "[x](https://a.example '\"><script>alert(1)</script>')",
    "[x](https://a.example\" onclick=alert(1))",
    "![x](javascript:alert(1))",
    "![x](x\" onerror=\"alert(1))",
    '![" onload="alert(1)](https://a.example/i.png)',
    "![x](https://tracker.example/pixel.gif)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x]: //evil.example\n\n[x]",
    "[x]: <data:text/html,y> 'z'\n\n![x]",
    "```\"><script>alert(1)</script>\ncode\n```",
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    "```js\n</code></pre><script>alert(1)</script>\n```",
    "```python' tabindex='9\nx\n```",
    "~~~<img src=x onerror=alert(1)>\nx\n~~~",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "https://a.example/\"onmouseover=alert(1)",
    "https://a.example/<script>alert(1)</script>",
    "https://a.example/'><img src=x onerror=alert(1)>",
    "javascript://a.example/%0aalert(1)",
    "http://[::1",
    "@mina<script>alert(1)</script>",
    "@mina\" onclick=\"alert(1)",
    "<span class=\"at\" data-user=\"1\">@mina</span>",
    "<span class=\"at\" data-name=\"mina\">@mina</span>",
    "<span data-name='mina' onclick=alert(1)>@mina</span>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "| a | b |\n|:-:|:-\" onclick=alert(1)|\n| x | y |",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "# <svg/onload=alert(1)>",
    "1\" onclick=alert(1). x",
    "**<b onclick=alert(1)>x</b>**",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "\u202e<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "<<script>alert(1)//<</script>",
    "<script/xss src=//evil.example>",
    "<ScRiPt\x0balert(1)>",
    "<p title=\"`<script>alert(1)</script>`\">",
]  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            self._check(tag, name, value or "")

    def _check(self, tag: str, name: str, value: str) -> None:
        allowed = {
            "href": is_safe_link(value),
            "rel": value == "noopener nofollow ugc",
            "class": value == "at" or value in highlight.CLASSES,
            "data-language": value in highlight.LANGUAGES,
            "data-user": value.isdigit(),
            "data-room": value == "",
            "tabindex": value == "0",
            "start": value.isdigit(),
            "align": value in {"left", "right", "center"},
        }
        if name not in ATTRIBUTES.get(tag, set()) or not allowed.get(name, name == "title"):
            self.faults.append(f"<{tag} {name}={value!r}>")

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.faults.append("processing instruction")


def faults(html: str) -> list[str]:
    """What this HTML holds that a message must not."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults
