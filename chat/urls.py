"""Pages of the rooms and their JSON API. Every page but the invite link is the one application shell."""

from django.urls import path

from chat import api, downloads, uploads, views

urlpatterns = [
    path("", views.home, name="chat_home"),
    path("browse/", views.home, name="chat_browse"),
    path("mentions/", views.home, name="chat_mentions"),
    path("saved/", views.home, name="chat_saved"),
    path("drafts/", views.home, name="chat_drafts"),
    path("rooms/<slug:slug>/", views.room, name="chat_room"),
    path("rooms/<slug:slug>/settings/", views.room, name="chat_room_settings"),
    path("rooms/<slug:slug>/m/<uuid:message_id>/", views.room, name="chat_message"),
    path("direct/<int:room_id>/", views.direct, name="chat_direct"),
    path("direct/<int:room_id>/m/<uuid:message_id>/", views.direct, name="chat_direct_message"),
    path("join/<str:token>/", views.join, name="chat_join"),
    path("search/", views.home, name="chat_search"),
    path("api/search/", api.search.search),
    path("api/home/", api.rooms.home),
    path("api/drafts/copies/", api.drafts.copies),
    path("api/rooms/", api.rooms.rooms),
    path("api/rooms/<int:room_id>/snapshot/", api.rooms.snapshot),
    path("api/rooms/<int:room_id>/messages/", api.rooms.messages),
    path("api/rooms/<int:room_id>/threads/<uuid:root_id>/", api.rooms.thread),
    path("api/rooms/<int:room_id>/commands/", api.commands.commands),
    path("api/rooms/<int:room_id>/links/", api.rooms.links),
    path("api/rooms/<int:room_id>/reports/", api.moderation.reports),
    path("api/rooms/<int:room_id>/sanctions/", api.moderation.sanctions),
    path("api/messages/<uuid:message_id>/revisions/", api.rooms.revisions),
    path("api/people/", api.rooms.people),
    path("api/attention/", api.attention.attention),
    path("api/mentions/", api.attention.mentions),
    path("api/threads/", api.attention.threads),
    path("api/saved/", api.attention.saved),
    path("api/rooms/<int:room_id>/uploads/", uploads.uploads),
    path("api/rooms/<int:room_id>/uploads/<uuid:upload_id>/", uploads.upload),
    path("files/<uuid:attachment_id>/thumbnail", downloads.thumbnail, name="chat_thumbnail"),
    path("files/<uuid:attachment_id>/<str:name>", downloads.file, name="chat_file"),
    path("api/rooms/<int:room_id>/pins/", api.attention.pins),
]
