"""Words for a browser: "Firefox on Linux" out of what it sends about itself.

Called by the device list. Never decides anything by it: browsers say what they like.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_BROWSERS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone", "smartphone"), ("iPad", "iPad", "tablet"), ("Android", "Android", "smartphone"),
    ("CrOS", "ChromeOS", "laptop"), ("Windows", "Windows", "monitor"), ("Mac OS X", "macOS", "laptop"),
    ("Linux", "Linux", "laptop"),
)  # fmt: skip


class Device(NamedTuple):
    """A name to show and the icon beside it."""

    name: str
    icon: str


def describe(user_agent: str) -> Device:
    """The browser and system that a User-Agent header names, as far as they are known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next(((name, icon) for mark, name, icon in _SYSTEMS if mark in user_agent), None)
    if system is None:
        return Device(browser, "monitor")
    if system[0] == "Android" and "Mobile" not in user_agent:
        return Device(f"{browser} on an Android tablet", "tablet")
    return Device(f"{browser} on {system[0]}", system[1])
