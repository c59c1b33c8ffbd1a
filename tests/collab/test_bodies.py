"""What a request may carry: too much is refused before Django puts it on disk."""

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.asgi import get_asgi_application

from collab.asgi import application
from collab.bodies import BodyLimit

MEGABYTE = 1_048_576


def two_megabytes():
    return BodyLimit(get_asgi_application(), 2 * MEGABYTE)


def asked(path="/healthz", **headers):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *((name.encode(), value) for name, value in headers.items())],
    }


async def post(app, scope, *parts):
    """The status, and what the client is told."""
    talk = ApplicationCommunicator(app, scope)
    for number, part in enumerate(parts, 1):
        await talk.send_input({"type": "http.request", "body": part, "more_body": number < len(parts)})
    start, told = await talk.receive_output(20), await talk.receive_output(20)
    await talk.wait(20)
    return start["status"], told["body"]


async def test_a_body_that_says_it_is_too_long_is_not_even_read():
    scope = asked(**{"content-length": str(settings.REQUEST_BODY_BYTES + 1).encode()})
    assert await post(application, scope) == (413, b"At most 32 MB can be sent at once.")


async def test_a_body_that_does_not_say_how_long_it_is_is_counted():
    app = two_megabytes()
    assert (await post(app, asked(), *[b"x" * MEGABYTE] * 3))[0] == 413


@pytest.mark.parametrize("length", [b"x", b"-5", b"99999999999999999999999", b""])
async def test_a_strange_length_is_no_way_around(length):
    app = two_megabytes()
    assert (await post(app, asked(**{"content-length": length}), *[b"x" * MEGABYTE] * 3))[0] == 413


async def test_an_ordinary_request_passes():
    app = two_megabytes()
    assert await post(app, asked(), b"x" * MEGABYTE, b"x" * MEGABYTE) == (200, b'{"status": "ok"}')
