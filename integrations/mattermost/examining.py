"""Tries a Mattermost server before a room is linked: is it there, whose token is this, what may it do, does it speak.

Called when somebody sets a server up. Changes nothing there and joins nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from integrations.mattermost.listening import Cursor, Listener, Pace
from integrations.mattermost.rest import Server, ServerRefused
from integrations.mattermost.wire import Channel, Event, Team, Unreadable, User
from outbound.client import Client

HEAR_SECONDS: Final = 15.0
RESUMES_SINCE: Final = (6, 0)
_ONCE: Final = Pace(connect=10.0, retry_least=3600.0, retry_most=3600.0)


class Reachable(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that can be linked, with its team; direct ones have none."""

    channel: Channel
    team: Team


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What a server let us see.

    Attributes:
        version: what it says it is, empty where it does not.
        renames: whether posts may carry the names of our people; otherwise the names go into the text.
        channels: where the account is, archived and direct ones left out.
        notes: sentences about what will not work as it should; none when all is well.
    """

    version: str
    account: User
    renames: bool
    channels: Sequence[Reachable]
    notes: Sequence[str] = ()


class _FirstWord:
    """A hearer that waits for one thing: that the server speaks, or that it does not."""

    def __init__(self) -> None:
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def take(self, events: Sequence[Event], cursor: Cursor) -> None:
        """Hears nothing else."""

    async def missed(self) -> None:
        """Hears nothing else."""

    async def connected(self, *, resumed: bool) -> None:
        """All is well."""
        self._tell("")

    async def disconnected(self, words: str, *, retry_seconds: float) -> None:
        """What is wrong."""
        self._tell(words)

    def _tell(self, words: str) -> None:
        if not self.told.done():
            self.told.set_result(words)


async def examine(*, url: str, token: str) -> Examined:
    """Looks at a server through a token.

    Raises:
        ServerRefused: it cannot be reached or does not believe the token; its words say which.
        Unreadable: something answers there that is no Mattermost server.
    """
    async with Client() as client:
        server = Server(url=url, token=token, client=client)
        options = await server.options()
        account = await server.me()
        channels = [
            Reachable(channel=channel, team=team)
            for team in await server.teams()
            for channel in await server.channels(team.id)
            if channel.team_id and not channel.delete_at
        ]
    version = str(options.get("Version") or "")
    renames = options.get("EnablePostUsernameOverride") == "true"
    notes = [*_notes(version, account, renames, channels), await _hears(url, token)]
    return Examined(
        version=version, account=account, renames=renames, channels=channels, notes=[note for note in notes if note]
    )


async def in_words(*, url: str, token: str) -> str:
    """Why a server does not believe us, for a line that closed without a word; empty where it does."""
    try:
        async with Client() as client:
            await Server(url=url, token=token, client=client).me()
    except ServerRefused as refused:
        return refused.words
    except Unreadable as unreadable:
        return str(unreadable)
    return ""


def _notes(version: str, account: User, renames: bool, channels: Sequence[Reachable]) -> list[str]:
    notes = []
    if version and _numbers(version) < RESUMES_SINCE:
        notes.append(f"Version {version} keeps nothing for a line that was cut: each cut is caught up over REST.")
    if not account.is_bot:
        notes.append(f"This is the token of a person, @{account.username}: everything will be posted as theirs.")
    if not renames:
        notes.append(
            "The server does not let posts carry other names (EnablePostUsernameOverride): names go into the text."
        )
    if not channels:
        notes.append(f"@{account.username} is in no channel yet: invite it to those that shall be linked.")
    return notes


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdecimal())


async def _hears(url: str, token: str) -> str:
    """What is wrong with the server's WebSocket; empty when it speaks."""
    hearer = _FirstWord()
    listening = asyncio.create_task(Listener(url=url, token=token, hearer=hearer, pace=_ONCE).run())
    try:
        async with asyncio.timeout(HEAR_SECONDS):
            words = await hearer.told
    except TimeoutError:
        words = "nothing came"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return (
        f"The WebSocket does not work ({words.rstrip('.')}): is it let through by what stands before the server?"
        if words
        else ""
    )
