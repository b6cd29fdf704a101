"""Metrics against human judgements: how far each checker, and each baseline, agrees with people.

Consistency sets: a summary is as consistent as its least supported claim, so what is compared with its label is the
minimum of P(supported) over its claims (consistent from the checker's one fixed threshold on); what is compared with a
graded judgement is the mean, as in `claim_precision`. Key-fact sets: the checker turned round, premise = summary,
hypothesis = key fact; completeness is the mean P(supported) of the key facts. Beside each number stands
the share of the records that could be scored; a record without text is left out of the number and counted there.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from harness import agreement, text
from harness.benchmark import Benchmark, Record
from harness.desk import Desk
from harness.errors import HarnessError
from harness.progress import Advance, silent, stage
from harness.protocols import Checker, ClaimExtractor
from harness.schema import Article, Claim
from harness.store import Cache

DOCUMENTS_AT_ONCE = 16  # checked together: enough to fill batches, few enough that a killed run loses little


@dataclass(frozen=True, slots=True)
class Row:
    """One statistic of one method on one set, with its 95 % interval.

    `n` records (or sentences, key facts, documents) went into it, `scored` is the share of those there are.
    """

    set: str
    method: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    scored: float
    threshold: float | None = None


@dataclass
class Judgement:
    """What a method says of a benchmark: two numbers per record, one per sentence and key fact where there are such.

    `records` is the mean over a record's claims, `least` the minimum; nan where it could say nothing. `threshold` is the
    method's own, None for a baseline that has none. `failures` says what went wrong where it said nothing, once each.
    """

    method: str
    records: np.ndarray
    least: np.ndarray
    sentences: np.ndarray
    key_facts: np.ndarray
    threshold: float | None = None
    failures: tuple[str, ...] = ()


def judge(
    name: str,
    checker: Checker,
    extractor: ClaimExtractor,
    benchmark: Benchmark,
    cache: Cache | None = None,
    advance: Advance = silent,
) -> Judgement:
    """Ask the checker for every record; verdicts come from the cache where they are there."""
    desk = Desk(extractor, checker, cache)
    by_document: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(benchmark.records):
        by_document[record.doc_id].append(index)
    scores, least = np.full((2, len(benchmark.records)), np.nan)
    sentences = [np.full(len(r.sentences), np.nan) for r in benchmark.records]
    facts = [np.full(len(r.key_facts), np.nan) for r in benchmark.records]
    failures: dict[str, None] = {}
    documents = list(by_document)
    for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
        indices = [i for doc in documents[start : start + DOCUMENTS_AT_ONCE] for i in by_document[doc]]
        pairs: list[tuple[Claim, Article]] = []
        into: list[tuple[str, int, int]] = []  # what a pair is about: kind, record, number

        def ask(kind: str, index: int, number: int, claim: Claim, article: Article, pairs=pairs, into=into) -> None:
            pairs.append((claim, article))
            into.append((kind, index, number))

        texts = [(benchmark.records[i].id, benchmark.records[i].summary) for i in indices]
        extractions = desk.claims(texts) if not benchmark.has_key_facts else [None] * len(indices)
        failures |= {f"claims: {e.error}": None for e in extractions if e is not None and e.error}
        for i, extraction in zip(indices, extractions, strict=True):
            record = benchmark.records[i]
            document = benchmark.documents[record.doc_id]
            source = Article(document.id, document.text)
            if extraction is not None and document.text.strip():
                for number, claim in enumerate(extraction.claims):
                    ask("record", i, number, claim, source)
                for number, sentence in enumerate(record.sentences):
                    ask("sentence", i, number, _claim(record.id, f"s{number}", sentence.text), source)
            if record.summary.strip():
                for number, fact in enumerate(record.key_facts):
                    ask(
                        "fact",
                        i,
                        number,
                        _claim(record.doc_id, f"k{number}", fact.text),
                        Article(record.id, record.summary),
                    )
        found: dict[int, list[float]] = defaultdict(list)
        for (kind, i, number), verdict in zip(into, desk.verdicts(pairs), strict=True):
            if verdict.error:
                failures[f"check: {verdict.error}"] = None
            value = math.nan if verdict.probability is None else verdict.probability
            if kind == "record":
                found[i].append(value)
            else:
                (sentences if kind == "sentence" else facts)[i][number] = value
        for i, values in found.items():
            scores[i], least[i] = np.mean(values), np.min(values)
        advance(len(indices), 0)
    if benchmark.has_key_facts:
        scores = least = np.array([values.mean() if len(values) else np.nan for values in facts])
    return Judgement(name, scores, least, _joined(sentences), _joined(facts), checker.threshold, tuple(failures))


def _claim(source: str, number: str, words: str) -> Claim:
    return Claim(f"{source}#{number}", source, words, 0, len(words))


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)


# Baselines. What they reach without reading for meaning is what a checker has to beat.


def copied(record: Record, document: str, reference: str | None) -> float:
    """Share of the summary's 3-grams that stand in the document; nan for fewer than three words."""
    grams = text.ngrams(text.words(record.summary), 3)
    there = set(text.ngrams(text.words(document), 3))
    return sum(gram in there for gram in grams) / len(grams) if grams else math.nan


