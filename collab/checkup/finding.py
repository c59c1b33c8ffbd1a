"""One thing that the doctor found. Made by the modules of this package, told by `manage.py doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

OK: Final = "OK"
WARN: Final = "WARN"
FAIL: Final = "FAIL"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a part of the site is.

    Attributes:
        level: OK, WARN or FAIL.
        part: for example `database`.
        says: what was found; never a secret.
        mend: what to do about it; empty when all is well.
    """

    level: str
    part: str
    says: str
    mend: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(part: str, says: str) -> Finding:
    """All is well."""
    return Finding(OK, part, says)


def warn(part: str, says: str, mend: str) -> Finding:
    """It works, and should not stay so."""
    return Finding(WARN, part, says, mend)


def fail(part: str, says: str, mend: str) -> Finding:
    """It does not work, or endangers people."""
    return Finding(FAIL, part, says, mend)
