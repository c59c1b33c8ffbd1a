"""What we stumble over ourselves: the log has it by a name, which whoever looks after a bridge is told.

Called by sending. Never decides what becomes of it.
"""

from __future__ import annotations

import logging
from typing import Final
from uuid import uuid4

from django.db import InterfaceError, OperationalError

from integrations.services.bridges.setup import Fenced
from realtime import metrics

logger = logging.getLogger(__name__)

STOPPING: Final = (Fenced, OperationalError, InterfaceError)
"""Nobody goes on: it is another process's turn, or the database is away."""


def record(what: str, server_id: int, error: Exception) -> str:
    """Writes it into the log; answers the sentence to tell."""
    incident = uuid4().hex[:12]
    metrics.incidents.labels("bridge").inc()
    logger.error("incident %s: %s of Mattermost server %s failed", incident, what, server_id, exc_info=error)
    return f"{what} failed: the log of the site has it as incident {incident}."
