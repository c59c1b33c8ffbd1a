"""Django's cache on Redis that goes on without it: while Redis is dead, each process remembers for itself.

Named in settings.CACHES when there is a REDIS_URL. What is kept there is small and may be forgotten (rate limits, who
was seen lately), so a dead Redis makes limits count per process and fails no page. Never holds what must not be lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 2.0
"""After a failure Redis is left alone this long, so that no request waits for it twice."""


def _steady(name: str) -> Callable[..., Any]:
    in_redis, in_memory = getattr(RedisCache, name), getattr(LocMemCache, name)

    def call(self: SteadyCache, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= SteadyCache.silent_until:
            try:
                return in_redis(self, *args, **kwargs)
            except RedisError as error:
                SteadyCache.silent_until = time.monotonic() + SILENCE_SECONDS
                logger.warning("Redis does not answer, this process keeps its own cache: %r", error)
        return in_memory(self.memory, *args, **kwargs)

    return call


class SteadyCache(RedisCache):
    """Redis while it answers, else this process's memory.

    Attributes:
        silent_until: on the monotonic clock; shared, because every thread and request has its own instance.
    """

    silent_until: ClassVar[float] = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("without-redis", {**params, "OPTIONS": {}})

    add = _steady("add")
    get = _steady("get")
    set = _steady("set")
    touch = _steady("touch")
    delete = _steady("delete")
    get_many = _steady("get_many")
    has_key = _steady("has_key")
    incr = _steady("incr")
    set_many = _steady("set_many")
    delete_many = _steady("delete_many")
    clear = _steady("clear")
