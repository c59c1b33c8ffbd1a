"""Routes of webhooks and of the Mattermost-compatible API."""

from django.urls import include, path

from integrations import api, own_page, webhooks

urlpatterns = [
    path("account/mattermost/", own_page.own_accounts, name="own_accounts"),
    path("api/rooms/<int:room_id>/bridges/", api.room),
    path("api/rooms/<int:room_id>/said/", api.said),
    path("api/bridged/", api.people),
    path("hooks/commands/<str:key>", webhooks.late_answer),
    path("hooks/<str:key>", webhooks.incoming, name="incoming_hook"),
    path("api/v4/", include("integrations.mattermost_api.urls")),
]
