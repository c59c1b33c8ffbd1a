"""The page between an admin action and its deed: it asks for the reason.

Called by the actions of accounts.admin. Never acts.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))

    def page(
        self, request: HttpRequest, model_admin: ModelAdmin[Any], queryset: QuerySet[Any], *, title: str, action: str
    ) -> TemplateResponse:
        """The question, with what was chosen."""
        context = model_admin.admin_site.each_context(request) | {
            "title": title,
            "action": action,
            "form": self,
            "rows": queryset,
            "opts": model_admin.opts,
            "checkbox": ACTION_CHECKBOX_NAME,
            "media": model_admin.media + self.media,
        }
        return TemplateResponse(request, "admin/accounts/ask.html", context)


class SanctionForm(ReasonForm):
    """Why, and until when."""

    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}), help_text="The person reads this."
    )
    until = forms.SplitDateTimeField(required=False, widget=AdminSplitDateTime(), help_text="Empty: until lifted.")

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError("The end lies in the past.")
        return until


class ErasureForm(ReasonForm):
    """Why, and what becomes of what the person said."""

    words = forms.BooleanField(
        required=False,
        label="Delete their messages too",
        help_text="Otherwise they stay and say that a deleted person wrote them. Neither can be undone.",
    )


F = TypeVar("F", bound=ReasonForm)


def ask(request: HttpRequest, form: type[F]) -> F:
    """The form as answered, or empty when the question was not put yet."""
    return form(request.POST) if "answered" in request.POST else form()
