"""What a post says when it is said here: its names and emoji as ours, its attachments in words, in pieces that fit.

Called by arriving and amending. Reads who is called what and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from integrations import attachments as cards
from integrations.mattermost import mapping
from integrations.mattermost.wire import Post
from integrations.models import BridgeLink
from integrations.services.bridges import people
from realtime.protocol import BODY_CHARS


def plain(link: BridgeLink, post: Post) -> str:
    """The text as it is said here."""
    text = f"*{post.message}*" if post.type == "me" and post.message else post.message
    return _ours(link, post, text)


def _ours(link: BridgeLink, post: Post, text: str) -> str:
    """Names and emoji as ours, and no call of everybody; of the words of attachments and names of files as well."""
    names = people.names_in(server_id=link.server_id, body=text, author=post.user_id)
    return mapping.mentions_in(mapping.emoji_in(text), names=names, everybody=link.everybody)


def texts(link: BridgeLink, post: Post, notes: Sequence[str] = ()) -> list[str]:
    """One text, or several where it is too long for a message; attachments are told in words as well.

    Args:
        link: over which it came.
        post: what was written.
        notes: sentences about files that could not be brought.
    """
    told = [cards.words(cards.read(post.attachments)), *notes]
    parts = [plain(link, post), *(_ours(link, post, one) for one in told)]
    clean = "\n\n".join(part for part in parts if part.strip()).replace("\x00", "")
    return cards.pieces(clean, BODY_CHARS) if clean.strip() else [""]


def content_hash(post: Post) -> str:
    """What of a post is content: see mapping.content_hash."""
    return mapping.content_hash(post.message, file_ids=post.file_ids, attachments=post.attachments)
