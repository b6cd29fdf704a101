"""Fits what the embedded checker weighs its features by, and its one threshold, on claims that people judged.

    python scripts/calibrate_checker.py --benchmarks DIR --weights harness/checkers/weights

Reads judged summaries (qags_cnndm, qags_xsum, cliff, summedits_news), key facts of realsumm documents that were not
trained on, the claims of the planted briefs and the written pairs that were set aside, each set weighing alike and in
each set both labels. P(supported) of a claim is the most that any of its articles gives; a summary is as good as its
worst claim. The weights minimise the cross entropy of that with people's labels plus a ridge; the threshold has the
best mean balanced accuracy over the sets, averaged over bootstrap samples of the documents. Prints balanced accuracy per
set, and by leaving out a fifth of the documents in turn. Rewrites embedded.json.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from checker_data import SUPPORTED, aside, hashed, read_set, written_pairs

from harness import planted, text
from harness.checkers import embedded, network
from harness.schema import Article, Claim

DATASETS = Path(__file__).parent.parent / "datasets"
SUMMARIES = ("qags_cnndm", "qags_xsum", "cliff", "summedits_news")
FACTS = 2000  # key facts of realsumm
WEIGHED = ("support", "word", "copied", "missing", "differing")
EXCHANGED = -1.5  # set by hand: exchanged roles and speakers are right nine times in ten, but too rare to fit a weight
RIDGE = 0.003
NEUTRAL = {"weights": dict.fromkeys(embedded.FEATURES, 0.0), "bias": 0.0}  # what features are measured with
DRAWS = 100  # bootstrap samples that the threshold is the mean over


@dataclass(frozen=True, slots=True)
class Judged:
    """Something with one label: claims, each with the articles that may bear it out."""

    set: str
    document: str
    label: int
    claims: tuple[tuple[Claim, tuple[Article, ...]], ...]


def held_out(doc_id: str) -> bool:
    """Whether a realsumm document is kept from training."""
    return hashed(f"half{doc_id}", 2) == 1


def judged(benchmarks: Path, scale: float = 1.0) -> list[Judged]:
    """Everything that is fitted on; with `scale` a share of each set."""
    rng = random.Random(13)
    out: list[Judged] = []
    for made in (*(_summaries(benchmarks / name) for name in SUMMARIES), _facts(benchmarks), _planted(), _written()):
        found = list(made)
        rng.shuffle(found)
        most = FACTS if found and found[0].set == "realsumm" else len(found)
        out += found[: max(8, int(most * scale))]
    return out


def _claim(words: str) -> Claim:
    return Claim("c", "s", words, 0, len(words))


def _summaries(folder: Path) -> Iterator[Judged]:
    documents, records = read_set(folder)
    for record in records:
        article = Article(record["doc_id"], documents[record["doc_id"]]["document"])
        spans = [s for s in text.sentences(record["summary"]) if any(c.isalnum() for c in s.text)]
        name = "-".join(filter(None, (folder.name, record.get("origin"))))
        if spans:
            claims = tuple((_claim(span.text), (article,)) for span in spans)
            yield Judged(name, f"{folder.name}/{article.id}", record["label"], claims)


def _facts(benchmarks: Path) -> Iterator[Judged]:
    _, records = read_set(benchmarks / "realsumm")
    for record in records:
        if held_out(record["doc_id"]) and record["summary"].strip():
            summary = Article(record["id"], record["summary"])
            for fact in record["key_facts"]:
                document = f"realsumm/{record['doc_id']}"
                yield Judged("realsumm", document, fact["present"], ((_claim(fact["text"]), (summary,)),))


def _planted() -> Iterator[Judged]:
    for event in planted.load(DATASETS / "planted" / "dev"):
        for brief in event.briefs:
            for claim in brief["claims"]:
                label = int(claim["label"] == "supported")
                claims = ((_claim(claim["text"]), event.event.articles),)
                yield Judged("planted", event.event.id, label, claims)


def _written() -> Iterator[Judged]:
    for row in written_pairs(DATASETS / "pairs"):
        if aside(row) and row.kind.startswith("written"):
            claims = ((_claim(row.claim), (Article("p", row.passage),)),)
            yield Judged("written", row.passage, int(row.label == SUPPORTED), claims)


# ------------------------------------------------------------------------------------------------ measuring


@dataclass
class Measured:
    """One row per (claim, article): weighed features for long and for short texts, and where the row belongs."""

    x: np.ndarray
    given: np.ndarray  # what is added to the logit of each row beside them
    claim: np.ndarray  # of each row
    unit: np.ndarray  # of each claim
    label: np.ndarray  # of each unit
    set: np.ndarray
    document: np.ndarray


def measure(checker: embedded.Embedded, units: Sequence[Judged]) -> Measured:
    pairs: list[tuple[Claim, Article]] = []
    claim_of: list[int] = []
    unit_of: list[int] = []
    for number, unit in enumerate(units):
        for claim, articles in unit.claims:
            pairs += [(claim, article) for article in articles]
            claim_of += [len(unit_of)] * len(articles)
            unit_of.append(number)
    found: list[embedded.Measured] = []
    for start in range(0, len(pairs), 2000):
        found += checker.measure(pairs[start : start + 2000])
    columns = [embedded.FEATURES.index(name) for name in WEIGHED]
    features = np.array([[*(m.features[c] for c in columns), 1.0] for m in found])
    short = np.array([m.short for m in found])[:, None]
    return Measured(
        np.hstack([features * (1 - short), features * short]),
        EXCHANGED * np.array([m.features[embedded.FEATURES.index("exchanged")] for m in found]),
        np.array(claim_of),
        np.array(unit_of),
        np.array([unit.label for unit in units]),
        np.array([unit.set for unit in units]),
        np.array([unit.document for unit in units]),
    )


# ------------------------------------------------------------------------------------------------ fitting


def balance(measured: Measured, used: np.ndarray) -> np.ndarray:
    """A weight per unit: all sets count alike, and in each set both labels; 0 for what is not used."""
    weight = np.zeros(len(measured.label))
    for name in set(measured.set):
        for label in (0, 1):
            chosen = used & (measured.set == name) & (measured.label == label)
            weight[chosen] = 1 / max(1, chosen.sum())
    return weight / weight.sum()


def scores(measured: Measured, weights: torch.Tensor) -> torch.Tensor:
    rows = torch.sigmoid(torch.tensor(measured.x) @ weights + torch.tensor(measured.given))
    zero = torch.zeros(len(measured.unit), dtype=torch.float64)
    claims = zero.scatter_reduce(0, torch.tensor(measured.claim), rows, "amax")
    one = torch.ones(len(measured.label), dtype=torch.float64)
    return one.scatter_reduce(0, torch.tensor(measured.unit), claims, "amin").clamp(1e-4, 1 - 1e-4)


def fit(measured: Measured, used: np.ndarray) -> np.ndarray:
    """The weights for long and for short texts, the bias last in each."""
    spread = torch.tensor(measured.x.std(0) + 1e-6)
    label, weight = torch.tensor(measured.label, dtype=torch.float64), torch.tensor(balance(measured, used))
    half = len(spread) // 2
    w = torch.zeros(len(spread), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        p = scores(measured, w / spread)
        # Both halves are drawn to zero, and to each other.
        free = torch.cat([w[: half - 1], w[half:-1], (w / spread)[: half - 1] - (w / spread)[half:-1]])
        loss = -(weight * (label * p.log() + (1 - label) * (1 - p).log())).sum() + RIDGE * (free**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return (w / spread).detach().numpy()


def accuracies(measured: Measured, p: np.ndarray, threshold: float) -> dict[str, float]:
    """Balanced accuracy per set that has both labels."""
    out = {}
    for name in sorted(set(measured.set)):
        here = measured.set == name
        if len(set(measured.label[here])) < 2:
            continue
        right = [(p[here & (measured.label == label)] >= threshold).mean() for label in (0, 1)]
        out[name] = float((1 - right[0] + right[1]) / 2)
    return out


def best_threshold(measured: Measured, p: np.ndarray) -> float:
    """The mean of the thresholds that are best for DRAWS bootstrap samples of the documents of each set.

    The best threshold of the sample alone hangs on a few of its summaries.
    """
    tried = np.quantile(p, np.linspace(0.05, 0.95, 91))
    reached = []
    rng = np.random.default_rng(13)
    for name in sorted(set(measured.set)):
        here = measured.set == name
        _, document = np.unique(measured.document[here], return_inverse=True)
        n = document.max() + 1
        times = rng.multinomial(n, np.full(n, 1 / n), DRAWS)[:, document]
        positive = measured.label[here] == 1
        above = p[here][:, None] >= tried
        right = [
            times[:, chosen] @ rightly[chosen] / np.maximum(times[:, chosen].sum(1, keepdims=True), 1)
            for chosen, rightly in ((positive, above), (~positive, ~above))
        ]
        reached.append((right[0] + right[1]) / 2)
    return float(tried[np.mean(reached, 0).argmax(1)].mean())


def calibrate(measured: Measured, folds: int = 5) -> dict[str, Any]:
    """`long`, `short` and `threshold` of embedded.json; prints what they reach, fitted and left out."""
    everything = np.ones(len(measured.label), bool)
    weights = fit(measured, everything)
    p = scores(measured, torch.tensor(weights)).numpy()
    threshold = best_threshold(measured, p)
    left_out = np.zeros((len(p),))
    fold = np.array([hashed(d, folds) for d in measured.document])
    for number in range(folds):
        mine = fold == number
        others = fit(measured, ~mine)
        known = scores(measured, torch.tensor(others)).numpy()
        kept = replace(
            measured, label=measured.label[~mine], set=measured.set[~mine], document=measured.document[~mine]
        )
        left_out[mine] = known[mine] >= best_threshold(kept, known[~mine])
    fitted, honest = accuracies(measured, p, threshold), accuracies(measured, left_out, 0.5)
    for name in fitted:
        print(
            f"  {name:16s} {(measured.set == name).sum():5d} fitted {fitted[name]:.3f} left out {honest.get(name, 0):.3f}"
        )
    print(f"  mean {np.mean(list(fitted.values())):.3f} left out {np.mean(list(honest.values())):.3f}", flush=True)
    half = len(weights) // 2
    parts = {"long": weights[:half], "short": weights[half:]}
    fitted_weights = {
        length: {
            "weights": {name: round(float(v), 4) for name, v in zip(WEIGHED, part, strict=False)}
            | {"exchanged": EXCHANGED},
            "bias": round(float(part[-1]), 4),
        }
        for length, part in parts.items()
    }
    return fitted_weights | {"threshold": round(threshold, 3)}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=network.WEIGHTS)
    options = parser.parse_args(arguments)
    path = options.weights / "embedded.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {
        "version": embedded.VERSION,
        "long": NEUTRAL,
        "short": NEUTRAL,
    }
    with tempfile.TemporaryDirectory() as folder:  # a run that ends early must not leave the neutral weights
        for file in options.weights.glob("embedded.*"):
            shutil.copy(file, folder)
        (Path(folder) / path.name).write_text(json.dumps(config), encoding="utf-8")
        config |= calibrate(measure(embedded.Embedded(folder), judged(options.benchmarks)))
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
