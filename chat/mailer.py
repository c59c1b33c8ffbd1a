"""Background service: writes to people who missed that somebody addressed them, while they are away.

Named in REALTIME_SERVICES and run under a lease. Decides nothing: chat.services.letters says who gets what. While the
mail server does not answer it waits longer each time, up to an hour.
"""

from __future__ import annotations

import asyncio
import logging
from smtplib import SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.letters import unsubscribe_url
from chat.services.letters import LINES, Letter, claim_letters, put_back
from realtime import threads

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 60
WAIT_MOST_SECONDS: Final = 3600


async def mailer() -> None:
    """Runs until cancelled; idle while MENTION_MAILS is off."""
    failures = 0
    while True:
        await asyncio.sleep(min(ROUND_SECONDS * 2**failures, WAIT_MOST_SECONDS))
        if settings.MENTION_MAILS:
            failures = 0 if await send_round() else failures + 1


async def send_round() -> bool:
    """Sends what is due; False when the mail server did not take it, and what is left waits."""
    letters = await threads.write(claim_letters)
    for position, letter in enumerate(letters):
        try:
            await asyncio.to_thread(_send, letter)
        except SMTPRecipientsRefused:
            # The address is wrong for good: trying again would be refused again.
            logger.warning("The mail server refuses the address of user %s", letter.reader.id)
        except OSError as error:
            logger.warning("Letters about mentions wait: %s", error)
            for unsent in letters[position:]:
                await threads.write(put_back, mentions=unsent.mentions)
            return False
    return True


def _send(letter: Letter) -> None:
    link = unsubscribe_url(letter.reader.id)
    context = {
        "letter": letter,
        "lines": letter.lines[:LINES],
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "unsubscribe": link,
    }
    message = EmailMultiAlternatives(
        subject=render_to_string("chat/letters/mentions_subject.txt", context).strip(),
        body=render_to_string("chat/letters/mentions.txt", context),
        to=[letter.reader.address],
        headers={
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # No robot answers it (RFC 3834).
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(render_to_string("chat/letters/mentions.html", context), "text/html")
    message.send()
