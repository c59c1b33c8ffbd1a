"""Posts over HTTP: written, changed, deleted, reacted to, and read page by page.

Called through integrations.mattermost_api.urls. Decides nothing: services do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from chat import selectors as rooms
from chat import services as chat
from chat.selectors import posts as read
from chat.selectors.posts import Post, PostPage
from integrations import emoji, services
from integrations.mattermost_api import ids, shapes
from integrations.mattermost_api.dispatch import Asked, address, answer, body_of, message_of, named_by, room_of
from integrations.mattermost_api.echoes import tell_again
from integrations.mattermost_api.refusing import PERMISSIONS, Failed
from integrations.selectors.posts import props_of
from realtime.protocol import Refused

PAGE_USUAL: Final = 60
PAGE_MOST: Final = 200
THREAD_MOST: Final = 500
ROOT: Final = "api.post.create_post.root_id.app_error"
OK: Final = {"status": "OK"}


class NewPost(Struct):
    """A post to write. Keys that are not here are left alone: who writes is said by the token."""

    channel_id: str = ""
    message: str = ""
    root_id: str | None = ""
    file_ids: list[str] | None = None
    props: dict[str, Any] | None = None
    pending_post_id: str | None = ""


class NewEphemeral(Struct):
    """A post that one person alone shall see."""

    user_id: str = ""
    post: NewPost = field(default_factory=NewPost)


class PostPatch(Struct):
    """What is to be changed of a post."""

    message: str | None = None
    props: dict[str, Any] | None = None
    is_pinned: bool | None = None


class NewReaction(Struct):
    """An emoji to put under a post."""

    user_id: str = ""
    post_id: str = ""
    emoji_name: str = ""


def shown(posts: Iterable[Post], *, pending: str = "") -> list[dict[str, Any]]:
    """Posts as programs read them."""
    found = list(posts)
    kept = props_of([one.view.id for one in found])
    return [
        shapes.post(
            one.view,
            props=kept.get(one.view.id, {}),
            updated_at=one.updated_at,
            gone_at=one.gone_at,
            pending=pending,
        )
        for one in found
    ]


def _one(asked: Asked, message_id: UUID, *, pending: str = "") -> dict[str, Any]:
    return shown([read.find_post(actor=asked.user, message_id=message_id)], pending=pending)[0]


def _create(asked: Asked) -> Any:
    new = body_of(asked.request, NewPost)
    room_id = room_of(new.channel_id)
    try:
        # Who may not see the channel learns no more than who may not write there.
        rooms.rights_in(actor=asked.user, room_id=room_id)
    except Refused:
        raise Failed(403, PERMISSIONS, "You do not have the appropriate permissions.") from None
    thread = _root(asked, new.root_id, room_id) if new.root_id else None
    pending = new.pending_post_id or ""
    message_id, _ = services.create_post(
        actor=asked.user,
        room_id=room_id,
        body=new.message,
        thread=thread,
        attachments=_files(asked, room_id, new.file_ids or []),
        props=new.props,
        pending=pending,
    )
    return answer(_one(asked, message_id, pending=pending), 201)


def _whisper(asked: Asked) -> Any:
    """Says it in the conversation of the two: a page keeps nothing that is in no room, and nothing said is lost."""
    new = body_of(asked.request, NewEphemeral)
    message_id = services.whisper_post(
        actor=asked.user,
        room_id=room_of(new.post.channel_id),
        user_id=asked.person(new.user_id),
        body=new.post.message,
        props=new.post.props,
    )
    made = _one(asked, message_id) | {"channel_id": new.post.channel_id, "type": "system_ephemeral"}
    return answer(made, 201)


def _root(asked: Asked, root_id: str, room_id: int) -> UUID:
    told = Failed(400, ROOT, "Invalid RootId parameter.")
    try:
        root = read.find_post(actor=asked.user, message_id=ids.to_uuid(root_id)).view
    except (ValueError, Refused):
        raise told from None
    if root.thread_root is not None or root.room != room_id:
        raise told
    return root.id


def _files(asked: Asked, room_id: int, wanted: list[str]) -> list[UUID]:
    """Those of the files that wait for a post here; the others are dropped without a word, as Mattermost does."""
    if not wanted:
        return []
    waiting = {one.id for one in rooms.upload_list(actor=asked.user, room_id=room_id).pending}
    found = [named_by(ids.to_uuid, text, "file_id") for text in dict.fromkeys(wanted)]
    return [one for one in found if one in waiting]


def _get(asked: Asked, post_id: str) -> Any:
    return _one(asked, message_of(post_id))


def _patch(asked: Asked, post_id: str) -> Any:
    return _change(asked, post_id, body_of(asked.request, PostPatch))


def _update(asked: Asked, post_id: str) -> Any:
    """The whole post: props that are not given are gone."""
    given = body_of(asked.request, PostPatch)
    return _change(asked, post_id, PostPatch(given.message, given.props or {}, given.is_pinned))


def _change(asked: Asked, post_id: str, patch: PostPatch, *, answered: bool = True) -> Any:
    message_id = message_of(post_id)
    before = read.find_post(actor=asked.user, message_id=message_id).view
    if before.author != asked.user.pk:
        _check_may_change(asked, patch, answered=answered)
    services.change_post(
        actor=asked.user,
        message_id=message_id,
        room_id=before.room,
        body=patch.message,
        props=patch.props,
        pinned=patch.is_pinned,
    )
    after = read.find_post(actor=asked.user, message_id=message_id)
    made = shown([after])[0]
    if after.view == before:
        # For people nothing happened.
        tell_again(before.room, "post_edited", post=made)
    return made


def _check_may_change(asked: Asked, patch: PostPatch, *, answered: bool) -> None:
    """Of somebody else's post only whether it is pinned; whoever is answered with the post must be one who may read.

    Raises:
        Failed: permissions.
    """
    if patch.is_pinned is None or (answered and READ not in asked.bearer.scopes):
        raise Failed(403, PERMISSIONS, "You do not have the appropriate permissions.")


def _delete(asked: Asked, post_id: str) -> Any:
    message_id = message_of(post_id)
    room_id = read.find_post(actor=asked.user, message_id=message_id).view.room
    chat.delete_message(actor=asked.user, room_id=room_id, message_id=message_id)
    return OK


def _pin(asked: Asked, post_id: str) -> Any:
    return _set_pinned(asked, post_id, pinned=True)


def _unpin(asked: Asked, post_id: str) -> Any:
    return _set_pinned(asked, post_id, pinned=False)


def _set_pinned(asked: Asked, post_id: str, *, pinned: bool) -> Any:
    _change(asked, post_id, PostPatch(is_pinned=pinned), answered=False)
    return OK


def _emoji(name: str) -> str:
    found = emoji.emoji_of(name)
    if found is None:
        told = "This site knows no emoji of this name."
        raise Failed(400, "api.emoji.get_by_name.invalid_emoji_name.app_error", told)
    return found


def _react(asked: Asked) -> Any:
    new = body_of(asked.request, NewReaction)
    asked.myself(new.user_id)
    message_id, symbol = message_of(new.post_id), _emoji(new.emoji_name)
    room_id = read.find_post(actor=asked.user, message_id=message_id).view.room
    done = chat.add_reaction(actor=asked.user, room_id=room_id, message_id=message_id, emoji=symbol)
    made = shapes.reaction(message_id, asked.user.pk, symbol, shapes.millis(datetime.now(UTC)))
    if not done.seq:
        # Programs are told of a repeat as well; for people nothing happened.
        tell_again(room_id, "reaction_added", reaction=made)
    return answer(made, 201)


def _take_back(asked: Asked, user_id: str, post_id: str, name: str) -> Any:
    asked.myself(user_id)
    message_id, symbol = message_of(post_id), _emoji(name)
    room_id = read.find_post(actor=asked.user, message_id=message_id).view.room
    done = chat.remove_reaction(actor=asked.user, room_id=room_id, message_id=message_id, emoji=symbol)
    if not done.seq:
        tell_again(room_id, "reaction_removed", reaction=shapes.reaction(message_id, asked.user.pk, symbol, 0))
    return OK


def _reactions(asked: Asked, post_id: str) -> Any:
    return shapes.reactions(read.find_post(actor=asked.user, message_id=message_of(post_id)).view)


def _listed(posts: list[Post], newer: UUID | None = None, older: UUID | None = None) -> dict[str, Any]:
    found = shown(posts)
    return {
        "order": [one["id"] for one in found],
        "posts": {one["id"]: one for one in found},
        "next_post_id": ids.of_uuid(newer) if newer else "",
        "prev_post_id": ids.of_uuid(older) if older else "",
        "has_next": newer is not None,
        "first_inaccessible_post_time": 0,
    }


def _thread(asked: Asked, post_id: str) -> Any:
    return _listed(read.thread_posts(actor=asked.user, message_id=message_of(post_id), limit=THREAD_MOST))


def _page(asked: Asked, channel_id: str) -> Any:
    room_id = room_of(channel_id)
    given = asked.request.GET
    if given.get("since"):
        # Moments are told in whole milliseconds, and one that was told is not told again.
        since = datetime.fromtimestamp(asked.number("since", 0, 10**14) / 1000, UTC) + timedelta(microseconds=999)
        return _listed(read.posts_changed(actor=asked.user, room_id=room_id, since=since))
    limit = max(1, asked.number("per_page", PAGE_USUAL, PAGE_MOST))
    skip = asked.number("page", 0, 10**7) * limit
    found: PostPage
    if given.get("before") or given.get("after"):
        sides = {side: message_of(given[side]) for side in ("before", "after") if given.get(side)}
        if len(sides) > 1:
            raise Failed(400, "api.context.invalid_url_param.app_error", "Give before or after, not both.")
        found = read.posts_beside(actor=asked.user, room_id=room_id, skip=skip, limit=limit, **sides)
    else:
        found = read.post_page(actor=asked.user, room_id=room_id, skip=skip, limit=limit)
    return _listed(found.posts, found.newer, found.older)


READ, WRITE = "messages:read", "messages:write"
posts = address(POST=(WRITE, _create))
ephemeral = address(POST=(WRITE, _whisper))
post = address(GET=(READ, _get), PUT=(WRITE, _update), DELETE=(WRITE, _delete))
patch = address(PUT=(WRITE, _patch))
pin = address(POST=(WRITE, _pin))
unpin = address(POST=(WRITE, _unpin))
thread = address(GET=(READ, _thread))
post_reactions = address(GET=(READ, _reactions))
reactions = address(POST=(WRITE, _react))
reaction = address(DELETE=(WRITE, _take_back))
channel_posts = address(GET=(READ, _page))
