"""The backend: the real SDK over HTTP against the scripted provider; every fault in plain words, no key let out."""

import asyncio
import json
import logging
import socket
import time
import traceback
from contextlib import aclosing

import pytest

from assistant import backends
from assistant.backends import Ask, BackendFailed, CallPiece, EndPiece, TextPiece, UsagePiece
from assistant.fake.server import FakeOpenAI
from assistant.fake.turns import Call, Turn

KEY = "sk-proj-Zx9Qw8Er7Ty6Ui5Op4As3Df2Gh1Jk0"
TOOLS = [{"type": "function", "function": {"name": "search_messages", "parameters": {"type": "object"}}}]


@pytest.fixture
def fake():
    with FakeOpenAI(key=KEY) as running:
        yield running


@pytest.fixture(autouse=True)
async def quick(settings, monkeypatch):
    """A key in its variable, short silences, connections closed at the end."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(backends, "PAUSE_SECONDS", 0.01)
    settings.ASSISTANT_DEMO = False
    backends._refused.clear()
    yield
    await backends.close()


def ask(fake, **other):
    fields = {
        "model": "fake-1",
        "base_url": fake.base_url,
        "key_env": "OPENAI_API_KEY",
        "messages": [{"role": "user", "content": "What is a mutex?"}],
        "tools": [],
        "max_output_tokens": 200,
        "temperature": None,
        "user": "5f2c",
    }
    return Ask(**(fields | other))


async def pieces_of(asked):
    async with aclosing(backends.stream(asked)) as stream:
        return [piece async for piece in stream]


async def failing(asked):
    """The pieces that came, and what it ended with."""
    came = []
    try:
        async with aclosing(backends.stream(asked)) as stream:
            async for piece in stream:
                came.append(piece)  # noqa: PERF401 - what came before the failure is wanted
    except BackendFailed as failed:
        return came, failed
    pytest.fail(f"It did not fail, but answered {came}.")


def text_of(pieces):
    return "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))


async def test_answer_streams_in_words_with_usage_and_an_end(fake):
    fake.say("A lock for one at a time: “mutual exclusion” 🔒.")
    *words, usage, end = await pieces_of(ask(fake))
    assert len(words) > 5
    assert text_of(words) == "A lock for one at a time: “mutual exclusion” 🔒."
    assert (usage.estimated, usage.input_tokens > 0, usage.cached_tokens <= usage.input_tokens) == (False, True, True)
    assert end == EndPiece("stop")


async def test_request_says_what_was_asked_and_nothing_of_this_machine(fake, monkeypatch):
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-another-program")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Ours: no\nAuthorization: Bearer other")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    await pieces_of(ask(fake, tools=TOOLS, temperature=0.3))
    [seen] = fake.requests
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert set(seen.headers) - backends.SENT_HEADERS == {"authorization", "user-agent"}
    assert seen.body == {
        "model": "fake-1",
        "messages": [{"role": "user", "content": "What is a mutex?"}],
        "tools": TOOLS,
        "temperature": 0.3,
        "max_tokens": 200,
        "stream": True,
        "stream_options": {"include_usage": True},
        "user": "5f2c",
    }


async def test_local_server_is_asked_without_a_key():
    with FakeOpenAI() as open_to_all:
        await pieces_of(ask(open_to_all, key_env=""))
        [seen] = open_to_all.requests
    assert "authorization" not in seen.headers


async def test_two_asks_share_a_connection(fake):
    fake.say("One.")
    fake.say("Two.")
    first, second = await pieces_of(ask(fake)), await pieces_of(ask(fake))
    assert text_of(first) + text_of(second) == "One.Two."
    assert len(backends._clients[asyncio.get_running_loop()]) == 1


async def test_many_asks_at_once_each_get_their_own_answer(fake):
    def asked(number):
        broken = "[fake:cut-after=6]" if number % 5 == 4 else ""
        text = f"[fake:say=Answer of number {number}][fake:drip=0.01]{broken}"
        return ask(fake, messages=[{"role": "user", "content": text}])

    answers = await asyncio.gather(*(pieces_of(asked(number)) for number in range(30)), return_exceptions=True)
    for number, answer in enumerate(answers):
        if number % 5 == 4:
            assert (type(answer), getattr(answer, "code", "")) == (BackendFailed, "cut")
        else:
            assert text_of(answer) == f"Answer of number {number}"
    assert len(fake.requests) == 30


async def test_calls_of_tools_come_whole(fake):
    search, people = Call("search_messages", {"query": "déploy"}), Call("list_people")
    fake.turn(Turn(say="Let me look.", calls=(search, people)))
    *words, first, second, usage, end = await pieces_of(ask(fake, tools=TOOLS))
    assert text_of(words) == "Let me look."
    assert (first.name, first.arguments) == ("search_messages", {"query": "déploy"})
    assert (second.name, second.arguments) == ("list_people", {})
    assert first.id != second.id
    assert isinstance(usage, UsagePiece)
    assert end == EndPiece("tool_calls")


async def test_answer_cut_at_its_limit_says_so(fake):
    fake.say("A lock for", finish="length")
    *words, _, end = await pieces_of(ask(fake))
    assert (text_of(words), end) == ("A lock for", EndPiece("length"))


async def test_usage_is_estimated_where_the_provider_tells_none(fake):
    fake.no_usage("Zwölf Boxkämpfer jagen Viktor 漢字漢字漢字漢字")
    *_, usage, _ = await pieces_of(ask(fake))
    assert usage.estimated
    assert 14 <= usage.output_tokens <= 18
    assert usage.input_tokens >= 4


async def test_provider_may_refuse_an_option_and_is_not_offered_it_again(fake):
    fake.fail(400, message="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    fake.fail(400, message="Unrecognized request argument supplied: stream_options")
    fake.say("Here.")
    assert text_of(await pieces_of(ask(fake))) == "Here."
    await pieces_of(ask(fake))
    assert len(fake.requests) == 4
    for seen in fake.requests[2:]:
        assert seen.body["max_completion_tokens"] == 200
        assert not {"stream_options", "max_tokens"} & set(seen.body)


REFUSALS = {
    "401": (Turn(fail=401, message="bad"), "key_refused", "The provider did not accept the key."),
    "402": (Turn(fail=402), "no_credit", "The account at the provider has no credit left."),
    "403": (Turn(fail=403, message="region"), "forbidden", "The provider does not let us use “fake-1”."),
    "404 model": (
        Turn(fail=404, code="model_not_found", message="The model does not exist"),
        "model_unknown",
        "The provider does not know the model “fake-1”.",
    ),
    "404 path": (
        Turn(fail=404, message="Not here"),
        "wrong_address",
        "What answers at the provider's address is not a model's API.",
    ),
    "400 length": (
        Turn(fail=400, code="context_length_exceeded"),
        "too_long",
        "This is more than “fake-1” can read at once.",
    ),
    "413": (Turn(fail=413), "too_long", "This is more than “fake-1” can read at once."),
    "400 filter": (
        Turn(fail=400, code="content_filter"),
        "filtered",
        "The provider's filter stopped the answer.",
    ),
    "400": (Turn(fail=400, message="no"), "not_understood", "The provider refused the request."),
    "422": (Turn(fail=422, message="no"), "not_understood", "The provider refused the request."),
    "409": (Turn(fail=409, message="no"), "not_understood", "The provider refused the request."),
    "429 credit": (
        Turn(fail=429, code="insufficient_quota"),
        "no_credit",
        "The account at the provider has no credit left.",
    ),
    "429 long": (
        Turn(fail=429, retry_after=30),
        "busy",
        "The provider takes no more requests from us just now. It asks to wait 30 s.",
    ),
    "302": (
        Turn(fail=302, location="http://127.0.0.1:9/elsewhere"),
        "wrong_address",
        "What answers at the provider's address is not a model's API.",
    ),
    "page": (
        Turn(page="<h1>Welcome</h1>"),
        "wrong_address",
        "What answers at the provider's address is not a model's API.",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_asker_reads_why_the_provider_refused(fake, name):
    turn, code, words = REFUSALS[name]
    fake.turn(turn)
    came, failed = await failing(ask(fake))
    assert (came, failed.code, failed.words) == ([], code, words)
    assert failed.status == (turn.fail or None)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(500, "broken"), (502, "broken"), (503, "overloaded"), (529, "overloaded"), (429, "busy")]
)
async def test_what_may_be_over_in_a_moment_is_asked_once_more(fake, status, code):
    fake.fail(status)
    fake.say("Now.")
    assert text_of(await pieces_of(ask(fake))) == "Now."
    fake.fail(status)
    fake.fail(status)
    came, failed = await failing(ask(fake))
    assert (came, failed.code, failed.status) == ([], code, status)
    assert len(fake.requests) == 4


async def test_short_wait_that_the_provider_asks_for_is_kept(fake):
    fake.fail(429, retry_after="0.2")
    fake.say("Now.")
    before = time.monotonic()
    assert text_of(await pieces_of(ask(fake))) == "Now."
    assert time.monotonic() - before >= 0.2


async def test_wait_may_be_a_date(fake):
    fake.fail(429, retry_after="Fri, 01 Jan 2100 00:00:00 GMT")
    _, failed = await failing(ask(fake))
    assert failed.retry_after_seconds == 3600


async def test_nobody_listens(fake):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can come there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        came, failed = await failing(ask(fake, base_url=url))
    assert (came, failed.code, failed.words) == ([], "unreachable", "The provider cannot be reached.")


async def test_name_that_no_server_has(fake):
    _, failed = await failing(ask(fake, base_url="http://nobody.invalid/v1"))
    assert failed.code == "unreachable"


@pytest.mark.parametrize(
    "url", ["", "ftp://127.0.0.1/v1", "127.0.0.1/v1", "http:///v1", "http://[::1/v1", "http://a:b@127.0.0.1/v1"]
)
async def test_address_that_is_none(fake, url):
    _, failed = await failing(ask(fake, base_url=url))
    assert failed.code == "wrong_address"


async def test_demo_model_that_is_not_there_says_what_to_set(fake, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        settings.ASSISTANT_DEMO, settings.OPENAI_BASE_URL = True, url
        _, failed = await failing(ask(fake, base_url=url))
    assert failed.code == "demo_absent"
    assert failed.words.endswith("cannot run on this machine. OPENAI_API_KEY sets a real one.")
    assert "set OPENAI_API_KEY" in failed.mend


async def test_key_that_is_not_set(fake, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    _, failed = await failing(ask(fake))
    assert (failed.code, failed.words) == ("no_key", "The assistant has no key: OPENAI_API_KEY is not set.")
    assert fake.requests == []


async def test_key_may_stand_in_a_file(fake, monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    _, failed = await failing(ask(fake))
    assert failed.code == "no_key"
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert text_of(await pieces_of(ask(fake)))


async def test_key_that_fits_in_no_header(fake, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-с-кириллицей")
    _, failed = await failing(ask(fake))
    assert (failed.code, fake.requests) == ("key_refused", [])


async def test_provider_that_says_nothing(fake, settings):
    settings.ASSISTANT_FIRST_SECONDS = 1
    fake.hang()
    came, failed = await failing(ask(fake))
    assert (came, failed.code) == ([], "slow")
    assert failed.words == "The provider did not begin to answer within 1 s."


async def test_provider_that_falls_silent(fake, settings):
    settings.ASSISTANT_SILENT_SECONDS = 1
    fake.hang("A lock for one")
    came, failed = await failing(ask(fake))
    assert text_of(came) == "A lock for one"
    assert (failed.code, failed.words) == ("stalled", "The provider fell silent in the middle of the answer.")


BROKEN = {
    "cut": (Turn(say="A lock", then="cut", after_chars=6), "cut"),
    "reset": (Turn(say="A lock", then="reset", after_chars=6), "cut"),
    "no finish": (Turn(say="A lock", finish="-"), "cut"),
    "garbled": (Turn(say="A lock", then="garble", after_chars=6), "garbled"),
    "filtered": (Turn(say="A lock", finish="content_filter"), "filtered"),
    "broken call": (Turn(say="A lock", calls=(Call("search_messages", '{"query": "dep'),)), "bad_call"),
    "call of a list": (Turn(say="A lock", calls=(Call("search_messages", "[1, 2]"),)), "bad_call"),
    "deep call": (Turn(say="A lock", calls=(Call("search_messages", "[" * 9000),)), "bad_call"),
    "call without a name": (Turn(say="A lock", calls=(Call("", {}),)), "bad_call"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_words_that_came_before_the_break_are_kept_and_counted(fake, name):
    turn, code = BROKEN[name]
    fake.turn(turn)
    came, failed = await failing(ask(fake, tools=TOOLS))
    assert (text_of(came), failed.code) == ("A lock", code)
    assert isinstance(came[-1], UsagePiece)
    assert len(fake.requests) == 1  # never again after words had come


async def test_connection_that_breaks_before_any_word_is_tried_again(fake):
    fake.reset()
    fake.say("Now.")
    assert text_of(await pieces_of(ask(fake))) == "Now."


RUBBISH = {
    "no JSON": ("data: {nonsense\n\n", "garbled"),
    "a number": ("data: 5\n\n", "garbled"),
    "a list": ("data: []\n\n", "garbled"),
    "other choices": ('data: {"choices": "none"}\n\n', "garbled"),
    "other text": ('data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n', "garbled"),
    "no UTF-8": ('data: {"\udcff\udcfe": 1}\n\n', "garbled"),
    "an error with status": ('data: {"error": {"code": 503, "message": "no"}}\n\n', "overloaded"),
    "an error with a word": ('data: {"error": {"code": "rate_limit_exceeded", "message": "no"}}\n\n', "busy"),
    "an error of length": ('data: {"error": {"message": "maximum context length is 9"}}\n\n', "too_long"),
    "any error": ('data: {"error": {"message": "oh"}}\n\n', "broken"),
    "nothing": ("data: [DONE]\n\n", "empty"),
    "comments": (": wait\n\n: wait\n\n", "empty"),
    "an end": ('data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n', "empty"),
    "thoughts only": (
        'data: {"choices": [{"delta": {"reasoning_content": "hm"}, "finish_reason": "length"}]}\n\n',
        "spent",
    ),
}


@pytest.mark.parametrize("name", RUBBISH)
async def test_stream_that_is_no_answer(fake, name):
    raw, code = RUBBISH[name]
    fake.turn(Turn(raw=raw))
    fake.turn(Turn(raw=raw))  # for what is asked once more
    came, failed = await failing(ask(fake))
    assert (came, failed.code) == ([], code)


async def test_endless_answer_is_ended_by_us(fake):
    fake.say("word " * 400)
    came, failed = await failing(ask(fake, max_output_tokens=10))
    assert failed.code == "too_much"
    assert len(text_of(came)) <= 640


async def test_text_that_no_database_takes_is_made_whole(fake):
    halves = [b"\\ud83d", b"\\udd12 \\u0000ok \\udc00", b"\\ud83d"]
    lines = [b'data: {"choices": [{"delta": {"content": "' + half + b'"}}]}\n\n' for half in halves]
    end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    fake.turn(Turn(raw=b"".join([*lines, end]).decode()))
    assert text_of(await pieces_of(ask(fake))) == "🔒 ok \ufffd\ufffd"


def _fragments(*calls):
    events = [{"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]} for call in calls]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    return "".join(f"data: {json.dumps(event)}\n\n" for event in [*events, end])


def _fragment(index, name, arguments, **other):
    return {"index": index, "type": "function", "function": {"name": name, "arguments": arguments}, **other}


NUMBERINGS = {
    "all with zero": [_fragment(0, "one", '{"a": 1}', id="x"), _fragment(0, "two", "{}", id="y")],
    "not at all": [_fragment(None, "one", '{"a": 1}', id="x"), _fragment(None, "two", "{}", id="y")],
    "in turns": [
        _fragment(0, "one", '{"a"', id="x"),
        _fragment(1, "two", "{", id="y"),
        _fragment(0, None, ": 1}"),
        _fragment(1, None, "}"),
    ],
    "without ids": [_fragment(0, "one", '{"a": 1}'), _fragment(1, "two", "")],
}


@pytest.mark.parametrize("name", NUMBERINGS)
async def test_calls_are_told_apart_however_a_server_numbers_them(fake, name):
    fake.turn(Turn(raw=_fragments(*NUMBERINGS[name])))
    calls = [piece for piece in await pieces_of(ask(fake, tools=TOOLS)) if isinstance(piece, CallPiece)]
    assert [(call.name, call.arguments) for call in calls] == [("one", {"a": 1}), ("two", {})]
    assert calls[0].id != calls[1].id


async def test_stopping_an_answer_hangs_up_on_the_provider(fake):
    fake.hold("A lock for ", "one at a time.")
    async with aclosing(backends.stream(ask(fake))) as stream:
        first = await anext(stream)
    assert first == TextPiece("A ")
    async with asyncio.timeout(20):
        while not fake.requests[0].left:
            await asyncio.sleep(0.01)


async def test_cancelling_the_task_hangs_up_on_the_provider(fake):
    fake.hang()
    task = asyncio.create_task(pieces_of(ask(fake)))
    async with asyncio.timeout(20):
        while not fake.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while not fake.requests[0].left:
            await asyncio.sleep(0.01)


async def test_key_is_in_no_log_no_text_and_no_frame(fake, caplog, monkeypatch):
    for name in (None, "openai", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, name)
    echoing = f"Bearer {KEY} is wrong, as is sk-proj-*******Jk0 and api_key={KEY}"
    for turn in (
        Turn(fail=401, message=echoing),
        Turn(fail=400, message=echoing),
        Turn(raw='data: {"error": {"code": 400, "message": "' + echoing + '"}}\n\n'),
        Turn(raw=f"data: {KEY}\n\n"),
        Turn(say="A lock", then="reset", after_chars=6),
    ):
        fake.turn(turn)
        _, failed = await failing(ask(fake))
        assert failed.__cause__ is failed.__context__ is None
        seen = "".join(traceback.TracebackException.from_exception(failed, capture_locals=True).format())
        for told in (seen, repr(failed), str(failed), failed.words, failed.mend, failed.detail):
            assert KEY not in told
            assert "*Jk0" not in told
    monkeypatch.setenv("OPENAI_API_KEY", KEY[::-1])
    _, failed = await failing(ask(fake))  # the provider tells the key that it was sent
    assert failed.code == "key_refused"
    assert KEY[::-1] not in failed.detail
    assert KEY not in caplog.text
    assert KEY[::-1] not in caplog.text


async def test_models_are_listed(fake):
    assert await backends.models(fake.base_url, "OPENAI_API_KEY") == ["fake-1"]


async def test_models_of_a_wrong_key_are_not(fake, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-1234567")
    with pytest.raises(BackendFailed) as caught:
        await backends.models(fake.base_url, "OPENAI_API_KEY")
    assert caught.value.code == "key_refused"
    assert "sk-other" not in caught.value.detail


async def test_models_of_a_place_that_is_no_api(fake):
    with pytest.raises(BackendFailed) as caught:
        await backends.models(fake.base_url.removesuffix("/v1"), "OPENAI_API_KEY")
    assert caught.value.code == "wrong_address"


def test_each_loop_has_connections_of_its_own(fake):
    async def once():
        try:
            return text_of(await pieces_of(ask(fake)))
        finally:
            await backends.close()

    assert asyncio.run(once()) == asyncio.run(once())
    assert not [loop for loop in backends._clients if not loop.is_closed()]
