"""Asks the provider of each agent whether it would answer, without asking a model anything: costs nothing.

Called by `manage.py doctor` and the admin's "Test connection". Never called on the loop, never shows a key.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from assistant import backends
from assistant.backends import BackendFailed
from assistant.models import Agent, RoomChoice
from assistant.selectors import agents as selectors


@dataclass(frozen=True, slots=True)
class Examined:
    """How one agent stands.

    Attributes:
        state: `sound`; `demo`, a small model answers; `unset`, something is missing in the settings; `off`;
            `unlisted`, the provider answers and does not list the model; `failed`.
        says: one sentence; mend: what to do, empty when all is well.
    """

    name: str
    state: Literal["sound", "demo", "unset", "off", "unlisted", "failed"]
    says: str
    mend: str = ""


def examine_agents() -> list[Examined]:
    """Looks at every agent; a site where nobody has asked yet has one that is about to be made."""
    return [examine(agent) for agent in selectors.agents()] or [examine(None)]


def examine(agent: Agent | None) -> Examined:
    """Looks at one agent, or at the one that is about to be made."""
    name = str(agent.user) if agent is not None else "the assistant"
    if agent is not None and not agent.user.is_active:
        return Examined(name, "off", f"{name} is switched off")
    shown = agent or Agent()
    missing = selectors.problem_of(shown)
    if missing:
        return Examined(name, "unset", f"{name} has no model to ask", missing)
    model, url = selectors.model_of(shown, RoomChoice()), selectors.base_url_of(shown)
    try:
        listed = asyncio.run(_models(url, selectors.key_env_of(shown)))
    except BackendFailed as failed:
        detail = f" ({failed.detail})" if failed.detail else ""
        return Examined(name, "failed", f"{name} cannot ask {model} at {url}: {failed.words}{detail}", failed.mend)
    if model not in listed:
        says = f"{name} asks {model}, which {url} does not list"
        return Examined(name, "unlisted", says, f"It may still answer. Listed are: {_few(listed)}.")
    if settings.ASSISTANT_DEMO and not shown.base_url:
        mend = "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider) for a model that can help."
        return Examined(name, "demo", f"{name} asks the small demo model {model}", mend)
    return Examined(name, "sound", f"{name} asks {model} at {url}")


async def _models(url: str, key_env: str) -> list[str]:
    try:
        return await backends.models(url, key_env)
    finally:
        await backends.close()


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") if names else "none"
