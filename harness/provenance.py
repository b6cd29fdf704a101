"""The run record: with what, on what, on which data and how long; and the keys under which work is cached.

run.json of a run folder says what was asked (`config`, `names`, `settings`), of what (`data`, `counts`, `skipped`), how
it was scored (`signatures`), and in `sessions`, one entry per invocation that worked on the folder, with what code, on
which machine, in what time. An entry without `finished` was stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import harness
from harness.progress import Advance, silent
from harness.schema import Event, Signature, digest, to_dict
from harness.store import RunFolder

# Those whose version can change a number.
LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "gguf",
    "spacy",
    "numpy",
    "scipy",
    "rouge-score-rs",
    "evaluate",
    "datasets",
    "jinja2",
    "hydra-core",
)


def cache_key(kind: str, **parts: Any) -> str:
    """The SHA-256 of the canonical JSON of everything that can change a value (64 hex digits).

    The order of the parts does not matter, the type of a value does. TypeError for what is neither JSON nor a noun,
    ValueError for NaN: a key must not depend on how an object happens to print.

    >>> cache_key("generation", model="a", seed=1) == cache_key("generation", seed=1, model="a")
    True
    >>> cache_key("generation", seed=1) == cache_key("generation", seed="1")
    False
    """
    canonical = json.dumps(
        [kind, to_dict(parts)], ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def data_digest(events: Sequence[Event]) -> str:
    """The identity of the events as they were summarised: cleaned, limited, sampled, in order."""
    return digest(list(events))


def environment() -> dict[str, Any]:
    """Code and machine: harness, commit, Python, libraries, platform, processor, accelerators."""
    return {
        "harness": harness.__version__,
        **commit(),
        "python": platform.python_version(),
        "libraries": versions(),
        "platform": platform.platform(),
        "processor": _processor(),
        "accelerators": _accelerators(),
    }


def versions() -> dict[str, str]:
    """The installed version of each library that matters."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> dict[str, Any]:
    """The git commit of the checkout this package runs from, and whether files differ from it; None in a wheel."""
    root = Path(harness.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return {"commit": None, "dirty": None}

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):  # no git, or not our files
        return {"commit": None, "dirty": None}


def _processor() -> str:
    try:
        info = Path("/proc/cpuinfo").read_text()
        name = next(line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def _accelerators() -> list[str]:
    """Names of GPUs, if torch is loaded: asking must not load it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    if torch.cuda.is_available():
        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else []


def peak_memory() -> dict[str, int]:
    """The largest memory of this process so far, in MiB, and that on each GPU."""
    peak = {}
    try:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak["process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
    except ImportError:  # Windows
        pass
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            peak[f"cuda:{i}"] = torch.cuda.max_memory_allocated(i) // 2**20
    return peak


class Session:
    """One invocation that works on a run folder; it enters itself in run.json when it begins and when it ends.

    `names` are those of data set, model, prompt and brief: what `compare` calls the run. `settings` is the whole
    configuration, `signatures` the full one of each metric and of what else made the numbers.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        names: Mapping[str, str],
        settings: Mapping[str, Any],
        events: Sequence[Event],
        skipped: Sequence[Any] = (),
        signatures: Mapping[str, Signature | str] | None = None,
    ) -> None:
        self._folder = folder
        self._entry: dict[str, Any] = {"started": _now(), "finished": None, **environment(), "stages": {}}
        before = folder.run
        folder.run = {
            **before,
            "names": dict(names),
            "settings": settings,
            "data": data_digest(events),
            "counts": {
                "events": len(events),
                "articles": sum(len(event.articles) for event in events),
                "skipped": len(skipped),
            },
            "skipped": list(skipped),
            "signatures": {name: str(signature) for name, signature in (signatures or {}).items()},
            "sessions": [*before.get("sessions", []), self._entry],
        }

    @contextmanager
    def stage(self, name: str, advance: Advance = silent) -> Iterator[Advance]:
        """Time the block, and count what passes through the `Advance` it is given on the way to the one here."""
        count = {"seconds": 0.0, "items": 0, "tokens": 0}
        self._entry["stages"][name] = count
        started = time.monotonic()

        def counting(items: int, tokens: int = 0) -> None:
            count["items"] += items
            count["tokens"] += tokens
            advance(items, tokens)

        try:
            yield counting
        finally:
            count["seconds"] = round(time.monotonic() - started, 3)

    def finish(self, **more: Any) -> None:
        """Enter the end of the session: times, peak memory, and what else is worth knowing (the model's device)."""
        self._entry |= {"accelerators": _accelerators(), "peak_memory_mib": peak_memory(), **more, "finished": _now()}
        run = self._folder.run
        self._folder.run = {**run, "sessions": [*run["sessions"][:-1], self._entry]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
