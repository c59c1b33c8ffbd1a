"""Makes or refreshes .venv for the requirements file named on the command line, with the standard library alone.

Called by bin/_common.sh with any Python 3.11+; quick when nothing has changed (one stamp is compared).
Never touches anything outside .venv, but for Debian's python3-venv package when root has no other way.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
ALONE = {"requirements-llm.txt"}
"""Installed without what its packages ask for, and never compiled."""
REMEDY = """\
This Python can make no virtual environment, and neither pip, virtualenv nor uv was found to help.
Do one of these and run the command again:
  Debian, Ubuntu:   apt-get install python3-venv
  any system:       install uv
  another Python:   PYTHON=/path/to/python3 {command}"""


def main(requirements: str) -> int:
    """Brings .venv up to date under a lock, so that two commands started at once do not build it twice."""
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not usable():
        create()
    stamp = VENV / f".stamp-{requirements}"
    wanted = fingerprint(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    say(f"Installing {requirements} into .venv (the first time takes a minute or two) …")
    install(requirements)
    stamp.write_text(wanted)
    return 0


def say(text: str) -> None:
    """Progress goes to standard error: standard output belongs to the command."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def succeeds(command: Sequence[str | Path], *, quiet: bool = True) -> bool:
    """Runs the command to its end; a missing program counts as a failure, and its words are shown unless quiet."""
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError:
        return False
    if ended.returncode != 0 and not quiet:
        say(ended.stdout.rstrip())
    return ended.returncode == 0


def usable() -> bool:
    """Whether .venv starts, is where it was made (a moved one has wrong paths) and is the Python asked for."""
    probe = "import sys; print(sys.prefix, sys.version_info[:2] >= (3, 11), *sys.version_info[:3])"
    try:
        answer = subprocess.run([VENV_PYTHON, "-c", probe], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return False
    version = answer.split(" ", 2)[2] if answer.startswith(f"{VENV} True ") else None
    if version is None:
        return False
    asked_for = "PYTHON" in os.environ
    return not asked_for or version == " ".join(map(str, sys.version_info[:3]))


def create() -> None:
    """Makes an empty .venv by the first way that works on this machine."""
    if VENV.exists():
        say("The .venv that is here does not fit this place or this Python: making it anew.")
        shutil.rmtree(VENV)
    say(f"Making .venv with Python {sys.version.split()[0]} …")
    ways = (with_uv, with_venv, with_virtualenv, with_foreign_pip, with_debian_package)
    for way in ways:
        if way() and usable():
            return
        shutil.rmtree(VENV, ignore_errors=True)
    raise SystemExit(REMEDY.format(command=os.environ.get("COLLAB_COMMAND", "bin/run")))


def with_uv() -> bool:
    """The quick one."""
    uv = shutil.which("uv")
    return uv is not None and succeeds([uv, "venv", "-q", "--no-project", "--seed", "--python", sys.executable, VENV])


def with_venv() -> bool:
    """The ordinary one; Debian ships it without ensurepip until python3-venv is installed."""
    return succeeds([sys.executable, "-m", "venv", VENV]) and has_pip()


def with_virtualenv() -> bool:
    """It carries its own pip."""
    return succeeds([sys.executable, "-m", "virtualenv", "-q", VENV]) and has_pip()


def with_foreign_pip() -> bool:
    """An environment without pip, filled by the pip outside (which must know --python: 22.3 or newer)."""
    return succeeds([sys.executable, "-m", "venv", "--without-pip", VENV]) and bool(outer_pip())


def with_debian_package() -> bool:
    """Installs what Debian splits off, where that is allowed."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None or not Path(sys.executable).is_relative_to("/usr"):
        return False
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    say(f"Installing Debian's {package} …")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    succeeds([*environment, "apt-get", "-qq", "update"])
    return succeeds([*environment, "apt-get", "-qq", "-y", "install", package], quiet=False) and with_venv()


def has_pip() -> bool:
    """Whether .venv has a pip of its own."""
    return succeeds([VENV_PYTHON, "-m", "pip", "--version"])


def outer_pip() -> list[str | Path]:
    """The command of a pip outside that can install into .venv, or nothing."""
    command: list[str | Path] = [sys.executable, "-m", "pip", "--python", VENV_PYTHON]
    return command if succeeds([*command, "--version"]) else []


def install(requirements: str) -> None:
    """Installs the pinned requirements under the universal lock; the installer's own words are shown when it fails."""
    files = ["-r", str(ROOT / requirements), "-c", str(CONSTRAINTS)]
    if requirements in ALONE:
        files += ["--no-deps", "--only-binary", ":all:"]
    uv = shutil.which("uv")
    if uv is not None and succeeds([uv, "pip", "install", "-q", "--python", VENV_PYTHON, *files], quiet=False):
        return
    pip = [VENV_PYTHON, "-m", "pip"] if has_pip() else outer_pip()
    if not pip:
        shutil.rmtree(VENV)
        raise SystemExit("The .venv has lost its pip; it was removed. Run the command again.")
    command = [*pip, "install", "-q", "--disable-pip-version-check", "--no-input", *files]
    if not succeeds(command, quiet=False):
        raise SystemExit(f"pip could not install {requirements}; its message is above. Is a package index reachable?")


def fingerprint(requirements: str) -> str:
    """What the environment was built from: the files, the interpreter and the place."""
    digest = hashlib.sha256()
    for name in ("requirements.txt", requirements, CONSTRAINTS.name):
        digest.update((ROOT / name).read_bytes())
    digest.update((VENV / "pyvenv.cfg").read_bytes())
    digest.update(f"{sysconfig.get_platform()}|{VENV}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
