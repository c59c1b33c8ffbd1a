"""What happens to a message that was said: it is queued for the addresses that want to be told.

Called through MESSAGE_POSTED_HOOKS after the commit. Writes rows and returns; the runner talks to the network.
"""

from __future__ import annotations

from chat.shapes import MessageView
from integrations import services
from integrations.runner import wake


def queue_message(*, message: MessageView) -> None:
    """Queues it, and tells the runner of this process; bridges hear the room themselves, and read its log."""
    if services.queue_message(message=message):
        wake()
