"""`manage.py reseal_factors`: seals the secrets of authenticator apps and recovery codes with the present SECRET_KEY.

For operators, once after SECRET_KEY was changed (the old one in SECRET_KEY_FALLBACKS), before the old key is dropped.
Never shows a secret; repeating it is harmless.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts import services


class Command(BaseCommand):
    """`manage.py reseal_factors`."""

    help = "Seal the secrets of second factors with the present SECRET_KEY. Do it before an old key is dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        ids = list(Authenticator.objects.order_by("pk").values_list("pk", flat=True))
        sealed, unknown = 0, 0
        for factor_id in tqdm(ids, unit=" factors", disable=options["verbosity"] == 0 or None):
            try:
                sealed += services.reseal_factor(factor_id=factor_id)
            except ImproperlyConfigured:
                unknown += 1
        if unknown:
            raise CommandError(f"{unknown} were sealed with a key that is not in SECRET_KEY_FALLBACKS; {sealed} done.")
        self.stdout.write(f"Second factors sealed: {sealed}.")