def rouge_recall(record: Record, document: str, reference: str | None) -> float:
    """ROUGE-1 recall of the reference by the summary; nan without a reference."""
    if not reference or not record.summary.strip():
        return math.nan
    from rouge_score_rs.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1"], use_stemmer=True).score(reference, record.summary)["rouge1"].recall


def length(record: Record, document: str, reference: str | None) -> float:
    """Words of the summary."""
    return float(len(record.summary.split())) or math.nan


BASELINES: dict[str, Callable[[Record, str, str | None], float]] = {
    "copy 3-grams": copied,
    "ROUGE-1 recall": rouge_recall,
    "length": length,
}


Method = tuple[str, Callable[[Benchmark], Judgement]]


def method(name: str, checker: Checker, extractor: ClaimExtractor, cache: Cache | None) -> Method:
    """A checker as a row of the table, with its progress shown."""

    def ask(benchmark: Benchmark) -> Judgement:
        with stage(f"{name}, {benchmark.name}", len(benchmark.records)) as advance:
            judgement = judge(name, checker, extractor, benchmark, cache, advance)
        if judgement.failures and np.isnan(judgement.records).any():
            lost = int(np.isnan(judgement.records).sum())
            print(
                f"{name}, {benchmark.name}: {lost} of {len(benchmark.records)} records have no score. {judgement.failures[0]}",
                file=sys.stderr,
            )
        return judgement

    return name, ask


def baselines(extractor: ClaimExtractor, cache: Cache | None, beside: str) -> list[Method]:
    """What every table has: the numbers that need no understanding, and the lexical checker."""
    from harness.checkers.lexical import Lexical

    counted: list[Method] = [(name, partial(baseline, name)) for name in BASELINES]
    return counted if beside == "lexical" else [*counted, method("lexical", Lexical(), extractor, cache)]


def baseline(name: str, benchmark: Benchmark) -> Judgement:
    def value(record: Record) -> float:
        document = benchmark.documents[record.doc_id]
        # What no checker can judge is no score of a baseline either: both are measured on the same records.
        evidence = record.summary if record.key_facts else document.text
        return BASELINES[name](record, document.text, document.reference) if evidence.strip() else math.nan

    values = np.array([value(record) for record in benchmark.records])
    empty = np.zeros(0)
    return Judgement(name, values, values, empty, empty)


# Statistics


def measure(
    benchmark: Benchmark, judgement: Judgement, tuned: float | None = None, samples: int = 1000, seed: int = 13
) -> list[Row]:
    """Every statistic that the set's judgements allow, as rows. `tuned` is a threshold from another split."""
    rows = _record_rows(benchmark, judgement, tuned, samples, seed)
    if judgement.sentences.size:
        labels = np.array([s.label for r in benchmark.records for s in r.sentences])
        owners = [r.doc_id for r in benchmark.records for _ in r.sentences]
        rows += _label_rows(
            benchmark.name, judgement, "sentence_", labels, judgement.sentences, owners, None, samples, seed
        )
    return rows


