"""`manage.py reseal_factors`: seals all that is kept sealed with the present SECRET_KEY.

For operators, once after SECRET_KEY was changed (the old one in SECRET_KEY_FALLBACKS), before the old key is dropped:
secrets of authenticator apps, recovery codes, and what the apps of RESEAL_HOOKS keep. Never shows a secret; repeating
it is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string
from tqdm import tqdm

from accounts import services


class Command(BaseCommand):
    """`manage.py reseal_factors`."""

    help = "Seal all that is kept sealed with the present SECRET_KEY. Do it before an old key is dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, unknown, others = 0, 0, 0
        for read in tqdm(_factors(), unit=" factors", disable=options["verbosity"] == 0 or None):
            sealed, unknown = sealed + (read is True), unknown + (read is None)
        hooks = [import_string(path) for path in settings.RESEAL_HOOKS]
        for read in chain.from_iterable(hook() for hook in hooks):
            others, unknown = others + read, unknown + (not read)
        if unknown:
            done = sealed + others
            raise CommandError(f"{unknown} were sealed with a key that is not in SECRET_KEY_FALLBACKS; {done} done.")
        self.stdout.write(f"Second factors sealed: {sealed}. Secrets of other programs: {others}.")


def _factors() -> Iterator[bool | None]:
    """Seals each factor anew: whether it has secrets; None for one that cannot be read."""
    for factor_id in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        try:
            yield services.reseal_factor(factor_id=factor_id)
        except ImproperlyConfigured:
            yield None
