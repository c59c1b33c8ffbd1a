"""The scenes of the snapshot law, by name, those of moderation, of answers and of cards.

Filled and played by tests/test_snapshot_law.py. Each is one deed before the eyes of one person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from accounts import selectors as accounts_read
from accounts import services as accounts
from accounts.models import User
from assistant.services import choices
from chat import services
from chat.markdown import render
from chat.models import Message
from chat.shapes import AlertCard, CardView, ChartCard, RunView
from tests import factories
from tests.law import FIRST_STAMP, World

Act = Callable[[World], Any]
SCENES: dict[str, tuple[str, Act]] = {}


def scene(viewer: str, name: str) -> Callable[[Act], Act]:
    """Declares what happens before the eyes of `viewer`."""

    def keep(act: Act) -> Act:
        SCENES[name] = (viewer, act)
        return act

    return keep


@scene("teo", "one is banned from a room")
def _(world: World) -> None:
    mina, teo, closed = world.people["mina"], world.people["teo"], world.rooms["closed"]
    services.sanction_member(actor=mina, room_id=closed.pk, user_id=teo.pk, kind="ban", reason="Spam")


def mute(world: World, seconds: int | None, reason: str) -> None:
    mina, teo = world.people["mina"], world.people["teo"]
    services.sanction_member(
        actor=mina, room_id=world.room.pk, user_id=teo.pk, kind="mute", reason=reason, seconds=seconds
    )


def lift(world: World, reason: str) -> None:
    held = next(one for one in accounts_read.sanctions_in(world.room.pk) if one.reason == reason)
    services.lift_member_sanction(actor=world.people["mina"], room_id=world.room.pk, sanction_id=held.pk)


@scene("teo", "one is muted, then for longer, and the longer one is lifted")
def _(world: World) -> None:
    mute(world, 600, "Calm down")
    mute(world, None, "Again")
    mute(world, 900, "And again")
    lift(world, "Again")


@scene("teo", "one is muted and that is lifted")
def _(world: World) -> None:
    mute(world, 600, "Calm down")
    lift(world, "Calm down")


@scene("mina", "somebody who wrote is kicked")
def _(world: World) -> None:
    mina, teo = world.people["mina"], world.people["teo"]
    services.sanction_member(actor=mina, room_id=world.room.pk, user_id=teo.pk, kind="kick", reason="Spam")


@scene("mina", "somebody's account is deleted")
def _(world: World) -> None:
    boss = User.objects.create(pk=199, username="boss", is_superuser=True)
    accounts.delete_permanently(actor=boss, user=world.people["teo"])


def begin(world: World, *, thread: UUID | None = None) -> tuple[Message, RunView]:
    """Teo asked, and an answer stands in the room, empty."""
    author = User.objects.create(pk=109, username="assistant", display_name="Assistant", kind="assistant")
    run = RunView(id=uuid4(), state="waiting", asker=world.people["teo"].pk, place=1)
    view = services.begin_answer(
        author=author, asker=world.people["teo"], room_id=world.room.pk, run=run, thread=thread, reply_to=world.root
    )
    return Message.objects.get(pk=view.id), run


def answered(world: World, text: str, state: str = "done") -> Message:
    message, run = begin(world)
    services.change_answer(message_id=message.pk, run=replace(run, state=state, place=0), text=render(text))
    return message


@scene("mina", "somebody asks the assistant")
def _(world: World) -> None:
    begin(world)


@scene("mina", "somebody asks the assistant in the thread")
def _(world: World) -> None:
    begin(world, thread=world.root)


@scene("mina", "the assistant answers")
def _(world: World) -> None:
    answered(world, "It is **green** again, @mina")


@scene("mina", "an answer that is quoted is written again")
def _(world: World) -> None:
    message = answered(world, "It is red", state="failed")
    factories.say(world.people["teo"], world.room, "Are you sure?", reply_to=message.pk)
    again = RunView(id=uuid4(), state="done", asker=world.people["mina"].pk, answers=2)
    services.change_answer(message_id=message.pk, run=again, text=render("It is green"))


@scene("mina", "an answer is deleted")
def _(world: World) -> None:
    mina, message = world.people["mina"], answered(world, "It is on fire")
    services.delete_message(actor=mina, room_id=message.room_id, message_id=message.pk)


@scene("teo", "a room switches the assistant off")
def _(world: World) -> None:
    mina, room_id = world.people["mina"], world.room.pk
    choices.choose_for_room(actor=mina, room_id=room_id, wish=choices.RoomWish(enabled=False))


def alert(value: float, state: str = "firing") -> CardView:
    """What a rule shows of itself."""
    return CardView(
        kind="alert",
        alert=AlertCard(
            alert=UUID(int=7),
            rule=7,
            title="Delivery p95 above 120 ms",
            state=state,
            level="danger",
            value=value,
            peak=184.0,
            unit="ms",
            threshold=120.0,
            above=True,
            since=FIRST_STAMP,
            fired_at=FIRST_STAMP,
            for_seconds=120,
            seconds=900,
            points=[[1767600000.0, value]],
        ),
    )


def chart(figure: float) -> CardView:
    """A series in the conversation."""
    shown = ChartCard(
        series=7, title="Errors", unit="", aggregate="last", seconds=3600, points=[[1.0, figure]], as_of=FIRST_STAMP
    )
    return CardView(kind="chart", chart=shown)


def warned(world: World) -> UUID:
    """The room says that a rule fires."""
    return services.post_card(
        author=None,
        room_id=world.room.pk,
        cid=uuid7(),
        body="Delivery p95 above 120 ms: 184 ms",
        card=alert(184.0),
        calls=[world.people["mina"].pk],
    ).id


def charted(world: World, name: str = "teo") -> UUID:
    """Somebody puts a chart into the conversation."""
    return services.post_card(
        author=world.people[name], room_id=world.room.pk, cid=uuid4(), body="Errors, last hour", card=chart(3.0)
    ).id


@scene("mina", "a rule fires in the room")
def _(world: World) -> None:
    warned(world)


@scene("mina", "an alert that is quoted resolves itself")
def _(world: World) -> None:
    message_id = warned(world)
    factories.say(world.people["teo"], world.room, "Mine", reply_to=message_id)
    resolved = alert(80.0, "resolved")
    services.change_card(message_id=message_id, card=resolved, body="Resolved by itself: Delivery p95 above 120 ms")


@scene("mina", "an alert is answered in a thread and reacted to")
def _(world: World) -> None:
    message_id = warned(world)
    factories.say(world.people["teo"], world.room, "Looking", thread=message_id)
    services.add_reaction(actor=world.people["teo"], room_id=world.room.pk, message_id=message_id, emoji="👀")


@scene("teo", "an alert that nobody called them to is deleted by a moderator")
def _(world: World) -> None:
    message_id = warned(world)
    resolved = alert(80.0, "resolved")
    services.change_card(message_id=message_id, card=resolved, body="Resolved by itself: Delivery p95 above 120 ms")
    services.delete_message(actor=world.people["mina"], room_id=world.room.pk, message_id=message_id)


@scene("mina", "an alert that called them is deleted and another one fires")
def _(world: World) -> None:
    message_id = warned(world)
    services.delete_message(actor=world.people["mina"], room_id=world.room.pk, message_id=message_id)
    warned(world)


@scene("mina", "somebody puts a chart into the room")
def _(world: World) -> None:
    charted(world)


@scene("teo", "a chart in the room moves on")
def _(world: World) -> None:
    services.change_card(message_id=charted(world), card=chart(4.0), body="Errors, last hour, as of 10:43")


@scene("mina", "a chart is deleted")
def _(world: World) -> None:
    message_id = charted(world)
    services.change_card(message_id=message_id, card=chart(4.0), body="Errors, last hour, as of 10:43")
    services.delete_message(actor=world.people["teo"], room_id=world.room.pk, message_id=message_id)
