"""Who speaks on a server: the bridge's account, or that of one of our people with their own token.

Made by sending. What an account cannot do is said once for the link, and the bridge's account does it where it can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from integrations.mattermost.rest import Kind, Server, ServerRefused
from integrations.models import BridgeLink
from integrations.services.bridges import own
from integrations.services.bridges.setup import Access
from realtime import threads
from realtime.protocol import Refused

T = TypeVar("T")


class CannotSpeak(Exception):
    """Somebody's own account cannot do something there.

    Attributes:
        words: why.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Voices:
    """Accounts of one server, by their ids there; the bridge's is the empty one."""

    def __init__(self, access: Access, server: Server) -> None:
        self._access, self._server = access, server
        self._others: dict[str, tuple[str, Server]] = {}

    async def speak(self, link: BridgeLink, account: str, work: Callable[[Server], Awaitable[T]]) -> T:
        """Does something as an account.

        Raises:
            CannotSpeak: its token is gone or not believed, or the channel does not let it in.
            ServerRefused: anything else, and whatever the bridge's account is refused.
        """
        if not account:
            return await work(self._server)
        voice = await self._voice(link, account)
        try:
            return await work(voice)
        except ServerRefused as refused:
            if refused.kind is Kind.FORBIDDEN and await self._come_in(link, voice, account):
                return await self._again(link, account, work, voice)
            await self._give_up(link, account, refused)
            raise

    async def final(self, link: BridgeLink, error: ServerRefused | CannotSpeak) -> ServerRefused:
        """What to make of a refusal: final is what is not allowed while the bridge's account is in the channel.

        So is what only somebody's own account can do: it waits for staff and for another token, and nothing behind it.
        """
        if isinstance(error, CannotSpeak):
            return ServerRefused(Kind.INVALID, error.words)
        if error.kind is not Kind.FORBIDDEN:
            return error
        if not await self._server.is_member(channel_id=link.channel_id, user_id=self._access.account_id):
            return error
        return ServerRefused(Kind.INVALID, "The server does not allow this.", code=error.code, status=error.status)

    async def _again(self, link: BridgeLink, account: str, work: Callable[[Server], Awaitable[T]], voice: Server) -> T:
        try:
            return await work(voice)
        except ServerRefused as refused:
            await self._give_up(link, account, refused)
            raise

    async def _come_in(self, link: BridgeLink, voice: Server, account: str) -> bool:
        """Whether it could join the channel; a public one lets everybody of the team in."""
        try:
            await voice.join(channel_id=link.channel_id, user_id=account)
        except ServerRefused as refused:
            if refused.kind not in {Kind.FORBIDDEN, Kind.MISSING, Kind.INVALID, Kind.TOKEN}:
                raise
            return False
        return True

    async def _voice(self, link: BridgeLink, account: str) -> Server:
        try:
            token = await threads.read(own.token_of, server_id=self._access.server, remote_id=account)
        except Refused as refused:
            await self._note(link, account, refused.message, lasting=True)
            raise CannotSpeak(refused.message) from refused
        if not token:
            raise CannotSpeak("The token of their own account is not there, or not accepted any more.")
        known = self._others.get(account)
        if known is None or known[0] != token:
            known = self._others[account] = token, self._server.as_account(token)
        return known[1]

    async def _give_up(self, link: BridgeLink, account: str, refused: ServerRefused) -> None:
        if refused.kind is Kind.TOKEN:
            await self._note(link, account, refused.words, lasting=True)
            raise CannotSpeak(refused.words) from refused
        if refused.kind is Kind.FORBIDDEN:
            words = "the channel does not let their own account do this."
            await self._note(link, account, words, lasting=False)
            raise CannotSpeak(words) from refused

    async def _note(self, link: BridgeLink, account: str, words: str, *, lasting: bool) -> None:
        await threads.write(
            own.note_problem, access=self._access, link_id=link.pk, remote_id=account, words=words, lasting=lasting
        )
