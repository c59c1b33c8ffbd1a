"""Lists of the back office of every app: nobody learns from an address what a list does not show."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import BinaryField, CharField, Field, JSONField, TextField
from django.urls import reverse

from realtime.lookups import ShownLookups
from tests import factories
from tests.people import signed_in

pytestmark = pytest.mark.django_db

OURS = {
    "accounts",
    "api",
    "assistant",
    "chat",
    "dashboard",
    "editor",
    "integrations",
    "realtime",
    "mfa",
    "usersessions",
}
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OURS), key=lambda model: model._meta.label
)


def is_hidden(page: admin.ModelAdmin, field: Field) -> bool:
    """Whether a field with a text stands neither in the list nor among its filters."""
    named = [one[0] if isinstance(one, tuple) else one for one in page.list_filter]
    shown = {*page.list_display, *(one for one in named if isinstance(one, str)), page.date_hierarchy, "id"}
    return isinstance(field, CharField | TextField | JSONField | BinaryField) and field.name not in shown


HIDDEN = [
    (model, field.name)
    for model in MODELS
    for field in model._meta.local_concrete_fields
    if is_hidden(admin.site._registry[model], field) and isinstance(admin.site._registry[model], ShownLookups)
]


def test_every_list_of_ours_is_closed():
    open_ones = {model._meta.label for model in MODELS if not isinstance(admin.site._registry[model], ShownLookups)}
    # Django closes the password of its own list of people; the rest of an account stands on its page.
    assert open_ones <= {"accounts.User"}
    assert ("UserSession", "session_key") in {(model.__name__, name) for model, name in HIDDEN}


@pytest.mark.allow_logged_errors("Django records who asks for a lookup that is closed")
@pytest.mark.parametrize(("model", "name"), HIDDEN, ids=[f"{model._meta.label}.{name}" for model, name in HIDDEN])
def test_nobody_guesses_a_hidden_field_letter_by_letter(model, name):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert signed_in(boss).get(address, {f"{name}__startswith": "a"}).status_code == 400


def test_staff_still_narrow_a_list_by_what_it_shows():
    helper = factories.make_person("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = signed_in(helper)
    for address in (
        "/admin/usersessions/usersession/?user__id__exact=1",
        "/admin/realtime/topic/?kind=room",
        "/admin/realtime/lease/?holds=1",
        "/admin/chat/report/?state__exact=open",
        "/admin/chat/message/?deleted_at__isempty=1&kind__exact=user&room__kind__exact=public",
        "/admin/accounts/sanction/?created_at__year=2026&lifted_at__isempty=1",
    ):
        assert client.get(address).status_code == 200, address
