"""A scripted provider on loopback, for tests and development: real HTTP, every fault, and no model."""
