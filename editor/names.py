"""What documents and versions may be called, and what a text must be to become a document.

Called by services. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

import re
from typing import Final

from chat.texts import clean_line
from editor.changes import DOCUMENT_UNITS
from editor.units import BadChange, Units, clean_text, to_units
from realtime.protocol import Refused

NAME_CHARS: Final = 120
_LANGUAGE: Final = re.compile(r"[a-z0-9][a-z0-9+#._-]{0,39}")


def clean_name(name: str) -> str:
    """The name of a document.

    Raises:
        Refused: `invalid` when it is missing or holds a slash or invisible characters, `too_large` when it is too long.
    """
    tidy = clean_line(name, field="name", most=NAME_CHARS, least=1)
    if "/" in tidy or "\\" in tidy or tidy in {".", ".."}:
        raise Refused("invalid", "A name cannot hold a slash.", field="name")
    return tidy


def clean_version_name(name: str) -> str:
    """The name of a version; empty takes it away.

    Raises:
        Refused: as `clean_name`, slashes apart.
    """
    return clean_line(name, field="name", most=NAME_CHARS)


def clean_language(language: str) -> str:
    """The word for a language; editors that do not know it show plain text. Empty: as the name says.

    Raises:
        Refused: `invalid` unless it is one short word.
    """
    word = language.strip().lower()
    if word and not _LANGUAGE.fullmatch(word):
        raise Refused("invalid", "A language is one short word.", field="language")
    return word


def clean_document(text: str) -> Units:
    """The text of a new document, in code units.

    Raises:
        Refused: `invalid` when it holds NUL or half a surrogate pair, `too_large` when it is too long.
    """
    # What is longer in characters is longer in code units too, and need not be walked through.
    if len(text) <= 2 * DOCUMENT_UNITS:
        try:
            units = to_units(clean_text(text))
        except BadChange as error:
            raise Refused("invalid", f"This is no text: {error.reason}.", field="text") from error
        if len(units) <= DOCUMENT_UNITS:
            return units
    told = f"A document has at most {DOCUMENT_UNITS:,} characters; this one has {len(text):,}."
    raise Refused("too_large", told, field="text")
