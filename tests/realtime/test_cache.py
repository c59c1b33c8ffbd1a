"""A page asks the cache, whatever has become of Redis."""

import time

import pytest

from realtime.cache import SILENCE_SECONDS, SteadyCache


@pytest.fixture
def cache(valkey):
    SteadyCache.silent_until = 0.0
    yield SteadyCache(valkey.url, {"OPTIONS": {"socket_timeout": 0.5}})
    SteadyCache.silent_until = 0.0


def test_a_process_counts_for_itself_while_redis_is_dead(cache, valkey):
    cache.set("tries", 1)
    assert cache.incr("tries") == 2
    valkey.kill()
    assert cache.get("tries") is None
    assert cache.add("tries", 5, timeout=60) is True
    assert cache.add("tries", 9, timeout=60) is False
    assert (cache.incr("tries"), cache.get_many(["tries", "none"])) == (6, {"tries": 6})


def test_a_page_waits_once_for_a_redis_that_hangs(cache, valkey):
    cache.set("seen", 1)
    valkey.pause()
    started = time.monotonic()
    for number in range(20):
        cache.set(f"seen{number}", 1)
    assert time.monotonic() - started < SILENCE_SECONDS
    assert cache.get("seen19") == 1


def test_redis_is_asked_again_once_it_is_back(cache, valkey):
    valkey.kill()
    cache.set("where", "memory")
    valkey.start()
    SteadyCache.silent_until = 0.0
    assert cache.get("where") is None
    cache.set("where", "redis")
    assert SteadyCache(valkey.url, {}).get("where") == "redis"
