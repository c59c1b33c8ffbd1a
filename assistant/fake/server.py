"""The scripted provider: an OpenAI-compatible server on loopback that does what it is told, faults included.

Called by tests (`with FakeOpenAI() as fake`) and by `manage.py fake_openai`. Runs in a thread with a loop of its own,
so that it answers whatever the caller's loop does. Never pretends to be a model.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from assistant.fake import shapes
from assistant.fake.turns import BadScriptError, Call, Turn, echoed, fitting_rule, last_words, marked
from assistant.fake.wire import LeftError, Seen, Wire

GARBAGE: Final = b'data: {"choices": [{"delta": {"content": "hal\n\n'
START_SECONDS: Final = 20.0


class FakeOpenAI:
    """A provider whose answers are told beforehand; each is given once, in this order, then it echoes.

    Attributes:
        requests: what came, oldest first.
    """

    def __init__(
        self,
        turns: Sequence[Turn] = (),
        *,
        key: str = "",
        models: Sequence[str] = ("fake-1",),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.requests: list[Seen] = []
        self._queue = deque(turn for turn in turns if not turn.is_rule)
        self._rules = [turn for turn in turns if turn.is_rule]
        self._key, self._models, self._host, self._port = key, tuple(models), host, port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._refused: OSError | None = None
        self._stop = asyncio.Event()
        self._released = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fake-openai", daemon=True)

    # What it shall do

    def turn(self, turn: Turn) -> None:
        """Queues any turn; rules answer as often as they fit."""
        if turn.is_rule:
            self._rules.append(turn)
        else:
            self._queue.append(turn)

    def say(self, text: str, *, finish: str = "") -> None:
        """Says a text and ends."""
        self.turn(Turn(say=text, finish=finish))

    def call_tool(self, name: str, arguments: dict[str, Any] | str | None = None, *, say: str = "") -> None:
        """Calls a tool; arguments that are a string are sent as they are."""
        self.turn(Turn(say=say, calls=(Call(name, {} if arguments is None else arguments),)))

    def fail(self, status: int, *, code: str = "", message: str = "", retry_after: float | str | None = None) -> None:
        """Refuses with an HTTP status."""
        self.turn(Turn(fail=status, code=code, message=message, retry_after=retry_after))

    def drip(self, text: str, seconds: float) -> None:
        """Says a text with a pause after each word."""
        self.turn(Turn(say=text, drip_seconds=seconds))

    def cut(self, text: str = "") -> None:
        """Says a text and closes the connection without an end."""
        self.turn(Turn(say=text, then="cut", after_chars=len(text)))

    def reset(self, text: str = "") -> None:
        """Says a text and resets the connection."""
        self.turn(Turn(say=text, then="reset", after_chars=len(text)))

    def garble(self, text: str = "") -> None:
        """Says a text and then sends what is no JSON."""
        self.turn(Turn(say=text, then="garble", after_chars=len(text)))

    def hang(self, text: str = "") -> None:
        """Says a text and then nothing more."""
        self.turn(Turn(say=text, then="hang", after_chars=len(text)))

    def hold(self, text: str, rest: str = "") -> None:
        """Says a text, waits for release(), says the rest and ends."""
        self.turn(Turn(say=text + rest, then="hold", after_chars=len(text)))

    def no_usage(self, text: str) -> None:
        """Says a text and not how many tokens it was."""
        self.turn(Turn(say=text, usage=False))

    def release(self) -> None:
        """Lets answers that are held go on, and those held from now on as well."""
        self._tell(self._released)

    # Its life

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("The scripted provider did not start.")
        if self._refused is not None:
            self._thread.join()
            raise self._refused
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell(self._stop)
        self._thread.join(START_SECONDS)

    def _tell(self, event: asyncio.Event) -> None:
        if self._loop is None:
            raise RuntimeError("The scripted provider is not running: use it in a with statement.")
        self._loop.call_soon_threadsafe(event.set)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            server = await asyncio.start_server(self._accept, self._host, self._port)
        except OSError as error:
            self._refused = error
            self._ready.set()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio logs an error for one that it made itself and that is cancelled (3.11).
        task = asyncio.create_task(self._talk(Wire(reader, writer)))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    async def _talk(self, wire: Wire) -> None:
        try:
            while (seen := await wire.request()) is not None:
                self.requests.append(seen)
                try:
                    whole = await self._answer(wire, seen)
                except LeftError:
                    seen.left = True
                    break
                if not whole or not wire.again():
                    break
        except ConnectionError:
            pass  # the client went, which is no fault of a server; there is nobody to answer
        finally:
            wire.close()

    # What it answers

    async def _answer(self, wire: Wire, seen: Seen) -> bool:
        """Answers a request; False where the connection is broken on purpose."""
        if self._key and seen.headers.get("authorization") != f"Bearer {self._key}":
            told = seen.headers.get("authorization", "").removeprefix("Bearer ")
            message = f"Incorrect API key provided: {told}."
            await wire.whole(401, shapes.refusal(401, code="invalid_api_key", message=message))
        elif (seen.method, seen.path) == ("GET", "/v1/models"):
            await wire.whole(200, shapes.listed(self._models))
        elif (seen.method, seen.path) != ("POST", "/v1/chat/completions"):
            await wire.whole(404, shapes.refusal(404, code="unknown_url", message=f"Unknown request URL: {seen.path}"))
        elif complaint := shapes.complaint(seen.body):
            await wire.whole(400, shapes.refusal(400, code="invalid_request_error", message=complaint))
        else:
            return await self._play(wire, seen.body)
        return True

    def _next_turn(self, body: dict[str, Any]) -> Turn:
        role, text, _ = last_words(body["messages"])
        rule = fitting_rule(self._rules, body["messages"])
        if rule is not None:
            return rule
        if self._queue:
            return self._queue.popleft()
        try:
            turn = marked(text) if role == "user" else None
        except BadScriptError as error:
            turn = Turn(fail=400, code="invalid_request_error", message=str(error))
        return turn or Turn(say=echoed(text))

    async def _play(self, wire: Wire, body: dict[str, Any]) -> bool:
        turn = self._next_turn(body)
        if turn.wait_seconds:
            await wire.wait(None, turn.wait_seconds)
        if turn.fail:
            headers = {"location": turn.location} if turn.location else {}
            if turn.retry_after is not None:
                headers["retry-after"] = str(turn.retry_after)
            refusal = shapes.refusal(turn.fail, code=turn.code, message=turn.message)
            await wire.whole(turn.fail, refusal, headers)
        elif turn.page:
            await wire.whole(200, turn.page)
        elif not body.get("stream"):
            await wire.whole(200, shapes.completion(body, turn, len(self.requests)))
        else:
            return await self._stream(wire, body, turn)
        return True

    async def _stream(self, wire: Wire, body: dict[str, Any], turn: Turn) -> bool:
        if turn.then in {"cut", "reset", "hang"} and not turn.after_chars:
            return await self._break(wire, turn)
        await wire.begin(200, "text/event-stream")
        if turn.raw:
            await wire.send(turn.raw.encode("utf-8", "surrogateescape"))
            await wire.end()
            return True
        await wire.send(shapes.chunk(body, {"role": "assistant", "content": ""}))
        for piece in shapes.pieces(turn.say[: turn.after_chars] if turn.then else turn.say):
            await self._say(wire, body, turn, piece)
        if turn.then and not await self._break(wire, turn):
            return False
        if turn.then:
            for piece in shapes.pieces(turn.say[turn.after_chars :]):
                await self._say(wire, body, turn, piece)
        for data in shapes.call_chunks(body, turn, len(self.requests)):
            await wire.send(data)
        finish = shapes.finish_of(turn)
        if finish is not None:
            await wire.send(shapes.chunk(body, {}, finish=finish))
        if turn.usage and (body.get("stream_options") or {}).get("include_usage"):
            await wire.send(shapes.usage_event(body, turn))
        await wire.send(b"data: [DONE]\n\n")
        await wire.end()
        return True

    async def _say(self, wire: Wire, body: dict[str, Any], turn: Turn, piece: str) -> None:
        await wire.send(shapes.chunk(body, {"content": piece}))
        if turn.drip_seconds:
            await wire.wait(None, turn.drip_seconds)

    async def _break(self, wire: Wire, turn: Turn) -> bool:
        """Does what comes `then`; True when the answer goes on after it."""
        if turn.then == "hold":
            await wire.wait(self._released, None)
            return True
        if turn.then == "garble":
            await wire.send(GARBAGE)
            return True
        if turn.then == "hang":
            await wire.wait(None, None)
        if turn.then == "reset":
            await wire.reset()
        return False
