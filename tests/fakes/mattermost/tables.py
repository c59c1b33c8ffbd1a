"""What the imitated server keeps over a restart: people, tokens, teams, channels, hooks, and every row of a post.

Called by the routes and by FakeMattermost. Asks for rights and publishes what it changed; never knows of HTTP.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.mattermost.script import Script
from tests.fakes.mattermost.shapes import (
    Channel,
    Clock,
    File,
    Ids,
    Post,
    Refusal,
    Team,
    User,
    compact,
    forbidden,
    not_found,
    post_json,
)
from tests.fakes.mattermost.sockets import Event, Hub

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.S)
_CALL: Final = re.compile(r"(?<![\w@])@([A-Za-z0-9][\w.-]*)")


@dataclass(slots=True)
class Token:
    """What somebody shows to be believed: a session or an access token."""

    id: str
    secret: str
    user_id: str


@dataclass(slots=True)
class Hook:
    """An incoming webhook."""

    id: str
    channel_id: str
    user_id: str
    display_name: str


@dataclass
class Tables:
    """Everything that is kept, and how it is told."""

    clock: Clock
    ids: Ids
    script: Script
    hub: Hub
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    rows_of: dict[str, list[Post]] = field(default_factory=lambda: defaultdict(list))
    """Every row by its channel, and every reply by its root."""
    pending: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    """When a pending id made which post; a restart forgets it."""
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Outgoing hooks and commands: kept and never called, for no bridge needs them."""

    # Looking up

    def session(self, secret: str) -> User:
        """Whose token this is.

        Raises:
            Refusal: 401.
        """
        token = self.tokens.get(secret)
        if token is None or self.users[token.user_id].delete_at:
            raise Refusal(401, "api.context.session_expired.app_error", "The session is invalid or has expired.")
        return self.users[token.user_id]

    def user(self, wanted: str) -> User:
        """Somebody by id or username."""
        for user in self.users.values():
            if wanted in (user.id, user.username):
                return user
        raise not_found("app.user.missing_account.const", "user")

    def channel(self, channel_id: str, actor: User) -> Channel:
        """A channel that somebody may read; unknown ones are forbidden, not missing.

        Raises:
            Refusal: 403.
        """
        channel = self.channels.get(channel_id)
        if channel is None or not (actor.id in channel.members or actor.is_admin):
            raise forbidden()
        return channel

    def public_channel(self, channel_id: str, actor: User) -> Channel:
        """A channel that somebody may see: one of theirs, or a public one of their team."""
        channel = self.channels.get(channel_id)
        if channel is not None and channel.type == "O" and actor.id in self.hub.team_members[channel.team_id]:
            return channel
        return self.channel(channel_id, actor)

    # Rows of posts

    def keep(self, post: Post) -> None:
        """Adds a row and counts it in its channel."""
        self.posts[post.id] = post
        self.rows_of[post.channel_id].append(post)
        if post.root_id:
            self.rows_of[post.root_id].append(post)
        if not post.original_id:
            channel = self.channels[post.channel_id]
            channel.last_post_at = max(channel.last_post_at, post.create_at)
            channel.total_msg_count += 1

    def replies(self, root_id: str) -> list[Post]:
        """The live replies of a thread, oldest first."""
        return [one for one in self.rows_of[root_id] if not one.delete_at]

    def told(self, post: Post, *, counted: bool = True, pending: str = "") -> dict[str, Any]:
        """A post as JSON; lists by `since=` do not count replies."""
        count = len(self.replies(post.root_id or post.id)) if counted else 0
        always = self.script.newer
        return post_json(post, files=self.files, always_file_ids=always, reply_count=count, pending=pending)

    def tell_posted(self, post: Post, *, pending: str = "") -> None:
        """The event of a new post."""
        channel = self.channels[post.channel_id]
        data: dict[str, Any] = {
            "channel_display_name": channel.display_name,
            "channel_name": channel.name,
            "channel_type": channel.type,
            "post": compact(self.told(post, pending=pending)),
            "sender_name": self._sender_name(post),
            "set_online": True,
            "team_id": channel.team_id,
        }
        kinds = {self.files[one].mime_type.partition("/")[0] for one in post.file_ids}
        if post.file_ids:
            data["image" if "image" in kinds else "otherFile"] = "true"
        self.hub.publish(Event("posted", data, channel_id=channel.id, mentions=self.mentioned(post)))

    def _sender_name(self, post: Post) -> str:
        if post.type.startswith("system_"):
            return "System"
        override = post.props.get("override_username")
        if self.script.overrides and override and post.props.get("from_webhook") == "true":
            return str(override)
        return "@" + self.users[post.user_id].username

    def mentioned(self, post: Post) -> frozenset[str]:
        """Whom a post calls by name, or by a word that calls everybody; code calls nobody."""
        channel = self.channels[post.channel_id]
        names = {name.rstrip(".-_").lower() for name in _CALL.findall(_CODE.sub(" ", post.message))}
        if post.type.startswith("system_"):
            return frozenset()
        everybody = names & {"all", "channel", "here"}
        called = {one for one in channel.members if everybody or self.users[one].username.lower() in names}
        return frozenset(called - {post.user_id})

    def say_system(self, channel: Channel, actor: User, kind: str, words: str) -> None:
        """A post of the system: content for no bridge."""
        now = self.clock.ms()
        post = Post(self.ids.new(), actor.id, channel.id, now, now, words, kind, props={"username": actor.username})
        self.keep(post)
        self.tell_posted(post)
