"""What is done with runs: started, executed a step, stopped, ended, paid. Called by the runner, consumers and views.

Every public function is one transaction and appends at most one event to each topic.
"""

from assistant.services.agents import agent_for, default_agent
from assistant.services.asking import ASKING_KINDS, ask, is_called, missed_questions
from assistant.services.claims import (
    Order,
    Written,
    add_steps,
    can_claim,
    claim_next,
    hand_back,
    keep_alive,
    lost_runs,
    sweep_run,
)
from assistant.services.endings import INTERRUPTED, Ending, end_run, move_up, waiting_after
from assistant.services.runs import ask_summary, halt_run, repeat_run, start_run, stop_run
from assistant.services.spending import mend_reservations, reserve
from assistant.services.withdrawal import prune_logs

__all__ = [
    "ASKING_KINDS",
    "INTERRUPTED",
    "Ending",
    "Order",
    "Written",
    "add_steps",
    "agent_for",
    "ask",
    "ask_summary",
    "can_claim",
    "claim_next",
    "default_agent",
    "end_run",
    "halt_run",
    "hand_back",
    "is_called",
    "keep_alive",
    "lost_runs",
    "mend_reservations",
    "missed_questions",
    "move_up",
    "prune_logs",
    "repeat_run",
    "reserve",
    "start_run",
    "stop_run",
    "sweep_run",
    "waiting_after",
]
