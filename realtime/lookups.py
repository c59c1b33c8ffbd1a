"""What the lists of the back office may be narrowed by: what they show, and nothing else.

Base of the admin classes of every app. Django lets the address of a list name any field of its model, shown or not, so
that `?session_key__startswith=a` would tell a hidden value letter by letter. Never looks at a row.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ShownLookups(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A list that cannot be asked about what does not stand in it."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Django's own rule, and only for columns and filters of the list."""
        if not super().lookup_allowed(lookup, value, request):
            return False
        return lookup.partition("__")[0] in self._narrowed_by(request)

    def _narrowed_by(self, request: HttpRequest) -> set[str]:
        found = {"pk", "id", *map(str, self.get_list_display(request))}
        for one in self.get_list_filter(request):
            named = one[0] if isinstance(one, list | tuple) else one
            # A filter of our own has a parameter instead of a field.
            name = named if isinstance(named, str) else str(getattr(named, "parameter_name", ""))
            found.add(name.partition("__")[0])
        return found | {self.date_hierarchy or "pk"}


class ReadOnly(ShownLookups):
    """Rows that are only ever looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
