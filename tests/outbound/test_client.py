"""Fetching from a server on loopback: what is asked, what is answered, and every way in which it is refused."""

import asyncio
import gzip
import json
import zlib

import pytest

from outbound.client import Limits
from outbound.refusing import OutboundRefused
from tests.outbound.conftest import loopback, reply, saying


async def refusal(awaitable):
    with pytest.raises(OutboundRefused) as error:
        await awaitable
    return error.value


async def test_caller_gets_status_headers_and_body(client_for, settings):
    async with loopback(saying(now=reply(body=b'{"load": 3}', Content_Type="application/json"))) as server:
        answer = await client_for(["feed.test"]).fetch(server.url("/now"), headers={"X-Api-Key": "k"})
    assert (answer.status, json.loads(answer.body)) == (200, {"load": 3})
    assert answer.headers["content-type"] == "application/json"
    [asked] = server.asked
    assert (asked.method, asked.path) == ("GET", "/now")
    assert asked.headers == {
        "host": f"feed.test:{server.port}",
        "user-agent": f"Collab (+{settings.SITE_URL})",
        "accept-encoding": "gzip",
        "x-api-key": "k",
    }


async def test_caller_posts_a_body_whole_or_in_pieces(client_for):
    async def pieces():
        yield b"one "
        yield b"two"

    async with loopback(saying(index=reply(201))) as server:
        client = client_for(["feed.test"])
        assert (await client.fetch(server.url(), method="post", content=b"one two")).status == 201
        assert (await client.fetch(server.url(), method="PUT", content=pieces())).status == 201
    assert [(one.method, one.body) for one in server.asked] == [("POST", b"one two"), ("PUT", b"one two")]
    assert server.connections == 1, "the connection is kept"


async def test_an_error_status_is_an_answer(client_for):
    async with loopback(saying(index=reply(503, b"later", Retry_After="7"))) as server:
        answer = await client_for(["feed.test"]).fetch(server.url())
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, b"later", "7")


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "0", "[::ffff:127.0.0.1]"])
async def test_nobody_reaches_this_machine_however_it_is_spelled(client_for, address):
    from outbound.dialing import resolve_name

    async with loopback(saying(index=reply())) as server:
        client = client_for([], ports="1-65535", resolve=resolve_name)
        refused = await refusal(client.fetch(server.url(host=address)))
    assert refused.code in {"address_refused", "name_unknown"}
    assert not refused.passing or refused.code == "name_unknown"
    assert server.connections == 0


async def test_a_name_with_one_address_inside_is_refused_whole(client_for):
    async with loopback(saying(index=reply())) as server:
        client = client_for([], {"mixed.test": ["8.8.8.8", "127.0.0.1"]}, ports="1-65535")
        refused = await refusal(client.fetch(server.url(host="mixed.test")))
    assert (refused.code, server.connections) == ("address_refused", 0)
    assert "127" not in refused.words


