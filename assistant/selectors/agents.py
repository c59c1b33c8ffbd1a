"""Who answers in a room: the account, the model behind it, and what is missing if nobody can.

Called by assistant.services, views and the admin. Never writes, and never reads a key further than to see that it is
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

from assistant.keys import DEMO_KEY_ENV, read_key
from assistant.models import Agent, RoomChoice
from chat import selectors as chat

if TYPE_CHECKING:
    from accounts.models import User

SWITCHED_OFF: Final = "The assistant is switched off in this room."
KEY_ENDING: Final = "_API_KEY"
CLOSED: Final = "The assistant is switched off on this site."


@dataclass(frozen=True, slots=True)
class AgentInForce:
    """Who answers in one room, with everything that its choice, the agent and the settings say.

    Attributes:
        agent_id: key of the Agent; it is the id of its account as well.
        prompt: the agent's, then the room's.
        room_prompt: the room's alone.
        temperature: None leaves it to the provider.
        demo: a small model on this machine answers.
        enabled: whether the room, and the site, want it.
        ready: whether a model is set up; otherwise `problem` says exactly what is missing.
    """

    agent_id: int
    user_id: int
    name: str
    model: str
    base_url: str
    key_env: str
    prompt: str
    room_prompt: str
    temperature: float | None
    answer_tokens: int
    demo: bool
    may_edit: bool
    answers_bridged: bool
    enabled: bool
    ready: bool
    problem: str = ""


def agents() -> list[Agent]:
    """All of them with their accounts, the one that answers by default first."""
    return list(Agent.objects.select_related("user").order_by("-is_default", "pk"))


def default_found() -> Agent | None:
    """Who answers where a room chose nobody else; None until it was made."""
    return Agent.objects.select_related("user").filter(is_default=True).first()


def is_agent(user_id: int) -> bool:
    """Whether this account can be asked."""
    return Agent.objects.filter(pk=user_id).exists()


def choice_of(room_id: int) -> RoomChoice:
    """What the room chose; without a row the defaults, unsaved."""
    return RoomChoice.objects.filter(pk=room_id).first() or RoomChoice(room_id=room_id)


def find_in_force(room_id: int) -> AgentInForce | None:
    """Who answers in this room; None until the default agent was made."""
    found = agents()
    if not found or not found[0].is_default:
        return None
    choice = choice_of(room_id)
    return in_force(_agent_of(choice, found), choice)


def _agent_of(choice: RoomChoice, found: list[Agent]) -> Agent:
    by_id = {agent.pk: agent for agent in found if agent.user.is_active}
    if choice.agent_id in by_id:
        return by_id[choice.agent_id]
    if len(found) > 1:  # a person's own session with one of them
        members = chat.rights_of(room_id=choice.room_id, user_ids=list(by_id))
        in_it = [agent for agent in found if agent.pk in members and members[agent.pk].is_member]
        if len(in_it) == 1:
            return in_it[0]
    return found[0]


def in_force(agent: Agent, choice: RoomChoice) -> AgentInForce:
    """What holds where this agent answers and this was chosen."""
    active = agent.user.is_active
    demo = bool(settings.ASSISTANT_DEMO) and not agent.base_url
    problem = ("" if active else CLOSED) or problem_of(agent)
    return AgentInForce(
        agent_id=agent.pk,
        user_id=agent.pk,
        name=str(agent.user),
        model=model_of(agent, choice),
        base_url=base_url_of(agent),
        key_env=key_env_of(agent),
        prompt="\n\n".join(text for text in (agent.prompt.strip(), choice.prompt.strip()) if text),
        room_prompt=choice.prompt.strip(),
        temperature=agent.temperature,
        answer_tokens=agent.answer_tokens or settings.ASSISTANT_ANSWER_TOKENS,
        demo=demo,
        may_edit=choice.may_edit,
        answers_bridged=choice.answers_bridged,
        enabled=choice.enabled and active,
        ready=not problem,
        problem=problem or ("" if choice.enabled else SWITCHED_OFF),
    )


def base_url_of(agent: Agent) -> str:
    """Where its model is asked."""
    return agent.base_url.rstrip("/") or str(settings.OPENAI_BASE_URL)


def key_env_of(agent: Agent) -> str:
    """The name of the variable with its key; empty where none is wanted, as for the demo model.

    An address of its own is never given the site's key: only one that is named beside it.
    """
    if agent.base_url:
        return agent.key_env
    if settings.ASSISTANT_DEMO:
        return DEMO_KEY_ENV if read_key(DEMO_KEY_ENV) else ""
    return agent.key_env or str(settings.ASSISTANT_KEY_ENV)


def may_hold_key(name: str) -> bool:
    """Whether a variable can be a provider's key: no other secret of the site is ever sent to one."""
    return name.endswith(KEY_ENDING) or name in {settings.ASSISTANT_KEY_ENV, DEMO_KEY_ENV}


def models_of(agent: Agent) -> list[str]:
    """Models that a room may choose from; the first is the agent's own. The demo model is alone."""
    own = agent.model or str(settings.ASSISTANT_MODEL)
    if agent.base_url or settings.ASSISTANT_DEMO:  # the site's list is of the site's provider
        return [own]
    return list(dict.fromkeys([own, *settings.ASSISTANT_MODELS]))


def model_of(agent: Agent, choice: RoomChoice) -> str:
    """The room's, if it may still be chosen, otherwise the agent's."""
    allowed = models_of(agent)
    return choice.model if choice.model in allowed else allowed[0]


def problem_of(agent: Agent) -> str:
    """What is missing before this agent can be asked, for whoever looks after the site; empty if nothing is."""
    name = key_env_of(agent)
    if name and not may_hold_key(name):
        return f"{name} is not the name of a key: it has to end in {KEY_ENDING}."
    if not name or read_key(name):
        return ""
    if agent.base_url or agent.key_env:
        return f"Set {name} in the environment of the site and start it again."
    return f"Set {name} (and OPENAI_BASE_URL for another provider), or start bin/run without --no-llm."


def may_choose(*, actor: User, room_id: int) -> bool:
    """Whether this person decides about the assistant in a room: who moderates it, or anybody in a conversation.

    Raises:
        Refused: `not_found`.
    """
    rights = chat.rights_in(actor=actor, room_id=room_id)
    return rights.may_moderate or (rights.is_fixed and rights.is_member)
