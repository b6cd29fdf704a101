"""Fit the weights by which `harness.conflicts` tells conflicts from pairs of values that are none.

    python scripts/fit_conflicts.py [--out harness/conflicts.json]

Learns from the development half of the planted events and from the shipped sample, whose conflicts are marked; every
pair that `harness.conflicts.pairs` finds is one example, and all pairs of one planted conflict weigh as much as three
others. Prints, per kind and by leaving one event out, how many of the conflicts are found at each confidence and with
how many false pairs. Ridge-penalised logistic regression; the features were chosen by backward elimination.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import conflicts, planted, text
from harness.checkers import encoder
from harness.corpus import Sample
from harness.slots import slots

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
}
# Logits added so that one confidence (`certain`) serves all kinds: where it can be had, two right to one wrong left out.
SHIFT = {"number": -0.4, "date": 0.0, "name": 0.1}
MEANT = {"number": ("number",), "date": ("date",), "name": ("name", "place", "attribution")}


def examples() -> list[tuple[str, Any, str, str]]:
    """(event, pair, kind, conflict it belongs to or "")."""
    events = [(p.event, p) for p in planted.load(ROOT / "datasets" / "planted" / "dev")]
    events += [(e, None) for e in Sample().events()]
    encode = encoder.load().encode
    out = []
    for event, truth in events:
        docs = text.parse([a.text for a in event.articles])
        found = [s for a, d in zip(event.articles, docs, strict=True) for s in slots(a, d)]
        marked = [
            (c.kind, [(v.article_id, v.start, v.end) for v in c.versions if v.start is not None])
            for c in event.conflicts
        ]
        near = [planted._spans(truth, n) for n in truth.non_conflicts] if truth else []
        for pair in conflicts.pairs(found, encode):
            name = next((f"c{i}" for i, (k, v) in enumerate(marked) if k in MEANT[pair.one.kind] and _in(pair, v)), "")
            name = name or ("near" if any(_in(pair, v) for v in near) else "")
            out.append((event.id, pair, pair.one.kind, name))
    return out


def _in(pair: Any, spans: Sequence[tuple[str, Any, Any]]) -> bool:
    return all(any(a == s.article_id and b <= s.start < e for a, b, e in spans) for s in (pair.one, pair.two))


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The weights, the bias last."""
    from scipy.optimize import minimize

    x = np.c_[x, np.ones(len(x))]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        z, penalty = x @ b, np.r_[b[:-1], 0]
        value = (w * (np.logaddexp(0, z) - y * z)).sum() + RIDGE * (penalty**2).sum()
        return value, x.T @ (w * (1 / (1 + np.exp(-z)) - y)) + 2 * RIDGE * penalty

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(ROOT / "harness" / "conflicts.json"))
    options = parser.parse_args()
    everything, weights = examples(), {}
    for kind in CHOSEN:
        rows = [r for r in everything if r[2] == kind]
        names = list(CHOSEN[kind])
        x = np.array([[r[1].features[n] for n in names] for r in rows])
        y = np.array([r[3] not in ("", "near") for r in rows], float)
        size = Counter((r[0], r[3]) for r in rows)
        w = np.array([3 / size[r[0], r[3]] if t else 2.0 if r[3] else 1.0 for r, t in zip(rows, y, strict=True)])
        owner = np.array([r[0] for r in rows])
        p = np.zeros(len(y))
        for event in sorted(set(owner)):
            out = owner == event
            b = fit(x[~out], y[~out], w[~out])
            p[out] = 1 / (1 + np.exp(-(np.c_[x[out], np.ones(out.sum())] @ b)))
        for least in (0.3, 0.4, 0.45, 0.5, 0.6):
            hit = {(r[0], r[3]) for r, q, t in zip(rows, p, y, strict=True) if t and q >= least}
            print(
                f"{kind:7s} {least}: {len(hit)} conflicts, {int(((p >= least) & (y == 0)).sum())} false pairs (left out)"
            )
        b = fit(x, y, w)
        b[-1] += SHIFT[kind]
        weights[kind] = {n: round(float(v), 3) for n, v in zip([*names, "bias"], b, strict=True)}
    Path(options.out).write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
