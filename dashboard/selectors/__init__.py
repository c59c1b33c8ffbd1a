"""What is read of numbers and boards. Called by services, consumers, views and commands; never writes."""

from dashboard.selectors.boards import (
    board_list,
    panels_shown,
    share_list,
    told_to_all,
    view_board,
)
from dashboard.selectors.ranges import board_samples, panel_figures, series_samples
from dashboard.selectors.rights import board_topic, find_board, rooms_of_sight, who_sees
from dashboard.selectors.series import find_series, series_list
from dashboard.selectors.snapshots import board_snapshot

__all__ = [
    "board_list",
    "board_samples",
    "board_snapshot",
    "board_topic",
    "find_board",
    "find_series",
    "panel_figures",
    "panels_shown",
    "rooms_of_sight",
    "series_list",
    "series_samples",
    "share_list",
    "told_to_all",
    "view_board",
    "who_sees",
]
