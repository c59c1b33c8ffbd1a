"""What pages of other apps ask about bridges. Called by templates. Never writes."""

from __future__ import annotations

from django import template

from integrations.services.bridges import own

register = template.Library()


@register.simple_tag
def has_bridges() -> bool:
    """Whether this site works for any server, so that somebody can have an account there."""
    return own.any_server()
