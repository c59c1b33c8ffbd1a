"""The back office of rooms and messages.

Called by Django's autodiscovery. Never writes past a service, and shows messages of private rooms to superusers only.
"""

from chat.admin import answers, attachments, attention, cards, drafts, messages, reports, rooms, rules, search

__all__ = ["answers", "attachments", "attention", "cards", "drafts", "messages", "reports", "rooms", "rules", "search"]
