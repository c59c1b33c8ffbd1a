"""What a room and a person chose about the assistant, and how it stands towards whoever asks.

Called by the views and by assistant.services. Never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import selectors as accounts
from assistant.models import PersonChoice
from assistant.selectors import agents, usage
from assistant.selectors.agents import AgentInForce
from assistant.shapes import AssistantView
from chat import selectors as chat
from chat.selectors.rooms import direct_between
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


def person_choice(user_id: int) -> PersonChoice:
    """What a person chose; without a row the defaults, unsaved."""
    return PersonChoice.objects.filter(pk=user_id).first() or PersonChoice(user_id=user_id)


def assistant_view(*, actor: User, room_id: int, agent: AgentInForce) -> AssistantView:
    """Who answers in a room, and how the asker stands.

    Args:
        actor: who asks.
        room_id: which room.
        agent: from `services.agent_for` of that room.

    Raises:
        Refused: `not_found`.
    """
    chat.rights_in(actor=actor, room_id=room_id)
    own = person_choice(actor.pk)
    choice = agents.choice_of(room_id)
    may_choose = agents.may_choose(actor=actor, room_id=room_id)
    found = [one for one in agents.agents() if one.user.is_active]
    people = accounts.people_views([agent.user_id, *(one.pk for one in found)])
    chosen = next((one for one in found if one.pk == agent.agent_id), None)
    return AssistantView(
        agent=people.get(agent.user_id),
        enabled=agent.enabled,
        hidden=own.hidden,
        ready=agent.ready,
        problem=agent.problem,
        model=agent.model,
        demo=agent.demo,
        tell_demo=agent.demo and not own.told_demo,
        prompt=choice.prompt,
        may_edit=choice.may_edit,
        answers_bridged=choice.answers_bridged,
        may_choose=may_choose,
        agents=[people[one.pk] for one in found] if may_choose else [],
        models=agents.models_of(chosen) if may_choose and chosen else [],
        chosen_model=choice.model if may_choose else "",
        direct_room=direct_between(user_id=actor.pk, other_id=agent.user_id),
        quota=usage.nearest_limit(person_id=actor.pk, room_id=room_id),
    )


def refuse_unless_seen(*, actor: User, room_id: int) -> None:
    """Refuses somebody who may not even see a room, before anything is made for it.

    Raises:
        Refused: `not_found`.
    """
    if actor.pk not in chat.rights_of(room_id=room_id, user_ids=[actor.pk]):
        raise Refused("not_found")
