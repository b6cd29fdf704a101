"""Fit the weights by which `harness.conflicts` tells conflicts from pairs of values or sentences that are none.

    python scripts/fit_conflicts.py [--out harness/conflicts.json]

Learns from events whose conflicts are marked: the development half of the planted events, the shipped sample, and the quarter of
`datasets/pairs/events.jsonl` that was kept from the checker's training. Every pair that `harness.conflicts` finds is one
example, and all pairs of one conflict weigh as much as three others. There are weights for pairs of values (number, date,
name), by all but what their sentences mean, and weights for pairs of sentences that were read (contradiction), one of whose
features is the logit of their most likely pair of values; that logit is made without the event at hand. Prints, by leaving one
event out, how many of the conflicts are found at each confidence and with how many false pairs. Ridge-penalised logistic
regression; the features were chosen by backward elimination.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from checker_data import event_aside

from harness import conflicts, planted, text
from harness.corpus import Sample
from harness.sayings import sayings
from harness.slots import slots, told
from harness.sources import Compare

ROOT = Path(__file__).parent.parent
RIDGE = 0.3
CHOSEN = {
    "number": (
        "words",
        "borne",
        "sole",
        "sentence",
        "mutual",
        "apart",
        "near",
        "age",
        "one state",
        "two states",
        "small",
    ),
    "date": ("frame", "setting", "borne", "shared", "verb", "year", "place", "today", "reported"),
    "name": (
        "setting",
        "lead",
        "exclusive",
        "borne",
        "sentence",
        "shared",
        "quoted",
        "spelling",
        "one kind",
        "located",
    ),
    "contradiction": ("clash", "mutual", "slot"),
}
MEANT = {
    "number": ("number",),
    "date": ("date",),
    "name": ("name", "place", "attribution"),
    "contradiction": planted.KINDS,
}


@dataclass(frozen=True, slots=True)
class Example:
    event: str
    kind: str
    features: Mapping[str, float]
    conflict: str  # the one it belongs to, "near" for a pair that only looks like one, "" for any other
    values: tuple[int, ...] = ()  # of a pair of sentences: the examples of its pairs of values

    @property
    def right(self) -> bool:
        return self.conflict not in ("", "near")


def marked_events() -> Iterator[tuple[Any, list[tuple[str, list[Any]]], list[list[Any]]]]:
    """Events with their conflicts (kind, spans) and the spans of what only looks like one."""
    read = planted.load(ROOT / "datasets" / "planted" / "dev")
    read += [p for p in planted.load(ROOT / "datasets" / "pairs" / "events.jsonl") if event_aside(p.event.id)]
    for p in read:
        spans = [(c["kind"], planted.spans(p, c)) for c in p.conflicts]
        yield p.event, spans, [planted.spans(p, n) for n in p.non_conflicts]
    for event in Sample().events():
        spans = [
            (c.kind, [(v.article_id, v.start, v.end) for v in c.versions if v.start is not None])
            for c in event.conflicts
        ]
        yield event, spans, []


def examples(compare: Compare) -> list[Example]:
    out: list[Example] = []
    for event, marked, near in marked_events():

        def example(kind: str, pair: Any, event: Any = event, marked: Any = marked, near: Any = near) -> Example:
            meant = MEANT[kind]
            name = next((f"c{i}" for i, (k, spans) in enumerate(marked) if k in meant and _in(pair, spans)), "")
            name = name or ("near" if any(_in(pair, spans) for spans in near) else "")
            return Example(event.id, kind, pair.features, name)

        docs = text.parse([a.text for a in event.articles])
        both = list(zip(event.articles, docs, strict=True))
        sentences = [t for a, d in both for t in told(a, d)]
        found = [s for a, d in both for s in slots(a, d)]
        said = [s for a, d in both for s in sayings(a.id, d)]
        for pair in conflicts.opposed(sentences, said, found, compare.encode, compare.read):
            begin = len(out)
            out += [example(values.one.kind, values) for values in pair.values]
            out.append(replace(example("contradiction", pair), values=tuple(range(begin, len(out)))))
    return out


def _in(pair: Any, spans: Sequence[tuple[str, Any, Any]]) -> bool:
    return all(any(a == s.article_id and b < s.end and s.start < e for a, b, e in spans) for s in (pair.one, pair.two))


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The weights, the bias last."""
    from scipy.optimize import minimize

    x = np.c_[x, np.ones(len(x))]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        z, penalty = x @ b, np.r_[b[:-1], 0]
        value = (w * (np.logaddexp(0, z) - y * z)).sum() + RIDGE * (penalty**2).sum()
        return value, x.T @ (w * (1 / (1 + np.exp(-z)) - y)) + 2 * RIDGE * penalty

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x


def fitted(kind: str, rows: Sequence[Example]) -> tuple[dict[str, float], np.ndarray]:
    """The weights of a kind, and the logit of each row by weights that were fitted without its event."""
    names = CHOSEN[kind]
    x = np.array([[r.features[n] for n in names] for r in rows])
    y = np.array([r.right for r in rows], float)
    size = Counter((r.event, r.conflict) for r in rows)
    w = np.array([3 / size[r.event, r.conflict] if r.right else 2.0 if r.conflict else 1.0 for r in rows])
    owner = np.array([r.event for r in rows])
    z = np.zeros(len(y))
    for event in sorted(set(owner)):
        out = owner == event
        z[out] = np.c_[x[out], np.ones(out.sum())] @ fit(x[~out], y[~out], w[~out])
    for least in (0.03, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        sure = z >= np.log(least / (1 - least))
        hit = {(r.event, r.conflict) for r, s in zip(rows, sure, strict=True) if r.right and s}
        print(f"{kind:16s} {least}: {len(hit)} conflicts, {int((sure & (y == 0)).sum())} false pairs (left out)")
    return {n: round(float(v), 3) for n, v in zip([*names, "bias"], fit(x, y, w), strict=True)}, z


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(ROOT / "harness" / "conflicts.json"))
    options = parser.parse_args()
    everything = examples(Compare())
    weights, logit = {}, np.full(len(everything), conflicts.NONE)
    for kind in ("number", "date", "name"):
        index = [i for i, e in enumerate(everything) if e.kind == kind]
        weights[kind], logit[index] = fitted(kind, [everything[i] for i in index])
    read = [
        replace(e, features={**e.features, "slot": max([conflicts.NONE, *logit[list(e.values)]])})
        for e in everything
        if e.kind == "contradiction"
    ]
    weights["contradiction"], _ = fitted("contradiction", read)
    Path(options.out).write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
