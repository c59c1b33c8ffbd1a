"""Our own settings with one more app, which adds a socket that only publishes, and without rate limits.

Called by bench.subjects through DJANGO_SETTINGS_MODULE.
Never used by a site: anybody signed in may publish anything through it.
"""

from collab.settings import *  # noqa: F403
from collab.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.ours"]
