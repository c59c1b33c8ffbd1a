"""The background service that tells people of their tokens' ends before these come, in one process of all.

Named in REALTIME_SERVICES. Decides nothing: accounts.services.ending knows who is told what.
"""

from __future__ import annotations

import asyncio
import logging
from smtplib import SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.services.ending import EndNotice, claim_endings, put_back_ending
from realtime import threads

logger = logging.getLogger(__name__)

FIRST_SECONDS: Final = 300
"""Not while the site starts, when everybody comes at once."""
EVERY_SECONDS: Final = 3_600


async def teller() -> None:
    """Looks once an hour until it is cancelled."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        await tell_endings()
        await asyncio.sleep(EVERY_SECONDS)


async def tell_endings() -> int:
    """Sends what is due; what the mail server did not take waits for the next round. Answers how many were sent."""
    sent = 0
    for notice in await threads.write(claim_endings):
        try:
            await asyncio.to_thread(_send, notice)
            sent += 1
        except SMTPRecipientsRefused:
            # The address is wrong for good: trying again would be refused again.
            logger.warning("The mail server refuses the address of the maker of token %d", notice.token)
        except OSError as error:
            logger.warning("A letter about token %d waits: %s", notice.token, error)
            await threads.write(put_back_ending, notice=notice)
    return sent


def _send(notice: EndNotice) -> None:
    page = reverse("account_tokens") if notice.owner == "" else reverse("admin:accounts_apitoken_changelist")
    context = {"notice": notice, "site_name": settings.SITE_NAME, "page": settings.SITE_URL + page}
    subject = render_to_string("account/email/token_ends_subject.txt", context).strip()
    body = render_to_string("account/email/token_ends_message.txt", context)
    # No robot answers it (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    EmailMessage(subject, body, to=[notice.address], headers=headers).send()
