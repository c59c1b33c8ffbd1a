"""Gets ready what a run needs: the compiled generator, the Node peers, the facts about this machine.

Called by bench.__main__ before the first measurement.
Never installs anything outside bench/.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PEERS = BENCH / "peers"
PYTHON_PACKAGES = ("django", "channels", "channels-redis", "daphne", "uvicorn", "uvloop", "httptools", "msgspec")


class NotReady(Exception):
    """Something that a run needs is missing; the text says what and what to do."""


def build_generator() -> Path:
    """Compiles the load generator when its sources changed; returns the program."""
    sources = sorted((BENCH / "generator").glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    program = BENCH / "build" / f"generator-{digest}"
    if program.exists():
        return program
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotReady("a C compiler is needed for the load generator (Debian: apt-get install gcc libc6-dev)")
    program.parent.mkdir(exist_ok=True)
    files = [str(path) for path in sources if path.suffix == ".c"]
    subprocess.run([compiler, "-O2", "-Wall", "-std=gnu11", "-o", str(program), *files], check=True)
    return program


def install_peers() -> None:
    """Installs the Node peers from their lockfile when it changed."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NotReady("node and npm are needed for the Node peers; --only can leave them out")
    wanted = hashlib.sha256((PEERS / "package-lock.json").read_bytes()).hexdigest()
    stamp = PEERS / "node_modules" / ".bench-stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PEERS, check=True)
    stamp.write_text(wanted)


def cores() -> tuple[int, int]:
    """The core of the servers and the core of the generator; the same one twice on a machine with one core."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip()


def facts() -> dict[str, object]:
    """Versions, machine and commit, as they are written into every result."""
    versions: dict[str, str] = {"python": platform.python_version()}
    for name in PYTHON_PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "absent"
    if node := shutil.which("node"):
        versions["node"] = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
        peers = json.loads((PEERS / "package.json").read_text())["dependencies"]
        versions |= peers
    server_core, generator_core = cores()
    return {
        "versions": versions,
        "commit": _git("rev-parse", "--short", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "server_core": server_core,
        "generator_core": generator_core,
    }