def _record_rows(benchmark: Benchmark, judgement: Judgement, tuned: float | None, samples: int, seed: int) -> list[Row]:
    name, records = benchmark.name, benchmark.records
    rows: list[Row] = []
    owners = [record.doc_id for record in records]
    if benchmark.has_key_facts:
        if judgement.key_facts.size:
            labels = np.array([fact.label for r in records for fact in r.key_facts])
            fact_owners = [r.doc_id for r in records for _ in r.key_facts]
            rows += _label_rows(name, judgement, "", labels, judgement.key_facts, fact_owners, tuned, samples, seed)
    else:
        labels = np.array([np.nan if r.label is None else r.label for r in records], float)
        rows += _label_rows(name, judgement, "", labels, judgement.least, owners, tuned, samples, seed)
    graded = np.array([np.nan if r.score is None else r.score for r in records], float)
    if np.isnan(graded).all():
        return rows
    usable = ~np.isnan(graded) & ~np.isnan(judgement.records)
    if not usable.any():
        return rows  # nothing could be judged: the rows above say so
    x, y = judgement.records[usable], graded[usable]
    groups = _groups([owner for owner, use in zip(owners, usable, strict=True) if use])
    share = float(usable.sum() / (~np.isnan(graded)).sum())
    for metric in ("pearson", "spearman", "kendall"):
        statistic = getattr(agreement, metric)
        # Kendall's tau is quadratic in ties and adds little: fewer bootstrap samples keep a table to minutes.
        draws = samples if metric != "kendall" else min(samples, 200)
        interval = agreement.interval(groups, _of_pairs(statistic, x, y), draws, seed)
        rows.append(_row(name, judgement, metric, statistic(x, y), interval, len(x), share))
        if max(map(len, groups), default=0) < 2:
            continue
        inside = agreement.per_document(statistic, groups, x, y)
        defined = inside[~np.isnan(inside)]
        interval = agreement.interval([np.array([i]) for i in range(len(defined))], _mean_of(defined), samples, seed)
        mean = float(defined.mean()) if len(defined) else math.nan
        rows.append(
            _row(name, judgement, f"doc_{metric}", mean, interval, len(defined), len(defined) / len(set(owners)))
        )
    systems = [record.system for record, use in zip(records, usable, strict=True) if use]
    if len(set(systems)) > 2 and None not in systems:
        rows += _system_rows(name, judgement, systems, groups, x, y, share, samples, seed)
    return rows


Pairs = Callable[[np.ndarray, np.ndarray], float]


def _of_pairs(statistic: Pairs, x: np.ndarray, y: np.ndarray) -> agreement.Statistic:
    return lambda index: statistic(x[index], y[index])


def _mean_of(values: np.ndarray) -> agreement.Statistic:
    return lambda index: float(values[index].mean())


def _system_rows(
    name: str,
    judgement: Judgement,
    systems: Sequence[str | None],
    groups: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    share: float,
    samples: int,
    seed: int,
) -> list[Row]:
    """Correlation over systems of the mean score with the mean human score."""
    order = {system: i for i, system in enumerate(sorted(set(systems), key=str))}
    which = np.array([order[system] for system in systems])

    def of_means(statistic: Pairs) -> agreement.Statistic:
        def of(index: np.ndarray) -> float:
            count = np.bincount(which[index], minlength=len(order))
            a, b = (np.bincount(which[index], v[index], minlength=len(order))[count > 0] for v in (x, y))
            return statistic(a / count[count > 0], b / count[count > 0])

        return of

    everything = np.arange(len(x))
    rows = []
    for metric in ("pearson", "spearman", "kendall"):
        statistic = getattr(agreement, metric)
        measured = of_means(statistic)
        interval = agreement.interval(groups, measured, samples, seed)
        rows.append(_row(name, judgement, f"system_{metric}", measured(everything), interval, len(order), share))
    return rows


