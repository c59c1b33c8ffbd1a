"""No pages: only the socket is measured.

Called by Django.
Never routes anything.
"""

urlpatterns: list[object] = []
