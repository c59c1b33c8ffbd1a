"""A document of two functions, the assistant, and a run of it that writes there.

Used by the tests of what the assistant writes and of what is taken back. It asserts nothing.
"""

import pytest

from editor import services
from editor.models import Document
from editor.services import Edit
from tests import factories
from tests.editor.conftest import make_document

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


@pytest.fixture
def assistant(db):
    return factories.make_person("assistant", display_name="Assistant", kind="assistant")


@pytest.fixture
def code(mina, room):
    return make_document(mina, room, name="session.py", text=CODE)


def run_writes(assistant, asker, document, *edits, base=None, run="r1"):
    version = Document.objects.get(pk=document.pk).version if base is None else base
    return services.apply_edits(
        actor=assistant,
        on_behalf_of=asker,
        document_id=document.pk,
        base_version=version,
        edits=[Edit(*edit) for edit in edits],
        run=run,
    )
