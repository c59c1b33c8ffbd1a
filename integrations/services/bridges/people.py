"""Who is who on both sides: people of a server get accounts of their own, which nobody signs in to.

Called by integrations.bridge before something of theirs is applied. Mail addresses are never read.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from django.db import transaction

from accounts import selectors as people
from accounts import services as accounts
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedPerson
from integrations.services.bridges.setup import Access, fence

if TYPE_CHECKING:
    from accounts.models import User

BRIDGE: Final = "bridge"
ASSISTANT: Final = "assistant"
_STEM_CHARS: Final = 24
_CALLED: Final = re.compile(r"@([A-Za-z0-9](?:[\w.-]*\w)?)")


def unknown(*, server_id: int, ids: Iterable[str]) -> list[str]:
    """Those of these ids that have no account here yet."""
    wanted = {one for one in ids if one}
    known = BridgedPerson.objects.filter(server=server_id, remote_id__in=wanted).values_list("remote_id", flat=True)
    return sorted(wanted - set(known))


@transaction.atomic
def remember(*, access: Access, users: Sequence[RemoteUser]) -> None:
    """Makes an account for each that has none, and calls the others what they are called now."""
    fence(access)
    rows = BridgedPerson.objects.filter(server=access.server, remote_id__in=[user.id for user in users])
    known = {row.remote_id: row for row in rows.select_related("user")}
    for user in users:
        row = known.get(user.id)
        if row is None:
            _make(access, user)
        else:
            _rename(row, user)


@transaction.atomic
def rename(*, access: Access, user: RemoteUser) -> None:
    """Calls somebody what they are called now; a stranger stays one."""
    fence(access)
    row = BridgedPerson.objects.filter(server=access.server, remote_id=user.id).select_related("user").first()
    if row is not None:
        _rename(row, user)


def _make(access: Access, user: RemoteUser) -> None:
    name = _username(access, user)
    # Somebody who was one of ours for a while has one from before.
    before = people.people_named([name]).get(name)
    given = {"user_id": before.id} if before is not None and before.kind == BRIDGE else {"user": _ghost(name, user)}
    BridgedPerson.objects.create(
        server_id=access.server, remote_id=user.id, username=user.username.lower()[:64], is_bot=user.is_bot, **given
    )


def _ghost(name: str, user: RemoteUser) -> User:
    return accounts.create_person(actor=None, username=name, display_name=_shown(user), kind=BRIDGE, is_active=False)


def _rename(row: BridgedPerson, user: RemoteUser) -> None:
    if user.username and row.username != user.username.lower():
        BridgedPerson.objects.filter(pk=row.pk).update(username=user.username.lower()[:64])
    shown = _shown(user)
    if shown and row.user.kind == BRIDGE and row.user.display_name != shown:
        accounts.update_profile(actor=row.user, display_name=shown, time_zone="UTC")


def _shown(user: RemoteUser) -> str:
    # In NFC before it is cut: some letters become two by it.
    name = unicodedata.normalize("NFC", user.shown_name)
    return " ".join("".join(char if _is_shown(char) else " " for char in name).split())[:60].strip()


def _is_shown(char: str) -> bool:
    # Signs above and below belong to the letters of many languages.
    return char.isalnum() or char in "_ .,'()&+-" or unicodedata.category(char).startswith("M")


def _username(access: Access, user: RemoteUser) -> str:
    """Nobody's first choice, so that no name is taken from a later member, and the same whenever it is made."""
    stem = re.sub(r"[^a-z0-9._-]", "", user.username.lower()).strip("._-")[:_STEM_CHARS].strip("._-")
    told = hashlib.sha256(f"{access.server} {user.id}".encode()).hexdigest()[:6]
    return f"{stem or 'someone'}-mm-{told}"


def names_out(*, server_id: int, body: str) -> dict[str, str]:
    """Names there of the people of the server whom a text of ours calls, by their names here."""
    words = {name.lower() for name in _CALLED.findall(body)}
    if not words:
        return {}
    rows = BridgedPerson.objects.filter(server=server_id)
    found = dict(rows.filter(user__username__in=words).values_list("user__username", "username"))
    # Whom nobody here is called like may be called by their name there.
    strangers = words - set(found) - set(people.people_named(words))
    return found | {name: name for name in rows.filter(username__in=strangers).values_list("username", flat=True)}


def names_in(*, server_id: int, body: str, author: str) -> dict[str, str]:
    """Names here of those whom a text from there calls: people of the server, and our own by their own names.

    A bot there calls no assistant: the two could talk for ever.

    Args:
        server_id: which server.
        body: the text.
        author: who wrote it, by their id there.
    """
    words = {name.lower() for name in _CALLED.findall(body)}
    if not words:
        return {}
    rows = BridgedPerson.objects.filter(server=server_id, username__in=words)
    found = dict(rows.values_list("username", "user__username"))
    ours = people.people_named(words - set(found))
    called = {name: person for name, person in ours.items() if person.kind != BRIDGE}
    if any(person.kind == ASSISTANT for person in called.values()) and _is_bot(server_id, author):
        called = {name: person for name, person in called.items() if person.kind != ASSISTANT}
    return {name: person.name for name, person in called.items()} | found


def _is_bot(server_id: int, remote_id: str) -> bool:
    return BridgedPerson.objects.filter(server=server_id, remote_id=remote_id, is_bot=True).exists()
