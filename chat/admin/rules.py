"""Word rules: what is flagged, masked or blocked.

Called by Django's admin. Never stores a rule past its service, which checks it and writes the trail.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin.site import me
from chat import services
from chat.models import Room, WordRule
from chat.permissions import FIXED_KINDS
from chat.services.moderation.rules import check_rule
from realtime.lookups import ShownLookups
from realtime.protocol import Refused


class WordRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A rule; the room is chosen by its address, so that no list of private rooms opens."""

    knows_all_rooms = False
    """Whether closed rooms may be named; for others it is as if there were none."""

    place = forms.SlugField(
        label="Room", required=False, help_text="The room's address, the part after /rooms/. Empty: everywhere."
    )

    class Meta:
        model = WordRule
        fields = ("phrase", "action", "place", "enabled", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.room is not None:
            self.fields["place"].initial = self.instance.room.slug

    def clean(self) -> dict[str, Any]:
        """Checked as the service does, so that what is wrong stands at its field."""
        given: dict[str, Any] = super().clean() or {}
        slug = given.get("place")
        rooms = Room.objects.exclude(kind__in=FIXED_KINDS).filter(slug=slug)
        rooms = rooms if self.knows_all_rooms else rooms.filter(kind=Room.Kind.PUBLIC)
        self.instance.room = rooms.first() if slug else None
        if slug and self.instance.room is None:
            self.add_error("place", "There is no room of this address.")
        try:
            check_rule(phrase=given.get("phrase", ""))
        except Refused as refused:
            self.add_error("phrase", refused.message)
        return given


@admin.register(WordRule)
class WordRuleAdmin(ShownLookups):
    """Rules for everybody, moderators too; they hold for what is sent or edited from the next message on."""

    form = WordRuleForm
    list_display = ("phrase", "action", "room", "enabled", "note", "created_by", "created_at")
    list_filter = ("action", "enabled", ("room", admin.EmptyFieldListFilter))
    search_fields = ("phrase", "note", "=room__slug")
    list_select_related = ("room", "created_by")
    ordering = ("phrase", "pk")
    actions = ("switch_on", "switch_off")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WordRule]:
        """Rules of closed rooms are for superusers."""
        rules: QuerySet[WordRule] = super().get_queryset(request)
        return rules if me(request).is_superuser else rules.filter(Q(room=None) | Q(room__kind=Room.Kind.PUBLIC))

    def get_form(self, request: HttpRequest, obj: WordRule | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows how much whoever fills it in may know."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.knows_all_rooms = me(request).is_superuser
        return form

    def save_model(self, request: HttpRequest, obj: WordRule, form: Any, change: bool) -> None:
        """Through the service."""
        services.save_rule(actor=me(request), rule=obj)

    def delete_model(self, request: HttpRequest, obj: WordRule) -> None:
        """Through the service."""
        services.delete_rule(actor=me(request), rule=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WordRule]) -> None:
        """The same for several."""
        for rule in queryset:
            services.delete_rule(actor=me(request), rule=rule)

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WordRule]) -> None:
        """The chosen rules hold again."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[WordRule]) -> None:
        """The chosen rules hold no more and stay in the list."""
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[WordRule], *, enabled: bool) -> None:
        for rule in queryset.exclude(enabled=enabled):
            rule.enabled = enabled
            services.save_rule(actor=me(request), rule=rule)
        self.message_user(request, "They hold from now on." if enabled else "They hold no more.", messages.SUCCESS)
