"""The page of the back office that takes back what somebody wrote: the difference of each document, then the deed.

Called by Django's admin through editor.admin. Never decides who may: the selectors and the service do, each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts import selectors as accounts
from accounts.admin.site import me
from accounts.events import PersonView
from editor import selectors, services
from editor.models import Document
from editor.shapes import EditedDocument, RevertPreview
from realtime.protocol import Refused

TIMES: Final = (("600", "in the last 10 minutes"), ("3600", "in the last hour"), ("86400", "in the last 24 hours"),
                ("0", "at any time"))  # fmt: skip
SHOWN_MOST: Final = 20
"""Documents whose difference is shown at once; the others come when these are done."""


class WhoseForm(forms.Form):
    """Whose edits, and of what time."""

    person = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    since = forms.ChoiceField(choices=TIMES, required=False, initial="600", label="Written")


class TakeBackForm(WhoseForm):
    """Where, and why."""

    documents = forms.TypedMultipleChoiceField(coerce=int)
    # The moment of the preview: what is written while one reads is not taken back unseen.
    after = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    wish = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        min_length=8,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Goes into the trail.",
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A document as the page shows it; `trouble` where its difference cannot be made."""

    document: EditedDocument
    room: str
    preview: RevertPreview | None
    trouble: str = ""


def take_back_page(request: HttpRequest) -> HttpResponse:
    """Shows what would change, and does it once a reason is given."""
    if not request.user.has_perm("chat.change_report"):
        raise Http404
    person, since = _whose(request)
    form = None
    if request.method == "POST":
        form = TakeBackForm(request.POST)
        form.fields["documents"].choices = [  # type: ignore[attr-defined]  # a field of choices
            (one.document, one.name) for one in selectors.edited_anywhere(actor=me(request), author_id=person.id)
        ]
        if form.is_valid() and _take_back(request, person, form.cleaned_data):
            return HttpResponseRedirect(f"{reverse('admin:editor_take_back')}?person={person.id}&since={since}")
    after = None if since == "0" else timezone.now() - timedelta(seconds=int(since))
    found = selectors.edited_anywhere(actor=me(request), author_id=person.id, since=after)
    rooms = dict(Document.objects.filter(pk__in=[one.document for one in found]).values_list("pk", "room__name"))
    context = admin.site.each_context(request) | {
        "title": f"Revert code edits of {person.display_name}",
        "person": person,
        "whose": WhoseForm(initial={"person": person.id, "since": since}),
        "rows": [_row(request, person.id, one, rooms.get(one.document, ""), after) for one in found[:SHOWN_MOST]],
        "more": max(0, len(found) - SHOWN_MOST),
        "form": form or TakeBackForm(initial={"person": person.id, "since": since, "after": after, "wish": uuid4()}),
        "after": after,
        "wish": uuid4(),
        "since": since,
    }
    return TemplateResponse(request, "admin/editor/take_back.html", context)


def _whose(request: HttpRequest) -> tuple[PersonView, str]:
    given = WhoseForm(request.POST if request.method == "POST" else request.GET)
    if not given.is_valid():
        raise Http404
    found = accounts.people_views([given.cleaned_data["person"]])
    if not found:
        raise Http404
    return next(iter(found.values())), given.cleaned_data["since"] or "600"


def _row(request: HttpRequest, author: int, found: EditedDocument, room: str, after: Any) -> Row:
    try:
        preview = selectors.revert_preview(actor=me(request), document_id=found.document, author_id=author, since=after)
    except Refused as refused:
        return Row(found, room, None, refused.message)
    return Row(found, room, preview)


def _take_back(request: HttpRequest, person: PersonView, given: dict[str, Any]) -> bool:
    """Each document is a deed of its own: where one fails, the others are told as done."""
    done = 0
    wish: UUID = given["wish"]
    for document_id in given["documents"]:
        try:
            reverted = services.revert_updates(
                actor=me(request),
                document_id=document_id,
                author_id=person.id,
                since=given["after"],
                cid=uuid5(wish, str(document_id)),
                reason=given["reason"],
            )
        except Refused as refused:
            messages.error(request, f"Document {document_id}: {refused.message}")
            continue
        done += reverted.updates
    if done:
        messages.success(request, f"{done} edits of {person.display_name} were taken back.")
    return done > 0
