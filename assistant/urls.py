"""The JSON API of the assistant for the page's script."""

from django.urls import path

from assistant import choice_views, memory_views, views

urlpatterns = [
    path("api/rooms/<int:room_id>/assistant/", choice_views.room),
    path("api/assistant/me/", choice_views.me),
    path("api/assistant/session/", choice_views.session),
    path("api/assistant/quota/", choice_views.quota),
    path("api/assistant/memory/", memory_views.memory),
    path("api/assistant/memory/<uuid:note_id>/", memory_views.note),
    path("api/assistant/forget/", memory_views.forget),
    path("api/rooms/<int:room_id>/catch-up/", memory_views.catch_up_since),
    path("api/runs/<uuid:run_id>/", views.run),
    path("api/runs/<uuid:run_id>/log/", choice_views.log),
    path("api/messages/<uuid:message_id>/answers/", views.answers),
]
