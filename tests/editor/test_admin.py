"""The back office of documents: every page loads, and what is written in private rooms stays there."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from editor import services
from editor.models import Anchor
from editor.services import searching
from tests import factories
from tests.editor.conftest import make_document, signed_in, write

pytestmark = pytest.mark.django_db

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "editor"), key=lambda m: m.__name__
)


@pytest.fixture
def office(db):
    return signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))


@pytest.fixture
def helper(db):
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="editor"))
    return signed_in(user)


@pytest.fixture
def written(mina, room, secret):
    """The same in a public and in a private room: a document, an edit, a named version, an anchor."""
    for place, word in ((room, "daylight"), (secret, "whisper")):
        document = make_document(mina, place, name=f"{word}.py", text=f"{word} text")
        write(mina, document, 0, 0, f"{word} edit ")
        services.name_version(actor=mina, document_id=document.pk, version=1, name=f"{word} version")
        message = factories.say(mina, place)
        Anchor.objects.create(
            document=document, message_id=message.pk, quote=f"{word} quote", version=1, start=0, end=1,
            said_version=1, said_start=0, said_end=1,
        )  # fmt: skip
        edits = [services.Edit("edit", f"{word} edit")]
        services.propose_edits(actor=mina, document_id=document.pk, base_version=1, edits=edits, title=f"{word} title")
        services.revert_updates(actor=mina, document_id=document.pk, author_id=mina.pk, cid=uuid4())
    searching.store_words(found=searching.stale_words())


def listing(model, **query):
    return reverse(f"admin:editor_{model._meta.model_name}_changelist", query=query)


def test_every_model_is_in_the_office():
    assert set(MODELS) == set(apps.get_app_config("editor").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_superuser_finds_and_opens_every_row(office, written, model):
    page = office.get(listing(model))
    assert page.status_code == 200
    assert len(page.context["cl"].result_list) == model.objects.count()
    for row in model.objects.all():
        assert office.get(reverse(f"admin:editor_{model._meta.model_name}_change", args=[row.pk])).status_code == 200
    assert office.get(listing(model, q="mina")).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_staff_see_nothing_of_a_private_room(helper, written, model):
    shown = helper.get(listing(model)).context["cl"].result_list
    assert shown
    assert not any("whisper" in str(getattr(row, "document", row)) for row in shown)
    for word in ("whisper", "whisper.py", "whisper version", "whisper quote"):
        assert not helper.get(listing(model, q=word)).context["cl"].result_list
    private = [row.pk for row in model.objects.all() if "whisper" in str(getattr(row, "document", row))]
    assert private
    for pk in private:
        assert helper.get(reverse(f"admin:editor_{model._meta.model_name}_change", args=[pk])).status_code == 302


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nobody_writes_here(office, written, model):
    name = model._meta.model_name
    row = model.objects.first()
    assert office.get(reverse(f"admin:editor_{name}_add")).status_code == 403
    assert office.post(reverse(f"admin:editor_{name}_change", args=[row.pk]), {}).status_code == 403
    assert office.post(reverse(f"admin:editor_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
