"""Tries a Mattermost server step by step: is it there, whose token is this, does it speak, where may it post.

Called when somebody sets a server up or wonders what is wrong with it. Changes nothing there and joins nothing: whether
it may post is asked with an answer to a message that does not exist: the server looks at rights, then refuses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from integrations.mattermost.listening import Cursor, Listener, Pace
from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.mattermost.wire import Channel, Event, Team, Unreadable, User
from outbound.client import Client

HEAR_SECONDS: Final = 15.0
CUT_SECONDS: Final = (0.1, 1.0)
RESUMES_SINCE: Final = (6, 0)
KNOWN_UNTIL: Final = (11, 99)
"""The newest whose client this bridge's counterpart is tried with."""
_ONCE: Final = Pace(connect=10.0, retry_least=3600.0, retry_most=3600.0)
_NOWHERE: Final = "y" * 26
_NO_ROOT: Final = "api.post.create_post.root_id.app_error"
_REMEDIES: Final = {
    Kind.TOKEN: "Make a new token there and give it to the site.",
    Kind.FORBIDDEN: "Something before the server refuses us: is the address the one of its site?",
    Kind.MISSING: "Give the address at which Mattermost's page opens, without what comes after its name.",
    Kind.INVALID: "Look at the address; one in your own network has to be allowed in OUTBOUND_ALLOW.",
    Kind.LIMITED: "Let its administrator raise the rate limit for this address, or wait.",
    Kind.NOT_REACHED: "Is the server running, and is its name and certificate right?",
    Kind.UNKNOWN: "Try again; if it stays, look at the server's own log.",
}
_NO_SERVER: Final = "Give the address at which Mattermost's page opens, without what comes after its name."


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What one step found.

    Attributes:
        state: good, warn or bad.
        words: what was found; remedy: what to do, where something is to be done.
        ms: how long it took; None where that says nothing.
    """

    state: str
    words: str
    remedy: str = ""
    ms: int | None = None


class Reachable(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that can be linked, with its team; direct ones have none."""

    channel: Channel
    team: Team


class _FirstWord:
    """A hearer that waits for one thing: that the server speaks, or that it does not."""

    def __init__(self) -> None:
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.resumed = False

    async def take(self, events: Sequence[Event], cursor: Cursor) -> None:
        """Hears nothing else."""

    async def missed(self) -> None:
        """Hears nothing else."""

    async def connected(self, *, resumed: bool) -> None:
        """All is well."""
        self.resumed = resumed
        self._tell("")

    async def disconnected(self, words: str, *, retry_seconds: float) -> None:
        """What is wrong."""
        self._tell(words)

    def _tell(self, words: str) -> None:
        if not self.told.done():
            self.told.set_result(words)


async def try_server(*, url: str, token: str, channels: Sequence[tuple[str, str]] = ()) -> AsyncIterator[Tried]:
    """Looks at a server through a token; ends at the first step without which the next make no sense.

    Args:
        url: where its site is.
        token: whose rights are looked at.
        channels: id and name of each channel in which it shall post.
    """
    async with Client() as client:
        server = Server(url=url, token=token, client=client)
        try:
            began = time.monotonic()
            options = await server.options()
            yield _version(str(options.get("Version") or ""), _since(began))
            account = await server.me()
        except (ServerRefused, Unreadable) as error:
            yield _failed(error)
            return
        for found in _whose(account, renames=options.get("EnablePostUsernameOverride") == "true"):
            yield found
        yield await _hears(url, token)
        for channel_id, name in channels:
            yield await _may_post(server, account, channel_id, name)


async def channels_of(*, url: str, token: str) -> list[Reachable]:
    """The channels that the account is in, archived and direct ones left out.

    Raises:
        ServerRefused: it cannot be reached or does not believe the token; its words say which.
        Unreadable: something answers there that is no Mattermost server.
    """
    async with Client() as client:
        server = Server(url=url, token=token, client=client)
        return [
            Reachable(channel=channel, team=team)
            for team in await server.teams()
            for channel in await server.channels(team.id)
            if channel.team_id and not channel.delete_at
        ]


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


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)


