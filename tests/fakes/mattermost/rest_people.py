"""The addresses of people, bots, teams, channels and hooks on the imitated server.

Called by FakeMattermost, which lists them. Never keeps anything.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from aiohttp import web

from tests.fakes.mattermost.calls import Answer, Call, Route, fine, told
from tests.fakes.mattermost.shapes import Refusal, forbidden, invalid, not_found
from tests.fakes.mattermost.sockets import Event
from tests.fakes.mattermost.tables import Hook

PORTRAIT: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def must_be_admin(call: Call) -> None:
    """Refuses everybody but administrators."""
    if not call.actor.is_admin:
        raise forbidden()


async def ping(call: Call) -> Answer:
    return told({"status": "OK", "ActiveSearchBackend": "database", "AndroidLatestVersion": ""})


async def config(call: Call) -> Answer:
    script = call.state.script
    flag = {True: "true", False: "false"}
    return told(
        {
            "Version": script.version,
            "SiteName": "Imitation",
            "EnablePostUsernameOverride": flag[script.overrides],
            "EnableUserAccessTokens": flag[script.tokens_allowed],
            "EnableBotAccountCreation": flag[script.bots_allowed],
        }
    )


# People


async def create_user(call: Call) -> Answer:
    user = call.state.add_user(call.text("username"), email=call.text("email"), password=call.text("password"))
    return told(user.json(), 201)


async def login(call: Call) -> Answer:
    for user in call.state.users.values():
        if call.text("login_id") in (user.username, user.email) and user.password == call.body.get("password"):
            answer = told(user.json())
            answer.headers["Token"] = call.state.add_token(user.id).secret
            return answer
    raise Refusal(401, "api.user.login.invalid_credentials_email_username", "That name or password is not right.")


async def get_user(call: Call) -> Answer:
    return told(call.state.user(call.part("user")).json())


async def get_user_by_name(call: Call) -> Answer:
    return told(call.state.user(call.part("name")).json())


async def list_users(call: Call) -> Answer:
    """By ids or by names; who is not there is absent."""
    wanted = set(call.body)
    return told([one.json() for one in call.state.users.values() if {one.id, one.username} & wanted])


async def get_image(call: Call) -> Answer:
    call.state.user(call.part("user"))
    return web.Response(body=PORTRAIT, headers={"Content-Type": "image/png"})


async def patch_user(call: Call) -> Answer:
    user = call.state.user(call.part("user"))
    if user is not call.actor:
        must_be_admin(call)
    call.state.change_user(user, call.body)
    return told(user.json())


async def set_roles(call: Call) -> Answer:
    must_be_admin(call)
    call.state.user(call.part("user")).roles = call.text("roles")
    return fine()


async def create_token(call: Call) -> Answer:
    user = call.state.user(call.part("user"))
    if user is not call.actor:
        must_be_admin(call)
    if not call.state.script.tokens_allowed and not user.is_bot:
        raise Refusal(501, "app.user_access_token.disabled", "Access tokens are switched off.")
    token = call.state.add_token(user.id)
    return told({"id": token.id, "token": token.secret, "user_id": user.id, "is_active": True}, 201)


async def revoke_token(call: Call) -> Answer:
    """Open sockets of the token go on; the next request is refused."""
    for secret, token in list(call.state.tokens.items()):
        if token.id == call.text("token_id") and (token.user_id == call.actor.id or call.actor.is_admin):
            del call.state.tokens[secret]
    return fine()


async def create_bot(call: Call) -> Answer:
    must_be_admin(call)
    if not call.state.script.bots_allowed:
        raise forbidden("api.bot.create_disabled")
    bot = call.state.add_user(call.text("username"), is_bot=True)
    bot.nickname = call.text("display_name")
    return told({"user_id": bot.id, "username": bot.username, "display_name": bot.nickname}, 201)


async def send_typing(call: Call) -> Answer:
    if call.part("user") != call.actor.id:
        raise forbidden()
    channel = call.state.channel(call.text("channel_id"), call.actor)
    call.state.type_in(call.actor, channel, call.text("parent_id"))
    return fine()


# Teams


async def create_team(call: Call) -> Answer:
    team = call.state.add_team(call.text("name"), call.text("display_name"), call.actor)
    return told(team.json(), 201)


async def get_team(call: Call) -> Answer:
    wanted = call.part("team")
    for team in call.state.teams.values():
        if wanted in (team.id, team.name):
            return told(team.json())
    raise not_found("app.team.get_by_name.missing.app_error", "team")


async def teams_of(call: Call) -> Answer:
    user_id = call.part("user")
    return told([one.json() for one in call.state.teams.values() if user_id in one.members])


async def join_team(call: Call) -> Answer:
    team = call.state.teams.get(call.part("team"))
    if team is None:
        raise not_found("app.team.get.find.app_error", "team")
    must_be_admin(call)
    user = call.state.user(call.text("user_id"))
    team.members.add(user.id)
    call.state.hub.publish(Event("added_to_team", {"team_id": team.id, "user_id": user.id}, user_id=user.id))
    return told({"team_id": team.id, "user_id": user.id, "roles": "team_user"}, 201)


# Channels


async def create_channel(call: Call) -> Answer:
    kind = call.text("type")
    if kind not in {"O", "P"}:
        raise invalid("model.channel.is_valid.type.app_error", "type")
    channel = call.state.add_channel(
        call.text("team_id"), call.text("name"), call.text("display_name"), kind, call.actor
    )
    return told(channel.json(), 201)


async def create_direct(call: Call) -> Answer:
    return told(call.state.direct_channel(call.body).json(), 201)


async def get_channel(call: Call) -> Answer:
    return told(call.state.public_channel(call.part("channel"), call.actor).json())


async def get_channel_by_name(call: Call) -> Answer:
    for channel in call.state.channels.values():
        if (channel.team_id, channel.name) == (call.part("team"), call.part("name")) and not channel.delete_at:
            return told(call.state.public_channel(channel.id, call.actor).json())
    raise not_found("app.channel.get_by_name.missing.app_error", "channel")


async def public_channels(call: Call) -> Answer:
    chosen = [one for one in call.state.channels.values() if one.team_id == call.part("team") and one.type == "O"]
    return told([one.json() for one in chosen if not one.delete_at])


async def channels_of(call: Call) -> Answer:
    every = call.state.channels.values()
    chosen = [one for one in every if call.part("user") in one.members and one.team_id in (call.part("team"), "")]
    return told([one.json() for one in chosen if not one.delete_at])


async def join_channel(call: Call) -> Answer:
    channel = call.state.public_channel(call.part("channel"), call.actor)
    user = call.state.user(call.text("user_id"))
    call.state.join(channel, user, call.actor)
    return told(member(channel.id, user.id), 201)


async def leave_channel(call: Call) -> Answer:
    channel = call.state.channel(call.part("channel"), call.actor)
    call.state.part(channel, call.state.user(call.part("user")), call.actor)
    return fine()


async def members(call: Call) -> Answer:
    channel = call.state.channel(call.part("channel"), call.actor)
    return told([member(channel.id, one) for one in sorted(channel.members)])


async def get_member(call: Call) -> Answer:
    channel = call.state.channel(call.part("channel"), call.actor)
    if call.part("user") not in channel.members:
        raise not_found("app.channel.get_member.missing.app_error", "member")
    return told(member(channel.id, call.part("user")))


def member(channel_id: str, user_id: str) -> dict[str, Any]:
    """A membership as REST tells of it."""
    return {"channel_id": channel_id, "user_id": user_id, "roles": "channel_user", "notify_props": {}}


async def patch_channel(call: Call) -> Answer:
    channel = call.state.channel(call.part("channel"), call.actor)
    call.state.change_channel(channel, call.actor, call.body)
    return told(channel.json())


async def archive_channel(call: Call) -> Answer:
    call.state.archive(call.state.channel(call.part("channel"), call.actor), call.actor)
    return fine()


async def restore_channel(call: Call) -> Answer:
    must_be_admin(call)
    channel = call.state.channel(call.part("channel"), call.actor)
    call.state.restore(channel, call.actor)
    return told(channel.json())


async def view_channel(call: Call) -> Answer:
    """Tells the reader's other sockets; newer servers tell of several channels at once."""
    channel_id = call.text("channel_id")
    if call.state.script.newer:
        event = Event("multiple_channels_viewed", {"channel_times": {channel_id: call.state.clock.ms()}})
    else:
        event = Event("channel_viewed", {"channel_id": channel_id})
    event.user_id = call.actor.id
    call.state.hub.publish(event)
    return told({"status": "OK", "last_viewed_at_times": {channel_id: call.state.clock.ms()}})


