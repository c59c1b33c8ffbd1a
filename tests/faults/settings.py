"""Settings of a server that dies right after a commit, before anybody is told: for one fault test."""

from collab.settings import *  # noqa: F403

MESSAGE_POSTED_HOOKS = ["tests.faults.crash.die"]
