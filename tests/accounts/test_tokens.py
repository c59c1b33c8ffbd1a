"""Keys of scripts: made after the password was asked for, shown once, kept as a hash, no stronger than their owner."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts import services
from accounts.models import ApiToken, AuditEntry, Sanction, User, hash_token
from accounts.scopes import SCOPES
from accounts.tokens import bearer_of
from realtime.protocol import Refused
from tests.accounts.conftest import Person, SignIn, prove

TOKEN = re.compile(r"collab_[\w-]{43}")
WISH = re.compile(r'name="wish" value="([^"]+)"')


def make(user: User, *scopes: str, **given: object) -> tuple[ApiToken, str]:
    values = {"name": "ci", "scopes": scopes or ["rooms:read"], **given}
    return services.make_token(actor=user, user=user, **values)  # type: ignore[arg-type]


def wanted(client: Client, **given: object) -> dict[str, object]:
    found = WISH.search(client.get("/account/tokens/").content.decode())
    assert found
    return {"name": "ci", "days": "90", "scopes": ["rooms:read", "messages:write"], "wish": found[1], **given}


def code_of(token: str) -> str:
    with pytest.raises(Refused) as caught:
        bearer_of(token)
    return caught.value.code


def test_person_makes_a_token_and_sees_it_once(
    person: Person, sign_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = sign_in(person())
    prove(client)
    wish = wanted(client)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/account/tokens/", wish).content.decode()
    token = TOKEN.findall(page)[0]
    row = ApiToken.objects.get()
    letter = mail.outbox[-1]
    assert (letter.to, "“ci”" in letter.body, token in letter.body) == (["mina@northwind.example"], True, False)
    assert (row.token_hash, row.hint) == (hash_token(token), token[:12])
    assert row.scopes == ["rooms:read", "messages:write"]
    assert row.expires_at is not None
    assert abs(row.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert not TOKEN.search(client.get("/account/tokens/").content.decode())
    again = client.post("/account/tokens/", wish, follow=True)
    assert not TOKEN.search(again.content.decode())
    assert ApiToken.objects.count() == 1


def test_person_is_asked_for_the_password_before_a_token_is_made(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    response = client.post("/account/tokens/", wanted(client))
    assert response["Location"].startswith("/account/reauthenticate/")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "given", [{"name": ""}, {"name": "a\u202eb"}, {"scopes": []}, {"scopes": ["admin"]}, {"days": "5"}]
)
def test_person_is_told_what_is_wrong_with_a_wish(person: Person, sign_in: SignIn, given: dict[str, object]) -> None:
    client = sign_in(person())
    prove(client)
    response = client.post("/account/tokens/", wanted(client, **given))
    assert response.status_code == 400
    assert "help bad" in response.content.decode()
    assert not ApiToken.objects.exists()


def test_person_revokes_their_own_token_only(person: Person, sign_in: SignIn) -> None:
    (mine, mine_text), (other, other_text) = make(person()), make(person("teo"))
    client = sign_in(mine.user)
    for row in (mine, other):
        client.post("/account/tokens/", {"revoke": row.pk})
    assert code_of(mine_text) == "unauthenticated"
    assert bearer_of(other_text).user == other.user
    assert list(AuditEntry.objects.filter(action="token.revoke").values_list("target", flat=True)) == [mine.user.topic]


def test_token_opens_what_its_scopes_say_in_one_query(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row, token = make(person(), "messages:write", "rooms:read", "rooms:read")
    with django_assert_num_queries(1):
        bearer = bearer_of(token)
    assert (bearer.user, bearer.token_id) == (row.user, row.pk)
    assert sorted(bearer.scopes) == ["messages:write", "rooms:read"]


def test_token_ends_with_its_time_and_with_its_owner(person: Person) -> None:
    row, token = make(person(), expires_at=timezone.now() + timedelta(days=1))
    assert bearer_of(token).user == row.user
    User.objects.filter(pk=row.user.pk).update(is_active=False)
    assert code_of(token) == "unauthenticated"
    User.objects.filter(pk=row.user.pk).update(is_active=True)
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert code_of(token) == "unauthenticated"
    assert code_of(token + "x") == "unauthenticated"


def test_token_of_a_suspended_person_says_why(person: Person, boss: User) -> None:
    row, token = make(person())
    ban = services.sanction_user(actor=boss, user=row.user, kind=Sanction.Kind.BAN, reason="Spam")
    with pytest.raises(Refused, match="Spam") as caught:
        bearer_of(token)
    assert caught.value.code == "banned"
    services.lift_sanction(actor=boss, sanction=ban)
    assert bearer_of(token).user == row.user


def test_token_waits_for_the_second_factor_that_is_required(person: Person, boss: User, settings: Settings) -> None:
    _, token = make(person())
    bot = services.make_bot(actor=boss, username="notes-bot")
    _, bots = services.make_token(actor=boss, user=bot, name="notes", scopes=["rooms:read"])
    settings.MFA_REQUIRED = "all"
    assert code_of(token) == "forbidden"
    assert bearer_of(bots).user == bot


def test_use_is_noted_once_a_minute(person: Person) -> None:
    row, _ = make(person())
    services.note_use(token_id=row.pk)
    row.refresh_from_db()
    first = row.last_used_at
    services.note_use(token_id=row.pk)
    row.refresh_from_db()
    assert row.last_used_at == first
    assert first is not None
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=first - timedelta(minutes=2))
    services.note_use(token_id=row.pk)
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert row.last_used_at >= first


def test_nobody_makes_a_token_of_another_person(person: Person, boss: User) -> None:
    helper, bot = person("helper"), services.make_bot(actor=boss, username="notes-bot")
    for actor, user in ((boss, helper), (helper, boss), (helper, bot), (bot, bot)):
        with pytest.raises(Refused) as caught:
            services.make_token(actor=actor, user=user, name="x", scopes=["rooms:read"])
        assert caught.value.code == "forbidden"
    with pytest.raises(Refused):
        services.make_bot(actor=helper, username="other-bot")


def test_person_has_so_many_tokens_and_no_more(person: Person) -> None:
    user = person()
    rows = [ApiToken(user=user, name="x", token_hash=f"{number:064}", hint="collab_") for number in range(50)]
    ApiToken.objects.bulk_create(rows)
    with pytest.raises(Refused) as caught:
        make(user)
    assert caught.value.code == "too_large"
    ApiToken.objects.filter(pk=ApiToken.objects.latest("pk").pk).update(expires_at=timezone.now())
    make(user)


def test_staff_makes_a_bot_with_a_token(boss: User, sign_in: SignIn) -> None:
    client = sign_in(boss)
    assert client.get("/admin/accounts/apitoken/add/")["Location"].startswith("/account/reauthenticate/")
    prove(client)
    form = {"new_bot": "notes-bot", "name": "notes", "scopes": ["rooms:read"], "expires_at_0": "", "expires_at_1": ""}
    page = client.post("/admin/accounts/apitoken/add/", form, follow=True).content.decode()
    token = TOKEN.findall(page)[0]
    bearer = bearer_of(token)
    assert (bearer.user.username, bearer.user.kind) == ("notes-bot", "bot")
    assert not bearer.user.has_usable_password()
    assert token not in client.get("/admin/accounts/apitoken/").content.decode()
    made = AuditEntry.objects.filter(actor=boss, target=bearer.user.topic).order_by("pk")
    assert list(made.values_list("action", flat=True)) == ["person.create", "token.make"]


def test_helper_may_revoke_below_and_not_above(person: Person, boss: User, sign_in: SignIn) -> None:
    helper = person("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_apitoken", "change_apitoken"]))
    (below, _), (above, token) = make(person()), make(boss)
    form = {"action": "revoke", "_selected_action": [below.pk, above.pk]}
    sign_in(helper).post("/admin/accounts/apitoken/", form)
    assert list(ApiToken.objects.filter(revoked_at=None)) == [above]
    assert bearer_of(token).user == boss


def test_every_scope_has_words() -> None:
    assert all(re.fullmatch(r"[a-z]+:(read|write)", scope) and words for scope, words in SCOPES.items())