# Hooks


async def create_incoming_hook(call: Call) -> Answer:
    channel = call.state.public_channel(call.text("channel_id"), call.actor)
    hook = Hook(call.state.ids.new(), channel.id, call.actor.id, call.text("display_name"))
    call.state.hooks[hook.id] = hook
    return told({"id": hook.id, "channel_id": channel.id, "display_name": hook.display_name}, 201)


async def keep_other(call: Call) -> Answer:
    """Outgoing hooks and commands."""
    told_back = dict(call.body) | {"id": call.state.ids.new(), "token": call.state.ids.new()}
    call.state.others[told_back["id"]] = told_back
    return told(told_back, 201)


ROUTES: Final = (
    Route("GET", "/system/ping", ping, anonymous=True),
    Route("GET", "/config/client", config, anonymous=True),
    Route("POST", "/users", create_user, anonymous=True),
    Route("POST", "/users/login", login, anonymous=True),
    Route("POST", "/users/ids", list_users),
    Route("POST", "/users/usernames", list_users),
    Route("POST", "/users/tokens/revoke", revoke_token),
    Route("GET", "/users/username/{name}", get_user_by_name),
    Route("GET", "/users/{user}", get_user),
    Route("GET", "/users/{user}/image", get_image),
    Route("PUT", "/users/{user}/patch", patch_user),
    Route("PUT", "/users/{user}/roles", set_roles),
    Route("POST", "/users/{user}/tokens", create_token),
    Route("POST", "/users/{user}/typing", send_typing),
    Route("GET", "/users/{user}/teams", teams_of),
    Route("GET", "/users/{user}/teams/{team}/channels", channels_of),
    Route("POST", "/bots", create_bot),
    Route("POST", "/teams", create_team),
    Route("GET", "/teams/name/{team}", get_team),
    Route("GET", "/teams/{team}", get_team),
    Route("POST", "/teams/{team}/members", join_team),
    Route("GET", "/teams/{team}/channels", public_channels),
    Route("GET", "/teams/{team}/channels/name/{name}", get_channel_by_name),
    Route("POST", "/channels", create_channel),
    Route("POST", "/channels/direct", create_direct),
    Route("POST", "/channels/members/{user}/view", view_channel),
    Route("GET", "/channels/{channel}", get_channel),
    Route("PUT", "/channels/{channel}/patch", patch_channel),
    Route("DELETE", "/channels/{channel}", archive_channel),
    Route("POST", "/channels/{channel}/restore", restore_channel),
    Route("GET", "/channels/{channel}/members", members),
    Route("POST", "/channels/{channel}/members", join_channel),
    Route("GET", "/channels/{channel}/members/{user}", get_member),
    Route("DELETE", "/channels/{channel}/members/{user}", leave_channel),
    Route("POST", "/hooks/incoming", create_incoming_hook),
    Route("POST", "/hooks/outgoing", keep_other),
    Route("POST", "/commands", keep_other),
)
