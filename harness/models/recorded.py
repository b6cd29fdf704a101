"""Texts that were written elsewhere, read from a file, so that they can be scored like any others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError
from harness.models.extract import Extract
from harness.protocols import Request
from harness.schema import Signature
from harness.weights import identity

_FIELDS = {"event_id", "kind", "text", "article_id"}
_FORM = (
    'each line is {"event_id": "...", "kind": "brief", "text": "..."}, or with "kind": "summary" and an "article_id"'
)


class Recorded(Extract):
    """The texts of a JSONL file: `event_id`, `kind` (summary | brief), `text`, and `article_id` of a summary.

    What the file has no line for is recorded as an error of that summary; an empty text stays an empty text. Lines of
    events that are not part of the run are not used.
    """

    def __init__(self, path: str, name: str = "recorded") -> None:
        self.name, self.path = name, Path(path).expanduser()
        self._texts = self._load()

    @property
    def signature(self) -> Signature:
        return Signature(self.name, (("file", f"sha256:{identity(self.path)[:16]}"),))

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        article_id = request.articles[0].id if request.kind == "summary" else None
        text = self._texts.get((request.event.id, request.kind, article_id))
        if text is None:
            of = f" of article {article_id}" if article_id is not None else ""
            raise LookupError(f"{self.path.name} has no {request.kind}{of} for event {request.event.id}")
        return text

    def _load(self) -> dict[tuple[str, str, str | None], str]:
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError as error:
            raise DataError(
                f"The recorded texts {self.path} cannot be read ({error.strerror}). model.path names a JSONL file; {_FORM}."
            ) from error
        texts: dict[tuple[str, str, str | None], str] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            key, text = self._record(line, f"{self.path}:{number}")
            if key in texts:
                raise DataError(
                    f"{self.path}:{number}: there is an earlier {key[1]} for the same place; one is needed."
                )
            texts[key] = text
        return texts

    @staticmethod
    def _record(line: bytes, where: str) -> tuple[tuple[str, str, str | None], str]:
        try:
            record = json.loads(line)
        except ValueError as error:  # UnicodeDecodeError is one
            raise DataError(f"{where}: this line is no JSON ({error}); {_FORM}.") from error
        wrong = None
        if not isinstance(record, dict):
            wrong = "this line is no JSON object"
        elif unknown := sorted(set(record) - _FIELDS):
            wrong = f"there is no field {unknown[0]!r}"
        elif not isinstance(record.get("event_id"), str) or not record["event_id"]:
            wrong = "event_id is no text"
        elif record.get("kind") not in ("summary", "brief"):
            wrong = f"kind is {record.get('kind')!r}"
        elif not isinstance(record.get("text"), str):
            wrong = "text is no text"
        elif record["kind"] == "summary" and not isinstance(record.get("article_id"), str):
            wrong = "a summary needs the article_id it is of"
        elif record["kind"] == "brief" and record.get("article_id") is not None:
            wrong = "a brief is of all articles: it has no article_id"
        if wrong:
            raise DataError(f"{where}: {wrong}; {_FORM}.")
        return (record["event_id"], record["kind"], record.get("article_id")), record["text"].strip()
