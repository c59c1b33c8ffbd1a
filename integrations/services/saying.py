"""How an answer from outside becomes a message: signed, with its attachments as a card, in one piece.

Called by deliveries and commands. Writes nothing.
"""

from __future__ import annotations

from chat.shapes import CardView
from integrations import attachments as cards
from integrations.payloads import Reply
from realtime.protocol import BODY_CHARS


def said_by(name: str, reply: Reply) -> tuple[str, CardView | None]:
    """The words and the card of an answer that an account of this name says; what is too long is cut."""
    given = cards.read(reply.attachments)
    signed = cards.signature(reply.username) if reply.username != name else ""
    text = f"{signed}{cards.rewrite_slack(reply.text)}"
    told = cards.words(given)
    most = BODY_CHARS - len(told) - 4
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    return cards.joined(text, told), cards.card(text, given) if given else None
