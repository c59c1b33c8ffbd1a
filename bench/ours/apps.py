"""Adds the publishing socket to our routes and lifts the rate limits, before collab.asgi reads them.

Called by Django's set-up.
Never changes anything else of the product.
"""

from django.apps import AppConfig
from django.urls import path


class OursConfig(AppConfig):
    """`/ws/bench/` beside our own sockets."""

    name = "bench.ours"
    label = "bench_ours"

    def ready(self) -> None:
        from bench.ours.consumers import UNLIMITED, BenchConsumer
        from collab.routing import websocket_urlpatterns

        websocket_urlpatterns.append(path("ws/bench/", BenchConsumer.as_asgi()))
        # The classes that are served: what a page talks to is more than the chat's own consumer.
        for route in websocket_urlpatterns:
            consumer = route.callback.consumer_class
            consumer.rate_limits = {kind: UNLIMITED for kind, _ in consumer.handlers.values()}
