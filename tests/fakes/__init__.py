"""Servers of other people's making, imitated on loopback so that tests can make them fail."""
