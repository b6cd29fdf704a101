"""Summaries that people have judged, read into one form: what `harness validate` measures against.

The layout (docs/validation.md) is a folder with two JSONL files. `documents.jsonl`: `doc_id`, `document`, and where
there is one `reference`. `records.jsonl`: `id`, `doc_id`, `summary` and either `label` (1 consistent with the
document, 0 not; with `score`, a graded judgement, and `sentences`, labelled one by one, where there are such) or
`key_facts` (`text`, `present` 1/0; `score` is the share present where it is not given). `system` names the summariser, `origin` the corpus
where a set joins several.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.choices import nearest
from harness.corpus.files import json_lines
from harness.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True)
class Judged:
    """A piece of text with a 1/0 judgement: a sentence of a summary (supported?), a key fact (present?)."""

    text: str
    label: int


@dataclass(frozen=True, slots=True)
class Record:
    """One summary and what people said of it."""

    id: str
    doc_id: str
    summary: str
    label: int | None = None
    score: float | None = None
    system: str | None = None
    origin: str | None = None
    sentences: tuple[Judged, ...] = ()
    key_facts: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    text: str
    reference: str | None = None


@dataclass(frozen=True)
class Benchmark:
    """A judged set: its documents by id and its records in file order."""

    name: str
    documents: Mapping[str, Document]
    records: Sequence[Record]

    @property
    def has_key_facts(self) -> bool:
        return any(record.key_facts for record in self.records)

    @property
    def origins(self) -> list[str]:
        """The corpora this set joins, if it joins several."""
        found = sorted({record.origin for record in self.records if record.origin})
        return found if len(found) > 1 else []

    def first(self, documents: int | None) -> Benchmark:
        """Only the records of the first so many documents; all for None."""
        if documents is None:
            return self
        kept = set(list(dict.fromkeys(record.doc_id for record in self.records))[:documents])
        return Benchmark(self.name, self.documents, [r for r in self.records if r.doc_id in kept])

    def of_origin(self, origin: str) -> Benchmark:
        records = [record for record in self.records if record.origin == origin]
        return Benchmark(f"{self.name}/{origin}", self.documents, records)


FILES = ("documents.jsonl", "records.jsonl")
FIELDS = frozenset("doc_id document reference id summary label score system origin sentences key_facts".split())


def is_judged(path: Path) -> bool:
    """Whether a folder holds a judged set, or half of one."""
    return any((path / name).exists() for name in FILES)


@dataclass(frozen=True)
class Folder:
    """Reads a folder with documents.jsonl and records.jsonl, or a folder of such folders.

    `fields` maps our names to those of the files where they differ: {"summary": "hypothesis"}.
    """

    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if strange := sorted(self.fields.keys() - FIELDS):
            raise ConfigError(
                f"benchmark.fields has {strange[0]!r}, which is no field of ours: they are {', '.join(sorted(FIELDS))}."
                f"{nearest(strange[0], FIELDS)}"
            )

    def load(self, path: str | Path) -> list[Benchmark]:
        path = Path(path)
        if not path.is_dir():
            near = nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
            raise DataError(
                f"There is no folder {path}. path= names a folder with documents.jsonl and records.jsonl, or one that holds such folders.{near}"
            )
        folders = [path] if is_judged(path) else sorted(p for p in path.iterdir() if is_judged(p))
        if not folders:
            raise DataError(
                f"{path} is no benchmark: neither it nor a folder in it holds documents.jsonl and records.jsonl (docs/validation.md has the layout)."
            )
        keys: dict[str, None] = {}  # of all lines
        benchmarks = [self._one(folder, keys) for folder in folders]
        for name, key in self.fields.items():
            if key not in keys:
                raise DataError(
                    f"{path}: benchmark.fields says that {name} is called {key!r}, and no line has such a field; there are "
                    f"{', '.join(keys)}.{nearest(key, keys)}"
                )
        return benchmarks

    def _one(self, folder: Path, keys: dict[str, None]) -> Benchmark:
        for name in FILES:
            if not (folder / name).is_file():
                raise DataError(f"{folder} lacks {name}; a benchmark needs documents.jsonl and records.jsonl.")
        documents: dict[str, Document] = {}
        for where, read in json_lines(folder / "documents.jsonl"):
            row = read()
            keys |= dict.fromkeys(row)
            doc = Document(
                self._get(row, "doc_id", str, where),
                self._get(row, "document", str, where),
                self._get(row, "reference", str, where, False),
            )
            if doc.id in documents:
                raise DataError(f"{where}: the doc_id {doc.id!r} is there twice; ids must be unique.")
            documents[doc.id] = doc
        records: list[Record] = []
        ids: set[str] = set()
        for where, read in json_lines(folder / "records.jsonl"):
            row = read()
            keys |= dict.fromkeys(row)
            records.append(self._record(row, where, documents))
            if records[-1].id in ids:
                raise DataError(f"{where}: the id {records[-1].id!r} is there twice; ids must be unique.")
            ids.add(records[-1].id)
            if bool(records[-1].key_facts) != bool(records[0].key_facts):
                raise DataError(f"{where}: some records have key_facts and some have none; make two sets of them.")
        if not records:
            raise DataError(f"{folder / 'records.jsonl'} holds no records.")
        return checked(Benchmark(folder.resolve().name, documents, records), folder / "records.jsonl")

    def _record(self, row: Mapping[str, Any], where: str, documents: Mapping[str, Document]) -> Record:
        doc_id = self._get(row, "doc_id", str, where)
        if doc_id not in documents:
            raise DataError(f"{where}: doc_id {doc_id!r} is not in documents.jsonl.")
        called = self.fields.get("label", "label")
        label = row.get(called)
        if label not in (0, 1, None):
            raise DataError(f"{where}: {called} is {label!r}; it has to be 1 (consistent) or 0 (not).")
        score, key_facts = self._score(row, where), self._judged(row, "key_facts", "present", where)
        if score is None and key_facts:
            score = sum(fact.label for fact in key_facts) / len(key_facts)
        record = Record(
            self._get(row, "id", str, where),
            doc_id,
            self._get(row, "summary", str, where),
            None if label is None else int(label),
            score,
            self._get(row, "system", str, where, False),
            self._get(row, "origin", str, where, False),
            self._judged(row, "sentences", "label", where),
            key_facts,
        )
        if record.sentences and record.key_facts:
            raise DataError(f"{where}: there are sentences and key_facts; make two sets of them.")
        if record.label is None and not record.key_facts:
            raise DataError(
                f"{where}: there is neither a {called} nor {self.fields.get('key_facts', 'key_facts')}; one of them is what "
                f"is measured against. The line has {', '.join(row)}.{nearest(called, row.keys() - {called})}"
            )
        return record

    def _get(self, row: Mapping[str, Any], name: str, kind: Any, where: str, needed: bool = True) -> Any:
        key = self.fields.get(name, name)
        value = row.get(key)
        if value is None and not needed:
            return None
        if value is None:
            raise DataError(f"{where}: there is no field {key!r}; the line has {', '.join(row)}.{nearest(key, row)}")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DataError(f"{where}: {key} is {value!r}; it has to be {'text' if kind is str else 'a number'}.")
        return value

    def _score(self, row: Mapping[str, Any], where: str) -> float | None:
        score = self._get(row, "score", (int, float), where, False)
        try:
            finite = score is None or math.isfinite(score)
        except OverflowError:  # an integer beyond all floats
            finite = False
        if not finite:
            raise DataError(f"{where}: score is {score!r}; it has to be a finite number.")
        return score

    def _judged(self, row: Mapping[str, Any], name: str, label: str, where: str) -> tuple[Judged, ...]:
        items = row.get(self.fields.get(name, name)) or []
        if not isinstance(items, list):
            raise DataError(
                f"{where}: {name} is {items!r}; it has to be a list of texts, each with a {label} of 1 or 0."
            )
        for item in items:
            if not isinstance(item, dict) or not isinstance(item.get("text"), str) or item.get(label) not in (0, 1):
                raise DataError(f"{where}: each of {name} needs a text and a {label} of 1 or 0; found {item!r}.")
        return tuple(Judged(item["text"], int(item[label])) for item in items)


@dataclass(frozen=True)
class Hub:
    """Reads a judged set of the Hugging Face hub, or a local copy of it: path=FILE (.jsonl, .json, .csv or .parquet).

    One row is one record: `document`, `summary` and `label` name its columns, `set_column` one that tells sets apart.
    """

    name: str
    document: str
    summary: str
    label: str
    set_column: str | None = None
    split: str = "test"
    revision: str | None = None

    def load(self, path: str | Path | None = None) -> list[Benchmark]:
        from datasets import load_dataset  # type: ignore[attr-defined]  # mypy sees our folder datasets/

        where = str(path or self.name)
        if path is None:
            source = {"path": self.name, "split": self.split, "revision": self.revision}
        else:  # one file has no splits: the library calls what it reads "train"
            source = {"path": _builder(Path(path)), "split": "train", "data_files": str(path)}
        try:
            rows = load_dataset(**source)
        except Exception as error:  # the library raises a dozen kinds for: no network, no such set, no access
            hint = "It needs a network and, for a gated set, `hf auth login`; local copies are read with path=FILE."
            raise DataError(
                f"The data set {where} cannot be loaded ({type(error).__name__}: {error}). {'' if path else hint}".rstrip()
            ) from error
        wanted = [column for column in (self.document, self.summary, self.label, self.set_column) if column]
        if missing := [column for column in wanted if column not in rows.column_names]:
            raise DataError(f"{where} has no column {missing[0]!r}; it has {', '.join(rows.column_names)}.")
        sets: dict[str, tuple[dict[str, Document], list[Record]]] = {}
        for number, row in enumerate(rows):
            name = str(row[self.set_column]) if self.set_column else self.name.rsplit("/", 1)[-1]
            documents, records = sets.setdefault(name, ({}, []))
            for column in (self.document, self.summary):
                if not isinstance(row[column], str):
                    raise DataError(f"{where}, row {number}: {column} is {row[column]!r}; it has to be text.")
            if row[self.label] not in (0, 1):
                raise DataError(f"{where}, row {number}: {self.label} is {row[self.label]!r}; it has to be 1 or 0.")
            doc = documents.setdefault(row[self.document], Document(f"{name}-{len(documents)}", row[self.document]))
            records.append(Record(f"{name}:{number}", doc.id, row[self.summary], int(row[self.label])))
        return [
            checked(Benchmark(name, {doc.id: doc for doc in documents.values()}, records), where)
            for name, (documents, records) in sets.items()
        ]


def _builder(path: Path) -> str:
    """The library's name for a kind of file."""
    if not path.is_file():
        raise DataError(
            f"{path} is {'a folder' if path.is_dir() else 'not there'}. path= names a local copy of the data set; without it the hub is asked."
        )
    kind = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}.get(path.suffix)
    if kind is None:
        raise DataError(f"{path} is no .jsonl, .json, .csv or .parquet file.")
    return kind


def checked(benchmark: Benchmark, where: object) -> Benchmark:
    """The set, if it can be measured against: both labels have to occur."""
    labels: Iterable[int | None] = (
        (fact.label for record in benchmark.records for fact in record.key_facts)
        if benchmark.has_key_facts
        else (record.label for record in benchmark.records)
    )
    found = set(labels) - {None}
    if found != {0, 1}:
        lacking = "positives (1)" if 1 not in found else "negatives (0)"
        raise DataError(f"{where}: there are no {lacking} among the labels, so nothing can be told apart.")
    return benchmark
