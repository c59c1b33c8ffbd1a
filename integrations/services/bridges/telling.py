"""What a channel is told of a message: its text as it is written there, whose name it carries, our mark.

Called by integrations.bridge when an order is due: what the message says now counts, not what it said once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from chat.selectors import posts as read
from chat.selectors.attachments import StoredFile, sent_files
from chat.selectors.posts import Words
from integrations.mattermost import mapping
from integrations.mattermost.splitting import split_text
from integrations.mattermost.wire import Post
from integrations.models import (
    BridgedAccount,
    BridgedFile,
    BridgedPerson,
    BridgedPost,
    BridgedReaction,
    BridgeLink,
    BridgeOutbox,
)
from integrations.services.bridges import arriving, outbox, own, people
from integrations.services.bridges.setup import Access, fence

ALERT: Final = "Alert"
DELETED: Final = "*This message was deleted.*"


@dataclass(frozen=True, slots=True)
class Part:
    """A post, or a part of a message that is several: its text, and the post that it is already.

    Attributes:
        account: with which account of one of our people it is posted; empty for the bridge's.
    """

    text: str
    remote_id: str = ""
    content_hash: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A message as the channel shall have it.

    Attributes:
        icon: address of its author's picture; empty without one.
        speaker: with which account it is posted; see Part.
        surplus: posts of parts that are not there any more, and whose account posted each.
        files: what goes with its first post, with the id of those that were brought before.
    """

    parts: Sequence[Part]
    root_id: str
    name: str
    hops: Sequence[str]
    icon: str = ""
    speaker: str = ""
    files: Sequence[tuple[UUID, StoredFile, str]] = ()
    surplus: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji that an account shall put under a post, or take back.

    Attributes:
        account: of one of our people; empty for the bridge's, which stands for all others of them.
        names: what the server calls it; several where the person chose it there under another name.
    """

    remote_id: str
    account: str
    put: bool
    names: Sequence[str]


def tell(*, access: Access, link: BridgeLink, message_id: UUID, as_bridge: bool = False) -> Telling | None:
    """What a channel shall be told of a message now; None where there is nothing to tell.

    Args:
        access: to the server.
        link: which channel.
        message_id: which message.
        as_bridge: its author cannot speak there: what is not posted yet is posted with the bridge's account.
    """
    said = read.words_of(message_id)
    rows = list(BridgedPost.objects.filter(link=link, local_id=message_id).order_by("part"))
    if said is None or any(row.deleted or not row.ours for row in rows):
        return None
    name, pictured = _name(said)
    speaker = "" if as_bridge else own.speaker_of(server_id=link.server_id, user_id=said.author)
    named = (rows[0].account if rows else speaker) == ""
    texts = _texts(access, link, said, name if named else "")
    files = [] if rows else _files(link, said, speaker)
    if not files and not rows and not texts[0].strip():
        return None
    known = {row.part: row for row in rows}
    parts = [
        Part(text, known[at].remote_id, known[at].content_hash, known[at].account)
        if at in known
        else Part(text, account=speaker)
        for at, text in enumerate(texts)
    ]
    return Telling(
        parts=parts,
        root_id=_root(link, said),
        name=name,
        hops=mapping.passed_on(_hops(said), instance=access.instance),
        icon=accounts.outside_avatar_url(user_id=said.author) if said.author is not None and pictured else "",
        speaker=speaker,
        files=files,
        surplus=[(row.remote_id, row.account) for row in rows if row.part >= len(parts)],
    )


def _name(said: Words) -> tuple[str, bool]:
    """What the author is called, and whether there is a picture of them."""
    if said.author is None:
        return ALERT, False
    person = accounts.people_views([said.author])[said.author]
    return person.display_name or person.name, person.avatar_url is not None


def _texts(access: Access, link: BridgeLink, said: Words, name: str) -> list[str]:
    """The text there, in parts that fit; without a name for somebody who speaks for themselves."""
    names = people.names_out(server_id=link.server_id, body=said.body)
    # Whoever may not call the whole room here does not call the whole channel there either.
    everybody = link.everybody and said.calls_everybody
    text = mapping.mentions_out(said.body, names=names, everybody=everybody)
    if said.quoted and said.thread_root is None:
        text = f"> {_quoted(link, said.quoted)}\n\n{text}"
    if name and not access.renames:
        plain = "".join(char for char in name if char not in "*_`[]\\")
        text = f"**{mapping.hushed(plain)}**: {text}"
    # What was code in the whole may be words in a part of it, which may be too long then.
    parts = [mapping.quiet(part, meant=names.values(), everybody=everybody) for part in split_text(text)]
    return [piece for part in parts for piece in split_text(part)]


def _quoted(link: BridgeLink, text: str) -> str:
    """With the names there, which call nobody once more."""
    names = people.names_out(server_id=link.server_id, body=text)
    return mapping.quiet(mapping.mentions_out(text, names=names, everybody=False), meant=(), everybody=False)


def _files(link: BridgeLink, said: Words, account: str) -> list[tuple[UUID, StoredFile, str]]:
    found = sent_files(said.id)
    if not found:
        return []
    rows = BridgedFile.objects.filter(link=link, account=account, local_id__in=[pk for pk, _ in found])
    brought = dict(rows.values_list("local_id", "remote_id"))
    return [(pk, file, brought.get(pk, "")) for pk, file in found]


def _root(link: BridgeLink, said: Words) -> str:
    """The post under which a reply stands there: threads have one level."""
    if said.thread_root is None:
        return ""
    row = BridgedPost.objects.filter(link=link, local_id=said.thread_root, deleted=False).order_by("part").first()
    return (row.remote_root or row.remote_id) if row is not None else ""


def _hops(said: Words) -> list[str]:
    row = BridgedPost.objects.filter(local_id=said.id, ours=False).first() if said.bridged else None
    return list(row.hops) if row is not None else []


def props_of(*, access: Access, channel_id: str, message_id: UUID, part: int, telling: Telling) -> dict[str, Any]:
    """What a post of ours carries beside its text."""
    marker = mapping.Marker(instance=access.instance, message=str(message_id), part=part)
    mark = mapping.sign(marker, channel_id=channel_id, secret=access.secret) | {"v": list(telling.hops)}
    props: dict[str, Any] = {mapping.PROP: mark}
    if access.renames and not telling.speaker:
        props |= {"from_webhook": "true", "override_username": telling.name}
        if telling.icon:
            props["override_icon_url"] = telling.icon
    return props


@transaction.atomic
def note_post(
    *, access: Access, link: BridgeLink, message_id: UUID, part: int, post: Post, done: BridgeOutbox | None = None
) -> str | None:
    """Notes which post a message became; see arriving.complete.

    Args:
        access: to the server.
        link: over which it went.
        message_id: which message.
        part: which part of it.
        post: what it is there.
        done: the order that is carried out with it, unless the message is another post already.
    """
    fence(access)
    twice = arriving.complete(access, link, message_id, part, post)
    if twice is None and done is not None:
        outbox.settle(done)
    return twice


@transaction.atomic
def note_text(*, access: Access, link_id: int, remote_id: str, post: Post) -> None:
    """Notes what a post of ours says now."""
    fence(access)
    rows = BridgedPost.objects.filter(link=link_id, remote_id=remote_id)
    rows.update(content_hash=mapping.content_hash(post.message), remote_edit_at_ms=post.edit_at)


@transaction.atomic
def note_file(*, access: Access, link_id: int, file_id: UUID, remote_id: str, account: str) -> None:
    """Notes that a file was brought, before the post that it belongs to is, and with which account."""
    fence(access)
    values = {"remote_id": remote_id, "account": account}
    BridgedFile.objects.update_or_create(link_id=link_id, local_id=file_id, defaults=values)


@transaction.atomic
def note_gone(*, access: Access, link_id: int, remote_id: str, forget: bool = False) -> None:
    """Notes that a post is not there any more; a part that is not needed any more is forgotten."""
    fence(access)
    rows = BridgedPost.objects.filter(link=link_id, remote_id=remote_id)
    if forget:
        rows.delete()
    else:
        rows.update(deleted=True)


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A post of a message that goes.

    Attributes:
        account: see Part.
        ours: it was said here.
        has_replies: which would go with it.
    """

    remote_id: str
    account: str
    ours: bool
    has_replies: bool


