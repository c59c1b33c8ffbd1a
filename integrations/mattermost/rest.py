"""Asks a Mattermost server over its REST API, as one account: posts, reactions, files, people, lists.

Called by the bridge. Each failure has its kind, so that whoever asked knows what may be repeated; a rate limit is
waited for here, once for everybody who asks through the same `Server`. Never touches the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from integrations.mattermost.clock import Clock
from integrations.mattermost.refusals import Kind as Kind
from integrations.mattermost.refusals import ServerRefused as ServerRefused
from integrations.mattermost.refusals import read_failure, read_refusal
from integrations.mattermost.wire import (
    Channel,
    File,
    Post,
    PostList,
    Team,
    Unreadable,
    Uploaded,
    User,
    read_keys,
    read_object,
    read_objects,
)
from outbound.client import Answer, Client, Incoming, Limits
from outbound.refusing import OutboundRefused

PREFIX: Final = "/api/v4"
PER_PAGE_MOST: Final = 200
LIMITED_TRIES: Final = 4
LIMITED_SECONDS_MOST: Final = 60.0
REST_LIMITS: Final = Limits(seconds=30.0, body_bytes=32 * 1024 * 1024, redirects=0)
TYPING_LIMITS: Final = Limits(seconds=5.0, body_bytes=65_536, redirects=0)
FILE_LIMITS: Final = Limits(seconds=600.0, body_bytes=100 * 1024 * 1024, redirects=0)


class _Gate:
    """Until when a server wants to be left alone; it counts requests by our address, whoever they are of."""

    def __init__(self) -> None:
        self.open_at = 0.0


class Server:
    """One server as one account sees it.

    Args:
        url: where the site is, without /api/v4.
        token: of a bot or a person; it goes into a header and nowhere else.
        client: connections, which the caller closes.
    """

    def __init__(self, *, url: str, token: str, client: Client) -> None:
        self._base, self._client = url.rstrip("/") + PREFIX, client
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        self._gate = _Gate()
        self.clock = Clock()

    def as_account(self, token: str) -> Server:
        """The same server as another account sees it; a rate limit is waited for together."""
        other = copy(self)
        other._headers = {**self._headers, "authorization": f"Bearer {token}"}
        return other

    # Posts

    async def create_post(
        self,
        *,
        channel_id: str,
        message: str,
        pending_id: str,
        root_id: str = "",
        file_ids: Iterable[str] = (),
        props: Mapping[str, Any] | None = None,
    ) -> Post:
        """A new post; the same `pending_id` within 30 seconds gives the same post again.

        The server drops files that are not the account's own or used already: compare `file_ids` of what comes back.
        """
        body = {
            "channel_id": channel_id,
            "message": message,
            "root_id": root_id,
            "file_ids": list(file_ids),
            "props": dict(props or {}),
            "pending_post_id": pending_id,
        }
        return read_object(await self._ask("POST", "/posts", body), Post)

    async def edit_post(
        self, post_id: str, *, message: str | None = None, props: Mapping[str, Any] | None = None
    ) -> Post:
        """Changes what is given; props are replaced whole, so ours have to be among them."""
        body = {name: value for name, value in (("message", message), ("props", props)) if value is not None}
        return read_object(await self._ask("PUT", f"/posts/{_part(post_id)}/patch", body), Post)

    async def delete_post(self, post_id: str) -> None:
        """Deletes a post; one that is gone already is no failure, and neither is one of somebody else."""
        try:
            await self._ask("DELETE", f"/posts/{_part(post_id)}")
        except ServerRefused as refused:
            if refused.kind not in {Kind.FORBIDDEN, Kind.MISSING}:
                raise

    async def delete_own(self, post_id: str) -> None:
        """Deletes a post that is there and is the account's own.

        Raises:
            ServerRefused: `forbidden` also for one that is deleted already.
        """
        await self._ask("DELETE", f"/posts/{_part(post_id)}")

    async def post(self, post_id: str) -> Post | None:
        """A live post; None when it is deleted or unknown."""
        try:
            return read_object(await self._ask("GET", f"/posts/{_part(post_id)}"), Post)
        except ServerRefused as refused:
            if refused.kind is Kind.MISSING:
                return None
            raise

    async def posts_after(self, channel_id: str, post_id: str) -> PostList:
        """The live posts that come next after one. After a post that the server never had there is nothing either.

        Posts of the same millisecond as that one are not listed, whether they came before or after it.
        """
        return await self._beside(channel_id, after=post_id)

    async def posts_before(self, channel_id: str, post_id: str) -> PostList:
        """The live posts right before one; see posts_after."""
        return await self._beside(channel_id, before=post_id)

    async def _beside(self, channel_id: str, **anchor: str) -> PostList:
        per_page = PER_PAGE_MOST
        while True:
            try:
                return await self._posts(channel_id, **anchor, per_page=str(per_page))
            except ServerRefused as refused:
                # Full posts with much in their props: fewer of them fit.
                if refused.kind is not Kind.TOO_LARGE or per_page == 1:
                    raise
                per_page = max(per_page // 4, 1)

    async def posts_page(self, channel_id: str, page: int, *, per_page: int = PER_PAGE_MOST) -> PostList:
        """A page of live posts, the newest on page 0."""
        return await self._posts(channel_id, page=str(page), per_page=str(per_page))

    async def posts_since(self, channel_id: str, since_ms: int) -> PostList:
        """What was touched after a moment of the server's clock: edits, deletions and earlier texts too.

        Look at `is_whole`: the server lists a thousand rows at most and does not say so.
        """
        return await self._posts(channel_id, since=str(since_ms))

    async def _posts(self, channel_id: str, **query: str) -> PostList:
        address = f"/channels/{_part(channel_id)}/posts?{urlencode(query)}"
        return read_object(await self._ask("GET", address), PostList)

    # Reactions and typing

    async def add_reaction(self, *, user_id: str, post_id: str, name: str) -> None:
        """Puts an emoji under a post; once more is no failure. `user_id` is the account's own."""
        await self._ask("POST", "/reactions", {"user_id": user_id, "post_id": post_id, "emoji_name": name})

    async def remove_reaction(self, *, user_id: str, post_id: str, name: str) -> None:
        """Takes an emoji back; one that is not there is no failure."""
        address = f"/users/{_part(user_id)}/posts/{_part(post_id)}/reactions/{_part(name)}"
        await self._ask("DELETE", address)

    async def send_typing(self, *, user_id: str, channel_id: str, parent_id: str = "") -> None:
        """Tells a channel that the account types; not while a rate limit is waited for, and never twice."""
        if self._gate.open_at > time.monotonic():
            return
        content = msgspec.json.encode({"channel_id": channel_id, "parent_id": parent_id})
        headers = {"content-type": "application/json"}
        answer = await self._once("POST", f"/users/{_part(user_id)}/typing", content, headers, TYPING_LIMITS)
        if answer.status == 429:
            self._close(answer.headers)
        elif answer.status >= 300:
            raise read_refusal(answer.status, answer.body)

    # Files

    async def upload(self, *, channel_id: str, name: str, content: AsyncIterator[bytes] | bytes) -> File:
        """Brings a file that one post may have; after a failure of unknown outcome it has to be brought again."""
        address = f"/files?{urlencode({'channel_id': channel_id, 'filename': name})}"
        headers = {"content-type": "application/octet-stream"}
        raw = await self._send("POST", address, content, headers, FILE_LIMITS)
        uploaded = read_object(raw, Uploaded)
        if not uploaded.file_infos:
            raise Unreadable("The server took a file and did not say which it is.")
        return uploaded.file_infos[0]

    @asynccontextmanager
    async def download(self, file_id: str) -> AsyncIterator[Incoming]:
        """A file's bytes, while they come.

        Raises:
            ServerRefused: also while the pieces are read, of what is too large or broken.
        """
        await self._wait_until_open()
        try:
            address = f"{self._base}/files/{_part(file_id)}"
            async with self._client.stream(address, headers=self._headers, limits=FILE_LIMITS) as incoming:
                if incoming.status >= 300:
                    if incoming.status == 429:
                        self._close(incoming.headers)
                    body = b"".join([piece async for piece in incoming.pieces()])
                    raise read_refusal(incoming.status, body)
                yield incoming
        except OutboundRefused as refused:
            raise read_failure(refused) from refused

    # People, teams, channels

    async def me(self) -> User:
        """The account itself: the token is good."""
        return read_object(await self._ask("GET", "/users/me"), User)

    async def users(self, ids: Iterable[str]) -> list[User]:
        """People by their ids; who is not there is absent."""
        return read_objects(await self._ask("POST", "/users/ids", list(ids)), User)

    async def users_named(self, names: Iterable[str]) -> list[User]:
        """People by their user names; who is not there is absent."""
        return read_objects(await self._ask("POST", "/users/usernames", list(names)), User)

    async def teams(self) -> list[Team]:
        """The teams that the account is in."""
        return read_objects(await self._ask("GET", "/users/me/teams"), Team)

    async def channels(self, team_id: str) -> list[Channel]:
        """The channels of a team that the account is in, direct ones among them."""
        return read_objects(await self._ask("GET", f"/users/me/teams/{_part(team_id)}/channels"), Channel)

    async def channel(self, channel_id: str) -> Channel:
        """One channel; archived ones too."""
        return read_object(await self._ask("GET", f"/channels/{_part(channel_id)}"), Channel)

    async def join(self, *, channel_id: str, user_id: str) -> None:
        """Puts the account into a public channel."""
        await self._ask("POST", f"/channels/{_part(channel_id)}/members", {"user_id": user_id})

    async def is_member(self, *, channel_id: str, user_id: str) -> bool:
        """Whether somebody is in a channel, as far as the account may know."""
        try:
            await self._ask("GET", f"/channels/{_part(channel_id)}/members/{_part(user_id)}")
        except ServerRefused as refused:
            if refused.kind in {Kind.FORBIDDEN, Kind.MISSING}:
                return False
            raise
        return True

    async def ping(self) -> None:
        """Asks nothing: the server is there, and its clock is known a little better."""
        await self._ask("GET", "/system/ping")

    async def options(self) -> dict[str, Any]:
        """What the server says of itself to everybody: its version, what is switched on."""
        return read_keys(await self._ask("GET", "/config/client?format=old"))

    # Asking

    async def _ask(self, method: str, address: str, body: Any = None) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"content-type": "application/json"}
        return await self._send(method, address, content, headers, REST_LIMITS)

    async def _send(
        self,
        method: str,
        address: str,
        content: bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str],
        limits: Limits,
    ) -> bytes:
        tries = 1 if isinstance(content, AsyncIterator) else LIMITED_TRIES
        while True:
            await self._wait_until_open()
            answer = await self._once(method, address, content, headers, limits)
            if answer.status < 300:
                return answer.body
            tries -= 1
            if answer.status != 429 or not tries or not self._close(answer.headers):
                raise read_refusal(answer.status, answer.body)

    async def _once(
        self,
        method: str,
        address: str,
        content: bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str],
        limits: Limits,
    ) -> Answer:
        asked_ms = time.time() * 1_000
        try:
            answer = await self._client.fetch(
                self._base + address,
                method=method,
                headers={**self._headers, **headers},
                content=content,
                limits=limits,
            )
        except OutboundRefused as refused:
            raise read_failure(refused) from refused
        self.clock.note(answer.headers.get("date", ""), asked_ms=asked_ms, came_ms=time.time() * 1_000)
        return answer

    def _close(self, headers: Mapping[str, str]) -> bool:
        """Holds all requests back as long as a 429 asks for; False when that is too long to wait here."""
        told = headers.get("retry-after", "")
        seconds = float(told) if told.isdecimal() else 1.0
        self._gate.open_at = max(self._gate.open_at, time.monotonic() + min(seconds, LIMITED_SECONDS_MOST))
        return seconds <= LIMITED_SECONDS_MOST

    async def _wait_until_open(self) -> None:
        # Another answer may have put it off meanwhile.
        while (seconds := self._gate.open_at - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(seconds)


def _part(text: str) -> str:
    return quote(text, safe="")
