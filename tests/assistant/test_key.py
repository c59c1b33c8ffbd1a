"""The provider's key is in no log, page, frame, error or row, whatever goes wrong and whoever looks."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.core import serializers
from django.test import Client

from assistant import backends
from assistant.models import Run
from realtime import log
from tests import factories
from tests.assistant.conftest import KEY
from tests.assistant.hearing import ended
from tests.assistant.test_runner import ask, here, in_room
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]
SECRET = KEY.removeprefix("sk-test-")
ECHO = f"Incorrect API key provided: {KEY}. (Bearer {KEY}; see ?key={KEY})"


def play_every_fault(provider: Any) -> int:
    """Queues an answer for each way in which a provider can fail, with the key in what it says; returns how many."""
    for status in (400, 401, 402, 403, 404, 413, 418, 422):
        provider.fail(status, code=KEY, message=ECHO)
    provider.fail(429, message=ECHO, retry_after=30)
    provider.fail(500, message=ECHO, retry_after=30)  # a wait too long to be tried again
    provider.fail(503, message=ECHO, retry_after=30)
    provider.cut("It began ")
    provider.reset("It began ")
    provider.garble("It began ")
    provider.call_tool("read_document", "{no json")
    provider.say("", finish="content_filter")
    return 16


def stored() -> str:
    """Every row of every table of ours, as text."""
    ours = ("accounts", "api", "assistant", "chat", "editor", "realtime", "admin")
    models = [model for label in ours for model in apps.get_app_config(label).get_models()]
    return "".join(serializers.serialize("json", model._default_manager.all()) for model in models)


def pages(client: Client, room: Any) -> list[str]:
    """Whatever is shown of the assistant and its runs."""
    paths = [f"/rooms/{room.slug}/", f"/api/rooms/{room.pk}/snapshot/", f"/api/rooms/{room.pk}/assistant/"]
    paths += [f"/api/assistant/quota/?room={room.pk}", "/api/assistant/memory/", "/assistant/"]
    paths += [f"/api/rooms/{room.pk}/catch-up/?since=0"]
    for run in Run.objects.all():
        paths += [f"/api/runs/{run.pk}/", f"/api/runs/{run.pk}/log/", f"/api/messages/{run.message_id}/answers/"]
        paths += [f"/admin/assistant/run/{run.pk}/change/"]
    for model in apps.get_app_config("assistant").get_models():
        paths.append(f"/admin/assistant/{model._meta.model_name}/")
    told = []
    for path in paths:
        response = client.get(path, follow=True)
        told.append(f"{path} {response.status_code} {response.headers} {response.content.decode()}")
    chosen = {"action": "test_connection", "_selected_action": [Run.objects.all()[0].agent_id]}
    told.append(client.post("/admin/assistant/agent/", chosen, follow=True).content.decode())
    return told


@pytest.mark.allow_logged_errors("faults are played; what they leave in the log is looked at")
async def test_whatever_goes_wrong_nobody_reads_the_key(provider, agent, mina, room, caplog, settings, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_LOG", "debug")
    settings.ASSISTANT_PERSON_MINUTE_RUNS = 0
    frames: list[Any] = []
    async with here(mina) as hers:
        await in_room(hers, room)
        for number in range(play_every_fault(provider)):
            answer = await ask(hers, room, f"@assistant try {number}")
            told = await ended(hers)
            assert told["run"]["id"] == answer["run"]["id"]
            assert told["run"]["state"] == "failed", (number, told)
            assert told["run"]["problem"], number
            frames += [answer, told]
        monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}-wrong")  # refused by the provider itself, which quotes it
        await ask(hers, room, "@assistant with a wrong key")
        frames.append(await ended(hers))
        assert "did not accept the key" in frames[-1]["run"]["problem"]
    sent = {request.headers.get("authorization") for request in provider.requests}
    assert f"Bearer {KEY}" in sent, "the key was used, otherwise this test proves nothing"
    boss = await sync_to_async(factories.make_person)("boss", is_staff=True, is_superuser=True)
    shown = await sync_to_async(lambda: [*pages(signed_in(mina), room), *pages(signed_in(boss), room)])()
    rows = await sync_to_async(stored)()
    entries = await sync_to_async(log.read)(f"room:{room.pk}", 0, 1_000)
    events = [entry.frame.decode() for entry in entries]
    records = [f"{logging.Formatter().format(record)} {record.args}" for record in caplog.records]
    everything = {"frames": [json.dumps(frames)], "events": events, "pages": shown, "rows": [rows], "log": records}
    found = {place: [text for text in texts if SECRET in text] for place, texts in everything.items()}
    assert found == {place: [] for place in everything}


async def test_an_error_of_the_backend_carries_no_key_in_its_frames(provider, agent):
    provider.fail(401, message=ECHO)
    wish = backends.Ask(
        "fake-1", provider.base_url, "OPENAI_API_KEY", [{"role": "user", "content": "x"}], [], 9, None, ""
    )
    try:
        with pytest.raises(backends.BackendFailed) as caught:
            async for _ in backends.stream(wish):
                pass
    finally:
        await backends.close()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r} {error} {vars(error)}"
        trace = error.__traceback__
        while trace is not None:
            if "assistant" in trace.tb_frame.f_code.co_filename and "tests" not in trace.tb_frame.f_code.co_filename:
                assert SECRET not in repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


async def test_the_provider_hears_no_name_of_the_asker_but_a_hash(provider, agent, mina, room):
    provider.say("Green.")
    async with here(mina) as hers:
        await in_room(hers, room)
        await ask(hers, room)
        await ended(hers)
    [request] = [one for one in provider.requests if one.path.endswith("/chat/completions")]
    body = request.body
    assert len(body["user"]) == 32
    assert mina.email not in msgspec.json.encode(body).decode()
    assert not {"cookie", "referer", "origin"} & {name.lower() for name in request.headers}
