"""Documents are found by name and text, in rooms that one is in, by what they say now."""

import asyncio
from typing import Any

import pytest

from accounts.models import User
from chat import selectors
from editor import services
from editor.models import Document, SearchText
from editor.services import searching
from tests.editor.conftest import make_document, text_of, write

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def follow() -> None:
    """What the background service does once."""
    searching.store_words(found=searching.stale_words())


def found(actor: User, q: str, **given: Any) -> list[tuple[str, int | None, str]]:
    answer = selectors.search(actor=actor, q=q, kind="documents", **given)
    assert answer.counts.documents >= len(answer.documents)
    return [
        ("".join(piece.text for piece in hit.name), hit.line, "".join(piece.text for piece in hit.pieces))
        for hit in answer.documents
    ]


def test_member_finds_documents_by_name_and_text(mina, teo, room):
    make_document(mina, room, name="rebase.py", text="import os\n\ndef mapSelection(change):\n    return change\n")
    make_document(mina, room, name="notes.md", text="# Straße\nThe second cursor\nsecond thoughts of a cursor\n")
    follow()
    assert found(teo, "rebase") == [("rebase.py", None, "")]
    assert found(teo, "selection") == [("rebase.py", 3, "def mapSelection(change):")]
    assert found(teo, '"second cursor"') == [("notes.md", 2, "The second cursor")]
    assert found(teo, "strasse notes") == [("notes.md", 1, "# Straße")]
    assert found(teo, "cursor -notes") == []
    assert found(teo, "notes selection") == []
    assert found(teo, "%") == []


def test_a_hit_leads_to_the_document_and_marks_its_words(mina, room):
    document = make_document(mina, room, name="a.py", text="the second cursor")
    follow()
    [hit] = selectors.search(actor=mina, q="cursor", kind="documents").documents
    assert hit.url == f"/rooms/{room.slug}/?doc={document.pk}"
    assert [piece.text for piece in hit.pieces if piece.mark] == ["cursor"]


def test_nobody_finds_documents_of_rooms_they_are_not_in(mina, teo, ines, room, secret):
    make_document(mina, secret, name="salaries.csv", text="swordfish")
    make_document(mina, room, name="plain.txt", text="swordfish")
    follow()
    assert len(found(teo, "swordfish")) == 2
    assert found(ines, "swordfish") == []
    assert found(teo, "swordfish in:hiring") == [("salaries.csv", 1, "swordfish")]


def test_what_was_edited_renamed_or_deleted_is_found_as_it_is_now(mina, room, document):
    follow()
    assert found(mina, "two") == [(document.name, 2, "two")]
    write(mina, document, 0, len(text_of(document)), "three")
    services.update_document(actor=mina, document_id=document.pk, change=services.DocumentChange(name="renamed.py"))
    assert searching.count_stale() == 1
    follow()
    assert searching.count_stale() == 0
    assert found(mina, "two") == []
    assert found(mina, "three") == [("renamed.py", 1, "three")]
    services.delete_document(actor=mina, document_id=document.pk)
    assert found(mina, "three") == []


def test_filters_of_people_and_things(mina, teo, room):
    make_document(mina, room, name="hers.py", text="fox")
    make_document(teo, room, name="his.py", text="fox")
    follow()
    assert [name for name, _, _ in found(mina, "fox from:teo")] == ["his.py"]
    assert found(mina, "fox has:file") == []
    assert found(mina, "from:teo") == []


@pytest.mark.django_db(transaction=True)
async def test_the_service_follows_edits_by_itself(realtime, mina, room, document):
    service = asyncio.ensure_future(searching.keeper())
    try:
        async with asyncio.timeout(20):
            while not await SearchText.objects.filter(document=document, words__contains=" two ").aexists():
                await asyncio.sleep(0.05)
    finally:
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)
    assert await Document.objects.acount() == 1
