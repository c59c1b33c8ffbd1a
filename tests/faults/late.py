"""Settings of a server whose clock is an hour ahead of the database's and of everybody else's: for one fault test."""

import time

from django.utils import timezone

AHEAD_SECONDS = 3600
_now, _time, _time_ns = timezone.now, time.time, time.time_ns


def _later_now():
    return _now() + timezone.timedelta(seconds=AHEAD_SECONDS)


timezone.now = _later_now
time.time = lambda: _time() + AHEAD_SECONDS
time.time_ns = lambda: _time_ns() + AHEAD_SECONDS * 10**9

from collab.settings import *  # noqa: E402, F403
