"""Everything under /account/: our pages first, then allauth's.

Called by collab.urls. A path of ours that allauth has too (devices, second factors, passwords) replaces it.
"""

from django.urls import include, path

from accounts import token_views, unsubscribe, views

urlpatterns = [
    path("", views.home, name="account_home"),
    path("profile/", views.profile, name="account_profile"),
    path("picture/", views.picture, name="account_picture"),
    path("avatar/<int:user_id>/<slug:digest>.webp", views.avatar, name="account_avatar"),
    path("preferences/", views.preferences, name="account_preferences"),
    path("unsubscribe/<str:token>/", unsubscribe.unsubscribe, name="account_unsubscribe"),
    path("devices/", views.devices, name="account_devices"),
    path("tokens/", token_views.tokens, name="account_tokens"),
    path("invite/<str:token>/", views.invite, name="account_invite"),
    path("sessions/", views.devices, name="usersessions_list"),
    path("2fa/", views.sign_in_card, name="mfa_index"),
    path("2fa/webauthn/", views.sign_in_card, name="mfa_list_webauthn"),
    path("password/change/", views.ChangePassword.as_view(), name="account_change_password"),
    path("password/set/", views.SetPassword.as_view(), name="account_set_password"),
    path("", include("allauth.urls")),
]
