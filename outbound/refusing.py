"""Why an address was not fetched, in a word for programs and a sentence for whoever typed it.

Raised by everything in this package. Pure. The sentence never names an address that the person did not type.
"""

from __future__ import annotations

from typing import Final

CODES: Final = frozenset(
    {
        "bad_url",
        "bad_request",
        "port_refused",
        "address_refused",
        "downgrade",
        "redirects",
        "too_large",
        "unreadable",
        "name_unknown",
        "unreachable",
        "certificate",
        "too_slow",
        "broken",
    }
)
PASSING: Final = frozenset({"name_unknown", "unreachable", "certificate", "too_slow", "broken"})
"""What another attempt may find mended; the rest is refused again until somebody changes the address or a setting."""


class OutboundRefused(Exception):
    """Nothing was fetched.

    Attributes:
        code: one of CODES.
        words: a sentence for the person.
    """

    def __init__(self, code: str, words: str) -> None:
        if code not in CODES:
            raise ValueError(f"undeclared code {code!r}")
        self.code = code
        self.words = words
        super().__init__(code, words)

    @property
    def passing(self) -> bool:
        """Whether trying again later makes sense."""
        return self.code in PASSING
