"""What happens to a message that was said: it is queued for the addresses that want to be told.

Called through MESSAGE_POSTED_HOOKS after the commit. Writes rows and returns; the runner talks to the network.
"""

from __future__ import annotations

from chat.shapes import MessageView
from integrations import services
from integrations.bridge.runner import wake as wake_bridges
from integrations.runner import wake


def queue_message(*, message: MessageView) -> None:
    """Queues it, and tells the runners of this process; bridges read the room's log by themselves."""
    wake_bridges()
    if services.queue_message(message=message):
        wake()
