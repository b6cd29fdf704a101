"""Truths known by construction: reads a planted set and measures checker, omission, comparison and audit on it.

A planted set is an `events.jsonl` whose events carry facts, conflicts, pairs that only look like conflicts, and briefs
whose claims are labelled (docs/sources.md describes the layout). Every row has a 95 % interval by bootstrap over events.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness import agreement
from harness.benchmark import is_judged
from harness.choices import nearest
from harness.corpus import make_event
from harness.corpus.files import json_lines
from harness.errors import DataError
from harness.evaluators.factual_consistency import overall
from harness.progress import Advance, silent
from harness.protocols import Checker, ClaimExtractor
from harness.schema import LABELS, Article, Claim, Conflict, Event, Generation, Summary
from harness.store import Cache
from harness.validate import Row

FIELDS = ("articles", "facts", "briefs")
ERRORS = ("number", "date", "entity", "role", "negation", "attribution", "invented")
KINDS = ("number", "date", "name", "place", "attribution", "negation")


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted event: what the articles say (`facts`, `conflicts`), what only looks like a conflict, the briefs."""

    event: Event
    facts: tuple[Mapping[str, Any], ...]
    conflicts: tuple[Mapping[str, Any], ...]
    non_conflicts: tuple[Mapping[str, Any], ...]
    briefs: tuple[Mapping[str, Any], ...]


def is_planted(path: str | Path) -> bool:
    """Whether a path is a .jsonl file or a folder with an events.jsonl that is no judged set; `load` says what is wrong."""
    path = Path(path)
    return (path.suffix == ".jsonl" and path.is_file()) or ((path / "events.jsonl").is_file() and not is_judged(path))


def sets(path: str | Path) -> list[Path]:
    """The planted sets at a path: itself, or the folders in it; none if it is something else.

    DataError if there are judged sets among them: half of a folder measured would look like all of it.
    """
    path = Path(path)
    if is_planted(path):
        return [path]
    if not path.is_dir() or is_judged(path):
        return []
    found = sorted(p for p in path.iterdir() if p.is_dir() and is_planted(p))
    if found and (judged := sorted(p.name for p in path.iterdir() if is_judged(p))):
        raise DataError(
            f"{path} holds planted sets ({', '.join(p.name for p in found)}) and judged sets ({', '.join(judged)}): they "
            "have different tables. Put them into two folders, or name one set with path=."
        )
    return found


def _file(path: Path) -> Path | None:
    if path.is_dir():
        path = path / "events.jsonl"
    return path if path.is_file() else None


def load(path: str | Path) -> list[Planted]:
    """The events of a planted set; DataError that names the line where one is not in the layout."""
    file = _file(Path(path))
    if file is None:
        raise DataError(f"{path} is no planted set: expected a .jsonl file, or a folder with an events.jsonl.")
    out = []
    for where, read in json_lines(file):
        record = read()
        if missing := [f for f in FIELDS if not isinstance(record.get(f), list)]:
            raise DataError(
                f"{where}: the event lacks {', '.join(missing)}. docs/sources.md describes the planted layout."
            )
        event = make_event(record, where, cleaning=False)
        _check(record, event, where)
        parts = (tuple(record.get(name) or ()) for name in ("facts", "conflicts", "non_conflicts", "briefs"))
        out.append(Planted(event, *parts))
    if not out:
        raise DataError(f"{file} holds no event.")
    return out


