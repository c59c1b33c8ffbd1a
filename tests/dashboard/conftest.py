"""What the tests of boards share."""

from __future__ import annotations

import pytest

from realtime import consumers


@pytest.fixture(autouse=True)
def fresh_buckets() -> None:
    """People's ids come again in the next test; what they spent must not."""
    consumers._buckets.clear()
