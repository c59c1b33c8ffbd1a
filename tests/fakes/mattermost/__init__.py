"""A Mattermost server on loopback as a bridge meets it: state, events, oddities and limits, switched by script."""

from tests.fakes.mattermost.server import FakeMattermost

__all__ = ["FakeMattermost"]
