"""Pages of boards and the JSON API of numbers, boards, feeds and alerts."""

from django.urls import path

from chat import views as chat
from dashboard import views
from dashboard.api import alerts, boards, feeds

urlpatterns = [
    path("boards/", chat.home, name="dashboard_boards"),
    path("boards/<int:board_id>/", views.board, name="dashboard_board"),
    path("rooms/<slug:slug>/board/", chat.room, name="dashboard_room"),
    path("direct/<int:room_id>/board/", chat.direct, name="dashboard_direct"),
    path("api/boards/", boards.boards),
    path("api/boards/<int:board_id>/", boards.board),
    path("api/boards/<int:board_id>/samples/", boards.samples),
    path("api/boards/<int:board_id>/panels/<uuid:panel_id>/csv", boards.panel_csv),
    path("api/boards/<int:board_id>/text/", boards.text),
    path("api/boards/<int:board_id>/shares/", boards.shares),
    path("api/boards/<int:board_id>/shares/<int:room_id>/", boards.share),
    path("api/rooms/<int:room_id>/board/", boards.room_board),
    path("api/rooms/<int:room_id>/rules/", alerts.rules),
    path("api/rooms/<int:room_id>/alerts/", alerts.alerts),
    path("api/rules/<int:rule_id>/", alerts.rule),
    path("api/series/", boards.series),
    path("api/series/<int:series_id>/", feeds.own_series),
    path("api/series/<int:series_id>/samples/", boards.series_samples),
    path("api/feeds/", feeds.feeds),
    path("api/feeds/<int:feed_id>/", feeds.feed),
]
