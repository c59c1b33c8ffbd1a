"""seed_demo's documents: written by several people, in order, and whole."""

import ast

import pytest
from django.core.management import call_command
from django.utils import timezone

from editor.models import Document, Snapshot, Update
from editor.selectors import discussions, history
from editor.selectors.texts import text_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(db, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "correct horse battery")
    call_command("seed_demo", verbosity=0)
    return {document.name: document for document in Document.objects.order_by("pk")}


def test_the_demo_has_documents_that_several_people_wrote(seeded):
    assert {document.room.slug for document in seeded.values()} == {"realtime-core"}
    for document in seeded.values():
        assert Update.objects.filter(document=document).values("author").distinct().count() >= 3
        assert document.version > 60
    call_command("verify_documents", verbosity=0)


def test_every_version_of_the_code_that_has_a_name_and_the_last_one_are_python(seeded):
    document = seeded["selection.py"]
    named = list(Snapshot.objects.filter(document=document).exclude(name="").values_list("version", flat=True))
    assert len(named) == 2
    for version in (0, *named, document.version):
        ast.parse(text_at(document, version))


def test_the_demo_talks_about_its_code(seeded):
    document = seeded["selection.py"]
    found = discussions(actor=document.created_by, document_id=document.pk).discussions
    told = [
        (one.author is not None, one.replies, one.changed is not None, one.resolved_at is not None) for one in found
    ]
    assert told == [(True, 2, True, False), (True, 1, False, True)]


def test_the_notes_are_whole(seeded):
    document = seeded["notes.md"]
    lines = text_at(document, document.version).splitlines()
    assert lines[0] == "# Carets and the load test"
    assert lines[-2:] == [
        "- [ ] A video of the jumping caret, before and after",
        "- [ ] The test: Enter at column 0 in one client, a letter at the same place in the other",
    ]
    assert "| 400 | 7 | 18 | 41 |" in lines


def test_the_edits_are_in_the_order_of_their_times_and_over(seeded):
    for document in seeded.values():
        times = list(Update.objects.filter(document=document).order_by("version").values_list("at", flat=True))
        assert times == sorted(times)
        assert times[-1] < timezone.now()
        stretches = history(actor=document.created_by, document_id=document.pk).stretches
        assert len(stretches) >= 7
