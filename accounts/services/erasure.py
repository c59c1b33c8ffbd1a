"""The end of an account: nobody can tell whose it was, and what was said stays readable as a deleted person's.

Called by the admin. Never removes the row itself: messages, rooms and the trail go on naming its number.
"""

from __future__ import annotations

import secrets
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.module_loading import import_string

from accounts.models import ApiToken, Invite, Profile, User
from accounts.services.audit import record_audit
from accounts.services.sessions import revoke_sessions
from realtime.protocol import Refused

NOBODY: Final = "Deleted person"


@transaction.atomic
def delete_permanently(*, actor: User, user: User, reason: str = "") -> None:
    """Takes name, address, picture, ways to sign in, tokens and rights from an account; only for superusers.

    The rooms are told, and whoever owned one alone is followed by somebody else. There is no way back.

    Raises:
        Refused: `forbidden`.
    """
    if not actor.is_superuser or actor.pk == user.pk:
        raise Refused("forbidden")
    was = user.username
    _erase(user)
    # Rooms are locked before people everywhere: the sign-ins end last.
    for path in settings.PERSON_GONE_HOOKS:
        import_string(path)(user_id=user.pk)
    revoke_sessions(actor=actor, user=user, reason="deleted")
    record_audit(actor=actor, action="person.delete", target=user.topic, reason=reason, detail={"username": was})


def _erase(user: User) -> None:
    picture = Profile.objects.filter(user=user).exclude(avatar="").values_list("avatar", flat=True).first()
    if picture:
        transaction.on_commit(lambda: default_storage.delete(picture), robust=True)
    Profile.objects.filter(user=user).delete()
    for model in (EmailAddress, Authenticator, SocialAccount, ApiToken):
        model.objects.filter(user=user).delete()
    Invite.objects.filter(created_by=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.username = f"deleted-{user.pk}-{secrets.token_hex(4)}"
    user.display_name = NOBODY
    user.first_name = user.last_name = user.email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
