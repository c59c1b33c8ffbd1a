"""The secrets of second factors as they are stored.

Called by `reseal_factors`. Never shows a secret and never changes what it is.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import vault


@transaction.atomic
def reseal_factor(*, factor_id: int) -> bool:
    """Seals the secrets of one second factor with the present SECRET_KEY.

    Returns:
        Whether the factor has secrets; a passkey has none.

    Raises:
        ImproperlyConfigured: they were sealed with a key that is not known any more; nothing was changed.
    """
    factor = Authenticator.objects.select_for_update().filter(pk=factor_id).first()
    if factor is None or factor.type == Authenticator.Type.WEBAUTHN:
        return False
    for name in ("secret", "seed"):
        if name in factor.data:
            factor.data[name] = vault.seal(vault.unseal(factor.data[name]))
    if "migrated_codes" in factor.data:
        factor.data["migrated_codes"] = [vault.seal(vault.unseal(code)) for code in factor.data["migrated_codes"]]
    factor.save(update_fields=["data"])
    return True
