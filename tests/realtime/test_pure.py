"""The pure parts: token bucket, envelope, origins, frames on the wire, the exported protocol."""

import re
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import export, protocol
from realtime.feed import RING_BYTES, RING_EVENTS, Feed
from realtime.middleware import normal_origin, site_origin
from realtime.pace import Pace
from realtime.ratelimit import Bucket, Limit
from realtime.transport import payloads_of, text_frame


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(Limit(burst=2, per_second=4), now=0.0)
    assert [bucket.take(0.0), bucket.take(0.0), bucket.take(0.0)] == [0.0, 0.0, 0.25]
    assert bucket.take(0.25) == 0.0
    assert not bucket.full(0.3)
    assert bucket.full(1.0)


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_a_bucket_never_gives_more_than_its_rate_even_when_the_clock_stands(steps):
    bucket, now, given_out = Bucket(Limit(burst=3, per_second=2), 0.0), 0.0, 0
    for step in steps:
        now += step
        given_out += bucket.take(now) == 0.0
    assert given_out <= 3 + 2 * now + 1e-6


@pytest.mark.parametrize(
    ("origin", "normal"),
    [
        ("https://Example.org", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("null", ""),
        ("http://user@example.org", ""),
        ("http://example.org/path", ""),
        ("http://example.org:port", ""),
        ("ws://example.org", ""),
    ],
)
def test_an_origin_is_compared_in_its_normal_form(origin, normal):
    assert normal_origin(origin) == normal


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [("https", "https://example.org"), ("HTTPS, http", "https://example.org"), ("http", "http://example.org")],
)
def test_the_first_proxy_tells_under_which_scheme_we_are_known(settings, forwarded, origin):
    settings.ALLOWED_HOSTS = ["example.org"]
    settings.TRUSTED_PROXIES = 2
    scope = {"headers": [(b"host", b"example.org"), (b"x-forwarded-proto", forwarded.encode())], "scheme": "ws"}
    assert site_origin(scope) == origin


@given(st.integers(min_value=0, max_value=70_000))
def test_a_text_frame_gives_its_payload_back(size):
    payload = b"x" * size
    assert list(payloads_of(text_frame(payload) + text_frame(b"next"))) == [payload, b"next"]


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, "8100"), (125, "817d"), (126, "817e007e"), (65_535, "817effff"), (65_536, "817f0000000000010000")],
)
def test_lengths_take_the_fewest_bytes(size, head):
    frame = text_frame(b"x" * size)
    assert frame[: len(frame) - size].hex() == head


def test_an_undeclared_error_code_cannot_be_used():
    with pytest.raises(ValueError, match="undeclared"):
        protocol.Refused("oops")


def test_the_exported_protocol_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "manage.py", "export_protocol", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_declared_type_is_exported():
    text = export.typescript()
    for name in [*protocol.commands(), *protocol.events()]:
        if not name.startswith("test."):
            assert f'"{name}"' in text


def test_no_two_shapes_share_a_name():
    """TypeScript would take two interfaces of one name for one with the fields of both."""
    names = re.findall(r"^export interface (\w+)", export.typescript(), re.MULTILINE)
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_a_flush_rests_as_long_as_it_lasted_makes_worth_while_and_never_long():
    pace = Pace()
    assert pace.rest(10.0, busy=True) == 0.0
    pace.flushed(10.0, 10.001)
    assert pace.rest(10.002, busy=True) == pytest.approx(0.002)
    assert pace.rest(10.001, busy=False) == pytest.approx(0.0005)
    assert pace.rest(10.01, busy=True) == 0.0
    pace.flushed(20.0, 21.0)
    assert pace.rest(21.0, busy=True) == pace.rest(21.0, busy=False) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("frame", "ref"),
    [
        ('{"type":"message.send","ref":5,"data":{"body":"\\ud800"}}', 5),
        ('{"type":"message.send","ref":5,"data":{"body":"\ud800"}}', 5),
        ('{"type":7,"ref":6}', 6),
        ('{"ref":true}', None),
        ('{"ref":"5"}', None),
        (f'{{"ref":{2**63}}}', None),
        ("[5]", None),
        ("{", None),
        ("[" * 20_000, None),
        (None, None),
    ],
    ids=range(10),
)
def test_a_frame_that_cannot_be_taken_is_answered_by_its_ref(frame, ref):
    assert protocol.ref_of(frame) == ref


def test_a_ring_of_large_frames_is_short_and_ends_with_the_newest():
    feed = Feed("document:1")
    feed.begin(0, 1)
    for seq in range(1, 401):
        feed.take(seq, text_frame(b"x" * 200_000))
    assert sum(len(frame) for _, frame in feed.ring) <= RING_BYTES
    assert [seq for seq, _ in feed.ring] == list(range(feed.ring[0][0], 401))
    for seq in range(401, 801):
        feed.take(seq, text_frame(b"x"))
    assert len(feed.ring) == RING_EVENTS
