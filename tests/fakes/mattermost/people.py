"""Accounts, teams and channels of the imitated server, and what everybody hears when they change.

Called by the routes and by FakeMattermost. Asks for rights; never knows of HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.fakes.mattermost.shapes import Channel, Team, User, forbidden, invalid
from tests.fakes.mattermost.sockets import Event
from tests.fakes.mattermost.tables import Tables, Token


class People(Tables):
    """Who is where."""

    # People

    def add_user(self, username: str, *, email: str = "", password: str = "", is_bot: bool = False) -> User:
        """A new account; the very first is the administrator's."""
        if any(one.username == username for one in self.users.values()):
            raise invalid("app.user.save.username_exists.app_error", "username: it is taken")
        user = User(self.ids.new(), username, email or f"{username}@localhost", password, self.clock.ms())
        user.is_bot = is_bot
        if not self.users:
            user.roles = "system_admin system_user"
        self.users[user.id] = user
        return user

    def add_token(self, user_id: str) -> Token:
        """A new token of somebody."""
        token = Token(self.ids.new(), self.ids.new(), user_id)
        self.tokens[token.secret] = token
        return token

    def change_user(self, user: User, changes: dict[str, Any]) -> None:
        """Changes names, and tells everybody."""
        for name in ("username", "nickname", "first_name", "last_name", "roles"):
            if name in changes:
                setattr(user, name, str(changes[name]))
        user.update_at = self.clock.ms()
        self.hub.publish(Event("user_updated", {"user": user.json() | {"email": ""}}))

    # Teams and channels

    def add_team(self, name: str, display_name: str, creator: User) -> Team:
        """A new team with its creator in it."""
        if any(one.name == name for one in self.teams.values()):
            raise invalid("app.team.save_member.save.app_error", "team name: it is taken")
        team = Team(self.ids.new(), name, display_name, self.clock.ms())
        self.teams[team.id] = team
        self.hub.team_members[team.id] = team.members
        team.members.add(creator.id)
        return team

    def add_channel(self, team_id: str, name: str, display_name: str, kind: str, creator: User) -> Channel:
        """A new channel with its creator in it."""
        if any(one.team_id == team_id and one.name == name for one in self.channels.values()):
            raise invalid("store.sql_channel.save_channel.exists.app_error", "channel name: it is taken")
        channel = Channel(self.ids.new(), team_id, name, display_name, kind, self.clock.ms(), creator.id)
        self.channels[channel.id] = channel
        self.hub.channel_members[channel.id] = channel.members
        channel.members.add(creator.id)
        return channel

    def direct_channel(self, user_ids: Iterable[str]) -> Channel:
        """The one channel of two people."""
        pair = sorted({self.user(one).id for one in user_ids})
        name = "__".join(pair)
        for channel in self.channels.values():
            if channel.type == "D" and channel.name == name:
                return channel
        channel = self.add_channel("", name, "", "D", self.users[pair[0]])
        channel.members.update(pair)
        data = {"creator_id": pair[0], "teammate_id": pair[-1]}
        self.hub.publish(Event("direct_added", data, channel_id=channel.id))
        return channel

    def join(self, channel: Channel, user: User, actor: User) -> None:
        """Puts somebody into a channel.

        Raises:
            Refusal: 403 where that is not theirs to do.
        """
        themselves = user is actor and channel.type == "O"
        if not (actor.is_admin or actor.id in channel.members or themselves):
            raise forbidden()
        if channel.team_id and user.id not in self.teams[channel.team_id].members:
            raise forbidden("api.channel.add_user.to.channel.failed.deleted.app_error")
        if user.id in channel.members:
            return
        channel.members.add(user.id)
        data = {"user_id": user.id, "team_id": channel.team_id}
        self.hub.publish(Event("user_added", data, channel_id=channel.id))
        self.say_system(channel, user if themselves else actor, "system_join_channel", f"{user.username} joined.")

    def part(self, channel: Channel, user: User, actor: User) -> None:
        """Takes somebody out of a channel: those who stay and the one who goes hear different events."""
        if not (actor.is_admin or actor is user or actor.id in channel.members):
            raise forbidden()
        if user.id not in channel.members:
            return
        channel.members.discard(user.id)
        self.hub.publish(
            Event("user_removed", {"user_id": user.id, "remover_id": actor.id}, channel_id=channel.id),
        )
        told = {"channel_id": channel.id, "remover_id": actor.id}
        self.hub.publish(Event("user_removed", told, user_id=user.id))
        self.say_system(channel, actor, "system_remove_from_channel", f"{user.username} was removed.")

    def change_channel(self, channel: Channel, actor: User, changes: dict[str, Any]) -> None:
        """Changes names and header, with the system's words about it."""
        for name in ("name", "display_name", "header"):
            if name in changes:
                setattr(channel, name, str(changes[name]))
        channel.update_at = self.clock.ms()
        self.hub.publish(Event("channel_updated", {"channel": json.dumps(channel.json())}, channel_id=channel.id))
        self.say_system(channel, actor, "system_header_change", f"{actor.username} changed the channel.")

    def archive(self, channel: Channel, actor: User) -> None:
        """Archives a channel: it can be read and takes no more posts."""
        self.say_system(channel, actor, "system_channel_deleted", f"{actor.username} archived the channel.")
        channel.delete_at = channel.update_at = self.clock.ms()
        data = {"channel_id": channel.id, "delete_at": channel.delete_at}
        self.hub.publish(Event("channel_deleted", data, team_id=channel.team_id))

    def restore(self, channel: Channel, actor: User) -> None:
        """Opens an archived channel again."""
        channel.delete_at, channel.update_at = 0, self.clock.ms()
        self.hub.publish(Event("channel_restored", {"channel_id": channel.id}, team_id=channel.team_id))
        self.say_system(channel, actor, "system_channel_restored", f"{actor.username} restored the channel.")
