"""`manage.py serve` without the product: the same server and supervisor around a small application.

Called by test_server_serve.py in a process of its own: serve_echo.py <port> <workers> <drain seconds> <application>.
"""

import logging
import sys

from realtime import serving


def main() -> None:
    """Serve until a signal comes."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    port, workers, drain_seconds, application = sys.argv[1:5]
    listener = serving.listen_tcp("127.0.0.1", int(port))
    config = serving.make_config(
        websocket_class="lean",
        drain_seconds=int(drain_seconds),
        application=f"tests.realtime.server_peers:{application}",
        workers=int(workers),
        lifespan="off",
    )
    print("listening on", listener.getsockname()[1], flush=True)
    serving.run(config, listener)


if __name__ == "__main__":
    main()
