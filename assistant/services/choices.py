"""What rooms and people choose about the assistant: whether it answers, who and how, and what they want to see of it.

Called by the views and the admin. Never runs anything: a choice holds from the next question on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts import selectors as people
from accounts import services as accounts
from assistant.events import AssistantChanged
from assistant.models import PROMPT_CHARS, Agent, PersonChoice, RoomChoice
from assistant.selectors import agents
from chat import services as rooms
from realtime import log
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class RoomWish:
    """Settings of a room to change; None leaves one as it is.

    Attributes:
        agent: id of its account; 0 is the site's default.
        model: one that the room may choose; empty is the agent's own.
    """

    enabled: bool | None = None
    agent: int | None = None
    model: str | None = None
    prompt: str | None = None
    may_edit: bool | None = None
    answers_bridged: bool | None = None


@dataclass(frozen=True, slots=True)
class OwnWish:
    """Settings of a person to change; None leaves one as it is."""

    hidden: bool | None = None
    remembers: bool | None = None
    told_demo: bool | None = None


@transaction.atomic
def choose_for_room(*, actor: User, room_id: int, wish: RoomWish) -> bool:
    """Changes what a room chose, tells the room and the trail; False when nothing is new.

    Args:
        actor: who moderates the room, or is in it where nobody does.
        room_id: which room.
        wish: what to change.

    Raises:
        Refused: not_found, forbidden; `invalid` or `too_large` with the field.
    """
    topic = f"room:{room_id}"
    log.lock(topic)
    if not agents.may_choose(actor=actor, room_id=room_id):
        raise Refused("forbidden")
    choice = agents.choice_of(room_id)
    changed = _changed(choice, wish)
    if not changed:
        return False
    for name, value in changed.items():
        setattr(choice, name, value)
    choice.changed_by_id, choice.changed_at = actor.pk, timezone.now()
    choice.save()
    # The words of a prompt are the room's own; the trail is read by others.
    told = {name: value for name, value in changed.items() if name != "prompt"}
    detail = {**told, **({"prompt_chars": len(choice.prompt)} if "prompt" in changed else {})}
    accounts.record_audit(actor=actor, action="assistant.choose", target=topic, detail=detail)
    log.append(topic=topic, event=AssistantChanged(enabled=choice.enabled), actor_id=actor.pk)
    return True


def _changed(choice: RoomChoice, wish: RoomWish) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        name: value for name in ("enabled", "may_edit", "answers_bridged") if (value := getattr(wish, name)) is not None
    }
    agent_id = choice.agent_id
    if wish.agent is not None:
        agent_id = wanted["agent_id"] = _agent_id(wish.agent)
    if wish.prompt is not None:
        wanted["prompt"] = _clean_prompt(wish.prompt)
    if wish.model is not None:
        wanted["model"] = _clean_model(wish.model, agent_id)
    elif agent_id != choice.agent_id:
        wanted["model"] = ""  # what another agent offers is not this one's
    return {name: value for name, value in wanted.items() if value != getattr(choice, name)}


def _agent_id(user_id: int) -> int | None:
    if not user_id:
        return None
    agent = next((one for one in agents.agents() if one.pk == user_id and one.user.is_active), None)
    if agent is None:
        raise Refused("invalid", "There is no such assistant.", field="agent")
    return None if agent.is_default else agent.pk


def _clean_prompt(text: str) -> str:
    tidy = text.replace("\r\n", "\n").strip()
    if "\x00" in tidy or any("\ud800" <= character <= "\udfff" for character in tidy):
        raise Refused("invalid", "A text cannot hold such characters.", field="prompt")
    if len(tidy) > PROMPT_CHARS:
        raise Refused("too_large", f"A prompt has at most {PROMPT_CHARS:,} characters.", field="prompt")
    return tidy


def _clean_model(name: str, agent_id: int | None) -> str:
    agent = Agent.objects.filter(pk=agent_id).first() if agent_id else agents.default_found()
    allowed = agents.models_of(agent) if agent else []
    if name and name not in allowed:
        raise Refused("invalid", f"Choose one of {', '.join(allowed)}.", field="model")
    return "" if allowed and name == allowed[0] else name


@transaction.atomic
def choose_for_oneself(*, actor: User, wish: OwnWish) -> PersonChoice:
    """Changes what a person chose for themselves, in all rooms."""
    # Two tabs that choose at once: the row is made once, and each changes only what it names.
    PersonChoice.objects.bulk_create([PersonChoice(user_id=actor.pk)], ignore_conflicts=True)
    given = {field.name: getattr(wish, field.name) for field in fields(wish)}
    changed = {name: value for name, value in given.items() if value is not None}
    if changed:
        PersonChoice.objects.filter(pk=actor.pk).update(**changed)
    return PersonChoice.objects.get(pk=actor.pk)


def open_session(*, actor: User, agent_id: int) -> int:
    """The person's own session with an agent: a direct room that keeps its own memory.

    Raises:
        Refused: `not_found` for somebody who cannot be asked.
    """
    if not agents.is_agent(agent_id) or agent_id not in people.active_people([agent_id]):
        raise Refused("not_found")
    return rooms.open_direct(actor=actor, users=[agent_id]).room.id
