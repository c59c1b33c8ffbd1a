"""Secrets of webhooks, commands, bridges and people's accounts there, sealed anew with the present SECRET_KEY.

Named in SEALED, which `reseal_factors` goes through. Never shows a secret and never changes what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model

from accounts import vault
from integrations.models import BridgedAccount, MattermostServer, OutgoingHook, SlashCommand

SEALED: Final[tuple[tuple[type[Model], tuple[str, ...]], ...]] = (
    (OutgoingHook, ("secret",)),
    (SlashCommand, ("secret",)),
    (MattermostServer, ("token", "secret")),
    (BridgedAccount, ("token",)),
)


def reseal() -> Iterator[bool]:
    """Seals each row's secrets anew, row by row in a transaction of its own.

    Yields:
        Whether it could be read; one that was sealed with a key that is not known any more stays as it is.
    """
    for kind, names in SEALED:
        for pk in list(kind._default_manager.order_by("pk").values_list("pk", flat=True)):
            yield _reseal(kind, names, pk)


@transaction.atomic
def _reseal(kind: type[Model], names: tuple[str, ...], pk: int) -> bool:
    row = kind._default_manager.select_for_update().filter(pk=pk).values(*names).first()
    try:
        values = {name: vault.seal(vault.unseal(text)) for name, text in (row or {}).items() if text}
    except ImproperlyConfigured:
        return False
    kind._default_manager.filter(pk=pk).update(**values)
    return True