def _check(record: Mapping[str, Any], event: Event, where: str) -> None:
    """DataError where a label or an article id is unknown: a misread truth would be a wrong number."""
    known = {a.id for a in event.articles}

    def needs(item: Any, what: str, *fields: str) -> None:
        lacking = fields if not isinstance(item, dict) else [f for f in fields if item.get(f) is None]
        if lacking:
            raise DataError(
                f"{where}: {what} lacks {', '.join(lacking)}. docs/sources.md describes the planted layout."
            )

    def one_of(valid: Sequence[str], value: Any, what: str) -> None:
        if value not in valid:
            raise DataError(
                f"{where}: {what} is {value!r}; expected one of {', '.join(valid)}.{nearest(str(value), valid)}"
            )

    for fact in record["facts"]:
        needs(fact, "a fact", "fact_id", "text", "articles")
        if not set(fact["articles"]) <= known:
            raise DataError(f"{where}: fact {fact['fact_id']!r} names an unknown article.")
    for name in ("conflicts", "non_conflicts"):
        for item in record.get(name) or ():
            needs(item, f"one of {name}", "kind", "versions")
            if name == "conflicts":
                one_of(KINDS, item["kind"], f"the kind of {item.get('conflict_id')!r}")
            for version in item["versions"]:
                needs(version, f"a version of {item.get('conflict_id')!r}", "article_id", "text")
                if version["article_id"] not in known:
                    raise DataError(f"{where}: {name} {item.get('conflict_id')!r} names an unknown article.")
    for brief in record["briefs"]:
        needs(brief, "a brief", "brief_id", "text", "claims")
        for claim in brief["claims"]:
            needs(claim, f"a claim of brief {brief['brief_id']!r}", "text")
            one_of(LABELS, claim.get("label"), f"the label of a claim of brief {brief['brief_id']!r}")
            if claim.get("error") is not None:
                one_of(ERRORS, claim["error"], f"the error of a claim of brief {brief['brief_id']!r}")


# ------------------------------------------------------------------------------------------ measuring