def posts_to_delete(*, link_id: int, message_id: UUID) -> list[Unwanted]:
    """The posts of a message that goes; not one from there of which this message is only a part."""
    rows = BridgedPost.objects.filter(link=link_id, deleted=False)
    found = []
    for row in rows.filter(local_id=message_id).order_by("part"):
        if not row.ours and rows.filter(remote_id=row.remote_id).exclude(pk=row.pk).exists():
            continue
        may_change = row.ours or bool(row.account)
        replied = may_change and rows.filter(remote_root=row.remote_id).exists()
        found.append(Unwanted(row.remote_id, row.account, row.ours, replied))
    return found


def emoji_to_tell(*, link_id: int, message_id: UUID, emoji: str, silent: Collection[str] = ()) -> list[Emoji]:
    """What has to be done about an emoji under a message so that the channel shows who chose it here.

    Args:
        link_id: which channel.
        message_id: which message.
        emoji: which emoji.
        silent: accounts that cannot do it: the bridge's stands for these people.
    """
    link = BridgeLink.objects.get(pk=link_id)
    row = BridgedPost.objects.filter(link=link, local_id=message_id, deleted=False).order_by("part").first()
    view, name = read.said(message_id), mapping.reaction_out(emoji)
    if row is None or view is None or name is None:
        return []
    chosen = {user for one in view.reactions if mapping.same_emoji(one.emoji, emoji) for user in one.users}
    there = _names_there(link, row.remote_id, emoji)
    told = []
    for account, user in _speakers(link, set(silent)):
        names = there.get(account, [])
        if (user in chosen) != bool(names):
            told.append(Emoji(row.remote_id, account, user in chosen, names or [name]))
        chosen.discard(user)
    guests = BridgedPerson.objects.filter(server=link.server_id, remote_id__in=there).values_list("user_id", flat=True)
    kept = BridgedPerson.objects.filter(server=link.server_id, user__in=chosen, user__kind=people.BRIDGE)
    others = chosen - set(guests) - set(kept.values_list("user_id", flat=True))
    return [Emoji(row.remote_id, "", bool(others), [name]), *told]


