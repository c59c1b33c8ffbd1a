"""The scripted provider: scripts, markers and rules do what they say; it refuses what a real one refuses."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from django.core.management import CommandError, call_command

from assistant.fake.server import FakeOpenAI
from assistant.fake.turns import BadScriptError, Call, Turn, marked, read_script


def post(fake, body, *, key=""):
    """Sends a request; answers status and JSON."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{fake.base_url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def said(fake, *messages):
    """What it answers to messages, the last of them a person's if it is a text."""
    every = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
    status, answer = post(fake, {"model": "fake-1", "messages": every})
    assert status == 200, answer
    return answer["choices"][0]["message"]


def test_developer_without_a_script_reads_that_it_is_no_model():
    with FakeOpenAI() as fake:
        content = said(fake, "What is a mutex?")["content"]
    assert content == "I am the scripted stand-in for a model, and understand nothing. I was sent: What is a mutex?"


def test_script_is_told_in_its_order_and_its_rules_always():
    script = """[
        {"say": "One."},
        {"calls": [{"name": "search_messages", "arguments": {"query": "deploy"}}], "when": "deploy"},
        {"say": "Found.", "after_tool": "search_messages"},
        {"say": "Two."}
    ]"""
    with FakeOpenAI(read_script(script)) as fake:
        assert said(fake, "Hello")["content"] == "One."
        asked = said(fake, "Find the deploy")
        call = asked["tool_calls"][0]
        assert json.loads(call["function"]["arguments"]) == {"query": "deploy"}
        result = {"role": "tool", "tool_call_id": call["id"], "content": "nothing of a dep1oy"}
        assert said(fake, "Find the deploy", asked, result)["content"] == "Found."
        assert said(fake, "Hello")["content"] == "Two."


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("[fake:say=Yes.]", Turn(say="Yes.")),
        ("[fake:fail=429][fake:retry-after=3]", Turn(fail=429, retry_after="3")),
        ("[fake:drip=0.5] [fake:say=a b]", Turn(drip_seconds=0.5, say="a b")),
        ("[fake:say=a b][fake:cut-after=2]", Turn(say="a b", then="cut", after_chars=2)),
        ("[fake:say=a][fake:no-usage][fake:finish=length]", Turn(say="a", usage=False, finish="length")),
        ('[fake:call=read {"lines": "1-9"}]', Turn(calls=(Call("read", {"lines": "1-9"}),))),
        ('[fake:call=read {"lin]', Turn(calls=(Call("read", '{"lin'),))),
        ("[fake] is no marker", None),
    ],
    ids=str,
)
def test_marker_in_a_message_says_what_happens(text, turn):
    assert marked(f"Mina: {text} please") == turn


@pytest.mark.parametrize("text", ["[fake:explode]", "[fake:fail=much]", "[fake:drip=slowly]"])
def test_marker_that_there_is_not_is_refused_with_those_there_are(text):
    with pytest.raises(BadScriptError, match=r"[Tt]here are"):
        marked(text)
    with FakeOpenAI() as fake:
        status, answer = post(fake, {"model": "fake-1", "messages": [{"role": "user", "content": text}]})
    assert status == 400
    assert "cut-after" in answer["error"]["message"]


USER = {"role": "user", "content": "Hi"}
CALLING = {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "function": {"name": "x"}}]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": [USER]}, "model"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": [{"role": "person", "content": "Hi"}]}, "role"),
        ({"model": "m", "messages": [{"role": "user"}]}, "content"),
        ({"model": "m", "messages": [USER, CALLING]}, "no answer: a"),
        ({"model": "m", "messages": [USER, CALLING, USER]}, "no answer: a"),
        ({"model": "m", "messages": [USER, {"role": "tool", "tool_call_id": "b", "content": ""}]}, "tool_call_id"),
        ({"model": "m", "messages": [USER], "tools": [{"function": {"name": "with space"}}]}, "name"),
        ([1], "model"),
    ],
    ids=["model", "empty", "role", "content", "open call", "open call before", "unasked result", "tool", "list"],
)
def test_request_that_a_real_provider_refuses_is_refused(body, words):
    with FakeOpenAI() as fake:
        status, answer = post(fake, body)
    assert status == 400
    assert words in answer["error"]["message"]


def test_wrong_key_is_refused():
    with FakeOpenAI(key="right") as fake:
        body = {"model": "m", "messages": [USER]}
        assert post(fake, body, key="wrong")[0] == 401
        assert post(fake, body, key="right")[0] == 200


def test_port_that_is_taken_is_told():
    with FakeOpenAI() as fake:
        port = int(fake.base_url.rsplit(":", 1)[1].removesuffix("/v1"))
        with pytest.raises(CommandError, match=f"Port {port} cannot be had"):
            call_command("fake_openai", port=port)


@pytest.mark.parametrize("text", ["{", '[{"say": 5}]', '[{"sey": "x"}]', '{"say": "x"}'])
def test_script_that_is_none_is_told_with_its_place(tmp_path, text):
    script = tmp_path / "script.json"
    script.write_text(text)
    with pytest.raises(CommandError, match="The script is no list of turns"):
        call_command("fake_openai", script=script)


def test_developer_starts_it_by_hand(tmp_path):
    script = tmp_path / "script.json"
    script.write_text('[{"say": "From the script."}]')
    command = [sys.executable, "manage.py", "fake_openai", "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 60)[0]
            told = process.stdout.readline() + process.stdout.readline()
            [url] = re.findall(r"OPENAI_BASE_URL=(\S+)", told)
            messages = [{"role": "user", "content": "Hello"}]
            body = json.dumps({"model": "fake-1", "messages": messages}).encode()
            with urllib.request.urlopen(f"{url}/chat/completions", body, timeout=20) as answer:
                assert json.loads(answer.read())["choices"][0]["message"]["content"] == "From the script."
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
