"""Who one is, one's tokens, and other people's names. Never tells an e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import selectors as accounts
from accounts import services
from accounts.tokens import tokens_of
from api.declared import ANY_TOKEN, Call, endpoint
from api.shapes import Me, NoQuery, PeopleFound, PeopleQuery, TokenInfo, TokenList
from chat import selectors as chat
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import ApiToken


def _info(token: ApiToken) -> TokenInfo:
    return TokenInfo(
        id=token.pk,
        name=token.name,
        hint=token.hint,
        scopes=token.scopes,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )


@endpoint("GET", "me", tag="Account", scope=ANY_TOKEN)
def get_me(call: Call[NoQuery, None]) -> Me:
    """Whose token this is, and how far it reaches."""
    own = next(token for token in tokens_of(call.user) if token.pk == call.bearer.token_id)
    return Me(person=accounts.person_view(call.user), token=_info(own))


@endpoint("GET", "tokens", tag="Account", scope="tokens:write")
def list_tokens(call: Call[NoQuery, None]) -> TokenList:
    """One's tokens that are not revoked.

    Tokens are made on the account page, where the password is asked for; no token can make another one.
    """
    return TokenList(tokens=[_info(token) for token in tokens_of(call.user)])


@endpoint("DELETE", "tokens/current", tag="Account", scope=ANY_TOKEN, status=204)
def revoke_current_token(call: Call[NoQuery, None]) -> None:
    """Revoke the token that this request carries, for example when it may have leaked."""
    services.revoke_token(actor=call.user, token_id=call.bearer.token_id)


@endpoint("DELETE", "tokens/<int:token_id>", tag="Account", scope="tokens:write", status=204, refuses=("not_found",))
def revoke_token(call: Call[NoQuery, None], token_id: int) -> None:
    """Revoke one of one's tokens."""
    if token_id not in {token.pk for token in tokens_of(call.user)}:
        # Staff may end others' tokens in the back office, with its audit, and not with a script.
        raise Refused("not_found")
    services.revoke_token(actor=call.user, token_id=token_id)


@endpoint("GET", "people", tag="Account", scope="rooms:read", refuses=("not_found",))
def find_people(call: Call[PeopleQuery, None]) -> PeopleFound:
    """People by a part of their name, at most 20; of one room if it is given."""
    return PeopleFound(people=chat.find_people(actor=call.user, q=call.query.q, room_id=call.query.room))
