"""What a Mattermost server says, as types: objects of its REST API and frames of its WebSocket.

Used by heard, rest and listening, and by whoever applies what they bring. Pure. Servers of other versions say more and
less: unknown keys are passed over, and what is missing, null or empty is the same.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

CONTENT_TYPES: Final = frozenset({"", "slack_attachment", "me"})
"""Types of posts that people or programs wrote, besides those that begin with `custom_`."""
SINCE_ROWS_MOST: Final = 1000
"""So many rows the server lists by `since=`, and does not say that there were more."""


class Unreadable(Exception):
    """A frame or an object is not what a Mattermost server says."""


class FromServer(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a server said."""


Said = TypeVar("Said", bound=FromServer)


class User(FromServer, frozen=True, kw_only=True):
    """A person or a bot. `is_bot` is there only where it is true; addresses of mail are not read."""

    id: str
    username: str = ""
    nickname: str = ""
    first_name: str = ""
    last_name: str = ""
    delete_at: int = 0
    is_bot: bool = False
    roles: str = ""

    @property
    def shown_name(self) -> str:
        """The name to show: the nickname, the full name, or the user name."""
        return self.nickname or f"{self.first_name} {self.last_name}".strip() or self.username


class Team(FromServer, frozen=True, kw_only=True):
    """A team."""

    id: str
    name: str = ""
    display_name: str = ""
    delete_at: int = 0


class Channel(FromServer, frozen=True, kw_only=True):
    """A channel. `type`: O public, P private, D of two, G of a few."""

    id: str
    team_id: str = ""
    name: str = ""
    display_name: str = ""
    type: str = ""
    delete_at: int = 0
    last_post_at: int = 0


class File(FromServer, frozen=True, kw_only=True):
    """What is known of a file before its bytes are fetched."""

    id: str
    name: str = ""
    size: int = 0
    mime_type: str = ""
    width: int = 0
    height: int = 0


class Reaction(FromServer, frozen=True, kw_only=True):
    """One person's emoji under a post, by its name."""

    user_id: str
    post_id: str
    emoji_name: str
    create_at: int = 0


class Metadata(FromServer, frozen=True, kw_only=True):
    """What the server adds to a post."""

    files: tuple[File, ...] = ()
    reactions: tuple[Reaction, ...] = ()


class Post(FromServer, frozen=True, kw_only=True):
    """A row of a channel.

    Attributes:
        edit_at: 0 for a text that was never changed; pins and reactions leave it as it is.
        original_id: of a row that keeps an earlier text, the live post; such a row is no post.
        pending_post_id: only in the event of a new post; the server does not store it.
    """

    id: str
    create_at: int = 0
    update_at: int = 0
    edit_at: int = 0
    delete_at: int = 0
    is_pinned: bool = False
    user_id: str = ""
    channel_id: str = ""
    root_id: str = ""
    original_id: str = ""
    message: str = ""
    type: str = ""
    props: dict[str, Any] = {}
    file_ids: tuple[str, ...] = ()
    pending_post_id: str = ""
    metadata: Metadata = Metadata()

    @property
    def is_content(self) -> bool:
        """Whether somebody wrote it: no word of the system, no earlier text."""
        return not self.original_id and (self.type in CONTENT_TYPES or self.type.startswith("custom_"))

    @property
    def thread_id(self) -> str:
        """The post that a reply to this one belongs under: threads have one level."""
        return self.root_id or self.id

    @property
    def attachments(self) -> list[Any]:
        """The attachments that a program gave it; whatever else stands there is none."""
        given = self.props.get("attachments")
        return given if isinstance(given, list) else []


class PostList(FromServer, frozen=True, kw_only=True):
    """A list of posts; `posts` may hold more than `order` names, which may name one twice."""

    order: tuple[str, ...] = ()
    posts: dict[str, Post] = {}
    has_next: bool = False

    def oldest_first(self) -> list[Post]:
        """The posts that are listed, each once."""
        return [self.posts[one] for one in dict.fromkeys(reversed(self.order)) if one in self.posts]

    @property
    def is_whole(self) -> bool:
        """Whether a list by `since=` holds everything; one that reached the limit may not."""
        return len(self.posts) < SINCE_ROWS_MOST


class Uploaded(FromServer, frozen=True, kw_only=True):
    """The answer to an upload."""

    file_infos: tuple[File, ...] = ()


class Problem(FromServer, frozen=True, kw_only=True):
    """An error; `message` is in the server's language, so decisions go by `id` and status."""

    id: str = ""
    message: str = ""
    detailed_error: str = ""


# Frames of the WebSocket


class Broadcast(FromServer, frozen=True, kw_only=True):
    """For whom an event is."""

    channel_id: str = ""
    user_id: str = ""
    team_id: str = ""


class Event(FromServer, frozen=True, kw_only=True):
    """Something that happened, in the order of this connection."""

    event: str
    seq: int
    data: dict[str, Any] = {}
    broadcast: Broadcast = Broadcast()


class Reply(FromServer, frozen=True, kw_only=True):
    """The answer to an action; one to an action without a number has no `seq_reply`."""

    status: str
    seq_reply: int = 0
    data: dict[str, Any] = {}
    error: Problem = Problem()


def read_object(raw: bytes | str, kind: type[Said]) -> Said:
    """An object of the REST API.

    Raises:
        Unreadable: it is no JSON, or not of this kind.
    """
    return read_value(_decode(raw), kind)


def read_objects(raw: bytes | str, kind: type[Said]) -> list[Said]:
    """A list of objects of the REST API; null is an empty one.

    Raises:
        Unreadable: it is no JSON, or not a list of this kind.
    """
    found = _decode(raw)
    if found is not None and not isinstance(found, list):
        raise Unreadable("The server sent no list where one belongs.")
    return [read_value(one, kind) for one in found or ()]


def read_keys(raw: bytes | str) -> dict[str, Any]:
    """An object whose keys nobody promised.

    Raises:
        Unreadable: it is no JSON, or no object.
    """
    found = _decode(raw)
    if not isinstance(found, dict):
        raise Unreadable("The server sent no object where one belongs.")
    return found


def read_frame(text: bytes | str) -> Event | Reply:
    """A frame of the WebSocket, with what the event tells still as it came.

    Raises:
        Unreadable: it is neither an event nor an answer.
    """
    found = _decode(text)
    if isinstance(found, dict) and "event" in found:
        return read_value(found, Event)
    if isinstance(found, dict) and "status" in found:
        return read_value(found, Reply)
    raise Unreadable("The server sent a frame that is neither an event nor an answer.")


def _decode(raw: bytes | str) -> Any:
    try:
        return _without_nulls(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("The server sent no JSON.") from error


def _without_nulls(value: Any) -> Any:
    # A null in a list has a place and stays; a null in an object says what its absence says.
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def read_value(value: Any, kind: type[Said]) -> Said:
    """An object that was decoded already.

    Raises:
        Unreadable: it is not of this kind.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Unreadable(f"The server sent a {kind.__name__} that cannot be read: {error}.") from error
