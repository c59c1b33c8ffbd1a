"""Contexts and runs for tests of what the assistant is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from assistant.given import Context, Opened, Said
from assistant.models import Agent, Run
from assistant.selectors.context import context_of
from assistant.services.agents import default_agent
from chat.models import Message, Room

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def said(text: str = "Hello", *, seq: int = 1, author: str = "Mina Okafor", **given: Any) -> Said:
    given.setdefault("at", NOW - timedelta(minutes=max(0, 500 - seq)))
    given.setdefault("url", f"/rooms/core/m/{UUID(int=seq)}/")
    return Said(id=UUID(int=seq), seq=seq, author=author, text=text, **given)


def opened(text: str, **given: Any) -> Opened:
    given.setdefault("name", "session.py")
    return Opened(id=7, language="python", version=12, text=text, url="/rooms/core/?doc=7&v=12", **given)


def context(**given: Any) -> Context:
    given.setdefault("question", said("Why does it fail?", seq=400, author="Teo Lindqvist"))
    values: dict[str, Any] = {
        "run": UUID(int=1),
        "kind": "answer",
        "fence": "a1b2c3d4e5f6",
        "now": NOW,
        "room_id": 3,
        "room": "Realtime core",
        "room_url": "/rooms/core/",
        "purpose": "",
        "direct": False,
        "asker": "Teo Lindqvist",
        "zone": "UTC",
        "agent": "Assistant",
        "prompts": (),
        "people": ("Mina Okafor (@mina)", "Teo Lindqvist (@teo)"),
        "people_count": 2,
    }
    return Context(**(values | given))


def make_run(asker: User, room: Room, question: Message | None = None, **given: Any) -> Run:
    """A run that is being executed, as the runner has it when it asks for the context."""
    agent: Agent = given.pop("agent", None) or default_agent()
    given.setdefault("kind", Run.Kind.ANSWER if question is not None else Run.Kind.SUMMARY)
    given.setdefault("state", Run.State.STREAMING)
    given.setdefault("thread_root", question.thread_root_id if question is not None else None)
    given.setdefault("lane", f"room:{room.pk}:{given['thread_root'] or ''}:{timezone.now().timestamp()}")
    given.setdefault("started_at", timezone.now())
    return Run.objects.create(
        agent=agent, asker=asker, room=room, question=question, day=timezone.now().date(), **given
    )


def given_to(asker: User, room: Room, question: Message | None = None, **more: Any) -> Context:
    return context_of(run_id=make_run(asker, room, question, **more).pk)
