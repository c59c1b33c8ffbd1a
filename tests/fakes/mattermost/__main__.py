"""`python -m tests.fakes.mattermost`: the imitated server by hand, until Ctrl C or SIGTERM.

Called by developers. Keeps nothing after its end.
"""

import argparse
import dataclasses
import signal
import threading

from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost.script import DEFAULT_VERSION


def main() -> None:
    """Serves an empty server, or with --seed the small world of the tests, whose ids and tokens are printed."""
    parser = argparse.ArgumentParser(description="A Mattermost server that is none, for trying a bridge.")
    parser.add_argument("--port", type=int, default=8065)
    parser.add_argument("--version", default=DEFAULT_VERSION, help="what it says it is")
    parser.add_argument("--seed", action="store_true", help="begin with a team, two channels, people and a bot")
    options = parser.parse_args()
    try:
        # From here on both signals end it in peace, also while it is still beginning.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        serve(options)
    except KeyboardInterrupt:
        print("Gone, with all it held.")


def serve(options: argparse.Namespace) -> None:
    """Serves for ever.

    Raises:
        KeyboardInterrupt: somebody ended it.
    """
    with FakeMattermost(version=options.version, port=options.port) as server:
        print(f"An imitated Mattermost {options.version} listens on {server.url}", flush=True)
        if options.seed:
            for name, value in dataclasses.asdict(server.seed()).items():
                print(f"{name}={value}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
