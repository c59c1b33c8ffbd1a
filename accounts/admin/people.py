"""Accounts and what was chosen there, with the actions that suspend, sign out and close them.

Called by Django's admin. Never ends a sign-in or an account without its service.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.module_loading import import_string

from accounts import services
from accounts.admin.asking import ErasureForm, SanctionForm, ask
from accounts.admin.site import ReadOnly, me
from accounts.models import Profile, Sanction, User
from accounts.texts import clean_display_name, clean_username
from realtime.protocol import Refused

SHOWN = ("username", "display_name", "kind")
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class _CleanNames(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    def clean_username(self) -> str:
        try:
            name = clean_username(self.cleaned_data["username"])
        except Refused as refused:
            raise forms.ValidationError(refused.message) from refused
        if User.objects.filter(username=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("This name is taken.")
        return name

    def clean_display_name(self) -> str:
        try:
            return clean_display_name(self.cleaned_data["display_name"])
        except Refused as refused:
            raise forms.ValidationError(refused.message) from refused

    def clean_email(self) -> str:
        address = str(self.cleaned_data["email"]).strip().lower()
        if address and User.objects.filter(email__iexact=address).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("This address belongs to somebody else.")
        return address


class PersonForm(_CleanNames, UserChangeForm):  # type: ignore[type-arg]
    """An account as it stands."""


class NewPersonForm(_CleanNames, AdminUserCreationForm):  # type: ignore[type-arg]
    """A new account; its address counts as confirmed."""

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "kind")


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People, bots and the assistant."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "display_name", "email", "kind", "is_active", "is_staff", "last_login", "suspended")
    list_filter = ("kind", "is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("username", "display_name", "email")
    readonly_fields = ("last_login", "date_joined")
    date_hierarchy = "date_joined"
    actions = ("suspend", "mute", "sign_out")
    fieldsets = (
        (None, {"fields": ("username", "display_name", "email", "kind", "password")}),
        ("What they may do", {"fields": ("is_active", *POWERS)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "display_name", "email", "kind")}),
        ("Password", {"classes": ("wide",), "fields": ("usable_password", "password1", "password2")}),
    )

    @admin.display(boolean=True, description="Suspended")
    def suspended(self, user: User) -> bool:
        """Whether a ban everywhere holds now."""
        return bool(getattr(user, "banned", False))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People, each with whether they are suspended."""
        bans = Sanction.objects.active().bans().filter(user_id=OuterRef("pk"))
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(banned=Exists(bans))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out power."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if me(request).is_superuser else (*fixed, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People who look after the site are changed by superusers only: a password or an address is a way in."""
        below = obj is None or obj.pk == me(request).pk or me(request).may_touch(obj)
        return below and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers delete, and never themselves."""
        return me(request).is_superuser and (obj is None or obj.pk != me(request).pk)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Saves; what matters beyond the row goes through services and into the trail."""
        super().save_model(request, obj, form, change)
        if change:
            self._follow(me(request), obj, set(form.changed_data))
        else:
            services.complete_person(actor=me(request), user=obj)

    def _follow(self, actor: User, user: User, changed: set[str]) -> None:
        if changed & set(SHOWN):
            services.announce_person(user_id=user.pk)
        if "email" in changed:
            services.change_address(actor=actor, user=user, address=user.email)
        if "is_active" in changed:
            act = services.reactivate_person if user.is_active else services.deactivate_person
            act(actor=actor, user=user)
        if powers := sorted(changed & set(POWERS)):
            services.record_audit(actor=actor, action="person.powers", target=user.topic, detail={"changed": powers})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Another person's password; every sign-in of theirs ends with it."""
        if id == str(me(request).pk):
            return redirect("account_change_password")
        if request.method != "POST":
            return super().user_change_password(request, id, form_url)
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            user = self.get_object(request, id)
            if response.status_code == 302 and user is not None:
                services.revoke_sessions(actor=me(request), user=user, reason="password")
                services.record_audit(actor=me(request), action="person.set_password", target=user.topic)
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """People are deleted one by one, each with its reason."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks for the reason and what becomes of their words, then erases the account."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_delete_permission(request, user):
            raise PermissionDenied
        form = ask(request, ErasureForm)
        if not form.is_valid():
            return form.page(request, self, User.objects.filter(pk=user.pk), title="Delete for good", action="delete")
        self._erase(request, user, **form.cleaned_data)
        return redirect("admin:accounts_user_changelist")

    def _erase(self, request: HttpRequest, user: User, *, reason: str, words: bool) -> None:
        name = str(user)
        if words and settings.PERSON_WORDS_HOOK:
            remove = import_string(settings.PERSON_WORDS_HOOK)
            if not remove(actor=me(request), user_id=user.pk, reason=reason):
                text = f"{name} said more than a page can remove. Go on here, or use manage.py remove_messages."
                self.message_user(request, text, messages.WARNING)
                return
        services.delete_permanently(actor=me(request), user=user, reason=reason)
        self.message_user(request, f"{name} is deleted.", messages.SUCCESS)

    @admin.action(description="Suspend…", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks for the reason, then bans."""
        return self._sanction(request, queryset, kind=Sanction.Kind.BAN, title="Suspend", done="is suspended")

    @admin.action(description="Mute everywhere…", permissions=["change"])
    def mute(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks for the reason, then mutes: they read on and write nowhere."""
        return self._sanction(request, queryset, kind=Sanction.Kind.MUTE, title="Mute", done="is muted")

    def _sanction(
        self, request: HttpRequest, queryset: QuerySet[User], *, kind: str, title: str, done: str
    ) -> HttpResponse | None:
        form = ask(request, SanctionForm)
        if not form.is_valid():
            return form.page(request, self, queryset, title=title, action=str(request.POST["action"]))
        given = form.cleaned_data
        for user in queryset:
            try:
                services.sanction_user(
                    actor=me(request), user=user, kind=kind, reason=given["reason"], until=given["until"]
                )
            except Refused as refused:
                self.message_user(request, f"{user}: {refused.message}", messages.ERROR)
            else:
                self.message_user(request, f"{user} {done}.", messages.SUCCESS)
        return None

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Ends every sign-in of the chosen people."""
        for user in queryset:
            try:
                with transaction.atomic():
                    services.revoke_sessions(actor=me(request), user=user, reason="staff")
                    services.record_audit(actor=me(request), action="person.sign_out", target=user.topic)
            except Refused as refused:
                self.message_user(request, f"{user}: {refused.message}", messages.ERROR)
            else:
                self.message_user(request, f"{user} is signed out everywhere.", messages.SUCCESS)


@admin.register(Profile)
class ProfileAdmin(ReadOnly):
    """What people chose."""

    list_display = ("user", "theme", "time_zone", "has_picture", "enter_sends", "letter_shortcuts")
    list_filter = ("theme", "enter_sends", "letter_shortcuts")
    search_fields = ("user__username", "user__display_name", "time_zone")
    list_select_related = ("user",)

    @admin.display(boolean=True, description="Picture")
    def has_picture(self, profile: Profile) -> bool:
        """Whether there is a picture instead of letters."""
        return bool(profile.avatar)
