"""Whether the small demo model can run on this machine, and its start beside the site. Standard library alone.

Called by bin/run (offer, serve) and bin/test (can). Never stops the site: without the model it says what to set.
"""

import ctypes
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys

import _environment

REQUIREMENTS = "requirements-llm.txt"
LIBRARY = "libgomp.so.1"
PACKAGE = "libgomp1"
KEY_ENV = "ASSISTANT_DEMO_KEY"
PR_SET_PDEATHSIG = 1
LESS_URGENT = 10
REMEDY = """\
The assistant has no model. For a real one, set these and start again:
  OPENAI_API_KEY=…                    the key of your provider
  OPENAI_BASE_URL=https://…/v1        if the provider is not OpenAI
  ASSISTANT_MODEL=…                   if you want another model than the default
See docs/assistant.md. The rest of the site works without."""


def main(command: str, *arguments: str) -> int:
    """Does one of: can, offer, serve PORT."""
    if command == "can":
        return 0 if not why_not() else 1
    if command == "offer":
        return offer()
    return serve(arguments[0])


def why_not() -> str:
    """Why the wheels cannot be used here; empty where they should install."""
    system, machine = platform.system(), platform.machine().lower()
    if sys.maxsize < 2**32 or machine not in {"x86_64", "amd64", "aarch64", "arm64"}:
        return f"there are no wheels of it for {system} on {machine}"
    if system == "Linux" and platform.libc_ver()[0] != "glibc":
        return "there are no wheels of it for a Linux without glibc"
    if system == "Linux" and not has_library() and not may_install():
        return f"it needs {LIBRARY} (Debian, Ubuntu: apt-get install {PACKAGE})"
    return "" if system in {"Linux", "Darwin"} else f"there are no wheels of it for {system}"


def has_library() -> bool:
    """Whether the one library of the system that the engine needs is there."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True


def may_install() -> bool:
    """Whether Debian's packages can be installed without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def offer() -> int:
    """Prints a free port and a new key for the model, or says why there will be none."""
    reason = why_not()
    if reason:
        _environment.say(f"The demo model cannot run on this machine: {reason}.\n{REMEDY}")
        return 1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sys.stdout.write(f"{port} {secrets.token_urlsafe(24)}\n")
    return 0


def serve(port: str) -> int:
    """Installs what is missing, then becomes the model's server; ends with whoever started it."""
    end_with_parent()
    os.nice(LESS_URGENT)
    os.chdir(_environment.ROOT)
    try:
        if platform.system() == "Linux" and not has_library():
            install_library()
        if _environment.main(REQUIREMENTS) != 0:
            raise SystemExit(1)
    except SystemExit as stopped:
        _environment.say(f"The demo model could not be installed. {stopped}\n{REMEDY}")
        return 1
    options = ["--port", port, "--key-env", KEY_ENV, "--with-parent", "--quiet"]
    return os.execv(sys.executable, [sys.executable, "manage.py", "local_llm", *options])


def end_with_parent() -> None:
    """Asks Linux to end this process, and what it becomes, with its parent; elsewhere the server looks by itself."""
    parent = os.getppid()
    if platform.system() == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the call
        raise SystemExit(0)


def install_library() -> None:
    """Installs the engine's library with Debian's tools; if that fails, the engine's own error tells."""
    _environment.say(f"Installing Debian's {PACKAGE} for the demo model …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "install", PACKAGE]):
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=False)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
