"""The forms of the back office's queue: the decision about a report, and the reason to read what is private.

Called by chat.admin.reports. Never decides.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone

HOUR: Final = 3_600
REASON_LEAST: Final = 8
TIMES: Final = (
    (str(HOUR), "1 hour"), (str(24 * HOUR), "24 hours"), (str(7 * 24 * HOUR), "7 days"),
    (str(30 * 24 * HOUR), "30 days"), ("", "Until lifted"), ("until", "Until…"),
)  # fmt: skip
ACTIONS: Final = (
    ("dismiss", "Dismiss"), ("delete", "Delete the message"), ("block", "Block its files"),
    ("mute", "Mute the author in the room"), ("kick", "Remove the author from the room"),
    ("ban", "Ban the author from the room"), ("lock", "Make the room read-only"),
)  # fmt: skip


class DecisionForm(forms.Form):
    """What to do, for how long, and why."""

    action = forms.ChoiceField(choices=ACTIONS, widget=forms.RadioSelect, label="What to do")
    delete = forms.BooleanField(required=False, label="Delete the message as well")
    lasting = forms.ChoiceField(
        choices=TIMES,
        required=False,
        widget=forms.RadioSelect,
        label="How long",
        help_text="For a mute or a ban, and when a removed one may return.",
    )
    until = forms.SplitDateTimeField(
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": "Day"}, time_attrs={"type": "time", "aria-label": "Time"}
        ),
        label="Until",
    )
    reason = forms.CharField(
        min_length=REASON_LEAST,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
        help_text="Goes into the trail; with a mute, removal or ban the author reads it.",
    )

    def clean(self) -> dict[str, Any]:
        """The end as seconds from now."""
        given: dict[str, Any] = super().clean() or {}
        lasting, until = given.get("lasting"), given.get("until")
        given["seconds"] = int(lasting) if lasting and lasting != "until" else None
        if lasting == "until":
            if until is None or until <= timezone.now():
                self.add_error("until", "Give a time that is not over.")
            else:
                given["seconds"] = round((until - timezone.now()).total_seconds())
        return given


class RevealForm(forms.Form):
    """Why a private message has to be read."""

    why = forms.CharField(
        max_length=500,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 2, "cols": 40}),
        min_length=REASON_LEAST,
    )
