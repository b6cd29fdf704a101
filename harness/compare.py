"""Stage 3: run folders -> one table. Rows are model x prompt x brief, columns are metrics, one table per kind.

A cell is the plain mean over the summaries that could be scored; how many those are stands beside it. Scores
made differently (another checker, other weights, another splitter) or on other data never share a column.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from harness.choices import nearest
from harness.errors import HarnessError, RecordError
from harness.schema import Kind, Score, Summary
from harness.store import RunFolder

# The columns shown unless --metrics names others; one that no run has is left out.
COLUMNS = (
    "claim_precision",
    "contradicted_share",
    "completeness",
    "rouge1_f",
    "rouge2_f",
    "rougeLsum_f",
)

# What has to hold between control rows, else a metric or the data is broken (an extract of the reference that
# scores below another event's text, say): kind, metric, the row that must not be lower, the other.
SANE: tuple[tuple[Kind, str, str, str], ...] = (
    ("brief", "rouge1_f", "oracle", "other_event"),
    ("brief", "rouge1_f", "oracle", "lead"),
    ("brief", "rouge1_f", "lead", "other_event"),
    ("brief", "completeness", "oracle", "other_event"),
    ("brief", "completeness", "copy", "other_event"),
    ("brief", "claim_precision", "lead", "other_event"),
    ("summary", "completeness", "copy", "other_event"),
    ("summary", "completeness", "copy", "lead"),
    ("summary", "claim_precision", "copy", "other_event"),
    ("summary", "claim_precision", "lead", "other_event"),
)
SLACK = 0.02  # means this close are not out of order

CONTROL = "control:"
BESIDE = ("answer_rate", "cut_rate", "mean_words")  # what stands beside the metrics of every table


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a table in long form; `value` is None when not one of the `unscored` could be scored."""

    dataset: str
    model: str
    prompt: str
    brief: str
    kind: Kind
    metric: str
    value: float | None
    n: int
    unscored: int
    signature: str

    @property
    def system(self) -> tuple[str, str, str, str]:
        return self.dataset, self.model, self.prompt, self.brief


def find(root: str | Path) -> list[RunFolder]:
    """Every run folder under `root`, in path order."""
    root = Path(root)
    if not root.is_dir():
        near = nearest(root.name, [p.name for p in root.parent.iterdir()] if root.parent.is_dir() else [])
        raise RecordError(f"There is no folder {root}. `harness run` makes run folders under results/.{near}")
    paths = sorted(Path(folder) for folder, _, files in os.walk(root) if "run.json" in files)
    if not paths:
        raise RecordError(f"There is no run folder (one with a run.json) under {root}. `harness run` makes one.")
    return [RunFolder(path) for path in paths]


def rows(folders: Iterable[RunFolder]) -> list[Row]:
    """The long form of all scores in `folders`. RecordError where one column would mix signatures or data."""
    out: list[Row] = []
    made: dict[tuple[str, str, str], tuple[str, Path]] = {}  # (dataset, kind, metric) -> signature, first seen in
    data: dict[str, tuple[str, Path]] = {}
    for folder in folders:
        run = folder.run
        names = run.get("names")
        if not names:
            continue  # claimed, but stopped before anything was recorded
        dataset = names["dataset"]
        digest, first = data.setdefault(dataset, (run["data"], folder.path))
        if run["data"] != digest:
            raise RecordError(
                f"{first} and {folder.path} were not made from the same events of data set {dataset!r} (other articles, "
                "limit, seed or cleaning). Compare them one at a time, or run both on the same events."
            )
        summaries = {summary.id: summary for summary in folder.read("summaries", Summary)}
        scores = folder.read("scores", Score)
        for score in scores:
            key = (dataset, score.kind, score.metric)
            signature, first = made.setdefault(key, (score.signature, folder.path))
            if signature != score.signature:
                raise RecordError(
                    f"{score.metric} was made in two ways: {signature} in {first}, {score.signature} in {folder.path}. "
                    f"They differ in {_difference(signature, score.signature)}. Run the same `harness run` commands again "
                    "(only the scores are made anew), or compare the folders one at a time."
                )
        out += _of_one_run(names, summaries.values(), scores)
    return out


