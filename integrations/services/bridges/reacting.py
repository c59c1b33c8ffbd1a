"""Emoji of people there under messages here: a set of names for each person, and a picture for each that is not empty.

Called by arriving, inside its transaction. Our own account's reactions stand for our people, who are counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chat import services as chat
from integrations.mattermost import mapping
from integrations.mattermost.wire import Post, Reaction
from integrations.models import BridgedAccount, BridgedPerson, BridgedPost, BridgedReaction, BridgeLink, BridgeOutbox
from integrations.services.bridges.setup import Access
from realtime.protocol import Refused


def apply_one(access: Access, link: BridgeLink, reaction: Reaction, *, added: bool) -> int | None:
    """One was put, or taken back; told twice it counts once. Answers whose it is, None if nothing came of it."""
    row = _post(link, reaction.post_id)
    if row is None or reaction.user_id == access.account_id or link.direction == BridgeLink.Direction.OUT:
        return None
    name = reaction.emoji_name[:64]
    rows = BridgedReaction.objects.filter(link=link, remote_id=reaction.post_id, user_id=reaction.user_id)
    if added:
        _, changed = rows.get_or_create(
            name=name, defaults={"link": link, "remote_id": reaction.post_id, "user_id": reaction.user_id}
        )
    else:
        changed = rows.filter(name=name).delete()[0] > 0
    if _is_echo(link, row.local_id, reaction, changed=changed):
        return None
    return _show(link, row.local_id, reaction.user_id, name, list(rows.values_list("name", flat=True)))


def known_of(link: BridgeLink, remote_ids: Sequence[str]) -> dict[str, set[tuple[str, str]]]:
    """Whose reactions are known, with their names, by the post."""
    known: dict[str, set[tuple[str, str]]] = {}
    rows = BridgedReaction.objects.filter(link=link, remote_id__in=remote_ids)
    for remote_id, user_id, name in rows.values_list("remote_id", "user_id", "name"):
        known.setdefault(remote_id, set()).add((user_id, name))
    return known


def apply_all(access: Access, link: BridgeLink, post: Post, before: set[tuple[str, str]]) -> None:
    """These are all there are: what was there before and is not among them was taken back."""
    now = {(one.user_id, one.emoji_name[:64]) for one in post.metadata.reactions if one.user_id != access.account_id}
    if now == before or _post(link, post.id) is None:
        return
    for user_id, name in sorted(before - now):
        apply_one(access, link, Reaction(user_id=user_id, post_id=post.id, emoji_name=name), added=False)
    for user_id, name in sorted(now - before):
        apply_one(access, link, Reaction(user_id=user_id, post_id=post.id, emoji_name=name), added=True)


def _is_echo(link: BridgeLink, local_id: UUID, reaction: Reaction, *, changed: bool) -> bool:
    """Whether it tells of one of our people what we know: what they do here is done there with their own account."""
    if not BridgedAccount.objects.filter(server=link.server_id, remote_id=reaction.user_id).exists():
        return False
    picture = mapping.reaction_in(reaction.emoji_name) or ""
    orders = BridgeOutbox.objects.filter(link=link, local_id=local_id, op=BridgeOutbox.Op.REACT)
    waiting = orders.filter(state=BridgeOutbox.State.WAITING).values_list("emoji", flat=True)
    return not changed or any(mapping.same_emoji(one, picture) for one in waiting)


def _post(link: BridgeLink, remote_id: str) -> BridgedPost | None:
    return BridgedPost.objects.filter(link=link, remote_id=remote_id, deleted=False).order_by("part").first()


def _show(link: BridgeLink, local_id: UUID, user_id: str, name: str, names: list[str]) -> int | None:
    picture = mapping.reaction_in(name)
    person = BridgedPerson.objects.select_related("user").filter(server=link.server_id, remote_id=user_id).first()
    if picture is None or person is None:
        return None
    put = any(mapping.reaction_in(one) == picture for one in names)
    try:
        chat.react_bridged(author=person.user, room_id=link.room_id, message_id=local_id, emoji=picture, put=put)
    except Refused as refused:
        told = f"A reaction was not taken over: {refused.message}"
        BridgeLink.objects.filter(pk=link.pk).update(notice=told[:300])
        return None
    return person.user_id
