"""People and what they say about themselves.

Called by views, the admin, commands and other apps. Never sends mail and never signs anybody in.
"""

from __future__ import annotations

import hashlib

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.module_loading import import_string

from accounts import selectors
from accounts.avatars import square_webp
from accounts.events import PersonView
from accounts.models import Profile, User
from accounts.services.audit import record_audit
from accounts.services.preferences import change_preferences
from accounts.services.sessions import revoke_sessions
from accounts.texts import clean_display_name, clean_time_zone, clean_username
from realtime.protocol import Refused


@transaction.atomic
def create_person(
    *,
    actor: User | None,
    username: str,
    display_name: str = "",
    email: str = "",
    password: str | None = None,
    kind: str = User.Kind.HUMAN,
    time_zone: str = "UTC",
    is_active: bool = True,
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Makes a person with their profile; an e-mail address given here counts as confirmed.

    Args:
        actor: whose doing it is; None for a command on the server.
        password: None for somebody who cannot sign in with one.

    Raises:
        Refused: `invalid` with the field at fault; `conflict` when the name or the address is taken.
    """
    name = clean_username(username)
    address = email.strip().lower()
    if User.objects.filter(username=name).exists():
        raise Refused("conflict", "This name is taken.", field="username")
    if address and User.objects.filter(email__iexact=address).exists():
        raise Refused("conflict", "This address belongs to somebody else.", field="email")
    user = User(
        username=name,
        display_name=clean_display_name(display_name),
        email=address,
        kind=kind,
        is_active=is_active,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    user.set_password(password)
    user.save()
    Profile.objects.create(user=user, time_zone=clean_time_zone(time_zone))
    if address:
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if is_staff or is_superuser:
        record_audit(actor=actor, action="person.create", target=user.topic, detail={"staff": True})
    return user


@transaction.atomic
def complete_person(*, actor: User, user: User) -> None:
    """Gives an account made by the admin its profile and its confirmed address."""
    Profile.objects.get_or_create(user=user)
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record_audit(actor=actor, action="person.create", target=user.topic, detail={"kind": user.kind})


@transaction.atomic
def change_address(*, actor: User, user: User, address: str) -> None:
    """Gives a person another address, which counts as confirmed; none of those before signs in or gets mail any more.

    Raises:
        Refused: `forbidden` when the person is above the actor; `conflict` when somebody else has the address.
    """
    if actor.pk != user.pk and not actor.may_touch(user):
        raise Refused("forbidden")
    email = address.strip().lower()
    if email and selectors.is_address_of_another(address=email, user_id=user.pk):
        raise Refused("conflict", "This address belongs to somebody else.", field="email")
    User.objects.filter(pk=user.pk).update(email=email)
    EmailAddress.objects.filter(user=user).delete()
    if email:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    record_audit(actor=actor, action="person.change_address", target=user.topic)


@transaction.atomic
def update_profile(*, actor: User, display_name: str, time_zone: str) -> PersonView:
    """Changes how the person is shown and in which zone times are shown to them.

    Raises:
        Refused: `invalid` with the field at fault.
    """
    zone, name = clean_time_zone(time_zone), clean_display_name(display_name)
    if User.objects.filter(pk=actor.pk).exclude(display_name=name).update(display_name=name):
        announce_person(user_id=actor.pk)
    profile, _ = Profile.objects.get_or_create(user=actor)
    if profile.time_zone != zone:
        change_preferences(actor=actor, profile=profile, changed={"time_zone": zone})
    return selectors.people_views([actor.pk])[actor.pk]


@transaction.atomic
def announce_person(*, user_id: int) -> None:
    """Tells whoever sees the person what they look like now, through the hook that knows the rooms.

    Call it inside the transaction of the change and before anything is appended to their own topic: rooms are locked
    before people everywhere.
    """
    if settings.PERSON_HOOK:
        import_string(settings.PERSON_HOOK)(user_id=user_id)


def set_avatar(*, actor: User, data: bytes) -> str:
    """Takes a picture: it is cut to a square, made anew without its metadata, and replaces the old one.

    The picture is worked on before the transaction begins.

    Returns:
        Its address.

    Raises:
        Refused: `too_large` or `invalid`, with field `picture`.
    """
    picture = square_webp(data)
    name = f"avatars/{actor.pk}/{hashlib.sha256(picture).hexdigest()[:32]}.webp"
    with transaction.atomic():
        profile, _ = Profile.objects.get_or_create(user=actor)
        old = profile.avatar.name
        if old == name:
            return str(selectors.avatar_url(actor.pk, name))
        default_storage.delete(name)
        profile.avatar.name = default_storage.save(name, ContentFile(picture))
        profile.save(update_fields=["avatar"])
        announce_person(user_id=actor.pk)
        if old:
            transaction.on_commit(lambda: default_storage.delete(old), robust=True)
    return str(selectors.avatar_url(actor.pk, name))


@transaction.atomic
def remove_avatar(*, actor: User) -> None:
    """Goes back to letters; the file is deleted after the commit."""
    profile = Profile.objects.filter(user=actor).first()
    if profile is None or not profile.avatar:
        return
    old = str(profile.avatar.name)
    Profile.objects.filter(pk=profile.pk).update(avatar="")
    announce_person(user_id=actor.pk)
    transaction.on_commit(lambda: default_storage.delete(old), robust=True)


@transaction.atomic
def deactivate_person(*, actor: User, user: User, reason: str = "") -> None:
    """Closes an account: nobody can sign in to it, what was written stays.

    Raises:
        Refused: `forbidden`.
    """
    revoke_sessions(actor=actor, user=user, reason="deactivated")
    user.is_active = False
    user.save(update_fields=["is_active"])
    record_audit(actor=actor, action="person.deactivate", target=user.topic, reason=reason)


@transaction.atomic
def reactivate_person(*, actor: User, user: User) -> None:
    """Opens a closed account again.

    Raises:
        Refused: `forbidden`.
    """
    if not (actor.has_perm("accounts.change_user") and actor.may_touch(user)):
        raise Refused("forbidden")
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_audit(actor=actor, action="person.reactivate", target=user.topic)
