"""When somebody is not to be disturbed: a rule over plain values, the same as in frontend/src/quiet.ts.

Called by whoever tells people of something. Pure: the caller brings the moment.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.events import PreferencesView


def is_quiet(preferences: PreferencesView, now: datetime) -> bool:
    """Whether the person wants to be left alone at `now`: for a time, or in their hours of each day."""
    if preferences.quiet_until is not None and now < preferences.quiet_until:
        return True
    begins, ends = preferences.quiet_from, preferences.quiet_to
    if begins is None or ends is None:
        return False
    here = now.astimezone(ZoneInfo(preferences.time_zone)).strftime("%H:%M")
    return begins <= here < ends if begins < ends else here >= begins or here < ends
