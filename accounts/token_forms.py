"""The form that makes a key for a script. Called by accounts.token_views. Never writes on its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django import forms
from django.utils import timezone

from accounts.scopes import SCOPES, TOKEN_NAME_CHARS


class TokenForm(forms.Form):
    """A key for a script: what it is for, when it ends, how far it reaches."""

    ENDS = (("7", "in 7 days"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("0", "never"))

    name = forms.CharField(
        max_length=TOKEN_NAME_CHARS,
        widget=forms.TextInput(attrs={"class": "input", "placeholder": "what it is for", "autocomplete": "off"}),
    )
    days = forms.ChoiceField(label="Ends", choices=ENDS, initial="90", widget=forms.Select(attrs={"class": "input"}))
    scopes = forms.MultipleChoiceField(
        label="May", choices=tuple(SCOPES.items()), initial=["rooms:read"], widget=forms.CheckboxSelectMultiple
    )
    wish = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def ends_at(self) -> datetime | None:
        """When the token ends; None for one that holds until it is revoked."""
        days = int(self.cleaned_data["days"])
        return timezone.now() + timedelta(days=days) if days else None
