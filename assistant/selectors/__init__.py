"""Questions about runs, what they are given, what was chosen and spent. Called by services, views and the runner.

Never writes, and tells nobody of a room that they may not see.
"""
