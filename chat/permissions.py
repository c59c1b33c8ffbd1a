"""Who may do what in a room: predicates over plain values.

Called by services before they write and by selectors for what a page offers. Pure: never touches Django, a database,
a clock or a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OWNER: Final = "owner"
MODERATOR: Final = "moderator"
MEMBER: Final = "member"
GUEST: Final = "guest"
RANKS: Final = {"": 0, GUEST: 1, MEMBER: 2, MODERATOR: 3, OWNER: 4}
"""Roles by how much they may; "" is somebody who is no member."""

PUBLIC: Final = "public"
PRIVATE: Final = "private"
FIXED_KINDS: Final = frozenset({"direct", "group"})
"""Kinds of rooms whose people never change: they are what the room is named after."""

EVERYONE_MEMBERS: Final = 20
"""In a larger room only owners and moderators address everybody with `@room`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is in a room, and how the room is set.

    Attributes:
        role: owner, moderator, member, guest, or "" for no member.
        kind: public, private, direct or group.
    """

    role: str
    kind: str
    read_only: bool = False
    archived: bool = False

    @property
    def rank(self) -> int:
        """The role as a number; more is more."""
        return RANKS[self.role]

    @property
    def fixed(self) -> bool:
        """Whether the room's people never change."""
        return self.kind in FIXED_KINDS


def can_see(standing: Standing) -> bool:
    """Read the room and know that it exists."""
    return bool(standing.role) or standing.kind == PUBLIC


def can_post(standing: Standing) -> bool:
    """Write messages, and edit one's own."""
    if not standing.role or standing.archived:
        return False
    return not standing.read_only or can_moderate(standing)


def can_react(standing: Standing) -> bool:
    """Put an emoji under a message; in a read-only room everybody may."""
    return bool(standing.role) and not standing.archived


def can_moderate(standing: Standing) -> bool:
    """Delete what others wrote, remove people, slow the room down or close it for writing."""
    return standing.rank >= RANKS[MODERATOR] and not standing.fixed


def can_manage(standing: Standing) -> bool:
    """Rename the room, archive it, give roles."""
    return standing.role == OWNER and not standing.fixed


def can_invite(standing: Standing) -> bool:
    """Add people and make links."""
    return standing.rank >= RANKS[MEMBER] and not standing.fixed and not standing.archived


def can_join(standing: Standing) -> bool:
    """Come in without being asked."""
    return not standing.role and standing.kind == PUBLIC and not standing.archived


def can_remove(standing: Standing, other_role: str) -> bool:
    """Take a member of `other_role` out: moderators those below them, owners everybody."""
    return can_moderate(standing) and (standing.role == OWNER or RANKS[other_role] < standing.rank)


def can_sanction(standing: Standing, other_role: str) -> bool:
    """Mute, kick or ban somebody of `other_role`, or somebody outside: only those below oneself."""
    return can_moderate(standing) and RANKS[other_role] < standing.rank


def can_give(standing: Standing, role: str) -> bool:
    """Let somebody in as `role`: members bring guests and members, owners also moderators."""
    if role in {GUEST, MEMBER}:
        return can_invite(standing)
    return role == MODERATOR and can_invite(standing) and standing.role == OWNER


def can_pin(standing: Standing, members: int) -> bool:
    """Pin messages for the room: who moderates; where few people are or the room is theirs alone, every member."""
    if standing.archived or standing.rank < RANKS[MEMBER]:
        return False
    return standing.fixed or members <= EVERYONE_MEMBERS or can_moderate(standing)


def is_slowed(standing: Standing) -> bool:
    """Whether slow mode holds for this person."""
    return standing.rank < RANKS[MODERATOR]


def can_address_everyone(standing: Standing, members: int) -> bool:
    """Whether `@room` reaches all members."""
    return members <= EVERYONE_MEMBERS or standing.rank >= RANKS[MODERATOR]


_NAMED: Final = {
    "post": can_post,
    "moderate": can_moderate,
    "manage": can_manage,
    "invite": can_invite,
    "join": can_join,
}


def names_of(standing: Standing) -> list[str]:
    """What a page may offer: of post, moderate, manage, invite and join those that hold, in this order."""
    return [name for name, holds in _NAMED.items() if holds(standing)]