def _names_there(link: BridgeLink, remote_id: str, emoji: str) -> dict[str, list[str]]:
    """Under which names people have put this emoji under a post, by their ids there."""
    found: dict[str, list[str]] = {}
    for user_id, name in BridgedReaction.objects.filter(link=link, remote_id=remote_id).values_list("user_id", "name"):
        if mapping.same_emoji(mapping.reaction_in(name) or "", emoji):
            found.setdefault(user_id, []).append(name)
    return found


def _speakers(link: BridgeLink, silent: set[str]) -> list[tuple[str, int]]:
    rows = BridgedAccount.objects.filter(server=link.server_id, problem="", user__is_active=True)
    return list(rows.exclude(remote_id__in=silent).order_by("pk").values_list("remote_id", "user_id"))


@transaction.atomic
def note_emoji(*, access: Access, link_id: int, told: Emoji) -> None:
    """Notes what an account of one of our people has under a post now, so that its echo is known."""
    fence(access)
    for name in told.names:
        rows = BridgedReaction.objects.filter(link=link_id, remote_id=told.remote_id, user_id=told.account)
        if told.put:
            rows.get_or_create(
                name=name, defaults={"link_id": link_id, "remote_id": told.remote_id, "user_id": told.account}
            )
        else:
            rows.filter(name=name).delete()


def typing_to_tell(*, server_id: int, room_id: int, user_id: int, thread: UUID | None) -> list[tuple[str, str, str]]:
    """Which channels hear that somebody types: the channel, with whose account, and under which post."""
    links = BridgeLink.objects.filter(server=server_id, room=room_id, enabled=True, state=BridgeLink.State.ACTIVE)
    open_ones = list(links.exclude(direction=BridgeLink.Direction.IN))
    if not open_ones or accounts.people_views([user_id])[user_id].kind == people.BRIDGE:
        return []
    account = own.speaker_of(server_id=server_id, user_id=user_id)
    found = []
    for link in open_ones:
        row = None
        if thread is not None:
            row = BridgedPost.objects.filter(link=link, local_id=thread, deleted=False).order_by("part").first()
        found.append((link.channel_id, account, (row.remote_root or row.remote_id) if row is not None else ""))
    return found