def _label_rows(
    name: str,
    judgement: Judgement,
    prefix: str,
    labels: np.ndarray,
    scores: np.ndarray,
    owners: Sequence[str],
    tuned: float | None,
    samples: int,
    seed: int,
) -> list[Row]:
    labelled = ~np.isnan(labels.astype(float))
    usable = labelled & ~np.isnan(scores)
    y, s = labels[usable], scores[usable]
    groups = _groups([owner for owner, use in zip(owners, usable, strict=True) if use])
    share = float(usable.sum() / labelled.sum()) if labelled.any() else 0.0
    rows = []

    def at(metric: str, threshold: float) -> None:
        predicted = s >= threshold
        interval = agreement.interval(groups, lambda i: agreement.balanced_accuracy(y[i], predicted[i]), samples, seed)
        value = agreement.balanced_accuracy(y, predicted)
        rows.append(_row(name, judgement, prefix + metric, value, interval, len(y), share, threshold))

    if not len(y):
        return [_row(name, judgement, prefix + "auc", math.nan, (math.nan, math.nan), 0, share)]
    if judgement.threshold is not None:
        at("bacc", judgement.threshold)
    if tuned is not None:
        at("bacc_tuned", tuned)
    at("bacc_best", agreement.best_threshold(y, s))  # chosen on the very records it is measured on: an upper bound
    interval = agreement.interval(groups, lambda i: agreement.auc(y[i], s[i]), samples, seed)
    rows.append(_row(name, judgement, prefix + "auc", agreement.auc(y, s), interval, len(y), share))
    return rows


def _groups(owners: Sequence[str]) -> list[np.ndarray]:
    by_owner: dict[str, list[int]] = defaultdict(list)
    for index, owner in enumerate(owners):
        by_owner[owner].append(index)
    return [np.array(indices) for indices in by_owner.values()]


def _row(
    name: str,
    judgement: Judgement,
    metric: str,
    value: float,
    interval: tuple[float, float],
    n: int,
    scored: float,
    threshold: float | None = None,
) -> Row:
    def number(v: float) -> float | None:
        return None if math.isnan(v) else float(v)

    return Row(
        name, judgement.method, metric, number(value), number(interval[0]), number(interval[1]), n, scored, threshold
    )


def best_threshold(
    benchmarks: Sequence[Benchmark], judgements: Sequence[Judgement], key_facts: bool = False
) -> float | None:
    """The threshold of the highest balanced accuracy on all records of another split, pooled; or on all key facts.

    A minimum over sentences and a single key fact are different things to measure: each has a threshold of its own. None
    if the split has nothing of the kind, or not both labels, or the method says nothing of it.
    """
    labels: list[float] = []
    scores: list[float] = []
    for benchmark, judgement in zip(benchmarks, judgements, strict=True):
        if benchmark.has_key_facts != key_facts:
            continue
        if not key_facts:
            labels += [math.nan if r.label is None else r.label for r in benchmark.records]
            scores += list(judgement.least)
        elif judgement.key_facts.size:
            labels += [fact.label for r in benchmark.records for fact in r.key_facts]
            scores += list(judgement.key_facts)
    usable = ~np.isnan(labels) & ~np.isnan(scores)
    known, given = np.array(labels)[usable], np.array(scores)[usable]
    return agreement.best_threshold(known, given) if {0, 1} <= set(known) else None


def part(benchmark: Benchmark, judgement: Judgement, origin: str) -> Judgement:
    """The judgement of one origin's records."""
    chosen = np.array([r.origin == origin for r in benchmark.records])
    sentences = np.repeat(chosen, [len(r.sentences) for r in benchmark.records])
    facts = np.repeat(chosen, [len(r.key_facts) for r in benchmark.records])
    return replace(
        judgement,
        records=judgement.records[chosen],
        least=judgement.least[chosen],
        sentences=judgement.sentences[sentences] if judgement.sentences.size else judgement.sentences,
        key_facts=judgement.key_facts[facts] if judgement.key_facts.size else judgement.key_facts,
    )


