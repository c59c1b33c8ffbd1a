"""What our people wrote there with their own account, and change or take back here: it is done there as they.

Called by outbox, by integrations.bridge and by the listener that chat asks before such a message is edited. Only the
account that wrote a post may change it there; where it cannot, the message stays as it is on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction

from chat.selectors import posts as read
from chat.words import is_masked
from integrations.mattermost import mapping
from integrations.mattermost.wire import Post
from integrations.models import BridgedAccount, BridgedPost, BridgeLink
from integrations.services.bridges import people, wording
from integrations.services.bridges.setup import Access, fence
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

ELSEWHERE: Final = (
    "This was written in Mattermost. Change it there, or say who you are there: Account, Mattermost; then you can here."
)


def check_edit(*, actor: User, message_id: UUID) -> None:
    """Refuses an edit by its author of what came from there and could not be changed there.

    Raises:
        Refused: `forbidden`, in words.
    """
    rows = BridgedPost.objects.filter(local_id=message_id, ours=False, deleted=False).select_related("link")
    for row in rows:
        account = BridgedAccount.objects.filter(server=row.link.server_id, user=actor, problem="").first()
        told = row.link.enabled and row.link.direction != BridgeLink.Direction.IN
        if not told or account is None or row.account not in {"", account.remote_id}:
            raise Refused("forbidden", ELSEWHERE)


def adopt(link: BridgeLink, row: BridgedPost, *, author: int | None) -> bool:
    """Whether its author, one of our people, changed what they wrote there; from now on it is known with which account.

    Args:
        link: over which it came.
        row: a message that came from there.
        author: whose it is, if they changed it themselves.
    """
    account = BridgedAccount.objects.filter(server=link.server_id, user=author).first() if author else None
    if account is None:
        return False
    rows = BridgedPost.objects.filter(link=link, remote_id=row.remote_id, account="")
    rows.update(account=account.remote_id)
    return True


@dataclass(frozen=True, slots=True)
class Amended:
    """A post from there, as its author left it here.

    Attributes:
        account: theirs.
        bodies: what its messages here say, in their order.
    """

    remote_id: str
    account: str
    bodies: Sequence[str]


def find(*, link: BridgeLink, message_id: UUID) -> Amended | None:
    """The post that a message came from and that its author may have changed here; None for any other message."""
    rows = BridgedPost.objects.filter(link=link, ours=False, deleted=False)
    row = rows.filter(local_id=message_id).exclude(account="").first()
    if row is None:
        return None
    parts = [read.words_of(one.local_id) for one in rows.filter(remote_id=row.remote_id).order_by("part")]
    bodies = [part.body for part in parts if part is not None]
    return Amended(row.remote_id, row.account, bodies) if bodies else None


def text_out(*, link: BridgeLink, amended: Amended, post: Post) -> str | None:
    """What the post shall say; None where that is what it says already.

    Args:
        link: over which it came.
        amended: how it is here.
        post: how it is there.
    """
    there = [one.replace("\r\n", "\n").replace("\r", "\n") for one in wording.texts(link, post)]
    if len(there) == len(amended.bodies) and all(map(is_masked, amended.bodies, there)):
        return None
    body = mapping.as_written("\n".join(amended.bodies))
    # It is their own post: whom they call there they may call, but not everybody by a change.
    names = {name: name for name in mapping.called(body) - mapping.EVERYBODY}
    names |= people.names_out(server_id=link.server_id, body=body)
    return mapping.mentions_out(body, names=names, everybody=False)


@transaction.atomic
def note_amended(*, access: Access, link_id: int, post: Post) -> None:
    """Notes what a post from there says now, so that its echo is no edit."""
    fence(access)
    rows = BridgedPost.objects.filter(link=link_id, remote_id=post.id, remote_edit_at_ms__lt=post.edit_at)
    rows.update(content_hash=wording.content_hash(post), remote_edit_at_ms=post.edit_at)
