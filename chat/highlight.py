"""Highlights fenced code with Pygments' short class names.

Called by chat.markdown. Pure but for a stopwatch: some lexers need the square of a text made to hurt them, so what is
not done in time stays plain. The stopwatch counts this thread's work, so that a busy machine colours as a quiet one
does. Never guesses a language.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Final

from pygments import format as format_tokens
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Text, _TokenType

LANGUAGES: Final = frozenset({
    "bash", "c", "clojure", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir", "erlang", "go", "graphql",
    "haskell", "html", "http", "java", "javascript", "json", "jsx", "julia", "kotlin", "make", "nginx", "nix", "perl",
    "php", "protobuf", "pycon", "python", "r", "ruby", "rust", "scala", "scss", "sql", "swift", "toml", "tsx",
    "typescript", "xml", "yaml", "zig",
})  # fmt: skip
"""Those that people write in a chat. Lexers that can spend half a second on one token (ini, lua, ocaml, console,
powershell) are left out: nothing can stop them there."""
BUDGET_SECONDS: Final = 0.15
"""How long the blocks of one message may take; an ordinary one of 8,000 characters takes 20 ms."""

_ALIASES: Final = {
    "c++": "cpp", "console": "bash", "cs": "csharp", "dockerfile": "docker", "golang": "go", "ini": "toml",
    "js": "javascript", "kt": "kotlin", "makefile": "make", "py": "python", "python3": "python", "rb": "ruby",
    "rs": "rust", "sh": "bash", "shell": "bash", "shell-session": "bash", "ts": "typescript", "yml": "yaml",
    "zsh": "bash",
}  # fmt: skip
_FORMATTER: Final = HtmlFormatter(nowrap=True)
CLASSES: Final = frozenset(STANDARD_TYPES.values()) - {""}
"""Every class that a highlighted text can carry."""


def language_of(info: str) -> str:
    """The known language that the line after the fence names, or ""."""
    word = info.strip().split(maxsplit=1)[0].lower() if info.strip() else ""
    name = _ALIASES.get(word, word)
    return name if name in LANGUAGES else ""


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@dataclass(slots=True)
class Budget:
    """What the blocks of one message may still take together, in seconds of this thread's work."""

    left: float = BUDGET_SECONDS


def to_html(code: str, language: str, budget: Budget) -> str:
    """`code` as safe HTML, with spans when the language is known and as far as the budget lasts, which pays for it."""
    if not language or budget.left <= 0:
        return escape(code)
    lexer = _lexer(language)  # made once: its half second is nobody's fault
    started = time.thread_time()
    text = str(format_tokens(_in_time(code, lexer, started + budget.left), _FORMATTER))
    budget.left -= time.thread_time() - started
    return text


def _in_time(code: str, lexer: Lexer, until: float) -> Iterator[tuple[_TokenType, str]]:
    done = 0
    for kind, text in lexer.get_tokens(code):
        yield kind, text
        done += len(text)
        if time.thread_time() > until:
            yield Text, code[done:]
            return