@dataclass
class _Counts:
    """What was found in one event: named lists of (truth, answer), and named counts for precision and recall.

    `asked` and `failed` count the questions of each family: claims, omission, and the comparison with its audit.
    """

    answers: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    hits: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))  # hit, found, true
    labels: list[tuple[int, int]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def found(self, name: str, hit: int, found: int, true: int) -> None:
        for i, n in enumerate((hit, found, true)):
            self.hits[name][i] += n


def measure(
    events: Sequence[Planted],
    extractor: ClaimExtractor,
    checker: Checker,
    name: str = "planted",
    method: str | None = None,
    samples: int = 1000,
    seed: int = 13,
    compare: Any = None,
    cache: Cache | None = None,
    advance: Advance = silent,
) -> list[Row]:
    """Every metric of the layout that the set's truths allow, as rows of `harness validate`.

    Claim checking: `bacc`, `macro_f1`, `recall_<error>`, `recall_needs`, `supported_settles`. Omission:
    `omission_bacc`, `omission_pearson`, `recall_distorted`. Comparison: `conflict_precision`, `_recall`, `_f1`,
    `conflict_recall_<kind>`, `near_conflict_rate`, `align_precision`, `_recall`, `_f1`. Audit: `settles_`, `flags_`,
    `copied_`, `attribution_` + `precision`, `recall`. docs/sources.md defines each.
    """
    from harness.desk import Desk
    from harness.sources import Compare

    desk = Desk(extractor, checker, cache)
    compare = compare or Compare()
    counts = []
    for planted in events:
        one = _Counts()
        _check_claims(planted, desk, one)
        _check_omission(planted, desk, one)
        one.asked["comparison"] += 1
        compared = _Counts()
        try:
            comparison = compare.compare(planted.event, desk)
            _check_conflicts(planted, comparison, compared)
            _check_alignment(planted, comparison, compare, compared)
            _check_audit(planted, comparison, compare, desk, compared)
            one.answers |= compared.answers
            one.hits |= compared.hits
        except RuntimeError as error:  # a check failed: the event stands in no number of the comparison or the audit
            one.failed["comparison"] += 1
            print(f"{planted.event.id}: the sources could not be compared: {error}", file=sys.stderr)
        counts.append(one)
        advance(1, 0)
    return _rows(counts, name, method or checker.signature.name, checker.threshold, samples, seed)


def brief_claims(brief: Mapping[str, Any]) -> list[Claim]:
    """The claims of a brief with their places in its text (a brief's text is its claims joined by one blank)."""
    out, at = [], 0
    for number, claim in enumerate(brief["claims"], start=1):
        start = brief["text"].find(claim["text"], at)
        start = start if start >= 0 else at
        at = start + len(claim["text"])
        out.append(Claim(f"{brief['brief_id']}#{number}", brief["brief_id"], claim["text"], start, at, number - 1))
    return out


def _pool(event: Event) -> Article:
    """All articles of an event as one source, for claims that no single article supports."""
    articles = sorted(event.articles, key=lambda a: a.id)
    published = max((a.published for a in articles if a.published), default=None)
    return Article(f"{event.id}/all", "\n\n".join(a.text for a in articles), published=published)


def _check_claims(planted: Planted, desk: Any, counts: _Counts) -> None:
    event = planted.event
    sources = [*sorted(event.articles, key=lambda a: a.id), _pool(event)]
    asked = [(c, t) for b in planted.briefs for c, t in zip(brief_claims(b), b["claims"], strict=True)]
    verdicts = desk.verdicts([(claim, source) for claim, _ in asked for source in sources])
    for at, (_, truth) in enumerate(asked):
        label = overall(verdicts[at * len(sources) : (at + 1) * len(sources)])
        counts.asked["claims"] += 1
        if label is None:
            counts.failed["claims"] += 1
            continue
        supported = float(label == "supported")
        if truth.get("settles"):
            counts.answers["supported_settles"].append((1.0, supported))
            continue
        counts.answers["bacc"].append((float(truth["label"] == "supported"), supported))
        counts.labels.append((LABELS.index(truth["label"]), LABELS.index(label)))
        if truth.get("error"):
            counts.answers[f"recall_{truth['error']}"].append((1.0, 1 - supported))
        if truth.get("needs") and truth["label"] == "supported":
            counts.answers["recall_needs"].append((1.0, supported))


def _check_omission(planted: Planted, desk: Any, counts: _Counts) -> None:
    key = {f["fact_id"]: f for f in planted.facts if f.get("importance") == "key"}
    for brief in planted.briefs:
        covered = set(brief.get("covered_facts") or ()) & key.keys()
        omitted = set(brief.get("omitted_key_facts") or ()) & key.keys()
        distorted = set(brief.get("distorted_facts") or ()) & key.keys()
        asked = sorted(covered | omitted)
        source = Article(brief["brief_id"], brief["text"], published=_pool(planted.event).published)
        pairs = [(Claim(f"fact:{f}", f, key[f]["text"], 0, len(key[f]["text"])), source) for f in asked]
        said, true = [], []
        for fact, verdict in zip(asked, desk.verdicts(pairs), strict=True):
            counts.asked["omission"] += 1
            if verdict.label is None:
                counts.failed["omission"] += 1
                continue
            states = float(verdict.label == "supported")
            if fact in distorted:
                counts.answers["recall_distorted"].append((1.0, 1 - states))
                continue
            counts.answers["omission_bacc"].append((float(fact in covered), states))
            said.append(states)
            true.append(float(fact in covered))
        if said:
            counts.answers["omission_pearson"].append((float(np.mean(true)), float(np.mean(said))))


def spans(planted: Planted, item: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Where the versions of a planted conflict stand: (article, start, end); one that is not verbatim is left out."""
    out = []
    for version in item["versions"]:
        start = planted.event.article(version["article_id"]).text.find(version["text"])
        if start >= 0:
            out.append((version["article_id"], start, start + len(version["text"])))
    return out


def misquoted(planted: Planted) -> list[str]:
    """The versions that do not stand in their article as they are given: a conflict with one left cannot be found."""
    return [
        version["text"]
        for item in (*planted.conflicts, *planted.non_conflicts)
        for version in item["versions"]
        if version["text"] not in planted.event.article(version["article_id"]).text
    ]


def matches(conflict: Conflict, spans: Sequence[tuple[str, int, int]]) -> bool:
    """Whether passages of two articles at least overlap: the right articles and the right matter."""
    hit = {
        v.article_id
        for v in conflict.versions
        for article, start, end in spans
        if v.article_id == article and v.start is not None and v.end is not None and v.start < end and start < v.end
    }
    return len(hit) > 1


def _check_conflicts(planted: Planted, comparison: Any, counts: _Counts) -> None:
    """A reported conflict is right when it overlaps a planted one, else a false alarm; of a pair that is none when
    it overlaps only that."""
    truths = [(item["kind"], spans(planted, item)) for item in planted.conflicts]
    reported = comparison.conflicts
    hit: set[int] = set()
    right = 0
    false = []
    for conflict in reported:
        found = {
            i for i, (kind, spans) in enumerate(truths) if matches(conflict, spans) and _one_matter(conflict.kind, kind)
        }
        hit |= found
        right += bool(found)
        if not found:
            false.append(conflict)
    counts.found("conflict", right, len(reported), 0)
    for i, (kind, _) in enumerate(truths):
        counts.found("conflict_true", int(i in hit), 0, 1)
        counts.answers[f"conflict_recall_{kind}"].append((1.0, float(i in hit)))
    for item in planted.non_conflicts:
        spots = spans(planted, item)
        counts.answers["near_conflict_rate"].append((1.0, float(any(matches(c, spots) for c in false))))


_MATTERS = (("number",), ("date",), ("name", "place", "attribution"))


def _one_matter(found: str, planted: str) -> bool:
    """Whether two kinds can be of one matter; a contradiction by the checker can be of any."""
    return (
        found == "contradiction"
        or any(found in group and planted in group for group in _MATTERS)
        or "negation" in (found, planted)
    )


def _check_alignment(planted: Planted, comparison: Any, compare: Any, counts: _Counts) -> None:
    """Over (fact, article) pairs: a fact stands for the statement most like it, and that statement's articles count."""
    from harness.align import Likeness

    if not comparison.statements:
        return
    told = [(s, c.text) for s in comparison.statements for c in s.claims]
    likeness = Likeness([*(t for _, t in told), *(f["text"] for f in planted.facts)], compare.encode).matrix
    for fact, row in zip(planted.facts, likeness[len(told) :, : len(told)], strict=True):
        statement = told[int(np.argmax(row))][0]
        true, found = set(fact["articles"]), set(statement.article_ids)
        counts.found("align", len(true & found), len(found), len(true))


def _check_audit(planted: Planted, comparison: Any, compare: Any, desk: Any, counts: _Counts) -> None:
    from harness.audit import audit

    event = planted.event
    for brief in planted.briefs:
        claims = brief_claims(brief)
        ids = tuple(a.id for a in event.articles)
        summary = Summary(brief["brief_id"], event.id, "brief", ids, brief["text"], Generation(brief["text"], "copied"))
        found = audit(comparison, summary, claims, compare, desk)
        for sin, handled in (("settles", found.settled), ("flags", found.flagged)):
            truth = {i: c[sin] for i, c in enumerate(brief["claims"]) if c.get(sin)}
            said = {h.claim.sentence for h in handled}
            counts.found(sin, len(said & truth.keys()), len(said), len(truth))
        wrong = {i for i, c in enumerate(brief["claims"]) if c.get("error") == "attribution"}
        said = {m.claim.sentence for m in found.misattributed if m.kind == "speaker"}
        counts.found("attribution", len(said & wrong), len(said), len(wrong))
        truth_copied = brief.get("copied_from")
        counts.found(
            "copied",
            int(bool(truth_copied) and found.copied_from == truth_copied),
            int(bool(found.copied_from)),
            int(bool(truth_copied)),
        )


# ------------------------------------------------------------------------------------------ rows


def _rows(counts: Sequence[_Counts], name: str, method: str, threshold: float, samples: int, seed: int) -> list[Row]:
    rows = []
    everything = np.arange(len(counts))
    groups = [np.array([i]) for i in everything]

    def row(family: str, metric: str, statistic: Callable[[np.ndarray], float], n: int) -> None:
        value = statistic(everything)
        low, high = agreement.interval(groups, statistic, samples, seed)
        cut = threshold if metric in ("bacc", "omission_bacc", "macro_f1") else None
        scored = 1 - sum(c.failed[family] for c in counts) / max(1, sum(c.asked[family] for c in counts))
        rows.append(Row(name, method, metric, _known(value), _known(low), _known(high), n, scored, cut))

    def answers(key: str, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pairs = [p for i in index for p in counts[i].answers.get(key, ())]
        table = np.array(pairs, float).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def size(key: str) -> int:
        return len(answers(key, everything)[0])

    def bacc(key: str, index: np.ndarray) -> float:
        truth, said = answers(key, index)
        return agreement.balanced_accuracy(truth, said >= 0.5) if len(truth) else float("nan")

    def mean(key: str, index: np.ndarray) -> float:
        said = answers(key, index)[1]
        return float(said.mean()) if len(said) else float("nan")

    def macro(index: np.ndarray) -> float:
        return _macro_f1([p for i in index for p in counts[i].labels])

    def share(key: str, over: int, index: np.ndarray) -> float:
        hit, total = (sum(counts[i].hits[key][k] for i in index if key in counts[i].hits) for k in (0, over))
        return hit / total if total else float("nan")

    def f1(p: Callable[[np.ndarray], float], r: Callable[[np.ndarray], float], index: np.ndarray) -> float:
        precision, recall = p(index), r(index)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    if size("bacc"):
        row("claims", "bacc", partial(bacc, "bacc"), size("bacc"))
        row("claims", "macro_f1", macro, size("bacc"))
    for key in (*(f"recall_{e}" for e in ERRORS), "recall_needs", "supported_settles"):
        if size(key):
            row("claims", key, partial(mean, key), size(key))
    if size("omission_bacc"):
        row("omission", "omission_bacc", partial(bacc, "omission_bacc"), size("omission_bacc"))
        row(
            "omission",
            "omission_pearson",
            lambda i: agreement.pearson(*answers("omission_pearson", i)),
            size("omission_pearson"),
        )
    if size("recall_distorted"):
        row("omission", "recall_distorted", partial(mean, "recall_distorted"), size("recall_distorted"))

    def total(key: str, k: int) -> int:
        return sum(c.hits[key][k] for c in counts if key in c.hits)

    precision, recall = partial(share, "conflict", 1), partial(share, "conflict_true", 2)
    row("comparison", "conflict_precision", precision, total("conflict", 1))
    row("comparison", "conflict_recall", recall, total("conflict_true", 2))
    row("comparison", "conflict_f1", partial(f1, precision, recall), total("conflict_true", 2))
    for key in (*(f"conflict_recall_{k}" for k in KINDS), "near_conflict_rate"):
        if size(key):
            row("comparison", key, partial(mean, key), size(key))
    for key in ("align", "settles", "flags", "copied", "attribution"):
        precision, recall = partial(share, key, 1), partial(share, key, 2)
        row("comparison", f"{key}_precision", precision, total(key, 1))
        row("comparison", f"{key}_recall", recall, total(key, 2))
        if key == "align":
            row("comparison", "align_f1", partial(f1, precision, recall), total(key, 2))
    return rows


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _macro_f1(pairs: Sequence[tuple[int, int]]) -> float:
    """The mean over the three labels of F1; a label that neither occurs nor was given is left out."""
    scores = []
    for label in range(len(LABELS)):
        hit = sum(t == s == label for t, s in pairs)
        both = sum((t == label) + (s == label) for t, s in pairs)
        if both:
            scores.append(2 * hit / both)
    return float(np.mean(scores)) if scores else float("nan")