# Rendering

FORMATS = ("md", "csv", "json")

SHOWN = tuple(
    """bacc bacc_tuned bacc_best auc pearson spearman kendall doc_pearson doc_spearman doc_kendall
    system_pearson system_spearman system_kendall sentence_bacc sentence_bacc_best sentence_auc""".split()
)


def render(rows: Sequence[Row], form: str, protocol: str = "") -> str:
    """md: a table per set, methods x statistics, and below them the protocol. csv and json: the long form."""
    if form == "json":
        return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, list(Row.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
        return out.getvalue()
    tables = [_markdown(name, [r for r in rows if r.set == name]) for name in dict.fromkeys(row.set for row in rows)]
    return "\n".join([*tables, f"{protocol}\n"] if protocol else tables)


def _markdown(name: str, rows: Sequence[Row]) -> str:
    there = {row.metric for row in rows}
    metrics = [m for m in SHOWN if m in there] + sorted(there - set(SHOWN))
    lines = [
        f"**{name}**",
        "",
        "| method | " + " | ".join(metrics) + " | n | scored |",
        "| --- |" + " ---: |" * (len(metrics) + 2),
    ]
    for method in dict.fromkeys(row.method for row in rows):
        by_metric = {row.metric: row for row in rows if row.method == method}
        first = next(iter(by_metric.values()))
        cells = [_cell(by_metric.get(metric), first) for metric in metrics]
        lines.append(f"| {method} | " + " | ".join(cells) + f" | {first.n} | {first.scored:.0%} |")
    for metric, of in (("bacc", "its own"), ("bacc_tuned", "the tuned")):
        at = {r.method: f"{r.method} {r.threshold:.3g}" for r in rows if r.metric == metric and r.threshold is not None}
        if at:
            lines += ["", f"`{metric}` at {of} threshold: {', '.join(at.values())}."]
    return "\n".join(lines) + "\n"


def _cell(row: Row | None, first: Row) -> str:
    """The value with its interval, and what went into it where that is not what the row's last columns say."""
    if row is None:
        return ""
    if row.value is None:
        return "-"
    between = f" [{row.low:.3f}, {row.high:.3f}]" if row.low is not None else ""
    other = f" (n {row.n}, {row.scored:.0%})" if (row.n, row.scored) != (first.n, first.scored) else ""
    return f"{row.value:.3f}{between}{other}"


def write(rows: Sequence[Row], form: str, out: str | None, protocol: str = "") -> None:
    """The table to a file, or to standard output."""
    rendered = render(rows, form, protocol)
    if not out:
        print(rendered, end="")
        return
    try:
        Path(out).write_text(rendered, encoding="utf-8")
    except OSError as error:
        raise HarnessError(
            f"The table cannot be written to {out}: {error.strerror}. Name another file with out=."
        ) from error


def validate(
    benchmarks: Sequence[Benchmark],
    methods: Iterable[Method],
    tune_on: Sequence[Benchmark] = (),
    samples: int = 1000,
    seed: int = 13,
) -> list[Row]:
    """The rows of every method on every set, and on each origin of a set that joins several."""
    rows: list[Row] = []
    for _, ask in methods:
        on_others = [ask(b) for b in tune_on]
        for benchmark in benchmarks:
            judgement = ask(benchmark)
            if judgement.threshold is None and np.isnan(judgement.records).all():
                continue  # a baseline that this set has no material for, such as ROUGE without a reference
            tuned = best_threshold(tune_on, on_others, benchmark.has_key_facts)
            rows += measure(benchmark, judgement, tuned, samples, seed)
            for origin in benchmark.origins:
                rows += measure(benchmark.of_origin(origin), part(benchmark, judgement, origin), tuned, samples, seed)
    order = {name: i for i, name in enumerate(dict.fromkeys(row.set for row in rows))}
    return sorted(rows, key=lambda row: order[row.set])
