"""Keeps the words of documents findable: a background service follows the edits, so that no keystroke waits for it.

`keeper` is named in settings.REALTIME_SERVICES. What it has not seen yet is found by its old words for two seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from chat.search.words import parts, places
from editor.models import Document, SearchText
from editor.selectors import texts
from editor.units import from_units
from realtime import threads

PAUSE_SECONDS: Final = 2.0
BATCH_DOCUMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document at a version."""

    document_id: int
    version: int
    name: str
    words: str


def words_of(name: str, text: str) -> str:
    """Each word between blanks, so that LIKE finds words, beginnings and phrases; line ends part the columns."""
    columns = (places(name), parts(name), places(text), parts(text))
    return "\n".join(f" {' '.join(place.token for place in column)} " for column in columns)


def stale_words(*, limit: int = BATCH_DOCUMENTS) -> list[Words]:
    """Reads the words of documents that were changed since."""
    fresh = SearchText.objects.filter(document=OuterRef("pk"), version=OuterRef("version"), name=OuterRef("name"))
    found = []
    for document in Document.objects.filter(~Exists(fresh), deleted_at=None).order_by("pk")[:limit]:
        sheet = texts.sheet_of(document)
        words = words_of(document.name, from_units(sheet.units))
        found.append(Words(document.pk, sheet.version, document.name, words))
    return found


@transaction.atomic
def store_words(*, found: list[Words]) -> None:
    """Stores what `stale_words` read; of documents that are still there."""
    there = set(Document.objects.filter(pk__in=[one.document_id for one in found]).values_list("pk", flat=True))
    SearchText.objects.bulk_create(
        [
            SearchText(document_id=one.document_id, version=one.version, name=one.name, words=one.words)
            for one in found
            if one.document_id in there
        ],
        update_conflicts=True,
        unique_fields=["document"],
        update_fields=["version", "name", "words"],
    )


def count_stale() -> int:
    """How many documents would not be found by their present words."""
    known = SearchText.objects.filter(
        document__deleted_at=None, version=F("document__version"), name=F("document__name")
    )
    return Document.objects.filter(deleted_at=None).count() - known.count()


async def keeper() -> None:
    """Follows the edits until it is cancelled."""
    while True:
        found = await threads.read(stale_words)
        if found:
            await threads.write(store_words, found=found)
        if len(found) < BATCH_DOCUMENTS:
            await asyncio.sleep(PAUSE_SECONDS)
