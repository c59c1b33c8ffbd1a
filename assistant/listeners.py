"""Hears of each message that was posted: one that calls the assistant is answered.

Named in MESSAGE_POSTED_HOOKS, called by chat.hooks after the commit; the keeper calls `answer` for what was missed.
Never answers what an assistant said, nor the same message twice.
"""

from __future__ import annotations

from accounts import selectors as accounts
from assistant import runner, services
from assistant.events import AskRefused
from chat.shapes import MessageView
from realtime.hub import hub
from realtime.protocol import Refused


def answer(*, message: MessageView) -> None:
    """Lets the assistant answer a message in which it was called; who is refused is told why, alone."""
    if message.author is None or message.kind not in services.ASKING_KINDS:
        return
    if not services.is_called(message=message):
        return
    try:
        services.ask(asker=accounts.find_person(message.author), message=message)
    except Refused as refused:
        told = AskRefused(
            room=message.room,
            message=message.id,
            code=refused.code,
            words=refused.message,
            retry_after=refused.retry_after,
        )
        hub.publish_ephemeral(topic=f"user:{message.author}", event=told, key=str(message.id))
    else:
        runner.wake()
