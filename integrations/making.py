"""Forms that make rows through services, and lists of rows that only such forms make.

Bases of this app's admin classes. Never shows a secret but once, to whoever made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from accounts.admin.site import ReadOnly, me
from chat import selectors as rooms
from chat.admin.naming import closed_name, closed_to
from realtime.protocol import Refused


class ActingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A form that makes its row through a service: whether it may be made is known when it is done."""

    actor: Any = None
    called: ClassVar[dict[str, str]] = {}
    """Names of the form's fields that services call otherwise."""

    def make(self, given: dict[str, Any]) -> Any:
        """Makes the row."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Makes it, or says in words why not."""
        given = super().clean() or {}
        if not self.errors:
            try:
                given["made"] = self.make(given)
            except Refused as refused:
                self._explain(refused)
        return given

    def _post_clean(self) -> None:
        """The service has looked at the row and made it: looked at once more it would be its own double."""
        made = self.cleaned_data.get("made")
        if made is not None:
            self.instance = made[0] if isinstance(made, tuple) else made

    def _explain(self, refused: Refused) -> NoReturn:
        unknown = refused.code == "not_found"
        words = "There is no such room, or you may not see it." if unknown else refused.message
        field = "slug" if unknown else self.called.get(refused.field or "", refused.field)
        # A field that is not asked for here has its error above the form.
        raise forms.ValidationError({field: words} if field in self.fields else words) from None


class RoomForm(ActingForm):
    """A form that makes something of a room."""

    slug = forms.CharField(
        label="Room", max_length=300, help_text="The last part of the room's address: general of …/rooms/general/"
    )

    def clean_slug(self) -> str:
        """Also of a whole address, and with the sign before it."""
        return str(self.cleaned_data["slug"]).rstrip("/").rpartition("/")[2].removeprefix("#").lower()

    def room_of(self, given: dict[str, Any]) -> int:
        """The room, as far as whoever is acting may see it."""
        return rooms.room_by_slug(actor=self.actor, slug=given["slug"])


class Making(ReadOnly):
    """Rows that a form makes and nobody changes by hand."""

    asked: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"integrations.add_{self.opts.model_name}")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whoever may change them may switch and end them."""
        return request.user.has_perm(f"integrations.change_{self.opts.model_name}")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one is asked for; one that is there is only looked at."""
        return self.fields if obj is not None else self.asked

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any) -> Any:
        """The form, acting for whoever is signed in."""
        kind = super().get_form(request, obj, change=change, **given)
        return type(kind.__name__, (kind,), {"actor": me(request)})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form, after the password was asked for. What was typed waits meanwhile, secrets do not."""
        try:
            made: HttpResponse = self._add(request, form_url, extra_context)
        except ReauthenticationRequired:
            _forget_secrets(request, self.form)
            raise
        return made

    # A way in or out is made by the person who signed in, not by whoever finds their browser open.
    @method_decorator(reauthentication_required)
    def _add(self, request: HttpRequest, form_url: str, extra_context: Any) -> HttpResponse:
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """It was made when the form was checked."""
        obj.pk = form.cleaned_data["made"].pk


class OfRooms(Making):
    """Rows of rooms: a closed one is called by its number towards staff, and not found by its name."""

    list_select_related: ClassVar[bool | list[str] | tuple[str, ...]] = ("room",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With whether the room is closed to who looks."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(closed=closed_to(request, "room__"))
        return rows

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Whoever finds a closed room by its name, letter by letter, reads it."""
        fields = list(super().get_search_fields(request))
        return fields if me(request).is_superuser else [name for name in fields if not name.startswith("room__")]

    @admin.display(description="Room")
    def where(self, row: Any) -> str:
        """What the room is called towards who looks."""
        return closed_name(row.room) if row.closed else f"# {row.room.name}"


def _forget_secrets(request: HttpRequest, form: Any) -> None:
    """Takes out of what was sent what must not wait in the session, in clear."""
    given = request.POST.copy()
    for name, field in form.base_fields.items():
        if isinstance(field.widget, forms.PasswordInput):
            given.pop(name, None)
    request.POST = given  # type: ignore[assignment]  # nobody changes it any more


class Switchable(OfRooms):
    """Rows with a secret that is shown once; they are switched on and off, and ended."""

    actions: Sequence[str] = ("switch_on", "switch_off", "end")

    def switch(self, request: HttpRequest, pk: int, enabled: bool) -> None:
        """Switches one."""
        raise NotImplementedError

    def close(self, request: HttpRequest, pk: int) -> None:
        """Ends one."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Shows the secret, once."""
        made, secret = form.cleaned_data["made"]
        obj.pk = made.pk
        self.show(request, made, secret)

    def show(self, request: HttpRequest, made: Any, secret: str) -> None:
        """Says the secret; it stands nowhere else."""
        words = format_html("The secret of {}, shown only now: <code>{}</code>", made, secret)
        self.message_user(request, words, messages.WARNING)

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Lets the chosen ones work again."""
        for row in queryset:
            self.switch(request, row.pk, True)
        self.message_user(request, "Switched on.", messages.SUCCESS)

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Lets the chosen ones rest; what waits for them waits on."""
        for row in queryset:
            self.switch(request, row.pk, False)
        self.message_user(request, "Switched off.", messages.SUCCESS)

    @admin.action(description="End", permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """What they and their bots said stays."""
        for row in queryset:
            self.close(request, row.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)
