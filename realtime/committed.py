"""What follows a commit, and what it asks the database: once for all the services that shared the transaction.

Used by apps whose listeners hear of what was stored. Knows no model; what fails must be caught by whoever is called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar, TypeVarTuple, cast

from django.db import transaction

Asked = TypeVarTuple("Asked")
R = TypeVar("R")

_Answers = dict[tuple[Callable[..., Any], tuple[Any, ...]], Any]


class _Thread(threading.local):
    """Of one thread: the answers of the transaction that is open, and those of the one whose callbacks run."""

    coming: _Answers | None = None
    running: _Answers | None = None


_thread: Final = _Thread()


def after_commit(call: Callable[[], object]) -> None:
    """Calls it after the commit of the transaction that is open, at once if there is none; never after a rollback."""
    if _thread.coming is None:
        _thread.coming = {}
    answers = _thread.coming
    transaction.on_commit(lambda: _run(call, answers))


def _run(call: Callable[[], object], answers: _Answers) -> None:
    # The first callback ends the company: nothing was asked before it, and what is stored from now on is another's.
    if _thread.coming is answers:
        _thread.coming = None
    before, _thread.running = _thread.running, answers
    try:
        call()
    finally:
        _thread.running = before


def once(ask: Callable[[*Asked], R], /, *args: *Asked) -> R:
    """The answer of `ask`, which is asked once for all that follows one commit; every time where nothing does.

    Each of the messages of a commit was there when the first of them asked, so one answer is true for all.

    Args:
        ask: a function of a module, not one made on the way: it is what the answer is found by.
        args: hashable.
    """
    answers = _thread.running
    if answers is None:
        return ask(*args)
    key = (ask, args)
    if key not in answers:
        answers[key] = ask(*args)
    return cast("R", answers[key])
