"""Events from tables with a field mapping: single articles in a file, rows of the Hugging Face hub."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness.corpus.dataset import Candidate, Dataset, Record
from harness.corpus.event import WHERE
from harness.corpus.files import table_rows
from harness.errors import ConfigError, DataError

ARTICLE = ("id", "source", "title", "text", "published", "url")


@dataclass(kw_only=True)
class Articles(Dataset):
    """Single articles, one a line of .jsonl or a row of .csv, .tsv or .parquet, put together by their event.

    `fields` names the column of each of our fields (event, id, source, title, text, published, url, reference); null
    means that the file has none. Without `event` every article is an event of its own. The reference of an event is the
    first one that stands beside one of its articles.
    """

    fields: Mapping[str, str | None] = field(default_factory=lambda: {"event": "event", "text": "text"})

    def candidates(self) -> Sequence[Candidate]:
        file = self._path("a .jsonl, .csv, .tsv or .parquet file of articles")
        fields = _mapping(self.fields, ("event", *ARTICLE, "reference"))
        columns: dict[str, None] = {}
        events: dict[str, list[tuple[str, Record]]] = {}
        for where, read in table_rows(file):
            try:
                row = read()
                columns.update(dict.fromkeys(row))
                event = row.get(fields["event"]) if "event" in fields else where.rpartition(":")[2]
                if "event" in fields and fields["event"] in row and event in (None, ""):
                    raise DataError(f"{where}: {fields['event']!r} is empty, so this article belongs to no event.")
            except DataError as error:
                self._unreadable(where, error)
                continue
            events.setdefault(str(event), []).append((where, row))
        _check(fields, columns, str(file))
        return [(rows[0][0], partial(_event_of_articles, event, rows, fields)) for event, rows in events.items()]


def _event_of_articles(event: str, rows: Sequence[tuple[str, Record]], fields: Mapping[str, str]) -> Record:
    articles = []
    for number, (where, row) in enumerate(rows, start=1):
        article = {ours: row.get(fields[ours]) for ours in ARTICLE if ours in fields}
        articles.append({"id": f"{event}-{number}", **article, WHERE: where})
    references = (row.get(fields["reference"]) for _, row in rows) if "reference" in fields else ()
    return {"id": event, "articles": articles, "reference": next(filter(None, references), None)}


@dataclass(kw_only=True)
class Hub(Dataset):
    """A data set of the Hugging Face hub, one row an event.

    `path` is its id on the hub, or a local copy of it; with `data_files` (local .jsonl, .json, .csv, .tsv or .parquet)
    the hub is not asked. `fields` names the columns of id, title, text, reference, source, published and url. A text is
    one article, a list of articles, or several with `separator` between them; empty pieces are no articles.
    """

    fields: Mapping[str, str | None] = field(default_factory=lambda: {"text": "text"})
    separator: str | None = None
    revision: str | None = None
    config: str | None = None
    split: str = "test"
    data_files: str | Sequence[str] | None = None

    def candidates(self) -> Sequence[Candidate]:
        fields = _mapping(self.fields, (*ARTICLE, "reference"))
        what, rows = self._load()
        _check(fields, rows.column_names, what)
        return [(f"{what} {self.split}[{i}]", partial(self._event_of_row, rows, i, fields)) for i in range(len(rows))]

    def _load(self) -> tuple[str, Any]:
        from datasets import load_dataset  # type: ignore[attr-defined]  # mypy sees our folder datasets/

        files = [self.data_files] if isinstance(self.data_files, str) else list(self.data_files or ())
        files = [str(Path(name).expanduser()) for name in files]
        if missing := [name for name in files if not Path(name).is_file()]:
            raise DataError(f"{missing[0]} does not exist; dataset.data_files names local files.")
        if not files and not self.path:
            raise ConfigError("dataset=hub reads a data set of the hub: say which with dataset.path=owner/name.")
        what = files[0] if files else str(self.path)
        try:
            if not files:
                return what, load_dataset(what, self.config, revision=self.revision, split=self.split)
            suffix = Path(what).suffix.lstrip(".").lower()
            options = {"delimiter": "\t"} if suffix == "tsv" else {}
            builder = {"jsonl": "json", "tsv": "csv"}.get(suffix, suffix)
            return what, load_dataset(builder, data_files={self.split: files}, split=self.split, **options)
        except Exception as error:  # dozens of kinds, from the network, the cache, the parsers and the library itself
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise DataError(
                f"{what} (config {self.config}, split {self.split}, revision {self.revision}) cannot be loaded: "
                f"{reason[:400]}. Where there is no network, name local files with dataset.data_files=FILE."
            ) from error

    def _event_of_row(self, rows: Any, index: int, fields: Mapping[str, str]) -> Record:
        row = {ours: rows[index][theirs] for ours, theirs in fields.items()}
        event = f"{self.split}-{index}" if row.get("id") is None else str(row["id"])
        text = row.pop("text")
        if isinstance(text, str) and self.separator:
            text = text.split(self.separator)
        if isinstance(text, list):
            text = [piece for piece in text if not isinstance(piece, str) or piece.strip()]
        articles = [
            {
                **{ours: row[ours] for ours in ("source", "published", "url") if ours in row},
                "id": f"{event}-{n}",
                "text": t,
            }
            for n, t in enumerate(text if isinstance(text, list) else [text], start=1)
        ]
        return {"id": event, "title": row.get("title"), "reference": row.get("reference"), "articles": articles}


def _mapping(fields: Mapping[str, str | None], ours: Sequence[str]) -> dict[str, str]:
    for name in fields:
        if name not in ours:
            near = difflib.get_close_matches(name, ours, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise DataError(f"dataset.fields has {name!r}; the fields are {', '.join(ours)}.{hint}")
    if not fields.get("text"):
        raise DataError("dataset.fields.text has to name the column that holds the articles.")
    return {name: column for name, column in fields.items() if column}


def _check(fields: Mapping[str, str], columns: Iterable[str], where: str) -> None:
    columns = list(columns)
    for name, column in fields.items():
        if columns and column not in columns:
            near = difflib.get_close_matches(column, columns, n=1)
            hint = (
                f"Did you mean dataset.fields.{name}={near[0]}?"
                if near
                else f"Set dataset.fields.{name} to one of these."
            )
            raise DataError(f"{where} has no column {column!r} for {name}; it has {', '.join(columns)}. {hint}")
