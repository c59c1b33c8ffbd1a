"""The form of the page "Tokens and webhooks" that makes a token: for oneself, for a bot, or for a new bot.

Called by integrations.desk. Never writes on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms

from accounts.texts import USERNAME_CHARS
from accounts.token_forms import TokenForm
from accounts.tokens import bots

if TYPE_CHECKING:
    from accounts.models import User

MINE: Final = "me"
NEW: Final = "new"


class DeskTokenForm(TokenForm):
    """A token, and whose it is."""

    whose = forms.ChoiceField(label="For", initial=MINE, widget=forms.Select(attrs={"class": "input"}))
    new_bot = forms.CharField(
        label="Name of the new bot",
        max_length=USERNAME_CHARS,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "autocapitalize": "off"}),
    )

    def __init__(self, *args: Any, actor: User, **given: Any) -> None:
        super().__init__(*args, **given)
        self._bots: dict[str, User] = {}
        choices = [(MINE, "you")]
        if actor.has_perm("accounts.add_apitoken"):
            self._bots = {str(bot.pk): bot for bot in bots()}
            choices += [(key, f"the bot @{bot.username}") for key, bot in self._bots.items()]
            if actor.has_perm("accounts.add_user"):
                choices.append((NEW, "a new bot"))
        self.fields["whose"].choices = choices  # type: ignore[attr-defined]  # Field knows no choices

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("whose") == NEW and not given.get("new_bot"):
            self.add_error("new_bot", "Say what the bot is called.")
        return given

    @property
    def bot(self) -> User | None:
        """The bot that was chosen, if it was one that is there."""
        return self._bots.get(self.cleaned_data["whose"])

    @property
    def wants_bot(self) -> str:
        """The name of the bot that is to be made, else ""."""
        given = self.cleaned_data
        return str(given["new_bot"]) if given["whose"] == NEW else ""
