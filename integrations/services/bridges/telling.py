"""What a channel is told of a message: its text as it is written there, whose name it carries, our mark.

Called by integrations.bridge when an order is due: what the message says now counts, not what it said once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from chat.selectors import posts as read
from chat.selectors.attachments import StoredFile, sent_files
from chat.shapes import MessageView
from integrations.mattermost import mapping
from integrations.mattermost.splitting import split_text
from integrations.mattermost.wire import Post
from integrations.models import BridgedFile, BridgedPerson, BridgedPost, BridgeLink
from integrations.services.bridges import arriving, people
from integrations.services.bridges.setup import Access, fence

ALERT: Final = "Alert"
DELETED: Final = "*This message was deleted.*"


@dataclass(frozen=True, slots=True)
class Part:
    """A post, or a part of a message that is several: its text, and the post that it is already."""

    text: str
    remote_id: str = ""
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A message as the channel shall have it.

    Attributes:
        surplus: posts of parts that are not there any more.
        files: what goes with its first post, with the id of those that were brought before.
    """

    parts: Sequence[Part]
    root_id: str
    name: str
    hops: Sequence[str]
    files: Sequence[tuple[UUID, StoredFile, str]] = ()
    surplus: Sequence[str] = ()


def tell(*, access: Access, link_id: int, message_id: UUID) -> Telling | None:
    """What a channel shall be told of a message now; None where there is nothing to tell."""
    link = BridgeLink.objects.get(pk=link_id)
    view = read.said(message_id)
    rows = list(BridgedPost.objects.filter(link=link, local_id=message_id).order_by("part"))
    if view is None or any(row.deleted or not row.ours for row in rows):
        return None
    name = _name(view)
    texts = split_text(_text(access, link, view, name))
    files = [] if rows else _files(link, view)
    if not files and not rows and not texts[0].strip():
        return None
    known = {row.part: row for row in rows}
    parts = [
        Part(text, known[at].remote_id, known[at].content_hash) if at in known else Part(text)
        for at, text in enumerate(texts)
    ]
    return Telling(
        parts=parts,
        root_id=_root(link, view),
        name=name,
        hops=mapping.passed_on(_hops(view.id), instance=access.instance),
        files=files,
        surplus=[row.remote_id for row in rows if row.part >= len(parts)],
    )


def _name(view: MessageView) -> str:
    if view.author is None:
        return ALERT
    person = accounts.people_views([view.author])[view.author]
    return person.display_name or person.name


def _text(access: Access, link: BridgeLink, view: MessageView, name: str) -> str:
    names = people.names_out(server_id=link.server_id, body=view.body)
    text = mapping.mentions_out(view.body, names=names, everybody=link.everybody)
    if view.reply_to is not None and view.thread_root is None and view.reply_to.excerpt:
        quoted = mapping.mentions_out(view.reply_to.excerpt, names={}, everybody=False)
        text = f"> {quoted}\n\n{text}"
    if access.renames:
        return text
    plain = "".join(char for char in name if char not in "*_`[]")
    return f"**{plain}**: {text}"


def _files(link: BridgeLink, view: MessageView) -> list[tuple[UUID, StoredFile, str]]:
    found = sent_files(view.id)
    brought = dict(
        BridgedFile.objects.filter(link=link, local_id__in=[pk for pk, _ in found]).values_list("local_id", "remote_id")
    )
    return [(pk, file, brought.get(pk, "")) for pk, file in found]


def _root(link: BridgeLink, view: MessageView) -> str:
    """The post under which a reply stands there: threads have one level."""
    if view.thread_root is None:
        return ""
    row = BridgedPost.objects.filter(link=link, local_id=view.thread_root, deleted=False).order_by("part").first()
    return (row.remote_root or row.remote_id) if row is not None else ""


def _hops(message_id: UUID) -> list[str]:
    row = BridgedPost.objects.filter(local_id=message_id, ours=False).first()
    return list(row.hops) if row is not None else []


def props_of(*, access: Access, channel_id: str, message_id: UUID, part: int, telling: Telling) -> dict[str, Any]:
    """What a post of ours carries beside its text."""
    marker = mapping.Marker(instance=access.instance, message=str(message_id), part=part)
    mark = mapping.sign(marker, channel_id=channel_id, secret=access.secret) | {"v": list(telling.hops)}
    props: dict[str, Any] = {mapping.PROP: mark}
    if access.renames:
        props |= {"from_webhook": "true", "override_username": telling.name}
    return props


@transaction.atomic
def note_post(*, access: Access, link_id: int, message_id: UUID, part: int, post: Post) -> str | None:
    """Notes which post a message became; see arriving.complete."""
    fence(access)
    return arriving.complete(BridgeLink.objects.get(pk=link_id), message_id, part, post)


@transaction.atomic
def note_text(*, access: Access, link_id: int, remote_id: str, post: Post) -> None:
    """Notes what a post of ours says now."""
    fence(access)
    rows = BridgedPost.objects.filter(link=link_id, remote_id=remote_id)
    rows.update(content_hash=mapping.content_hash(post.message), remote_edit_at_ms=post.edit_at)


@transaction.atomic
def note_file(*, access: Access, link_id: int, file_id: UUID, remote_id: str) -> None:
    """Notes that a file was brought, before the post that it belongs to is."""
    fence(access)
    BridgedFile.objects.update_or_create(link_id=link_id, local_id=file_id, defaults={"remote_id": remote_id})


@transaction.atomic
def note_gone(*, access: Access, link_id: int, remote_id: str, forget: bool = False) -> None:
    """Notes that a post is not there any more; a part that is not needed any more is forgotten."""
    fence(access)
    rows = BridgedPost.objects.filter(link=link_id, remote_id=remote_id)
    if forget:
        rows.delete()
    else:
        rows.update(deleted=True)


def posts_to_delete(*, link_id: int, message_id: UUID) -> list[tuple[str, bool]]:
    """The posts of a message that goes, and whether each has replies, which would go with it."""
    rows = BridgedPost.objects.filter(link=link_id, local_id=message_id, deleted=False).order_by("part")
    replied = BridgedPost.objects.filter(link=link_id, deleted=False)
    return [(row.remote_id, row.ours and replied.filter(remote_root=row.remote_id).exists()) for row in rows]


def emoji_wanted(*, link_id: int, message_id: UUID, emoji: str) -> tuple[str, bool] | None:
    """The post under which our account stands for our people, and whether any of them chose this emoji."""
    link = BridgeLink.objects.get(pk=link_id)
    row = BridgedPost.objects.filter(link=link, local_id=message_id, deleted=False).order_by("part").first()
    view = read.said(message_id)
    if row is None or view is None:
        return None
    chosen = {user for one in view.reactions if mapping.same_emoji(one.emoji, emoji) for user in one.users}
    theirs = BridgedPerson.objects.filter(server=link.server_id, user__in=chosen).values_list("user_id", flat=True)
    return row.remote_id, bool(chosen - set(theirs))
