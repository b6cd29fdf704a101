"""The groups of conf/ and their choices, read from the file names: for help and for errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

GROUPS = ("dataset", "model", "backend", "prompt", "brief", "claims", "checker", "sources", "evaluator", "benchmark")


def conf_dir() -> Path:
    """conf/ inside an installed package, or at the root of a checkout."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "conf"


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def describe(groups: Iterable[str]) -> str:
    """One line per group, wrapped at 110 columns."""
    import textwrap

    lines = []
    for group in groups:
        text = textwrap.fill(" ".join(choices(group)), 96, subsequent_indent=" " * 13)
        lines.append(f"  {group:<10} {text}\n")
    return "".join(lines)


def nearest(word: str, words: Iterable[str]) -> str:
    """' Did you mean X?' or nothing."""
    near = difflib.get_close_matches(word, list(words), n=1)
    return f" Did you mean {near[0]}?" if near else ""
