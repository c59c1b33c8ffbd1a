"""What the events of a Mattermost server tell, each as a type of its own; those that no bridge needs are passed over.

Used by listening and by whoever applies what was heard. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from integrations.mattermost.wire import Channel, Event, FromServer, Post, Reaction, Said, User, read_object, read_value


class Hello(FromServer, frozen=True, kw_only=True):
    """The first event of a new connection. Servers before 6.0 give no id to come back to."""

    connection_id: str = ""
    server_version: str = ""


class Posted(FromServer, frozen=True, kw_only=True):
    """A new post. `sender_name` is what the server shows, and no proof of anything."""

    post: Post
    sender_name: str = ""
    channel_type: str = ""


class Edited(FromServer, frozen=True, kw_only=True):
    """A post changed: its text, a pin, or nothing at all."""

    post: Post


class Deleted(FromServer, frozen=True, kw_only=True):
    """A post is gone, with all replies of a root. Its `delete_at` says 0."""

    post: Post


class Reacted(FromServer, frozen=True, kw_only=True):
    """An emoji was put under a post (`added`) or taken back; said again for one that was there."""

    added: bool
    reaction: Reaction
    channel_id: str


class Typing(FromServer, frozen=True, kw_only=True):
    """Somebody types; nothing says when they stop."""

    user_id: str
    channel_id: str
    parent_id: str = ""


class Joined(FromServer, frozen=True, kw_only=True):
    """Somebody came into a channel."""

    user_id: str
    channel_id: str


class Left(FromServer, frozen=True, kw_only=True):
    """Somebody is out of a channel; whoever was removed hears it of themselves."""

    user_id: str
    channel_id: str


class LeftTeam(FromServer, frozen=True, kw_only=True):
    """Somebody is out of a team, and so out of its channels: nobody tells of each of those."""

    user_id: str


class ChannelChanged(FromServer, frozen=True, kw_only=True):
    """Names of a channel changed; a newer server may say only which."""

    channel_id: str
    channel: Channel | None = None


class ChannelArchived(FromServer, frozen=True, kw_only=True):
    """A channel takes no more posts."""

    channel_id: str


class ChannelRestored(FromServer, frozen=True, kw_only=True):
    """An archived channel is open again."""

    channel_id: str


class UserChanged(FromServer, frozen=True, kw_only=True):
    """Somebody has another name."""

    user: User


Told = (
    Hello
    | Posted
    | Edited
    | Deleted
    | Reacted
    | Typing
    | Joined
    | Left
    | LeftTeam
    | ChannelChanged
    | ChannelArchived
    | ChannelRestored
    | UserChanged
)


def told_by(event: Event) -> Told | None:
    """What an event tells; None for one that no bridge needs.

    Raises:
        Unreadable: it is one of those that a bridge needs, and its data is not as it should be.
    """
    read = _READERS.get(event.event)
    return None if read is None else read(event)


def _inner(event: Event, name: str, kind: type[Said]) -> Said:
    """An object that an event carries as a string of JSON, or (of users) as it is."""
    found = event.data.get(name)
    return read_object(found, kind) if isinstance(found, str) else read_value(found, kind)


def _text(data: dict[str, Any], name: str) -> str:
    found = data.get(name, "")
    return found if isinstance(found, str) else ""


def _hello(event: Event) -> Hello:
    return read_value(event.data, Hello)


def _posted(event: Event) -> Posted:
    post = _inner(event, "post", Post)
    return Posted(
        post=post, sender_name=_text(event.data, "sender_name"), channel_type=_text(event.data, "channel_type")
    )


def _edited(event: Event) -> Edited:
    return Edited(post=_inner(event, "post", Post))


def _deleted(event: Event) -> Deleted:
    return Deleted(post=_inner(event, "post", Post))


def _reacted(event: Event) -> Reacted:
    added = event.event == "reaction_added"
    return Reacted(added=added, reaction=_inner(event, "reaction", Reaction), channel_id=event.broadcast.channel_id)


def _typing(event: Event) -> Typing:
    parent = _text(event.data, "parent_id")
    return Typing(user_id=_text(event.data, "user_id"), channel_id=event.broadcast.channel_id, parent_id=parent)


def _joined(event: Event) -> Joined:
    return Joined(user_id=_text(event.data, "user_id"), channel_id=event.broadcast.channel_id)


def _left(event: Event) -> Left:
    # Those who stay are told who left, on the channel; who left is told which channel, as a person.
    return Left(
        user_id=_text(event.data, "user_id") or event.broadcast.user_id,
        channel_id=_text(event.data, "channel_id") or event.broadcast.channel_id,
    )


def _left_team(event: Event) -> LeftTeam:
    return LeftTeam(user_id=_text(event.data, "user_id") or event.broadcast.user_id)


def _channel_changed(event: Event) -> ChannelChanged:
    channel = _inner(event, "channel", Channel) if "channel" in event.data else None
    named = channel.id if channel else _text(event.data, "channel_id") or event.broadcast.channel_id
    return ChannelChanged(channel_id=named, channel=channel)


def _archived(event: Event) -> ChannelArchived:
    return ChannelArchived(channel_id=_text(event.data, "channel_id") or event.broadcast.channel_id)


def _restored(event: Event) -> ChannelRestored:
    return ChannelRestored(channel_id=_text(event.data, "channel_id") or event.broadcast.channel_id)


def _user_changed(event: Event) -> UserChanged:
    return UserChanged(user=_inner(event, "user", User))


_READERS: Final[dict[str, Callable[[Event], Told]]] = {
    "hello": _hello,
    "posted": _posted,
    "post_edited": _edited,
    "post_deleted": _deleted,
    "reaction_added": _reacted,
    "reaction_removed": _reacted,
    "typing": _typing,
    "user_added": _joined,
    "user_removed": _left,
    "leave_team": _left_team,
    "channel_updated": _channel_changed,
    "channel_deleted": _archived,
    "channel_restored": _restored,
    "user_updated": _user_changed,
}
