"""Questions about people: how others see them, what they chose, whether they are sanctioned, what was done to whom.

Called by services, views, consumers and other apps, which never touch accounts.models themselves.
Never writes, and never puts an e-mail address into a PersonView.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.events import MuteView, PersonView, PreferencesView
from accounts.models import AuditEntry, Invite, Profile, Sanction, User, hash_token
from realtime import sessions
from realtime.rows import sql_time

PEOPLE_FOUND: Final = 20
_COLUMNS: Final = ("pk", "username", "display_name", "kind", "profile__avatar")
# As text as well, because it is asked at every handshake. Of several bans the longest speaks.
_BAN: Final = (
    f"SELECT s.reason FROM {Sanction._meta.db_table} s WHERE s.user_id = %s AND s.kind = 'ban' AND s.room_id IS NULL "
    "AND s.lifted_at IS NULL AND (s.until IS NULL OR s.until > %s) ORDER BY s.until IS NULL DESC, s.until DESC LIMIT 1"
)
# Every message carries its author and asks whether they are muted: as text, the questions cost a tenth of the ORM's.
PERSON_SQL: Final = "u.id, u.username, u.display_name, u.kind, p.avatar"
"""Columns of a person for another app's SELECT; `person_of_row` reads them."""
_PERSON: Final = (
    f"SELECT {PERSON_SQL} FROM {User._meta.db_table} u "
    f"LEFT JOIN {Profile._meta.db_table} p ON p.user_id = u.id WHERE u.id = %s"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What every page of a signed-in person needs to know, read in one query.

    Attributes:
        ban: the moderator's reason, or None for somebody who may be here.
    """

    theme: str
    time_zone: str
    ban: str | None


def _view(pk: int, username: str, display_name: str, kind: str, avatar: str | None) -> PersonView:
    return PersonView(
        id=pk, name=username, display_name=display_name or username, kind=kind, avatar_url=avatar_url(pk, avatar)
    )


def avatar_url(user_id: int, file_name: str | None) -> str | None:
    """Address of a picture by the name of its file; None for somebody shown by letters."""
    if not file_name:
        return None
    return reverse("account_avatar", args=[user_id, file_name.rpartition("/")[2].removesuffix(".webp")])


def person_view(user: User) -> PersonView:
    """One person as others see them."""
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, [user.pk])
        return _view(*cursor.fetchone())


def person_sql(user_id: str) -> str:
    """Joins that bring the columns of PERSON_SQL to another app's SELECT, for the column that names the person."""
    return f"JOIN {User._meta.db_table} u ON u.id = {user_id} LEFT JOIN {Profile._meta.db_table} p ON p.user_id = u.id"


def person_of_row(row: Sequence[Any]) -> PersonView:
    """A person out of the columns of PERSON_SQL."""
    return _view(*row)


def people_views(ids: Iterable[int]) -> dict[int, PersonView]:
    """Several people as others see them, by id, in one query; ids of nobody are left out."""
    rows = User.objects.filter(pk__in=set(ids)).values_list(*_COLUMNS)
    return {row[0]: _view(*row) for row in rows}


def active_people(ids: Iterable[int]) -> dict[int, PersonView]:
    """Those of the people who can sign in, by id, in one query."""
    rows = User.objects.filter(pk__in=set(ids), is_active=True).values_list(*_COLUMNS)
    return {row[0]: _view(*row) for row in rows}


def staff_among(ids: Collection[int]) -> set[int]:
    """Those of the people who are staff now."""
    rows = User.objects.filter(pk__in=ids, is_active=True, is_staff=True) if ids else User.objects.none()
    return set(rows.values_list("pk", flat=True))


def people_named(names: Iterable[str]) -> dict[str, PersonView]:
    """People by what stands after `@`, in one query; unknown names are left out."""
    rows = User.objects.filter(username__in=set(names)).values_list(*_COLUMNS)
    return {row[1]: _view(*row) for row in rows}


def search_people(
    *, actor: User, q: str, among: Collection[int] | None = None, limit: int = PEOPLE_FOUND
) -> list[PersonView]:
    """Active people whose name or username contains `q`; names that start with it come first.

    Args:
        actor: who asks.
        q: a part of a name; empty finds everybody.
        among: only these ids; None for everyone.
        limit: at most so many, never more than 20.
    """
    text = q.strip().removeprefix("@")[:60]
    starts = Q(username__istartswith=text) | Q(display_name__istartswith=text)
    found = User.objects.filter(Q(username__icontains=text) | Q(display_name__icontains=text), is_active=True)
    if among is not None:
        found = found.filter(pk__in=among)
    rank = Case(When(starts, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = found.annotate(rank=rank).order_by("rank", "display_name", "username").values_list(*_COLUMNS)
    return [_view(*row) for row in rows[: min(limit, PEOPLE_FOUND)]]


def preferences_view(user: User) -> PreferencesView:
    """What the person chose, or what holds for somebody who chose nothing."""
    return preferences_of(Profile.objects.filter(user=user).first() or Profile(user=user))


def preferences_of(profile: Profile) -> PreferencesView:
    """What a profile says its owner chose."""
    return PreferencesView(
        theme=profile.theme,
        time_zone=profile.time_zone,
        enter_sends=profile.enter_sends,
        letter_shortcuts=profile.letter_shortcuts,
        desktop_notifications=profile.desktop_notifications,
        notification_sound=profile.notification_sound,
        email_mentions=profile.email_mentions,
        quiet_until=profile.quiet_until,
        quiet_from=profile.quiet_from.strftime("%H:%M") if profile.quiet_from else None,
        quiet_to=profile.quiet_to.strftime("%H:%M") if profile.quiet_to else None,
    )


def active_sanction(*, user_id: int, kind: str, room_id: int | None = None) -> Sanction | None:
    """The sanction of this kind that holds now: everywhere, or in the named room. The longest comes first."""
    where = Q(room_id__isnull=True)
    if room_id is not None:
        where |= Q(room_id=room_id)
    return _longest(Sanction.objects.active().filter(where, user_id=user_id, kind=kind))


def mutes_of(user_id: int) -> list[MuteView]:
    """What keeps a person from writing now: at most one for each room, that for everywhere first, then by room."""
    rooms: dict[int | None, list[Sanction]] = {}
    for one in Sanction.objects.active().filter(user_id=user_id, kind=Sanction.Kind.MUTE):
        rooms.setdefault(one.room_id, []).append(one)
    held = [_longest(given) for _, given in sorted(rooms.items(), key=lambda item: item[0] or 0)]
    return [MuteView(room=one.room_id, reason=one.reason, until=one.until) for one in held if one is not None]


def _longest(sanctions: Iterable[Sanction]) -> Sanction | None:
    endless = datetime.max.replace(tzinfo=UTC)
    return max(sanctions, key=lambda sanction: sanction.until or endless, default=None)


def barred_from(*, user_id: int, room_id: int) -> Sanction | None:
    """The ban or kick that keeps this person out of the room now, or the ban everywhere; the longest of several."""
    return _longest(_barring(room_id).filter(user_id=user_id))


def barred_among(*, user_ids: Collection[int], room_id: int) -> set[int]:
    """Those of the people whom a ban or a kick keeps out of the room now."""
    return set(_barring(room_id).filter(user_id__in=user_ids).values_list("user_id", flat=True))


def _barring(room_id: int) -> QuerySet[Sanction]:
    where = Q(room_id=room_id) | Q(room_id__isnull=True, kind=Sanction.Kind.BAN)
    return Sanction.objects.active().filter(where, kind__in=(Sanction.Kind.BAN, Sanction.Kind.KICK))


def sanctions_of(*, user_id: int, limit: int = 20) -> list[Sanction]:
    """What a person was given, newest first, over and lifted ones too."""
    return list(Sanction.objects.filter(user_id=user_id).select_related("created_by").order_by("-pk")[:limit])


def sanction_in(*, sanction_id: int, room_id: int) -> Sanction | None:
    """One of a room's sanctions, over or not."""
    return Sanction.objects.filter(pk=sanction_id, room_id=room_id).select_related("user").first()


def find_person(user_id: int) -> User:
    """The account of this id, for services; call it with an id that is known to be somebody's."""
    return User.objects.get(pk=user_id)


def may_touch(*, actor: User, user_id: int) -> bool:
    """Whether the account stands below the actor, as both are now."""
    return as_of_now(actor).may_touch(User.objects.get(pk=user_id))


def sanctions_in(room_id: int) -> list[Sanction]:
    """Those that hold in a room now, newest first; not those that hold everywhere."""
    return list(Sanction.objects.active().filter(room_id=room_id).select_related("created_by").order_by("-pk"))


def muted_sql(*, user_id: str, room_id: str) -> str:
    """A mute of this person that holds now, here or everywhere, as a condition for another app's SELECT.

    Args:
        user_id: the column or mark that names the person.
        room_id: the column or mark that names the room.

    Returns:
        SQL with one mark of its own, for `sql_time` of now.
    """
    return (
        f"EXISTS (SELECT 1 FROM {Sanction._meta.db_table} s WHERE s.user_id = {user_id} AND s.kind = 'mute' "
        f"AND s.lifted_at IS NULL AND (s.until IS NULL OR s.until > %s) "
        f"AND (s.room_id IS NULL OR s.room_id = {room_id}))"
    )


def ban_reason(user: User) -> str | None:
    """Why this person is suspended everywhere, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_BAN, [user.pk, sql_time(timezone.now())])
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def visit_of(user: User) -> Visit:
    """Theme, time zone and ban of a signed-in person, in one query."""
    ban = Sanction.objects.active().bans().filter(user_id=OuterRef("pk"))
    theme, zone, banned = (
        User.objects.filter(pk=user.pk)
        .annotate(banned=Exists(ban))
        .values_list("profile__theme", "profile__time_zone", "banned")
        .get()
    )
    return Visit(
        theme=theme or Profile.Theme.SYSTEM,
        time_zone=zone or "UTC",
        ban=(ban_reason(user) or "") if banned else None,
    )


def audit_for(target: str, *, limit: int = 100) -> list[AuditEntry]:
    """What was done to `target` (for example `user:7`), newest first."""
    return list(AuditEntry.objects.filter(target=target).select_related("actor").order_by("-pk")[:limit])


def has_second_factor(user: User) -> bool:
    """Whether an authenticator app or a passkey is set up; recovery codes alone do not count."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    found: bool = Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()
    return found


def count_passkeys(user: User) -> int:
    """How many passkeys and security keys are set up."""
    count: int = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).count()
    return count


def may_connect(user: User) -> bool:
    """False while MFA_REQUIRED asks this person for a second factor that is not set up yet."""
    required = settings.MFA_REQUIRED == "all" or (settings.MFA_REQUIRED == "staff" and user.is_staff)
    return not required or has_second_factor(user)


def is_address_of_another(*, address: str, user_id: int) -> bool:
    """Whether some other account carries this address, confirmed or not."""
    return User.objects.filter(email__iexact=address).exclude(pk=user_id).exists()


def as_of_now(user: User) -> User:
    """The person read again: a socket keeps the one of its sign-in, who may have lost rights since."""
    return User.objects.get(pk=user.pk)


def primary_address(user: User) -> Any:
    """The address that mail goes to, as allauth's EmailAddress; None for somebody without."""
    return EmailAddress.objects.filter(user_id=user.pk).order_by("-primary", "pk").first()


def factors_of(user: User) -> dict[str, Any]:
    """What stands for the second step, as allauth's wrapped authenticators.

    Returns:
        `passkeys`: a list; `totp` and `recovery_codes`: one or None.
    """
    found: dict[str, Any] = {"passkeys": [], "totp": None, "recovery_codes": None}
    for row in Authenticator.objects.filter(user_id=user.pk).order_by("pk"):
        if row.type == Authenticator.Type.WEBAUTHN:
            found["passkeys"].append(row.wrap())
        else:
            found[row.type] = row.wrap()
    return found


def device_key(user: User, device_id: int) -> str | None:
    """Session key behind a row of the person's own device list; for revoking, never for a page."""
    key: str | None = UserSession.objects.filter(user=user, pk=device_id).values_list("session_key", flat=True).first()
    return key


def devices_of(user: User) -> list[UserSession]:
    """Where the person is signed in, last used first; sessions that ended elsewhere are left out."""
    devices = list(UserSession.objects.filter(user_id=user.pk).order_by("-last_seen_at", "-pk"))
    ended = sessions.ended({device.session_key: user.pk for device in devices})
    return [device for device in devices if device.session_key not in ended]


def outside_avatar_url(*, user_id: int) -> str:
    """Address at which another site's pages can show somebody's picture; empty without one, or where nobody reaches us.

    It holds for this picture alone and is known to whoever it is given to.
    """
    address = person_view(User.objects.get(pk=user_id)).avatar_url
    host = urlsplit(settings.SITE_URL).hostname or ""
    if address is None or "." not in host or host.replace(".", "").isdecimal():
        return ""
    digest = address.rpartition("/")[2].removesuffix(".webp")
    return f"{settings.SITE_URL}{address}?for={_picture_seal(settings.SECRET_KEY, user_id, digest)}"


def may_see_avatar(*, user_id: int, digest: str, seal: str) -> bool:
    """Whether somebody who is not signed in was given this picture's address; see outside_avatar_url."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(seal, _picture_seal(key, user_id, digest)) for key in keys)


def _picture_seal(key: str, user_id: int, digest: str) -> str:
    return salted_hmac("accounts.avatar", f"{user_id}/{digest}", secret=key, algorithm="sha256").hexdigest()[:40]


def avatar_file(*, user_id: int, digest: str) -> str | None:
    """Name of the stored file when `digest` is that of the person's present picture."""
    name = f"avatars/{user_id}/{digest}.webp"
    return name if Profile.objects.filter(user_id=user_id, avatar=name).exists() else None


def invite_for(token: str) -> Invite | None:
    """The live invite of a link: not revoked, not over, not used up."""
    invite = Invite.objects.select_related("created_by").filter(token_hash=hash_token(token)).first()
    return invite if invite is not None and invite.is_live(timezone.now()) else None
