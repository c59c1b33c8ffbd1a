"""Agents: the one that every site has, others that an administrator makes, and the one that answers in a room.

Called by the runner's services, views, the admin and the keeper. Never stores a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction

from accounts import selectors as people
from accounts import services as accounts
from accounts.texts import clean_display_name, clean_username
from assistant.models import Agent
from assistant.selectors import agents as selectors
from assistant.selectors.agents import AgentInForce
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User

KIND: Final = "assistant"
NAMES: Final = ("assistant", "assistant.ai", "assistant.site")
"""The first is reserved; the others are for sites where somebody has had it since before."""
DISPLAY_NAME: Final = "Assistant"


def agent_for(*, room_id: int) -> AgentInForce:
    """Who answers in this room, and whether it can; makes the default agent where there is none yet."""
    found = selectors.find_in_force(room_id)
    if found is None:
        default_agent()
        found = selectors.find_in_force(room_id)
    assert found is not None
    return found


def default_agent() -> Agent:
    """The agent that answers where a room chose nobody else, made once by whoever asks first.

    Its account cannot sign in: it has no password and no address.
    """
    found = selectors.default_found()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _make_default()
    except (IntegrityError, Refused):
        # Somebody else was faster: the name or the mark is taken by what they committed.
        found = selectors.default_found()
        if found is None:
            raise
        return found


def _make_default() -> Agent:
    agent, _ = Agent.objects.update_or_create(user=_account(), defaults={"is_default": True})
    return agent


def _account() -> User:
    named = people.people_named(NAMES)
    for name in NAMES:
        if name not in named:
            return accounts.create_person(actor=None, username=name, display_name=DISPLAY_NAME, kind=KIND)
        if named[name].kind == KIND:
            return people.find_person(named[name].id)
    raise Refused("conflict", "Somebody else has every name that the assistant could have.", field="username")


def check_names(*, username: str, display_name: str) -> None:
    """Whether a new agent could be called so, before anything is made.

    Raises:
        Refused: `invalid` or `conflict` with the field at fault.
    """
    name = clean_username(username)
    clean_display_name(display_name)
    if people.people_named([name]):
        raise Refused("conflict", "This name is taken.", field="username")


@transaction.atomic
def make_agent(*, actor: User, username: str, display_name: str, **given: Any) -> Agent:
    """Makes one more agent with an account of its own; a room can choose it.

    Args:
        actor: a superuser.
        username: how it is called.
        display_name: how it is shown.
        given: fields of Agent.

    Raises:
        Refused: forbidden, invalid, conflict.
    """
    _refuse_others(actor)
    user = accounts.create_person(actor=actor, username=username, display_name=display_name, kind=KIND)
    agent: Agent = Agent.objects.create(user=user, **given)
    detail = {"kind": KIND, "model": agent.model, "base_url": agent.base_url, "key_env": agent.key_env}
    accounts.record_audit(actor=actor, action="agent.create", target=user.topic, detail=detail)
    return agent


@transaction.atomic
def change_agent(*, actor: User, agent: Agent, changed: list[str]) -> None:
    """Keeps what an administrator changed about an agent; `changed` names the fields.

    Raises:
        Refused: forbidden.
    """
    _refuse_others(actor)
    agent.save(update_fields=changed)
    accounts.record_audit(actor=actor, action="agent.change", target=agent.user.topic, detail={"changed": changed})


@transaction.atomic
def make_default(*, actor: User, agent_id: int) -> None:
    """Lets another agent answer where rooms chose nobody.

    Raises:
        Refused: forbidden, not_found.
    """
    _refuse_others(actor)
    agent = Agent.objects.select_related("user").filter(pk=agent_id).first()
    if agent is None:
        raise Refused("not_found")
    Agent.objects.filter(is_default=True).exclude(pk=agent_id).update(is_default=False)
    Agent.objects.filter(pk=agent_id).update(is_default=True)
    accounts.record_audit(actor=actor, action="agent.default", target=agent.user.topic)


def _refuse_others(actor: User) -> None:
    # Whoever sets an address and the name of a key decides where rooms' words and the key are sent.
    now = people.as_of_now(actor)
    if not (now.is_active and now.is_superuser):
        raise Refused("forbidden")
