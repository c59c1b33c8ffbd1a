"""Where a redirect may lead, and what goes along with it."""

import pytest

from outbound.client import Limits
from outbound.refusing import OutboundRefused
from tests.outbound.conftest import loopback, reply, saying


async def refusal(awaitable):
    with pytest.raises(OutboundRefused) as error:
        await awaitable
    return error.value.code


async def test_caller_follows_three_redirects_and_no_fourth(client_for):
    hops = {f"hop{number}": reply(302, Location=f"/hop{number + 1}") for number in range(1, 5)}
    async with loopback(saying(**hops, hop5=reply(body=b"end"))) as server:
        client = client_for(["feed.test"])
        answer = await client.fetch(server.url("/hop2"))
        assert (answer.body, answer.url) == (b"end", server.url("/hop5"))
        assert await refusal(client.fetch(server.url("/hop1"))) == "redirects"


async def test_caller_that_wants_no_redirect_gets_the_answer_itself(client_for):
    async with loopback(saying(index=reply(307, b"moved", Location="/x"))) as server:
        answer = await client_for(["feed.test"]).fetch(server.url(), limits=Limits(redirects=0))
    assert (answer.status, answer.headers["location"], answer.body) == (307, "/x", b"moved")


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://127.0.0.1:{port}/end", "address_refused"),
        ("http://[::1]:{port}/end", "address_refused"),
        ("http://inside.test:{port}/end", "address_refused"),
        ("//inside.test:{port}/end", "address_refused"),
        ("http://169.254.169.254/latest/meta-data/", "address_refused"),
        ("http://me:pass@feed.test:{port}/end", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
        ("http://feed.test:99999/", "bad_url"),
        ("http://nobody.test/", "name_unknown"),
    ],
    ids=str,
)
async def test_a_redirect_is_checked_like_an_address(client_for, location, code):
    answers = saying(end=reply(body=b"secret"))

    async def answer(asked, writer):
        if asked.path == "/":
            writer.write(reply(302, Location=location.format(port=server.port)))
        else:
            await answers(asked, writer)

    async with loopback(answer) as server:

        async def resolve(host, port):
            known = {"feed.test": "127.0.0.1", "inside.test": "127.0.0.1"}
            if host == "nobody.test":
                raise OSError
            return [known.get(host, host)]

        client = client_for(["feed.test"], resolve=resolve)
        assert await refusal(client.fetch(server.url())) == code
        assert [asked.path for asked in server.asked] == ["/"]


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (307, "POST", "POST", b"data"),
        (308, "POST", "POST", b"data"),
        (302, "PUT", "PUT", b"data"),
        (302, "HEAD", "HEAD", b""),
        (303, "HEAD", "HEAD", b""),
    ],
)
async def test_method_and_body_go_along_as_the_status_says(client_for, status, method, then, body):
    async with loopback(saying(index=reply(status, Location="/end"), end=reply())) as server:
        content = None if method == "HEAD" else b"data"
        headers = {"Content-Type": "text/plain", "Authorization": "Bearer k"}
        await client_for(["feed.test"]).fetch(server.url(), method=method, content=content, headers=headers)
    first, second = server.asked
    assert (second.method, second.body) == (then, body)
    assert ("content-type" in second.headers) == (then == method)
    assert second.headers["authorization"] == first.headers["authorization"], "the same origin may know the key"


async def test_no_key_follows_to_another_origin(client_for):
    async def move(asked, writer):
        writer.write(reply(307, Location=other.url("/end")))

    async with loopback(saying(end=reply())) as other, loopback(move) as server:
        headers = {"Authorization": "Bearer k", "X-Api-Key": "k", "Cookie": "a=b", "Accept": "application/json"}
        answer = await client_for(["feed.test"]).fetch(server.url(), headers=headers)
    assert answer.url == other.url("/end")
    assert other.asked[0].headers.keys() == {"host", "user-agent", "accept-encoding", "accept"}


async def test_what_comes_once_is_not_sent_twice(client_for):
    async def once():
        yield b"data"

    async with loopback(saying(index=reply(307, Location="/end"), end=reply())) as server:
        client = client_for(["feed.test"])
        assert await refusal(client.fetch(server.url(), method="POST", content=once())) == "redirects"
    assert len(server.asked) == 1


async def test_an_answer_without_a_location_is_the_answer(client_for):
    async with loopback(saying(index=reply(304), none=reply(302))) as server:
        client = client_for(["feed.test"])
        assert (await client.fetch(server.url())).status == 304
        assert (await client.fetch(server.url("/none"))).status == 302
