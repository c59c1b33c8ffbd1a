"""Colours that carry text can be read on every surface that may lie under them, hovered ones too, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

STYLES = Path(settings.BASE_DIR) / "frontend/src/styles"
READABLE = 4.5
SEEN = 3.0
"""What icons and lines need (WCAG 1.4.11)."""
SURFACES = ("bg", "bg-rail", "bg-raised", "bg-sunken", "bg-hover", "bg-active")
SOFT = ("brand-soft", "ai-soft", "warn-soft", "danger-soft", "mention", "add-bg", "del-bg")
TEXTS = ("ink", "ink-2", "ink-3", "brand-ink", "ai", "ok", "warn", "danger")
OWN = {"brand": "brand-soft", "ai": "ai-soft", "warn": "warn-soft", "danger": "danger-soft", "brand-ink": "brand-soft"}
PEOPLE = tuple(f"p{number}" for number in range(1, 9))
THEMES = ("light", "dark")
Colour = tuple[float, float, float]

pytestmark = pytest.mark.parametrize("theme", THEMES)


def tokens(theme: str) -> dict[str, Colour]:
    """The colours of tokens.css in one theme, as linear light."""
    found = re.findall(r"--([\w-]+):\s*light-dark\(#(\w{6}), #(\w{6})\)", (STYLES / "tokens.css").read_text())
    return {name: linear(pair[THEMES.index(theme)]) for name, *pair in found}


def linear(digits: str) -> Colour:
    values = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of WCAG 2."""
    weights = (0.2126, 0.7152, 0.0722)
    dark, bright = sorted(sum(map(float.__mul__, weights, colour)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def times(matrix: tuple[Colour, ...], colour: Colour) -> Colour:
    first, second, third = (sum(map(float.__mul__, row, colour)) for row in matrix)
    return first, second, third


# CSS Color 4, section 9.3: linear sRGB to cone responses, and their cube roots to Oklab; then back.
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def to_lab(colour: Colour) -> Colour:
    long, middle, short = (value ** (1 / 3) for value in times(TO_CONES, colour))
    return times(TO_LAB, (long, middle, short))


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """What color-mix(in oklab, one part, other) shows."""
    light, a, b = (part * x + (1 - part) * y for x, y in zip(to_lab(one), to_lab(other), strict=True))
    long, middle, short = (value**3 for value in times(FROM_LAB, (light, a, b)))
    red, green, blue = (min(1.0, max(0.0, value)) for value in times(FROM_CONES, (long, middle, short)))
    return red, green, blue


def mix_of(sheet: str, selector: str, declared: str) -> tuple[float, str]:
    """How much of a person's colour a rule takes, and the colour that it is mixed with."""
    rule = re.search(rf"^\s*{re.escape(selector)} {{(.*?)}}", (STYLES / sheet).read_text(), re.MULTILINE | re.DOTALL)
    assert rule is not None, f"{sheet} has no rule {selector}"
    found = re.search(
        rf"\s{declared}: color-mix\(in oklab, var\(--c.*?\) (\d+)%, var\(--([\w-]+)\)\);", f" {rule.group(1)}"
    )
    assert found is not None, f"{selector} has no mixed {declared}"
    return int(found.group(1)) / 100, found.group(2)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("surface", SURFACES)
def test_text_is_read_on_every_surface(theme: str, text: str, surface: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[text], colours[surface]) >= READABLE


@pytest.mark.parametrize("soft", SOFT)
def test_ink_is_read_on_every_tint(theme: str, soft: str) -> None:
    colours = tokens(theme)
    for text in ("ink", "ink-2", "ink-3"):
        assert contrast(colours[text], colours[soft]) >= READABLE, text


@pytest.mark.parametrize("text", OWN)
def test_meaning_is_read_on_its_own_tint(theme: str, text: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[text], colours[OWN[text]]) >= READABLE


def test_brand_is_seen_everywhere_and_carries_words(theme: str) -> None:
    colours = tokens(theme)
    for surface in SURFACES:
        assert contrast(colours["brand"], colours[surface]) >= SEEN, surface
    for ground in ("brand", "brand-hover", "danger"):
        assert contrast(colours["ink-invert"], colours[ground]) >= READABLE, ground


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(
    ("sheet", "selector"),
    [("components/controls.css", ".avatar"), ("case_desk.css", ".case-page .face")],
    ids=["avatar", "face"],
)
def test_letters_of_a_person_are_read(theme: str, person: str, sheet: str, selector: str) -> None:
    colours = tokens(theme)
    (of_text, ink), (of_ground, ground) = (mix_of(sheet, selector, what) for what in ("color", "background"))
    letters = mixed(colours[person], colours[ink], of_text)
    assert contrast(letters, mixed(colours[person], colours[ground], of_ground)) >= READABLE
