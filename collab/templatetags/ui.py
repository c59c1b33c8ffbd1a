"""Template tags of our look: icons from the sprite, and a person's letters and colour.

Called by every template with `{% load ui %}`.
Never touches the database: it shapes values that the view already has.
"""

import json
from datetime import datetime
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

PERSON_COLOURS = 8


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draws an icon of the sprite; without a label it is hidden from screen readers.

    The name must be written literally in the template: the frontend build collects the names for the sprite.
    """
    address = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>',
            label,
            address,
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.simple_tag
def module(name: str) -> SafeString:
    """Loads a script of the build, and at the same time the pieces that it begins with.

    The pieces carry a hash in their names already and import each other by them, so they get no second one.
    """
    needs = json.loads((Path(settings.BASE_DIR) / "frontend/dist/modules.json").read_text())[name]
    preloads = format_html_join(
        "\n  ", '<link rel="modulepreload" href="{}">', [(f"{settings.STATIC_URL}{piece}",) for piece in needs]
    )
    return format_html('{}\n  <script type="module" src="{}"></script>', preloads, static(name))


@register.filter
def letters(name: str) -> str:
    """The one or two letters that stand for a person without a picture: "Mina Okafor" gives MO, "lea" gives L."""
    words = [word for word in str(name).split() if word[0].isalnum()] or [str(name) or "?"]
    chosen = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in chosen).upper()


@register.filter
def person_colour(user_id: int | None) -> str:
    """The class of a person's colour, c1 to c8, by their id; the same rule stands in the scripts."""
    return f"c{(user_id or 0) % PERSON_COLOURS + 1}"


@register.filter
def moment(at: datetime | None) -> str:
    """When something was or will be, short: "09:41" today, "Friday" this week, "3 Oct", "3 Oct 2025"."""
    if at is None:
        return ""
    then, today = timezone.localtime(at), timezone.localdate()
    days = (today - then.date()).days
    if days == 0:
        return date_format(then, "H:i")
    if 0 < days < 7:
        return date_format(then, "l")
    return date_format(then, "j M" if abs(days) < 180 else "j M Y")
