"""The parser alone: the same bytes give the same messages however they are cut; rubbish gives an error, not a crash."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import websocket_frames as frames
from realtime.websocket_frames import FrameReader, WebSocketError, encode_close, encode_frame, mask_with_integers
from tests.realtime.server_peers import client_frame

LIMIT = 70_000

masks = st.binary(min_size=4, max_size=4)
payload_sizes = st.one_of(st.integers(0, 200), st.sampled_from([125, 126, 127, 65535, 65536]))


def read(chunks: list[bytes], limit: int = LIMIT) -> tuple[list[tuple[int, bytes | str]], int | None]:
    """Every frame that comes out, and the close code of the error that ended it."""
    reader, out = FrameReader(limit), []
    try:
        for chunk in chunks:
            reader.feed(chunk)
            while (frame := reader.next_frame()) is not None:
                out.append(frame)
    except WebSocketError as error:
        return out, error.code
    return out, None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at `places` modulo its length."""
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(marks)]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """A client's stream: whole messages, fragmented messages with pings inside, sometimes an error."""
    out = b""
    for _ in range(draw(st.integers(1, 5))):
        mask = draw(masks)
        kind = draw(st.sampled_from(["text", "binary", "fragments", "ping", "close", "rubbish"]))
        if kind == "text":
            out += client_frame(frames.TEXT, draw(st.text(max_size=80)).encode(), mask=mask)
        elif kind == "binary":
            out += client_frame(frames.BINARY, b"\xfe" * draw(payload_sizes), mask=mask)
        elif kind == "fragments":
            raw = draw(st.text(min_size=2, max_size=60)).encode()
            parts = cut(raw, draw(st.lists(st.integers(0, 400), max_size=4)))
            for number, part in enumerate(parts):
                opcode = frames.CONTINUATION if number else frames.TEXT
                out += client_frame(opcode, part, fin=number == len(parts) - 1, mask=mask)
                if draw(st.booleans()):
                    out += client_frame(frames.PING, b"mid", mask=mask)
        elif kind == "ping":
            out += client_frame(frames.PING, draw(st.binary(max_size=125)), mask=mask)
        elif kind == "close":
            out += client_frame(frames.CLOSE, b"\x03\xe8bye", mask=mask)
        else:
            out += draw(st.binary(min_size=1, max_size=20))
    return out


@settings(max_examples=300, deadline=None)
@given(streams(), st.lists(st.integers(0, 200_000), max_size=30))
def test_reader_gives_the_same_frames_for_every_cut(stream: bytes, places: list[int]) -> None:
    assert read(cut(stream, places)) == read([stream])


@settings(max_examples=60, deadline=None)
@given(streams())
def test_reader_gives_the_same_frames_octet_by_octet(stream: bytes) -> None:
    stream = stream[:3000]
    assert read([stream[place : place + 1] for place in range(len(stream))]) == read([stream])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_reader_of_rubbish_ends_with_a_close_code(chunks: list[bytes]) -> None:
    assert read(chunks)[1] in {None, 1002, 1007, 1009}


@given(st.binary(max_size=2000), masks)
def test_masking_twice_gives_the_data_back_both_ways(data: bytes, mask: bytes) -> None:
    assert mask_with_integers(mask_with_integers(data, mask), mask) == data
    assert frames.apply_mask(data, mask) == mask_with_integers(data, mask)
    assert mask_with_integers(data, mask) == bytes(octet ^ mask[place % 4] for place, octet in enumerate(data))


@given(st.text(max_size=400), masks)
def test_text_comes_out_as_it_went_in(text: str, mask: bytes) -> None:
    assert read([client_frame(frames.TEXT, text.encode(), mask=mask)]) == ([(frames.TEXT, text)], None)


@pytest.mark.parametrize(("size", "head"), [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_encoder_uses_the_shortest_length(size: int, head: int) -> None:
    frame = encode_frame(frames.BINARY, b"x" * size)
    assert len(frame) == head + size
    assert frame[0] == 0x82
    assert not frame[1] & 0x80


def test_encoder_cuts_a_long_close_reason_at_a_character() -> None:
    frame = encode_close(4000, "é" * 100)
    assert len(frame) <= 2 + 125
    assert frame[4:].decode() == "é" * 61


def test_reader_does_not_keep_what_is_too_big() -> None:
    reader = FrameReader(1000)
    reader.feed(client_frame(frames.BINARY, b"x" * 999, fin=False) + client_frame(frames.CONTINUATION, b"xx")[:6])
    with pytest.raises(WebSocketError) as caught:
        reader.next_frame()
    assert caught.value.code == 1009


def test_reader_takes_a_megabyte_in_octets_in_linear_time() -> None:
    # With one copy of the buffer per octet this would move 30 GB.
    frame = client_frame(frames.BINARY, b"x" * 250_000)
    reader = FrameReader(LIMIT * 10)
    for place in range(len(frame)):
        assert reader.next_frame() is None
        reader.feed(frame[place : place + 1])
    assert reader.next_frame() == (frames.BINARY, b"x" * 250_000)


def test_reader_that_could_not_hold_a_control_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 125"):
        FrameReader(124)
