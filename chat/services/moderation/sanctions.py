"""Mutes, kicks and bans in a room. Each public function is one transaction.

Called by the consumer and by chat.services.moderation.reports. Never touches a sanction that holds everywhere: that is
the back office's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from accounts import selectors as accounts
from accounts import services as account_services
from chat.events import MemberRemoved, SeqResult
from chat.models import Membership
from chat.selectors.moderation import Bench, find_bench
from chat.selectors.standing import refusal_of_barred, standing_of
from chat.selectors.views import room_topic
from chat.services import links
from chat.services.turn import Turn, take_off_list
from realtime import log
from realtime.protocol import Ack, Effect, Refused

if TYPE_CHECKING:
    from accounts.models import Sanction, User

MUTE: Final = "mute"
KICK: Final = "kick"
BAN: Final = "ban"
LINES: Final = {KICK: "was removed", BAN: "was banned"}
WHY: Final = {KICK: "kicked", BAN: "banned"}


@transaction.atomic
def sanction_member(
    *, actor: User, room_id: int, user_id: int, kind: str, reason: str, seconds: int | None = None
) -> SeqResult:
    """Mutes, kicks or bans somebody in a room. Whoever is kicked or banned hears nothing after the event.

    Args:
        actor: a moderator of the room, or staff.
        room_id: where.
        user_id: a member; for a ban and a mute also somebody outside.
        kind: mute, kick or ban.
        reason: shown to the person.
        seconds: how long it holds; None: until it is lifted, and a kick may come back at once.

    Returns:
        The seq of the room's event; 0 for a mute, of which only the person is told, and for a ban from outside.

    Raises:
        Refused: not_found, forbidden; `invalid` with the field at fault.
    """
    if kind not in {MUTE, KICK, BAN}:
        raise Refused("invalid", "A sanction is a mute, a kick or a ban.", field="kind")
    bench = find_bench(actor=actor, room_id=room_id)
    now = timezone.now()
    until = now + timedelta(seconds=seconds) if seconds is not None else None
    if kind == MUTE or not Membership.objects.filter(room_id=room_id, user_id=user_id).exists():
        _check(actor, bench, user_id, kind)
        _give(actor, room_id, user_id, kind, reason, until)
        return SeqResult(seq=0)
    seq = log.reserve(room_topic(room_id))
    # Read again under the lock: roles may have changed while we waited for it.
    bench = find_bench(actor=actor, room_id=room_id)
    other = _check(actor, bench, user_id, kind)
    return _take_out(Turn(actor, bench.place, seq, now), other, kind, reason.strip(), until)


def _check(actor: User, bench: Bench, user_id: int, kind: str) -> Membership | None:
    """The other's membership, if they are in the room.

    Raises:
        Refused: `forbidden`, or `invalid` with field user.
    """
    if bench.place.standing.fixed:
        raise Refused("forbidden", "In a direct conversation nobody decides about the other.")
    if user_id == actor.pk:
        raise Refused("invalid", "You cannot sanction yourself.", field="user")
    if user_id not in accounts.people_views([user_id]):
        raise Refused("invalid", "There is nobody of this id.", field="user")
    other = Membership.objects.filter(room_id=bench.place.room.pk, user_id=user_id).first()
    if other is None and kind == KICK:
        raise Refused("invalid", "This person is not in the room.", field="user")
    if not bench.is_over(other.role if other is not None else ""):
        raise Refused("forbidden", "You decide only about those whose role is below yours.")
    if bench.staff and not accounts.may_touch(actor=actor, user_id=user_id):
        raise Refused("forbidden", "Only superusers act on people who look after the site.")
    return other


def _give(actor: User, room_id: int, user_id: int, kind: str, reason: str, until: datetime | None) -> Sanction:
    person = accounts.find_person(user_id)
    return account_services.sanction_user(
        actor=actor, user=person, kind=kind, reason=reason, until=until, room_id=room_id
    )


def _take_out(turn: Turn, other: Membership | None, kind: str, reason: str, until: datetime | None) -> SeqResult:
    if other is None:
        raise Refused("conflict", "This person has just left the room.", field="user")
    user_id, actor = other.user_id, turn.actor
    other.delete()
    links.end_links_of(user_id=user_id, room_id=turn.room_id, standing=standing_of(turn.place.room, ""), now=turn.now)
    name = accounts.people_views([user_id])[user_id].display_name
    line = turn.say(f"{name} {LINES[kind]}")
    done = turn.append(MemberRemoved(user=user_id, message=line), Effect(drop_user=user_id))
    _give(actor, turn.room_id, user_id, kind, reason, until)
    take_off_list(actor=actor, user_id=user_id, room_id=turn.room_id, why=WHY[kind], reason=reason, until=until)
    return done


@transaction.atomic
def lift_member_sanction(*, actor: User, room_id: int, sanction_id: int, reason: str = "") -> Ack:
    """Ends a sanction of this room now; one that is over already stays as it is.

    Raises:
        Refused: not_found, forbidden, invalid.
    """
    bench = find_bench(actor=actor, room_id=room_id)
    sanction = accounts.sanction_in(sanction_id=sanction_id, room_id=room_id)
    if sanction is None:
        raise Refused("not_found")
    if sanction.user_id == actor.pk:
        raise Refused("forbidden", "Somebody else has to lift this.")
    role = Membership.objects.filter(room_id=room_id, user_id=sanction.user_id).values_list("role", flat=True).first()
    if not bench.is_over(role or ""):
        raise Refused("forbidden", "You decide only about those whose role is below yours.")
    account_services.lift_sanction(actor=actor, sanction=sanction, reason=reason)
    return Ack()


def refuse_barred(*, user_id: int, room_id: int, name: str = "") -> None:
    """Somebody banned, or kicked for a time that is not over, does not come in.

    Args:
        user_id: who would come in.
        room_id: where.
        name: of whom somebody else would bring; empty for the person themselves, who read the reason.

    Raises:
        Refused: `banned` with the seconds left unless it holds until it is lifted; `forbidden` for somebody else.
    """
    refusal = refusal_of_barred(user_id=user_id, room_id=room_id)
    if refusal is None:
        return
    if name:
        raise Refused("forbidden", f"{name} may not come into this room now. A moderator can change that.")
    raise refusal