def _difference(a: str, b: str) -> str:
    fields_a, fields_b = (dict(part.partition(":")[::2] for part in text.split("|")) for text in (a, b))
    keys = [key for key in {**fields_a, **fields_b} if fields_a.get(key) != fields_b.get(key)]
    return ", ".join(f"{key} ({fields_a.get(key, 'none')} / {fields_b.get(key, 'none')})" for key in keys)


def _of_one_run(names: dict[str, str], summaries: Iterable[Summary], scores: Sequence[Score]) -> list[Row]:
    out: list[Row] = []
    silent = {score.summary_id for score in scores if score.outcome in ("empty", "refusal")}
    for kind in get_args(Kind):
        ours = [summary for summary in summaries if summary.kind == kind]
        if not ours:
            continue

        def row(metric: str, values: Sequence[float | None], signature: str, kind: Kind = kind) -> Row:
            scored = [value for value in values if value is not None]
            mean = sum(scored) / len(scored) if scored else None
            return Row(
                **names,
                kind=kind,
                metric=metric,
                value=mean,
                n=len(scored),
                unscored=len(values) - len(scored),
                signature=signature,
            )

        by_metric: dict[str, list[Score]] = defaultdict(list)
        for score in scores:
            if score.kind == kind:
                by_metric[score.metric].append(score)
        for metric, group in by_metric.items():
            out.append(row(metric, [score.value for score in group], group[0].signature))
        answered = [float(bool(s.text.strip()) and s.id not in silent and s.generation.finish != "error") for s in ours]
        out.append(row("answer_rate", answered, "answer_rate"))
        out.append(row("cut_rate", [float(s.generation.finish == "length") for s in ours], "cut_rate"))
        out.append(row("mean_words", [float(len(s.text.split())) for s in ours], "mean_words"))
    return out


def warnings(table: Sequence[Row]) -> list[str]:
    """What is absurd about the order of the control rows, in words; empty when all is well."""
    value = {(r.dataset, r.model, r.kind, r.metric): r.value for r in table if r.model.startswith(CONTROL)}
    out = []
    for dataset in dict.fromkeys(r.dataset for r in table):
        for kind, metric, high, low in SANE:
            a = value.get((dataset, CONTROL + high, kind, metric))
            b = value.get((dataset, CONTROL + low, kind, metric))
            if a is not None and b is not None and a < b - SLACK:
                out.append(
                    f"{dataset}: {metric} of {kind} puts the control {high} ({a:.3f}) below {low} ({b:.3f}). "
                    "Do not trust this column before you know why."
                )
    return out


# Rendering: a wide table (header, lines of cells) per kind, printed in one of five formats.


@dataclass(frozen=True, slots=True)
class Wide:
    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    controls_from: int  # the line at which the control rows begin


