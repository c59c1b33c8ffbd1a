"""What is done for and by other programs. Called by views, the admin and commands."""

from integrations.services.commands import (
    NewCommand,
    answer_late,
    delete_command,
    make_command,
    queue_call,
    renew_command,
    switch_command,
)
from integrations.services.hooks import delete_hook, make_hook, note_call, renew_key, speak, switch_hook
from integrations.services.outgoing import (
    delete_outgoing,
    make_outgoing,
    queue_message,
    renew_secret,
    retry_delivery,
    switch_outgoing,
    try_again,
)
from integrations.services.posts import change_post, create_post, whisper_post

__all__ = [
    "NewCommand",
    "answer_late",
    "change_post",
    "create_post",
    "delete_command",
    "delete_hook",
    "delete_outgoing",
    "make_command",
    "make_hook",
    "make_outgoing",
    "note_call",
    "queue_call",
    "queue_message",
    "renew_command",
    "renew_key",
    "renew_secret",
    "retry_delivery",
    "speak",
    "switch_command",
    "switch_hook",
    "switch_outgoing",
    "try_again",
    "whisper_post",
]
