"""The JSON API of the assistant for the page's script."""

from django.urls import path

from assistant import choice_views, views

urlpatterns = [
    path("api/rooms/<int:room_id>/assistant/", choice_views.room),
    path("api/assistant/me/", choice_views.me),
    path("api/assistant/session/", choice_views.session),
    path("api/assistant/quota/", choice_views.quota),
    path("api/runs/<uuid:run_id>/", views.run),
    path("api/messages/<uuid:message_id>/answers/", views.answers),
]
