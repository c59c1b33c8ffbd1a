"""Posts, reactions and files of the imitated server, with everything odd that was measured about them.

Called by the routes and by FakeMattermost. An edit leaves a row of the earlier text, a reply touches its root, a root
takes its replies along silently. Never knows of HTTP.
"""

from __future__ import annotations

import io
import json
import mimetypes
import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from tests.fakes.mattermost.people import People
from tests.fakes.mattermost.shapes import (
    FILE_BYTES_MOST,
    FILE_IDS_CHARS_MOST,
    MESSAGE_CHARS_MOST,
    PROPS_CHARS_MOST,
    Channel,
    File,
    Post,
    Reaction,
    Refusal,
    User,
    compact,
    forbidden,
    invalid,
    not_found,
)
from tests.fakes.mattermost.sockets import Event

PENDING_SECONDS: Final = 30.0
SINCE_ROWS_MOST: Final = 1000
PER_PAGE_MOST: Final = 200
RESERVED_PROPS: Final = frozenset({"from_webhook", "override_username", "override_icon_url", "from_bot"})


class State(People):
    """The whole server but its lines."""

    # Writing

    def duplicate_of(self, actor: User, pending: str) -> Post | None:
        """The post that the same pending id made within the last 30 seconds."""
        if self.script.pending_collisions and pending:
            self.script.pending_collisions -= 1
            raise Refusal(500, "api.post.deduplicate_create_post.pending", "That post is being saved.")
        at, post_id = self.pending.get((actor.id, pending), (0.0, ""))
        if not pending or self.clock.seconds() - at > PENDING_SECONDS:
            return None
        return self.posts[post_id]

    def create_post(self, actor: User, body: dict[str, Any]) -> Post:
        """A new row; telling it is the caller's, who may answer first."""
        channel = self.channel(str(body.get("channel_id", "")), actor)
        if actor.id not in channel.members:
            raise forbidden()
        if channel.delete_at:
            raise invalid("api.post.create_post.can_not_post_to_deleted.error", "channel: it is archived")
        root_id = str(body.get("root_id") or "")
        root = self.posts.get(root_id)
        if root_id and (root is None or root.root_id or root.delete_at or root.channel_id != channel.id):
            raise invalid("api.post.create_post.root_id.app_error", "RootId")
        props = self._props(actor, body.get("props") or {})
        message, kind = str(body.get("message") or ""), str(body.get("type") or "")
        check_texts(message, props, kind)
        now = self.clock.ms()
        at = int(body.get("create_at") or 0) if actor.is_admin else 0
        post = Post(self.ids.new(), actor.id, channel.id, at or now, at or now, message, kind, root_id, props=props)
        post.file_ids = self._claim(actor, post.id, body.get("file_ids") or [])
        self.keep(post)
        if root is not None:
            root.update_at = now
        if pending := str(body.get("pending_post_id") or ""):
            self.pending[actor.id, pending] = (self.clock.seconds(), post.id)
        return post

    def _props(self, actor: User, props: dict[str, Any]) -> dict[str, Any]:
        if self.script.hardened and not actor.is_bot and RESERVED_PROPS & props.keys():
            raise invalid("api.context.invalid_body_param.app_error", "props: some are reserved")
        return props | ({"from_bot": "true"} if actor.is_bot else {})

    def _claim(self, actor: User, post_id: str, file_ids: Iterable[str]) -> list[str]:
        """The files a post may have: others' and used ones are dropped without a word."""
        if len(json.dumps(list(file_ids))) > FILE_IDS_CHARS_MOST:
            raise invalid("model.post.is_valid.file_ids.app_error", "file_ids: too many")
        claimed = []
        for one in file_ids:
            file = self.files.get(one)
            if file is not None and file.user_id == actor.id and not file.post_id:
                file.post_id = post_id
                claimed.append(one)
        return claimed

    def own_post(self, actor: User, post_id: str) -> Post:
        """A live post that somebody may change.

        Raises:
            Refusal: 403, for deleted ones too.
        """
        post = self.posts.get(post_id)
        if post is None or post.delete_at or not (post.user_id == actor.id or actor.is_admin):
            raise forbidden()
        self.channel(post.channel_id, actor)
        return post

    def edit(self, post: Post, changes: dict[str, Any]) -> None:
        """Changes a post and leaves a row of how it was; props are replaced whole."""
        message = changes.get("message", post.message)
        props = changes.get("props", post.props)
        check_texts(str(message), props, "")
        if self.channels[post.channel_id].delete_at:
            raise invalid("api.post.update_post.can_not_update_post_in_deleted.error", "channel: it is archived")
        now = max(self.clock.ms(), post.update_at + 1)
        earlier = replace(
            post, id=self.ids.new(), original_id=post.id, update_at=now, delete_at=now, edit_at=0, reactions={}
        )
        self.keep(earlier)
        files = changes.get("file_ids") if self.script.newer else None
        if message != post.message or (files is not None and files != post.file_ids):
            post.edit_at = now
        if files is not None:
            # Only newer servers let go of files, or take more.
            post.file_ids = list(files)
        post.message, post.props, post.update_at = str(message), dict(props), now
        post.is_pinned = bool(changes.get("is_pinned", post.is_pinned))
        self.hub.publish(Event("post_edited", {"post": compact(self.told(post))}, channel_id=post.channel_id))

    def delete(self, actor: User, post_id: str) -> None:
        """Deletes a post, and the replies of a root without a word about them."""
        post = self.own_post(actor, post_id)
        data = {"post": compact(self.told(post))}
        now = max(self.clock.ms(), post.update_at + 1)
        for row in [post, *self.replies(post.id)]:
            row.delete_at = row.update_at = now
            row.props = row.props | {"deleteBy": actor.id}
        self.hub.publish(Event("post_deleted", data, channel_id=post.channel_id))

    def react(self, actor: User, post_id: str, name: str) -> Reaction:
        """Adds a reaction; once more is no error and told again."""
        post = self.post(actor, post_id)
        if self.script.newer and name in self.script.refused_emoji:
            raise not_found("app.emoji.get_by_name.no_result", "emoji")
        now = max(self.clock.ms(), post.update_at + 1)
        reaction = Reaction(actor.id, post.id, name, now, now)
        post.reactions[actor.id, name] = reaction
        post.update_at = now
        self._tell_reaction("reaction_added", post, reaction)
        return reaction

    def unreact(self, actor: User, post_id: str, name: str) -> None:
        """Takes a reaction back; told also where there was none."""
        post = self.post(actor, post_id)
        post.reactions.pop((actor.id, name), None)
        post.update_at = max(self.clock.ms(), post.update_at + 1)
        self._tell_reaction("reaction_removed", post, Reaction(actor.id, post.id, name, 0, post.update_at))

    def _tell_reaction(self, event: str, post: Post, reaction: Reaction) -> None:
        self.hub.publish(Event(event, {"reaction": compact(reaction.json())}, channel_id=post.channel_id))

    def type_in(self, actor: User, channel: Channel, parent_id: str) -> None:
        """Tells the others of a channel that somebody types."""
        data = {"parent_id": parent_id, "user_id": actor.id}
        self.hub.publish(Event("typing", data, channel_id=channel.id, omit=frozenset({actor.id})))

    # Reading

    def post(self, actor: User, post_id: str) -> Post:
        """A live post that somebody may read.

        Raises:
            Refusal: 404, for deleted ones too; 403.
        """
        post = self.posts.get(post_id)
        if post is None or post.delete_at:
            raise not_found("app.post.get.app_error", "post")
        self.channel(post.channel_id, actor)
        return post

    def live(self, channel_id: str) -> list[Post]:
        """The posts of a channel, oldest first."""
        rows = [one for one in self.rows_of[channel_id] if not one.delete_at]
        return sorted(rows, key=lambda one: one.create_at)

    def since(self, channel: Channel, since: int) -> dict[str, Any]:
        """Rows touched after a time: edits, deletions and earlier texts among them, and never more than a thousand."""
        rows = [one for one in self.rows_of[channel.id] if one.update_at > since]
        if len(rows) > SINCE_ROWS_MOST:
            # The real one limits without an order: which rows are left out is anybody's guess.
            rows = random.Random(len(rows)).sample(rows, SINCE_ROWS_MOST)
        return self.listing(sorted(rows, key=lambda one: one.create_at, reverse=True), counted=False)

    def page(self, channel: Channel, *, page: int, per_page: int, before: str, after: str) -> dict[str, Any]:
        """A page of live posts; an anchor that is not known has nothing after or before it, and nobody says so."""
        rows = self.live(channel.id)
        anchor = self.posts.get(before or after)
        if before or after:
            at = anchor.create_at if anchor is not None and anchor.channel_id == channel.id else None
            rows = [one for one in rows if at is not None and (one.create_at > at if after else one.create_at < at)]
        per_page = min(max(per_page, 0), PER_PAGE_MOST)
        start = page * per_page
        newest_first = rows[::-1]
        chosen = rows[start : start + per_page][::-1] if after else newest_first[start : start + per_page]
        told = self.listing(chosen)
        told["has_next"] = bool(after) and start + per_page < len(rows)
        told["prev_post_id"] = after
        told["next_post_id"] = before
        return told

    def thread(self, post: Post) -> dict[str, Any]:
        """A thread; its root is in the order twice, as the real server has it."""
        root = self.posts[post.root_id or post.id]
        return self.listing([*self.replies(root.id)[::-1], root, root])

    def listing(self, rows: list[Post], *, counted: bool = True) -> dict[str, Any]:
        """Rows as REST lists them, newest first, with the roots of replies beside them."""
        posts = {one.id: self.told(one, counted=counted) for one in rows}
        for one in rows:
            root = self.posts.get(one.root_id)
            if root is not None and root.id not in posts:
                posts[root.id] = self.told(root, counted=counted)
        order = [one.id for one in rows]
        return {"order": order, "posts": posts, "next_post_id": "", "prev_post_id": "", "has_next": False}

    # Files

    def add_file(self, actor: User, channel: Channel, name: str, data: bytes) -> File:
        """Keeps an uploaded file until a post names it."""
        if len(data) > (self.script.file_bytes_most or FILE_BYTES_MOST):
            raise Refusal(413, "api.file.upload_file.too_large_detailed.app_error", "The file is too large.")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind == "text/plain":
            kind = "text/plain; charset=utf-8"
        file = File(self.ids.new(), actor.id, channel.id, name, data, kind, self.clock.ms())
        if kind.startswith("image/"):
            file.width, file.height = size_of(data)
        self.files[file.id] = file
        return file

    def file(self, actor: User, file_id: str) -> File:
        """A file that somebody may fetch: their own, or one of a post they may read."""
        file = self.files.get(file_id)
        if file is None:
            raise not_found("app.file_info.get.app_error", "file")
        if file.user_id != actor.id:
            self.channel(file.channel_id, actor)
        return file


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a picture; zeros for what only has its name."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError):
        return 0, 0


def check_texts(message: str, props: dict[str, Any], kind: str) -> None:
    """Refuses what is too long or pretends to be the system's.

    Raises:
        Refusal: 400.
    """
    if len(message) > MESSAGE_CHARS_MOST:
        raise invalid("model.post.is_valid.msg.app_error", "message")
    if len(json.dumps(props)) > PROPS_CHARS_MOST:
        raise invalid("model.post.is_valid.props.app_error", "props")
    if kind not in {"", "slack_attachment", "me"} and not kind.startswith("custom_"):
        raise invalid("api.context.invalid_body_param.app_error", "type")
