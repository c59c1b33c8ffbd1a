"""Questions about what other programs may do here and what they did. Never writes."""

from integrations.selectors.hooks import hook_of, incoming_hooks

__all__ = ["hook_of", "incoming_hooks"]
