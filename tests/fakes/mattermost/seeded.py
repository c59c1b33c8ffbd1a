"""The small world most tests begin with on the imitated server.

Called by FakeMattermost.seed(). Never makes it twice on one server.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.mattermost.posting import State
from tests.fakes.mattermost.tables import Hook


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids and tokens of the small world."""

    team_id: str
    channel_id: str
    other_id: str
    admin_token: str
    alice_id: str
    alice_token: str
    bob_id: str
    bob_token: str
    bot_id: str
    bot_token: str
    hook_key: str


def sow(state: State) -> Seeded:
    """An administrator, Alice, Bob and a bot, all in two channels of one team, before anything was said there."""
    admin = state.add_user("admin", password="Passw0rd!x")
    alice, bob = state.add_user("alice"), state.add_user("bob")
    bot = state.add_user("bridgebot", is_bot=True)
    team = state.add_team("collab", "Collab", admin)
    channel = state.add_channel(team.id, "bridge", "Bridge", "O", admin)
    other = state.add_channel(team.id, "other", "Other", "O", admin)
    for user in (alice, bob, bot):
        team.members.add(user.id)
        channel.members.add(user.id)
        other.members.add(user.id)
    hook = Hook(state.ids.new(), channel.id, admin.id, "in")
    state.hooks[hook.id] = hook
    secrets = [state.add_token(user.id).secret for user in (admin, alice, bob, bot)]
    return Seeded(
        team_id=team.id,
        channel_id=channel.id,
        other_id=other.id,
        admin_token=secrets[0],
        alice_id=alice.id,
        alice_token=secrets[1],
        bob_id=bob.id,
        bob_token=secrets[2],
        bot_id=bot.id,
        bot_token=secrets[3],
        hook_key=hook.id,
    )
