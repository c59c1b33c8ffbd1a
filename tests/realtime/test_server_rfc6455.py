"""Each server against the table of RFC 6455, over real sockets."""

from collections.abc import Iterator

import pytest

from tests.realtime.rfc6455 import CASES, DIFFERENCES, LIMIT, WAIT, Case, Difference, expected
from tests.realtime.server_peers import Client, Frame, close_frame, running, running_daphne

SERVERS = ("lean", "lean on asyncio", "sansio", "daphne")


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    lean, sansio = running("lean", ws_max_size=LIMIT), running("sansio", ws_max_size=LIMIT)
    plain = running("lean", ws_max_size=LIMIT, loop="asyncio")  # where uvloop cannot be installed
    with lean as first, plain as second, sansio as third, running_daphne() as fourth:
        yield dict(zip(SERVERS, (first.port, second.port, third.port, fourth), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("server", SERVERS)
def test_client_gets_what_the_rfc_asks(ports: dict[str, int], server: str, case: Case) -> None:
    outcome = expected(server, case)
    with Client(ports[server]).opened() as client:
        assert play(client, case, outcome) == (list(outcome.replies), outcome.close)


def play(client: Client, case: Case, outcome: Difference) -> tuple[list[Frame], int | None]:
    seen: list[Frame] = []
    for piece in case.send:
        if piece is not WAIT:
            client.send(piece)
        elif (frame := client.read_frame()) is not None:
            seen.append(frame)
    peaceful = outcome.close == 1000 and not case.name.startswith("7.")
    while peaceful and len(seen) < len(outcome.replies) and (frame := client.read_frame()) is not None:
        seen.append(frame)
    if peaceful or outcome.client_closes or case.name == "7.1.1":
        client.send(close_frame())
    rest, code = client.read_to_end()
    return seen + rest, code


def test_reader_of_the_table_finds_a_reason_for_every_difference() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for differences in DIFFERENCES.values():
        assert set(differences) <= set(names)
        assert all(difference.why for difference in differences.values())
