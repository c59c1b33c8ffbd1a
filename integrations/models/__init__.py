"""What connects rooms with other programs. Written by integrations.services; other apps name them by string."""

from integrations.models.bridges import (
    BridgedAccount,
    BridgedFile,
    BridgedPerson,
    BridgedPost,
    BridgedReaction,
    BridgeInbox,
    BridgeLink,
    BridgeOutbox,
    MattermostServer,
)
from integrations.models.commands import CommandCall, SlashCommand
from integrations.models.hooks import IncomingHook
from integrations.models.outgoing import Delivery, OutgoingHook
from integrations.models.posts import PostProps
from integrations.models.watching import BridgeMinute, BridgePulse, BridgeStep

__all__ = [
    "BridgeInbox",
    "BridgeLink",
    "BridgeMinute",
    "BridgeOutbox",
    "BridgePulse",
    "BridgeStep",
    "BridgedAccount",
    "BridgedFile",
    "BridgedPerson",
    "BridgedPost",
    "BridgedReaction",
    "CommandCall",
    "Delivery",
    "IncomingHook",
    "MattermostServer",
    "OutgoingHook",
    "PostProps",
    "SlashCommand",
]
