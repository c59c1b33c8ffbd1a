"""A hook that ends the process between the commit of a message and its ack."""

import os


def die(message: object) -> None:
    """Ends the process without a word."""
    os._exit(9)