def wide(table: Sequence[Row], kind: Kind, metrics: Sequence[str] | None = None) -> Wide | None:
    """The rows of one kind as a table; None if there are none. `7/9` after a number: seven of nine were scored."""
    ours = [row for row in table if row.kind == kind]
    if not ours:
        return None
    known = list(dict.fromkeys(row.metric for row in ours if row.metric not in BESIDE))
    if metrics is None:
        told = {row.metric for row in ours if row.value is not None}  # not ROUGE of articles without a reference
        columns = [m for m in COLUMNS if m in told] or known
    elif list(metrics) == ["all"]:
        columns = known
    else:
        columns = list(metrics)
        for metric in columns:
            if metric not in known:
                raise HarnessError(
                    f"No run has a metric {metric!r} of kind {kind}; there are {', '.join(known)}.{nearest(metric, known)}"
                )
    by_system: dict[tuple[str, str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in ours:
        by_system[row.system][row.metric] = row
    systems = sorted(by_system, key=lambda s: (s[1].startswith(CONTROL), s))
    several = len({system[0] for system in systems}) > 1
    lines = []
    for system in systems:
        cells = by_system[system]
        names = [*([system[0]] if several else []), *system[1:]]
        unscored = sum(cells[m].unscored for m in columns if m in cells)
        total = cells["mean_words"].n
        lines.append(
            (
                *names,
                *(_cell(cells.get(metric)) for metric in columns),
                str(total),
                str(unscored),
                f"{cells['answer_rate'].value:.0%}",
                f"{cells['cut_rate'].value:.0%}",
                f"{cells['mean_words'].value:.0f}",
            )
        )
    header = (
        *(["dataset"] if several else []),
        "model",
        "prompt",
        "brief",
        *columns,
        "n",
        "unscored",
        *BESIDE,
    )
    controls_from = sum(not system[1].startswith(CONTROL) for system in systems)
    data = systems[0][0] if not several else f"{len({s[0] for s in systems})} data sets"
    plural = {"brief": "Briefs", "summary": "Article summaries"}[kind]
    return Wide(f"{plural}, {data}", header, tuple(lines), controls_from)


def _cell(row: Row | None) -> str:
    if row is None or (row.value is None and row.unscored == 0):
        return ""
    if row.value is None:
        return "-"
    number = f"{row.value:.3f}" if abs(row.value) < 10 else f"{row.value:.1f}"
    return number if not row.unscored else f"{number} {row.n}/{row.n + row.unscored}"


def render(table: Sequence[Row], form: str, kinds: Sequence[Kind], metrics: Sequence[str] | None = None) -> str:
    """The tables as md, csv, tex, or json (long form, every metric)."""
    if form == "json":
        return json.dumps([asdict(row) for row in table if row.kind in kinds], ensure_ascii=False, indent=1) + "\n"
    tables = _tables(table, kinds, metrics)
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        for number, (kind, t) in enumerate(tables):
            if number == 0 or tables[number - 1][1].header != t.header:
                writer.writerow(("kind", *t.header))
            writer.writerows((kind, *line) for line in t.lines)
        return out.getvalue()
    return "\n".join((_markdown if form == "md" else _latex)(t) for _, t in tables)


def _tables(table: Sequence[Row], kinds: Sequence[Kind], metrics: Sequence[str] | None) -> list[tuple[Kind, Wide]]:
    return [(kind, t) for kind in kinds if (t := wide(table, kind, metrics))]


def _markdown(t: Wide) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    names = t.header.index("brief") + 1
    rule = ["---"] * names + ["---:"] * (len(t.header) - names)
    return "\n".join([f"**{t.title}**", "", line(t.header), line(rule), *map(line, t.lines)]) + "\n"


def _latex(t: Wide) -> str:
    def line(cells: Iterable[str]) -> str:
        return " & ".join(re.sub(r"([&%$#_{}])", r"\\\1", cell.replace("\\", "/")) for cell in cells) + r" \\"

    names = t.header.index("brief") + 1
    body = [line(cells) for cells in t.lines]
    if 0 < t.controls_from < len(body):
        body.insert(t.controls_from, r"\midrule")
    columns = "l" * names + "r" * (len(t.header) - names)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            line(t.header),
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def show(table: Sequence[Row], kinds: Sequence[Kind] = get_args(Kind), metrics: Sequence[str] | None = None) -> None:
    """Print the tables to the terminal, then what is absurd about the controls."""
    from rich.console import Console
    from rich.table import Table

    # Piped into a file there is no width to respect: a table that wraps there cannot be read or cut.
    console = Console(width=None if os.isatty(1) else 200, highlight=False)
    for _, t in _tables(table, kinds, metrics):
        grid = Table(title=t.title, title_justify="left", header_style="bold")
        names = t.header.index("brief") + 1
        for number, name in enumerate(t.header):
            grid.add_column(name, justify="left" if number < names else "right", overflow="fold")
        for number, cells in enumerate(t.lines):
            if number == t.controls_from and number:
                grid.add_section()
            grid.add_row(*cells)
        console.print(grid, markup=False)
    for warning in warnings(table):
        console.print(f"warning: {warning}", style="bold red", markup=False)


def main(options: argparse.Namespace) -> int:
    table = rows(find(options.dir))
    if not table:
        raise RecordError(
            f"The run folders under {options.dir} hold no scores yet. Give the `harness run` command again."
        )
    if options.no_controls:
        table = [row for row in table if not row.model.startswith(CONTROL)]
    kinds: tuple[Kind, ...] = (options.kind,) if options.kind else get_args(Kind)
    metrics = options.metrics.split(",") if options.metrics else None
    if options.format == "rich" and not options.out:
        show(table, kinds, metrics)
        return 0
    form = "md" if options.format == "rich" else options.format
    text = render(table, form, kinds, metrics)
    if options.out:
        try:
            Path(options.out).write_text(text, encoding="utf-8")
        except OSError as error:
            raise HarnessError(
                f"The table cannot be written to {options.out}: {error.strerror}. Name another file with --out."
            ) from error
    else:
        print(text, end="")
    return 0
