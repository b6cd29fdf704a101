"""Events from JSONL, one a line; the sample that ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.corpus.dataset import Candidate, Dataset
from harness.corpus.files import json_lines
from harness.errors import DataError


@dataclass(kw_only=True)
class Jsonl(Dataset):
    """One event a line, in our own layout or that of a planted set; a folder is asked for its events.jsonl."""

    def candidates(self) -> Sequence[Candidate]:
        file = self._path("a .jsonl file with one event a line")
        if file.is_dir():
            file = file / "events.jsonl"
            if not file.exists():
                raise DataError(f"{file.parent} holds no events.jsonl. For a folder of texts take dataset=folder.")
        return list(json_lines(file))


@dataclass(kw_only=True)
class Sample(Jsonl):
    """The events that ship with the harness, written for it: in the wheel, or at the root of a checkout."""

    def _path(self, expected: str) -> Path:
        if self.path:
            return super()._path(expected)
        package = Path(harness.__file__).parent
        homes = [package / "datasets" / "sample", package.parent / "datasets" / "sample"]
        return next((home for home in homes if home.is_dir()), homes[0])
