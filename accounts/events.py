"""What happens to a person, published to `user:<id>`, and to their rooms what they look like now.

Pure declarations, used by accounts.services, by chat and by consumers.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from realtime.protocol import Event, Struct


class PersonView(Struct, frozen=True, kw_only=True):
    """A person as others see them. Never carries an e-mail address.

    Attributes:
        name: what stands after `@`.
        kind: human, bot, bridge or assistant.
    """

    id: int
    name: str
    display_name: str
    kind: str = "human"
    avatar_url: str | None = None


class PreferencesView(Struct, frozen=True, kw_only=True):
    """What a person chose; theme is system, light or dark.

    Attributes:
        desktop_notifications: the page may show the browser's own notices where the browser allows it.
        email_mentions: an e-mail tells of mentions that were missed.
        quiet_until: do not disturb until then.
        quiet_from: do not disturb each day from then to `quiet_to`, as "HH:MM" in the person's zone; both or neither.
    """

    theme: str
    time_zone: str
    enter_sends: bool
    letter_shortcuts: bool
    desktop_notifications: bool = False
    notification_sound: bool = False
    email_mentions: bool = True
    quiet_until: datetime | None = None
    quiet_from: str | None = None
    quiet_to: str | None = None


class SessionRevoked(Event, frozen=True, kw_only=True):
    """Sign-ins ended; the hub closes their sockets with 4401. Clients never act on the content."""

    type: ClassVar[str] = "session.revoked"
    topic: ClassVar[str] = "user"
    reason: str = ""


class MuteView(Struct, frozen=True, kw_only=True):
    """What keeps a person from writing, in one room or (`room` null) everywhere; of several mutes the longest."""

    room: int | None
    reason: str
    until: datetime | None


class SanctionApplied(Event, frozen=True, kw_only=True):
    """A moderator acted; kind is mute, kick or ban. `room` null means everywhere."""

    type: ClassVar[str] = "sanction.applied"
    topic: ClassVar[str] = "user"
    kind: str
    reason: str
    room: int | None = None
    until: datetime | None = None


class SanctionLifted(Event, frozen=True, kw_only=True):
    """A moderator took a mute, kick or ban back before its end. `room` null means everywhere.

    `left`: another mute that goes on holding there.
    """

    type: ClassVar[str] = "sanction.lifted"
    topic: ClassVar[str] = "user"
    kind: str
    room: int | None = None
    left: MuteView | None = None


class PreferencesChanged(Event, frozen=True, kw_only=True):
    """The person changed their own settings in another tab."""

    type: ClassVar[str] = "preferences.changed"
    topic: ClassVar[str] = "user"
    preferences: PreferencesView


class PersonChanged(Event, frozen=True, kw_only=True):
    """A member goes by another name or shows another picture; each of their rooms is told."""

    type: ClassVar[str] = "person.changed"
    topic: ClassVar[str] = "room"
    person: PersonView