def _failed(error: ServerRefused | Unreadable) -> Tried:
    if isinstance(error, Unreadable):
        return Tried(state="bad", words=f"This is no Mattermost server: {error}", remedy=_NO_SERVER)
    return Tried(state="bad", words=error.words, remedy=_REMEDIES.get(error.kind, ""))


def _version(version: str, ms: int) -> Tried:
    told = f", version {version}" if version else ""
    if version and _numbers(version) < RESUMES_SINCE:
        words = "It keeps nothing for a line that was cut: each cut is caught up, which takes longer."
        return Tried(state="warn", words=f"Server answers{told}", remedy=words, ms=ms)
    if version and _numbers(version) > KNOWN_UNTIL:
        words = "It is newer than what the bridge is known to work with: look at the first things that it carries."
        return Tried(state="warn", words=f"Server answers{told}", remedy=words, ms=ms)
    return Tried(state="good", words=f"Server answers{told}", ms=ms)


def _whose(account: User, *, renames: bool) -> list[Tried]:
    words = f"Token belongs to @{account.username}"
    found = [Tried(state="good", words=words)]
    if not account.is_bot:
        remedy = "That is a person: everything would be posted as theirs. A bot account is better."
        found = [Tried(state="warn", words=words, remedy=remedy)]
    if not renames:
        words = "Posts may not carry other names"
        remedy = "Names go into the text, until EnablePostUsernameOverride is on there."
        found.append(Tried(state="warn", words=words, remedy=remedy))
    return found


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdecimal())


async def _hears(url: str, token: str) -> Tried:
    """Whether the server's WebSocket speaks, and goes on after a cut where it was."""
    began = time.monotonic()
    words, cursor, _ = await _hear(url, token, Cursor())
    if words:
        remedy = "Is it let through by what stands before the server?"
        return Tried(state="bad", words=f"The WebSocket does not work: {words.rstrip('.')}", remedy=remedy)
    for pause in CUT_SECONDS:
        # A server that has not noticed the end of the line yet begins anew.
        await asyncio.sleep(pause)
        words, cursor, resumed = await _hear(url, token, cursor)
        if resumed:
            return Tried(state="good", words="WebSocket opens and resumes", ms=_since(began))
    remedy = "What is said during a cut is caught up instead, which takes longer."
    return Tried(state="warn", words="WebSocket opens, and begins anew after a cut", remedy=remedy)


async def _hear(url: str, token: str, cursor: Cursor) -> tuple[str, Cursor, bool]:
    """What is wrong with the line, where it would go on, and whether it went on."""
    hearer = _FirstWord()
    listener = Listener(url=url, token=token, hearer=hearer, cursor=cursor, pace=_ONCE)
    listening = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(HEAR_SECONDS):
            words = await hearer.told
    except TimeoutError:
        words = "nothing came"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return words, listener.cursor, hearer.resumed


async def _may_post(server: Server, account: User, channel_id: str, name: str) -> Tried:
    try:
        await server.create_post(channel_id=channel_id, message="?", pending_id="", root_id=_NOWHERE)
    except ServerRefused as refused:
        if refused.code == _NO_ROOT:
            return Tried(state="good", words=f"May post in ~{name}")
        if refused.kind is Kind.ARCHIVED:
            remedy = "Restore it there, or end the link."
            return Tried(state="bad", words=f"~{name} is archived", remedy=remedy)
        if refused.kind in {Kind.FORBIDDEN, Kind.MISSING}:
            remedy = f"Add @{account.username} to that channel."
            return Tried(state="bad", words=f"May not post in ~{name}", remedy=remedy)
        return Tried(state="bad", words=f"~{name}: {refused.words}", remedy=_REMEDIES.get(refused.kind, ""))
    except Unreadable as unreadable:
        return Tried(state="bad", words=f"~{name}: {unreadable}")
    return Tried(state="warn", words=f"May post in ~{name}", remedy="The server took an answer to no message.")
