"""Addresses, devices and second factors, without their secrets.

Called by Django's admin. Never shows a session key, a TOTP secret, a recovery code or a provider's token.
"""

from __future__ import annotations

from typing import Any

# Their own pages must be registered before ours can replace them.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.admin.site import ReadOnly, me

admin.site.unregister(EmailAddress)
admin.site.unregister(UserSession)
admin.site.unregister(Authenticator)
admin.site.unregister(SocialToken)


@admin.register(EmailAddress)
class AddressAdmin(ReadOnly):
    """Who gets mail where; an address is changed on the person's page, where that goes into the trail."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ("email", "user__username", "user__display_name")
    list_select_related = ("user",)
    ordering = ("email",)


@admin.register(UserSession)
class DeviceAdmin(ReadOnly):
    """Where people are signed in; deleting a row signs that device out."""

    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_filter = ("created_at", "last_seen_at")
    search_fields = ("user__username", "user__email", "ip", "user_agent")
    list_select_related = ("user",)
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    ordering = ("-last_seen_at",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        below = obj is None or obj.user_id == me(request).pk or me(request).may_touch(obj.user)
        return below and request.user.has_perm("accounts.change_user")

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """Ends the sign-in and closes its sockets."""
        with transaction.atomic():
            services.revoke_sessions(actor=me(request), user=obj.user, reason="staff", only=obj.session_key)
            services.record_audit(actor=me(request), action="person.sign_out", target=obj.user.topic)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        """The same for several."""
        for device in queryset.select_related("user"):
            self.delete_model(request, device)


@admin.register(Authenticator)
class FactorAdmin(ReadOnly):
    """Second factors; a superuser deletes one for somebody who lost their device."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    search_fields = ("user__username", "user__email")
    list_select_related = ("user",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return me(request).is_superuser

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """Removes it and says so in the trail."""
        with transaction.atomic():
            services.record_audit(
                actor=me(request), action="person.remove_factor", target=obj.user.topic, detail={"type": obj.type}
            )
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        """The same for several."""
        for factor in queryset.select_related("user"):
            self.delete_model(request, factor)
