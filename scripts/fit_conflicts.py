"""Fit the weights by which `harness.conflicts` tells conflicts from pairs of values or sentences that are none.

    python scripts/fit_conflicts.py [--out harness/conflicts.json]

Learns from the development half of the planted events and from the shipped sample, whose conflicts are marked; every
pair that `harness.conflicts` finds is one example, and all pairs of one planted conflict weigh as much as three
others. There are weights for pairs of values before their sentences are read (which decide whether they are), weights for
pairs that were read, and weights for pairs of sentences. Prints, per kind and by leaving one event out, how many of the
conflicts are found at each confidence and with how many false pairs. Ridge-penalised logistic regression; the features were
chosen by backward elimination.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
    "contradiction": ("clash", "alike", "mutual"),
}
# Logits added so that one confidence (`certain`) serves all kinds and four of five reported conflicts of the development half
# are right.
SHIFT = {"number": -1.0, "name": -0.1, "contradiction": -1.4}
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

    @property
    def right(self) -> bool:
        return self.conflict not in ("", "near")


def examples(compare: Compare) -> Iterator[Example]:
    events = [(p.event, p) for p in planted.load(ROOT / "datasets" / "planted" / "dev")]
    events += [(e, None) for e in Sample().events()]
    for event, truth in events:
        docs = text.parse([a.text for a in event.articles])
        both = list(zip(event.articles, docs, strict=True))
        marked = [
            (c.kind, [(v.article_id, v.start, v.end) for v in c.versions if v.start is not None])
            for c in event.conflicts
        ]
        near = [planted._spans(truth, n) for n in truth.non_conflicts] if truth else []
        unread = conflicts.pairs([s for a, d in both for s in slots(a, d)], compare.encode)
        of_slots = [(f"{p.one.kind}, unread", p) for p in unread if p.one.kind in conflicts.READ]
        of_slots += [(p.one.kind, p) for p in conflicts.read_pairs(unread, compare.read)]
        said = [s for a, d in both for s in sayings(a.id, d)]
        opposed = conflicts.opposed([s for a, d in both for s in told(a, d)], said, compare.encode, compare.read)
        for kind, pair in [*of_slots, *(("contradiction", p) for p in opposed)]:
            meant = MEANT[kind.split(",")[0]]
            name = next((f"c{i}" for i, (k, v) in enumerate(marked) if k in meant and _in(pair, v)), "")
            name = name or ("near" if any(_in(pair, v) for v in near) else "")
            yield Example(event.id, kind, pair.features, name)


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


def fitted(kind: str, names: Sequence[str], rows: Sequence[Example]) -> dict[str, float]:
    x = np.array([[r.features[n] for n in names] for r in rows])
    y = np.array([r.right for r in rows], float)
    size = Counter((r.event, r.conflict) for r in rows)
    w = np.array([3 / size[r.event, r.conflict] if r.right else 2.0 if r.conflict else 1.0 for r in rows])
    owner = np.array([r.event for r in rows])
    p = np.zeros(len(y))
    for event in sorted(set(owner)):
        out = owner == event
        b = fit(x[~out], y[~out], w[~out])
        p[out] = 1 / (1 + np.exp(-(np.c_[x[out], np.ones(out.sum())] @ b)))
    for least in (0.03, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        hit = {(r.event, r.conflict) for r, q in zip(rows, p, strict=True) if r.right and q >= least}
        false = int(((p >= least) & (y == 0)).sum())
        print(f"{kind:16s} {least}: {len(hit)} conflicts, {false} false pairs (left out)")
    b = fit(x, y, w)
    b[-1] += SHIFT.get(kind, 0.0)
    return {n: round(float(v), 3) for n, v in zip([*names, "bias"], b, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(ROOT / "harness" / "conflicts.json"))
    options = parser.parse_args()
    everything, weights = list(examples(Compare())), {}
    for kind in dict.fromkeys(e.kind for e in everything):
        names = [*CHOSEN[kind.split(",")[0]], *(["clash"] if kind in conflicts.READ else [])]
        weights[kind] = fitted(kind, names, [e for e in everything if e.kind == kind])
    Path(options.out).write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
