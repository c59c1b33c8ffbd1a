"""Keeps second factors' secrets unreadable in the database: sealed with a key made of SECRET_KEY.

Called by the adapter and by `reseal_factors`. What was stored before there was a seal is read as it stands. Never
stores anything itself.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

_MARK: Final = "sealed:"
_SALT: Final = "accounts.vault"


def seal(text: str) -> str:
    """The text as only this site can read it, with the present SECRET_KEY."""
    return _MARK + _box().encrypt(text.encode()).decode()


def is_sealed(stored: str) -> bool:
    """Whether this came from `seal`."""
    return stored.startswith(_MARK)


def unseal(stored: str) -> str:
    """The text again.

    Raises:
        ImproperlyConfigured: it was sealed with a key that is neither SECRET_KEY nor one of its fallbacks.
    """
    if not is_sealed(stored):
        return stored
    try:
        return _box().decrypt(stored.removeprefix(_MARK)).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A second factor was sealed with another SECRET_KEY. Add that key to SECRET_KEY_FALLBACKS."
        ) from error


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_digest(key))) for key in keys])


def _digest(key: str) -> bytes:
    return salted_hmac(_SALT, "", secret=key, algorithm="sha256").digest()
