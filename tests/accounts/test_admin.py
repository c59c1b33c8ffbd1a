"""The back office: every page loads, its doors are the ordinary ones, and power is not handed out by accident."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import selectors, services
from accounts.models import AuditEntry, Invite, Profile, Sanction, User
from realtime.models import Event, Lease, Presence, Topic
from tests.accounts.conftest import PASSWORD, Person, SignIn, events, prove
from tests.accounts.test_avatars import picture as a_picture

OURS = {"accounts", "realtime", "usersessions", "mfa", "account", "admin"}
MODELS = sorted((model for model in admin.site._registry if model._meta.app_label in OURS), key=lambda m: m._meta.label)


@pytest.fixture
def office(boss: User, sign_in: SignIn) -> Client:
    return sign_in(boss)


@pytest.fixture
def helper(person: Person) -> User:
    user = person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_office_opens_list_search_and_form(office: Client, person: Person, model: type) -> None:
    user = person()
    services.sanction_user(actor=User.objects.get(username="boss"), user=user, kind="mute", reason="x")
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
    listing = reverse(f"{name}_changelist")
    assert office.get(listing).status_code == 200
    assert office.get(listing, {"q": "mina"}).status_code == 200
    page = admin.site._registry[model]  # type: ignore[index]
    may_add = page.has_add_permission(_asked_by(office))
    prove(office)
    assert office.get(reverse(f"{name}_add")).status_code == (200 if may_add else 403)
    row = model._default_manager.first()  # type: ignore[attr-defined]
    if row is not None:
        assert office.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def _asked_by(client: Client):  # type: ignore[no-untyped-def]
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=client.session["_auth_user_id"])
    return request


def test_visitor_is_sent_through_the_ordinary_door(db: None) -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/account/login/?next=")
    posted = Client().post("/admin/login/", {"username": "boss", "password": PASSWORD})
    assert posted["Location"].startswith("/account/login/")


def test_person_who_is_not_staff_stays_out(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    assert client.get("/admin/", follow=True).status_code == 403


def test_staff_with_a_second_factor_cannot_skip_it(boss: User) -> None:
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(boss, "JBSWY3DPEHPK3PXP")
    client = Client()
    client.post("/account/login/?next=/admin/", {"login": "boss", "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_office_signs_out_like_everywhere(boss: User, office: Client) -> None:
    office.post("/admin/logout/")
    assert events(boss)[-1][1]["close_code"] == 4401
    assert "_auth_user_id" not in office.session


def test_office_has_its_own_policy_without_inline_script(office: Client) -> None:
    policy = office.get("/admin/")["Content-Security-Policy"]
    assert "trusted-types" not in policy
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_staff_suspends_after_giving_a_reason(office: Client, person: Person) -> None:
    user = person()
    listing = reverse("admin:accounts_user_changelist")
    chosen = {"action": "suspend", "_selected_action": [user.pk]}
    asked = office.post(listing, chosen)
    assert asked.status_code == 200
    assert "Suspend" in asked.content.decode()
    assert "This field is required." in office.post(listing, {**chosen, "answered": "1"}).content.decode()
    assert not Sanction.objects.exists()
    done = office.post(listing, {**chosen, "answered": "1", "reason": "Spam.", "until_0": "", "until_1": ""})
    assert done.status_code == 302
    assert selectors.ban_reason(user) == "Spam."
    page = office.get(listing).content.decode()
    assert "Mina is suspended." in page


def test_staff_lifts_after_giving_a_reason(office: Client, boss: User, person: Person) -> None:
    user = person()
    sanction = services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam.")
    listing = reverse("admin:accounts_sanction_changelist")
    office.post(listing, {"action": "lift", "_selected_action": [sanction.pk], "answered": "1", "reason": "Sorry."})
    assert selectors.ban_reason(user) is None
    assert AuditEntry.objects.get(action="sanction.lift_ban").reason == "Sorry."


def form_of(user: User, **changed: object) -> dict[str, object]:
    data: dict[str, object] = {
        "username": user.username,
        "display_name": user.display_name,
        "email": user.email,
        "kind": user.kind,
    }
    if user.is_active:
        data["is_active"] = "on"
    data.update(changed)
    return {key: value for key, value in data.items() if value is not None}


def test_staff_closes_an_account(office: Client, person: Person, sign_in: SignIn) -> None:
    user = person()
    phone = sign_in(user)
    office.post(reverse("admin:accounts_user_change", args=[user.pk]), form_of(user, is_active=None))
    user.refresh_from_db()
    assert not user.is_active
    assert events(user)[-1] == ("session.revoked", {"close_code": 4401})
    assert phone.get("/account/profile/").status_code == 302


def test_staff_opens_a_closed_account_again(office: Client, boss: User, person: Person) -> None:
    user = person()
    services.deactivate_person(actor=boss, user=user)
    office.post(reverse("admin:accounts_user_change", args=[user.pk]), form_of(user, is_active="on"))
    assert User.objects.get(pk=user.pk).is_active
    assert [entry.action for entry in selectors.audit_for(user.topic)] == ["person.reactivate", "person.deactivate"]


def test_staff_mutes_somebody_everywhere(office: Client, person: Person) -> None:
    user = person()
    listing = reverse("admin:accounts_user_changelist")
    chosen = {"action": "mute", "_selected_action": [user.pk]}
    assert "Mute" in office.post(listing, chosen).content.decode()
    office.post(listing, {**chosen, "answered": "1", "reason": "Shouts.", "until_0": "", "until_1": ""})
    assert selectors.active_sanction(user_id=user.pk, kind="mute") is not None
    assert selectors.ban_reason(user) is None


def test_staff_gives_somebody_another_address_and_the_old_one_is_no_way_in(office: Client, person: Person) -> None:
    user = person()
    page = reverse("admin:accounts_user_change", args=[user.pk])
    office.post(page, form_of(user, email="Mina@elsewhere.example"))
    address = user.emailaddress_set.get()
    assert (address.email, address.verified, address.primary) == ("mina@elsewhere.example", True, True)
    old = {"login": "mina@northwind.example", "password": PASSWORD}
    assert Client().post("/account/login/", old).status_code == 200
    assert Client().post("/account/login/", {**old, "login": "mina@elsewhere.example"}).status_code == 302
    assert AuditEntry.objects.filter(action="person.change_address", target=user.topic).exists()


def test_staff_sets_a_password_and_every_device_ends(office: Client, person: Person, sign_in: SignIn) -> None:
    user = person()
    sign_in(user)
    new = {"password1": "another horse staple", "password2": "another horse staple", "usable_password": "true"}
    office.post(reverse("admin:auth_user_password_change", args=[user.pk]), new)
    assert events(user) == [("session.revoked", {"close_code": 4401})]
    assert not user.usersession_set.exists()
    assert AuditEntry.objects.filter(action="person.set_password", target=user.topic).exists()


def test_staff_makes_a_person_whole(office: Client) -> None:
    data = {
        "username": "Rosa",
        "display_name": "Rosa Almeida",
        "email": "Rosa@northwind.example",
        "kind": "human",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    office.post(reverse("admin:accounts_user_add"), data)
    user = User.objects.get(username="rosa")
    assert user.profile.theme == "system"
    assert user.emailaddress_set.get().email == "rosa@northwind.example"


def test_helper_gives_nobody_power_and_touches_nobody_above(
    helper: User, boss: User, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(helper)
    for user in (helper, person()):
        client.post(
            reverse("admin:accounts_user_change", args=[user.pk]), form_of(user, is_superuser="on", is_staff="on")
        )
    assert User.objects.filter(is_superuser=True).get() == boss
    assert User.objects.filter(is_staff=True).count() == 2
    new = {"password1": "another horse staple", "password2": "another horse staple", "usable_password": "true"}
    assert client.post(reverse("admin:auth_user_password_change", args=[boss.pk]), new).status_code == 403
    assert client.post(reverse("admin:accounts_user_delete", args=[boss.pk]), {"post": "yes"}).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_helper_touches_no_colleague(helper: User, boss: User, person: Person, sign_in: SignIn) -> None:
    colleague = person("colleague", is_staff=True)
    for user in (boss, colleague):
        sign_in(user)
    client = sign_in(helper)
    helper.user_permissions.add(*Permission.objects.filter(content_type__app_label="usersessions"))
    listing = reverse("admin:accounts_user_changelist")
    both = {"_selected_action": [boss.pk, colleague.pk], "answered": "1", "reason": "x"}
    for action in ("suspend", "mute", "sign_out"):
        page = client.post(listing, {**both, "action": action}, follow=True).content.decode()
        assert page.count('class="error"') == 2, action
    new = {"password1": "another horse staple", "password2": "another horse staple", "usable_password": "true"}
    assert client.post(reverse("admin:auth_user_password_change", args=[colleague.pk]), new).status_code == 403
    form = reverse("admin:accounts_user_change", args=[colleague.pk])
    assert client.post(form, form_of(colleague, email="helper2@northwind.example")).status_code == 403
    device = colleague.usersession_set.get()
    gone = reverse("admin:usersessions_usersession_delete", args=[device.pk])
    assert client.post(gone, {"post": "yes"}).status_code == 403
    assert events(boss) == events(colleague) == []
    assert colleague.usersession_set.exists()


def test_helper_changes_no_address_past_the_person(helper: User, boss: User, sign_in: SignIn) -> None:
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="account"))
    address = boss.emailaddress_set.get()
    page = reverse("admin:account_emailaddress_change", args=[address.pk])
    assert sign_in(helper).post(page, {"email": "helper2@northwind.example"}).status_code == 403


def test_superuser_deletes_somebody_with_everything(
    office: Client,
    boss: User,
    person: Person,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user = person()
    topic = user.topic
    services.sanction_user(actor=boss, user=user, kind="mute", reason="x")
    services.set_avatar(actor=user, data=a_picture())
    name = str(Profile.objects.get(user=user).avatar.name)
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        page = reverse("admin:accounts_user_delete", args=[user.pk])
        assert "This field is required." in office.post(page, {"answered": "1"}).content.decode()
        office.post(page, {"answered": "1", "reason": "Asked for it."})
    assert not default_storage.exists(name)
    assert not User.objects.filter(username="mina").exists()
    assert Event.objects.filter(topic=topic, type="session.revoked").exists()
    assert AuditEntry.objects.filter(action="person.delete", target=topic).exists()


def test_staff_signs_out_a_device(office: Client, person: Person, sign_in: SignIn) -> None:
    user = person()
    phone, tablet = sign_in(user), sign_in(user)
    row = user.usersession_set.get(session_key=phone.session.session_key)
    office.post(reverse("admin:usersessions_usersession_delete", args=[row.pk]), {"post": "yes"})
    assert phone.get("/account/profile/").status_code == 302
    assert tablet.get("/account/profile/").status_code == 200


def test_office_shows_no_secret(office: Client, person: Person, sign_in: SignIn) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    user = person()
    phone = sign_in(user)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    factor, device = Authenticator.objects.get(), user.usersession_set.get()
    pages = [
        office.get(reverse("admin:mfa_authenticator_change", args=[factor.pk])),
        office.get(reverse("admin:usersessions_usersession_change", args=[device.pk])),
        office.get(reverse("admin:accounts_user_change", args=[user.pk])),
    ]
    text = "".join(page.content.decode() for page in pages)
    assert "JBSWY3DPEHPK3PXP" not in text
    assert str(phone.session.session_key) not in text


def test_staff_makes_an_invite_whose_link_shows_once(office: Client) -> None:
    end = timezone.now() + timedelta(days=3)
    data = {"email": "", "max_uses": "2", "expires_at_0": f"{end:%Y-%m-%d}", "expires_at_1": "12:00:00"}
    page = office.post(reverse("admin:accounts_invite_add"), data, follow=True).content.decode()
    assert "http://testserver/account/invite/" in page
    assert "/account/invite/" not in office.get(reverse("admin:accounts_invite_changelist")).content.decode()
    invite = Invite.objects.get()
    office.post(reverse("admin:accounts_invite_changelist"), {"action": "revoke", "_selected_action": [invite.pk]})
    assert Invite.objects.get().revoked_at is not None


def test_an_invite_for_nobody_is_not_made(office: Client) -> None:
    end = timezone.now() + timedelta(days=3)
    data = {"email": "", "max_uses": "0", "expires_at_0": f"{end:%Y-%m-%d}", "expires_at_1": "12:00:00"}
    page = office.post(reverse("admin:accounts_invite_add"), data).content.decode()
    assert "A link works for at least one person." in page
    assert not Invite.objects.exists()


@pytest.mark.parametrize(
    ("model", "filters"),
    [("topic", {"kind": "user"}), ("lease", {"holds": "1"}), ("presence", {"holds": "0"})],
)
def test_office_narrows_what_the_realtime_layer_keeps(office: Client, model: str, filters: dict[str, str]) -> None:
    now = timezone.now()
    Topic.objects.bulk_create([Topic(key="user:999"), Topic(key="room:999")])
    Lease.objects.create(name="held", holder="a", until=now + timedelta(minutes=5))
    Lease.objects.create(name="over", holder="a", until=now - timedelta(minutes=5))
    Presence.objects.create(user_id=1, process="a", until=now + timedelta(minutes=5))
    Presence.objects.create(user_id=2, process="a", until=now - timedelta(minutes=5))
    every = reverse(f"admin:realtime_{model}_changelist")
    found = {str(row) for row in office.get(every, filters).context["cl"].queryset}
    rest = {str(row) for row in office.get(every).context["cl"].queryset} - found
    assert (any("999" in row or "held" in row or row.startswith("2 ") for row in found), bool(rest)) == (True, True)


def test_a_helper_who_may_only_make_invites_is_not_offered_to_revoke(helper: User, boss: User, sign_in: SignIn) -> None:
    invite, _ = services.issue_invite(actor=boss, expires_at=timezone.now() + timedelta(days=1))
    helper.user_permissions.set(Permission.objects.filter(codename__in=["add_invite", "view_invite"]))
    listing = reverse("admin:accounts_invite_changelist")
    page = sign_in(helper).post(listing, {"action": "revoke", "_selected_action": [invite.pk]}, follow=True)
    assert page.status_code == 200
    assert Invite.objects.get().revoked_at is None


def test_office_never_shows_what_an_event_said(office: Client, person: Person) -> None:
    services.update_preferences(actor=person(), time_zone="Asia/Tokyo")
    event = Event.objects.get()
    assert "Asia/Tokyo" in event.data
    assert "Asia/Tokyo" not in office.get(reverse("admin:realtime_event_change", args=[event.pk])).content.decode()
