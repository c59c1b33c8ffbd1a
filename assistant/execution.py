"""One run from its context to its end: what is asked of the provider, what it answers, and what it calls.

Called by assistant.runner, on the loop. Never decides who may ask; every tool reads the asker's rights again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from assistant import backends, prompts, quotas, services, tools
from assistant.backends import Ask, BackendFailed, CallPiece, EndPiece, TextPiece, UsagePiece
from assistant.given import Context
from assistant.growing import Growing
from assistant.marks import summary_html
from assistant.models import Run, Step
from assistant.pieces import estimate_request, estimate_tokens
from assistant.selectors import usage
from assistant.selectors.agents import AgentInForce
from assistant.selectors.context import context_of
from assistant.services import Ending, Order, Written
from chat import markdown
from chat.shapes import SourceView
from realtime import threads
from realtime.protocol import Refused

logger = logging.getLogger(__name__)

SOURCES_MOST: Final = 40
END_TRIES: Final = 30
END_PAUSE_SECONDS: Final = 1.0
"""A database that is being restarted may be away so long; meanwhile the run stays held."""
TOO_LONG: Final = "\n\n*The answer ends here because it may be no longer. Ask it to go on.*"
INTERNAL: Final = "Something went wrong on our side. It was recorded."


class Used:
    """What a run has taken so far: what the provider counted, and a guess for the request that is not over."""

    def __init__(self) -> None:
        self.input = 0
        self.output = 0
        self.estimated = False
        self._asked = 0
        self._heard = ""

    def ask(self, tokens: int) -> None:
        """A request of about so many tokens begins."""
        self._asked, self._heard = tokens, ""

    def hear(self, text: str) -> None:
        """Something of its answer came."""
        self._heard += text

    def count(self, piece: UsagePiece) -> None:
        """The request is over and was counted."""
        self.input += piece.input_tokens
        self.output += piece.output_tokens
        self.estimated = self.estimated or piece.estimated
        self._asked, self._heard = 0, ""

    @property
    def read(self) -> int:
        """Tokens read, with those of the request that is under way."""
        return self.input + self._asked

    def close(self) -> None:
        """A request that was broken off is counted as guessed."""
        if self._asked:
            self.count(UsagePiece(self._asked, estimate_tokens(self._heard) if self._heard else 0, 0, True))


class Execution:
    """A run that this process executes.

    Attributes:
        id: of the run.
    """

    def __init__(self, run: Run, holder: str, ended: Callable[[Execution], None]) -> None:
        self.id: UUID = run.pk
        self._run = run
        self._holder = holder
        self._ended = ended
        self._growing = Growing(room_id=run.room_id, run=run.pk, message=run.message_id)
        self._used = Used()
        self._kept = ("", 0)
        self._rounds = 0
        self._first_text_at: datetime | None = None
        self._sources: dict[tuple[str, str, str], SourceView] = {}
        self._wrote: list[int] = []
        self._why = ""
        self._cause = ""
        self._context: Context | None = None
        self._task: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None

    # What others want of it

    def begin(self) -> None:
        """Starts it."""
        loop = asyncio.get_running_loop()
        self._work = loop.create_task(self._answer())
        self._task = loop.create_task(self._execute(self._work))

    def stop(self, why: str = "") -> None:
        """Ends it with what it has; `why` is told where nobody pressed a button."""
        self._why = self._why or why
        self._break("stopped")

    def obey(self, order: Order | None) -> None:
        """Does what the heartbeat brought; None says that the run is another's, or over."""
        if order is None:
            self._break("lost")
        elif order.stop or order.gone:
            self._break("stopped")

    async def interrupt(self) -> None:
        """The process ends: hands the run over, and waits until that is done."""
        self._break("interrupted")
        if self._task is not None:
            await asyncio.wait([self._task])

    def _break(self, cause: str) -> None:
        if not self._cause and self._work is not None and not self._work.done():
            self._cause = cause
            self._work.cancel()

    async def written(self) -> Written:
        """What is new since the last heartbeat; closes blocks on the way."""
        await self._growing.render()
        now = (self._growing.text, self._growing.rendered)
        fresh, self._kept = now != self._kept, now
        return Written(
            run=self.id,
            message=self._run.message_id,
            text=self._growing.text if fresh else None,
            html=self._growing.html,
            rendered=self._growing.rendered,
            input_tokens=self._used.read,
        )

    # Its life

    async def _execute(self, work: asyncio.Task[None]) -> None:
        try:
            done, _ = await asyncio.wait([work], timeout=settings.ASSISTANT_RUN_SECONDS)
            if not done:
                self._break("late")
                await asyncio.wait([work])
            self._growing.tell()
            self._used.close()
            await self._end(work)
        except Exception:
            logger.exception("Run %s could not be ended; it will be found as lost", self.id)
        finally:
            self._ended(self)

    async def _end(self, work: asyncio.Task[None]) -> None:
        if self._cause == "lost":
            return
        if self._cause == "interrupted" and not self._growing.text and not self._wrote:
            await threads.write(services.hand_back, run_id=self.id, holder=self._holder)
            return
        text = await threads.compute(markdown.render, self._growing.text)
        ending = Ending(
            **self._outcome(work),
            text=text,
            html=await self._summary_html(),
            used=(self._used.input, self._used.output),
            estimated=self._used.estimated,
            rounds=self._rounds,
            first_text_at=self._first_text_at,
            sources=[msgspec.to_builtins(source) for source in self._sources.values()],
            wrote=list(dict.fromkeys(self._wrote)),
        )
        for attempt in range(END_TRIES):
            try:
                await threads.write(services.end_run, run_id=self.id, holder=self._holder, ending=ending)
                return
            except Exception:
                if attempt + 1 == END_TRIES:
                    raise
                logger.warning("Run %s could not be ended yet", self.id, exc_info=True)
                await asyncio.sleep(END_PAUSE_SECONDS)

    async def _summary_html(self) -> str | None:
        if self._context is None or self._run.kind != Run.Kind.SUMMARY:
            return None
        return await threads.compute(summary_html, text=self._growing.text, context=self._context)

    def _outcome(self, work: asyncio.Task[None]) -> dict[str, Any]:
        """State, fault and words of the end."""
        if work.cancelled():
            return self._broken_off()
        error = work.exception()
        if error is None:
            return {"state": Run.State.DONE}
        if isinstance(error, BackendFailed):
            wait = error.retry_after_seconds
            retry_at = timezone.now() + timedelta(seconds=wait) if wait is not None else None
            return _failed(error.code, error.words, retry_at=retry_at)
        if isinstance(error, Refused):
            return _failed(error.code, error.message)
        logger.error("Run %s failed", self.id, exc_info=error)
        return _failed("internal", INTERNAL)

    def _broken_off(self) -> dict[str, Any]:
        if self._cause == "late":
            words = f"The answer took longer than {settings.ASSISTANT_RUN_SECONDS} s and was ended."
            return _failed("late", words)
        if self._cause == "stopped":
            return {"state": Run.State.STOPPED, "problem": self._why}
        return {"state": Run.State.INTERRUPTED, "fault": "interrupted", "problem": services.INTERRUPTED}

    # The answer

    async def _answer(self) -> None:
        agent = await threads.read(services.agent_for, room_id=self._run.room_id)
        if not agent.enabled or not agent.ready:
            raise Refused("assistant_unavailable", agent.problem)
        context = self._context = await threads.read(context_of, run_id=self.id)
        prompt = await threads.compute(prompts.build, context, budget_tokens=settings.ASSISTANT_CONTEXT_TOKENS)
        self._add_sources(prompt.sources)
        await self._log(*(Step(kind=kind, title=title, detail=detail) for kind, title, detail in prompt.log))
        await self._converse(agent, context, list(prompt.messages))

    async def _converse(self, agent: AgentInForce, context: Context, messages: list[dict[str, Any]]) -> None:
        """Asks, calls what the model calls, and asks again with what came of it, so often as may be."""
        offered = tools.offered(context=context)
        while True:
            self._rounds += 1
            mine = offered if self._rounds <= settings.ASSISTANT_ROUNDS_MOST else []
            if self._rounds > 1:
                await self._reserve_more(agent, messages, mine)
            messages = prompts.shorten(messages, budget_tokens=2 * settings.ASSISTANT_CONTEXT_TOKENS)
            said, calls = await self._listen(agent, messages, mine)
            if not calls or not mine or self._growing.full:
                return
            messages.append(_as_message(said, calls))
            messages += [await self._call(call) for call in calls]

    async def _reserve_more(self, agent: AgentInForce, messages: list[dict[str, Any]], offered: list[Any]) -> None:
        read = estimate_request(messages, offered)
        tokens = quotas.estimate(answer_tokens=agent.answer_tokens, input_tokens=read)
        micros = usage.cost_of(model=agent.model, input_tokens=read, output_tokens=agent.answer_tokens)
        await threads.write(services.reserve, run=self._run, tokens=tokens, micros=micros)

    async def _listen(
        self, agent: AgentInForce, messages: list[dict[str, Any]], offered: list[Any]
    ) -> tuple[str, list[CallPiece]]:
        """One request: its words are told as they come; returns them and what it calls."""
        self._used.ask(estimate_request(messages, offered))
        begun = time.monotonic()
        said, reason = "", ""
        calls: list[CallPiece] = []
        try:
            async with aclosing(backends.stream(self._ask(agent, messages, offered))) as pieces:
                async for piece in pieces:
                    if isinstance(piece, TextPiece):
                        self._say(piece.text, first=not said)
                        said += piece.text
                    elif isinstance(piece, CallPiece):
                        calls.append(piece)
                    elif isinstance(piece, UsagePiece):
                        self._used.count(piece)
                    elif isinstance(piece, EndPiece):
                        reason = piece.reason
                    if self._growing.full:
                        break
        except BackendFailed as failed:
            await self._log(Step(kind=Step.Kind.PROBLEM, title=failed.words, detail=failed.detail))
            raise
        if reason == "length" and not calls:
            self._growing.note(TOO_LONG)
        title = f"{agent.model} ended: {reason or 'cut by us'}"
        detail = f"{self._used.input:,} tokens read and {self._used.output:,} written so far"
        await self._log(Step(kind=Step.Kind.MODEL, title=title, detail=detail, ms=_ms(begun)))
        return said, calls

    def _ask(self, agent: AgentInForce, messages: list[dict[str, Any]], offered: list[Any]) -> Ask:
        return Ask(
            model=agent.model,
            base_url=agent.base_url,
            key_env=agent.key_env,
            messages=messages,
            tools=offered,
            max_output_tokens=agent.answer_tokens,
            temperature=agent.temperature,
            user=salted_hmac("assistant.asker", str(self._run.asker_id)).hexdigest()[:32],
        )

    def _say(self, text: str, *, first: bool) -> None:
        if self._first_text_at is None:
            self._first_text_at = timezone.now()
        if first and self._rounds > 1:
            self._growing.say_activity("")
            text = f"\n\n{text}" if self._growing.text.strip() else text
        self._used.hear(text)
        self._growing.add(text)

    async def _call(self, call: CallPiece) -> dict[str, Any]:
        """Does what the model called, with the asker's rights; answers the message that tells it what came of it."""
        begun = time.monotonic()
        self._growing.tell()
        result = await tools.execute(
            run_id=self.id, name=call.name, arguments=call.arguments, tell=self._growing.say_activity, wrote=self._wrote
        )
        self._add_sources(result.sources)
        step = Step(kind=Step.Kind.TOOL, title=result.title, detail=result.detail, refused=result.refused)
        step.ms = _ms(begun)
        await self._log(step)
        return {"role": "tool", "tool_call_id": call.id, "content": result.content}

    def _add_sources(self, sources: Sequence[SourceView]) -> None:
        for source in sources:
            if len(self._sources) < SOURCES_MOST:
                self._sources.setdefault((source.kind, source.label, source.url), source)

    async def _log(self, *steps: Step) -> None:
        await threads.write(services.add_steps, run_id=self.id, steps=steps)


def _failed(fault: str, problem: str, *, retry_at: datetime | None = None) -> dict[str, Any]:
    return {"state": Run.State.FAILED, "fault": fault[:40], "problem": problem[:300], "retry_at": retry_at}


def _as_message(said: str, calls: list[CallPiece]) -> dict[str, Any]:
    """The turn of the model, as the next request repeats it."""
    called = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
        }
        for call in calls
    ]
    return {"role": "assistant", "content": said or None, "tool_calls": called}


def _ms(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
