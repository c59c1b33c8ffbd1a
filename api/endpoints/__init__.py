"""The addresses of the API, a module for each matter; importing this declares them all.

Each handler is a few lines: it hands what was asked to a service or selector. The order here is the documentation's.
"""

from api.endpoints import account, rooms, members, webhooks, messages, files, search, documents, metrics, boards  # isort: skip

__all__ = ["account", "boards", "documents", "files", "members", "messages", "metrics", "rooms", "search", "webhooks"]
