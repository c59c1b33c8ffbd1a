"""The JSON API of the rooms for the page's script, a module for each matter.

An error is {"code", "message", "field"} with its HTTP status, and unknown and forbidden look the same.
"""

from chat.api import attention, commands, drafts, moderation, rooms, search
from chat.api.answers import addresses, answer, body, endpoint, identifier, number, refuse, text

__all__ = [
    "addresses",
    "answer",
    "attention",
    "body",
    "commands",
    "drafts",
    "endpoint",
    "identifier",
    "moderation",
    "number",
    "refuse",
    "rooms",
    "search",
    "text",
]