async def test_a_name_that_changes_its_address_is_asked_once(client_for):
    """DNS rebinding: the second answer would lead inside."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def resolve(host, port):
        return next(answers)

    async with loopback(saying(index=reply(body=b"first"))) as server:
        client = client_for([f"127.0.0.1:{server.port}"], resolve=resolve)
        assert (await client.fetch(server.url(host="rebound.test"))).body == b"first"
        assert server.asked[0].headers["host"] == f"rebound.test:{server.port}"
        await client.aclose()
        other = client_for([f"127.0.0.1:{server.port}"], resolve=resolve)
        assert (await refusal(other.fetch(server.url(host="rebound.test")))).code == "address_refused"


async def test_the_next_address_is_tried_when_one_does_not_answer(client_for):
    async with loopback(saying(index=reply(body=b"here"))) as server:
        client = client_for(["127.0.0.0/8"], {"two.test": ["127.0.0.9", "127.0.0.1"]})
        assert (await client.fetch(server.url(host="two.test"))).body == b"here"


async def test_nobody_reaches_a_port_that_is_not_listed(client_for):
    client = client_for([], {"public.test": ["8.8.8.8"]})
    assert (await refusal(client.fetch("http://public.test:6379/"))).code == "port_refused"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed.test/x",
        "ftp://feed.test/",
        "file:///etc/passwd",
        "gopher://feed.test/",
        "unix:///run/x.sock",
        "http://",
        "http://me:secret@feed.test/",
        "http://feed.test:99999/",
        "http://fe ed.test/",
        "http://feed.test/\x00",
        "http://feed.test/" + "x" * 4_096,
    ],
    ids=lambda url: repr(url[:30]),
)
async def test_what_is_no_web_address_is_refused_before_any_name_is_asked(client_for, url):
    async def resolve(host, port):
        raise AssertionError(host)

    refused = await refusal(client_for([], resolve=resolve).fetch(url))
    assert refused.code == "bad_url"
    assert "secret" not in str(refused)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection", "X:Y", "X\r\nZ", ""])
async def test_a_header_cannot_change_where_a_request_goes(client_for, name):
    refused = await refusal(client_for(["feed.test"]).fetch("http://feed.test/", headers={name: "x"}))
    assert refused.code == "bad_request"


async def test_a_value_cannot_smuggle_a_header(client_for):
    refused = await refusal(client_for(["feed.test"]).fetch("http://feed.test/", headers={"X-Key": "a\r\nHost: b"}))
    assert refused.code == "bad_request"


async def test_unknown_names_and_closed_ports_are_told_apart(client_for):
    async with loopback(saying()) as server:
        closed = server.url()
    client = client_for(["feed.test"])
    assert (await refusal(client.fetch("http://nobody.test/"))).code == "name_unknown"
    refused = await refusal(client.fetch(closed))
    assert (refused.code, refused.passing) == ("unreachable", True)


async def test_a_server_that_drips_is_left_at_the_deadline(client_for):
    async def drip(asked, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with loopback(drip) as server:
        refused = await refusal(client_for(["feed.test"]).fetch(server.url(), limits=Limits(seconds=0.3)))
    assert (refused.code, refused.passing) == ("too_slow", True)


async def test_a_server_that_says_nothing_is_left_at_the_deadline(client_for):
    async def silent(asked, writer):
        await asyncio.sleep(60)

    async with loopback(silent) as server:
        refused = await refusal(client_for(["feed.test"]).fetch(server.url(), limits=Limits(seconds=0.2)))
    assert refused.code == "too_slow"


async def test_a_name_server_that_says_nothing_is_left_at_the_deadline(client_for):
    async def resolve(host, port):
        await asyncio.sleep(60)

    client = client_for(["feed.test"], resolve=resolve)
    refused = await refusal(client.fetch("http://feed.test/", limits=Limits(connect_seconds=0.1)))
    assert refused.code == "too_slow"


@pytest.mark.parametrize(
    "packed",
    [
        reply(body=b"x" * 5_001),
        reply(body=gzip.compress(b"x" * 5_001), Content_Encoding="gzip"),
        reply(body=zlib.compress(b"x" * 5_001), Content_Encoding="deflate"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n" * 1 + b"1000\r\n"
        + b"x" * 4096 + b"\r\n0\r\n\r\n",
    ],
    ids=["plain", "gzip", "deflate", "chunked"],
)  # fmt: skip
async def test_no_answer_is_longer_than_it_may_be(client_for, packed):
    async with loopback(saying(index=packed)) as server:
        refused = await refusal(client_for(["feed.test"]).fetch(server.url(), limits=Limits(body_bytes=5_000)))
    assert refused.code == "too_large"


async def test_a_bomb_is_unpacked_no_further_than_wanted(client_for):
    import tracemalloc

    bomb = gzip.compress(b"\0" * 200_000_000)
    async with loopback(saying(index=reply(body=bomb, Content_Encoding="gzip"))) as server:
        client = client_for(["feed.test"])
        tracemalloc.start()
        try:
            assert (await refusal(client.fetch(server.url()))).code == "too_large"
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(body=b"no gzip at all", Content_Encoding="gzip"), "unreadable"),
        (reply(body=b"x", Content_Encoding="br"), "unreadable"),
        (reply(body=gzip.compress(gzip.compress(b"x")), Content_Encoding="gzip, gzip"), "unreadable"),
        (reply(body=gzip.compress(b"x" * 99)[:-9], Content_Encoding="gzip"), "broken"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "broken"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "broken"),
    ],
    ids=["rubbish", "brotli", "stacked", "cut", "no-http", "long-head"],
)
async def test_what_is_no_answer_is_refused(client_for, answer, code):
    async with loopback(saying(index=answer)) as server:
        assert (await refusal(client_for(["feed.test"]).fetch(server.url()))).code == code


async def test_a_server_that_hangs_up_is_named(client_for):
    async def cut(asked, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        writer.close()

    async with loopback(cut) as server:
        refused = await refusal(client_for(["feed.test"]).fetch(server.url()))
    assert (refused.code, refused.words) == ("broken", "feed.test ended the answer before it was whole.")


async def test_no_proxy_and_no_password_file_is_read(client_for, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine feed.test login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with loopback(saying(index=reply(Set_Cookie="a=b"))) as server:
        client = client_for(["feed.test"])
        await client.fetch(server.url())
        await client.fetch(server.url())
    assert not {"authorization", "cookie"} & (server.asked[0].headers.keys() | server.asked[1].headers.keys())


async def test_caller_reads_a_stream_piece_by_piece_or_not_at_all(client_for):
    async with loopback(saying(index=reply(body=b"x" * 300_000))) as server:
        client = client_for(["feed.test"])
        async with client.stream(server.url()) as incoming:
            assert incoming.status == 200
        async with client.stream(server.url()) as incoming:
            sizes = [len(piece) async for piece in incoming.pieces()]
    assert sum(sizes) == 300_000
    assert max(sizes) <= 65_536


async def test_a_callers_own_time_out_stays_its_own(client_for):
    async with loopback(saying(index=reply())) as server:
        with pytest.raises(TimeoutError):
            async with client_for(["feed.test"]).stream(server.url()):
                raise TimeoutError("mine")
