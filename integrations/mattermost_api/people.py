"""People, the one team and what has no place elsewhere, over HTTP.

Called through integrations.mattermost_api.urls. Tells nobody's e-mail address and decides nothing.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from msgspec import Struct

from accounts import selectors as accounts
from accounts.events import PersonView
from chat import selectors as rooms
from chat.events import Typing
from integrations.mattermost_api import ids, shapes
from integrations.mattermost_api.dispatch import Asked, address, answer, body_of, message_of, room_of
from integrations.mattermost_api.refusing import PERMISSIONS, Failed
from realtime.hub import hub
from realtime.protocol import BODY_CHARS

PEOPLE_MOST: Final = 200
OK: Final = {"status": "OK"}


@csrf_exempt
@require_safe
def ping(request: HttpRequest) -> HttpResponse:
    """Whether the server answers; no token is asked for."""
    return answer({"status": "OK", "AndroidLatestVersion": "", "IosLatestVersion": ""})


@csrf_exempt
@require_safe
def client_config(request: HttpRequest) -> HttpResponse:
    """The few settings that programs ask before they sign in."""
    told = {"Version": shapes.VERSION, "SiteName": settings.SITE_NAME, "SiteURL": settings.SITE_URL}
    return answer({**told, "MaxPostSize": str(BODY_CHARS)})


@csrf_exempt
@require_safe
def client_license(request: HttpRequest) -> HttpResponse:
    """There is none to be had."""
    return answer({"IsLicensed": "false"})


def _missing() -> Failed:
    return Failed(404, "app.user.missing_account.const", "Unable to find the user.")


def _person(found: PersonView | None) -> dict[str, Any]:
    if found is None:
        raise _missing()
    return shapes.user(found)


def _user(asked: Asked, user_id: str) -> Any:
    wanted = asked.person(user_id)
    if wanted != asked.user.pk and READ not in asked.bearer.scopes:
        raise Failed(403, PERMISSIONS, f"This token lacks the scope {READ}.")
    return _person(accounts.active_people([wanted]).get(wanted))


def _named(asked: Asked, name: str) -> Any:
    return _person(_active(accounts.people_named([name.lower()])).get(name.lower()))


def _active(found: dict[str, PersonView]) -> dict[str, PersonView]:
    here = accounts.active_people(person.id for person in found.values())
    return {name: person for name, person in found.items() if person.id in here}


def _by_ids(asked: Asked) -> Any:
    wanted = []
    for text in body_of(asked.request, list[str])[:PEOPLE_MOST]:
        try:
            wanted.append(ids.to_user(text))
        except ValueError:
            continue  # whom nobody knows is left out
    return [shapes.user(person) for person in accounts.active_people(wanted).values()]


def _by_names(asked: Asked) -> Any:
    # PostgreSQL takes no NUL, and nobody is called so.
    names = [name.lower() for name in body_of(asked.request, list[str])[:PEOPLE_MOST] if "\x00" not in name]
    return [shapes.user(person) for person in _active(accounts.people_named(names)).values()]


class TypingIn(Struct):
    """Where somebody types."""

    channel_id: str = ""
    parent_id: str = ""


def type_in(asked_by: Any, given: TypingIn) -> None:
    """Tells a room that somebody types, if they may write there.

    Raises:
        Failed, Refused: there is no such room for them.
    """
    room_id = room_of(given.channel_id)
    if rooms.may_type(actor=asked_by, room_id=room_id):
        thread = message_of(given.parent_id) if given.parent_id else None
        event = Typing(user=asked_by.pk, thread=thread)
        hub.publish_ephemeral(topic=f"room:{room_id}", event=event, key=str(asked_by.pk))


def _typing(asked: Asked, user_id: str) -> Any:
    asked.myself(user_id)
    type_in(asked.user, body_of(asked.request, TypingIn))
    return OK


def _team() -> dict[str, Any]:
    return shapes.team(settings.SITE_NAME)


def team_or_nothing(team_id: str) -> None:
    """Whether an address names the one team.

    Raises:
        Failed: it names another.
    """
    if team_id != ids.TEAM_ID:
        raise Failed(404, "app.team.get.find.app_error", "Unable to find the existing team.")


def _teams(asked: Asked, user_id: str = "me") -> Any:
    asked.person(user_id)
    return [_team()]


def _one_team(asked: Asked, team_id: str) -> Any:
    team_or_nothing(team_id)
    return _team()


def _team_named(asked: Asked, name: str) -> Any:
    if name != shapes.TEAM_NAME:
        team_or_nothing(name)
    return _team()


def _team_member(asked: Asked, team_id: str, user_id: str) -> Any:
    team_or_nothing(team_id)
    _user(asked, user_id)
    return shapes.team_member(asked.person(user_id))


READ: Final = "rooms:read"
user = address(GET=("", _user))
user_named = address(GET=(READ, _named))
users_by_ids = address(POST=(READ, _by_ids))
users_by_names = address(POST=(READ, _by_names))
typing = address(POST=("messages:write", _typing))
teams = address(GET=(READ, _teams))
team = address(GET=(READ, _one_team))
team_named = address(GET=(READ, _team_named))
team_member = address(GET=(READ, _team_member))
