"""ROUGE here against Google's rouge-score: the same 1,000 pairs, the same numbers, how many pairs a second.

    python scripts/bench_rouge.py

Made with a seeded generator: pairs of news-like texts of 40 to 160 words, sentences of 8 to 30. Three ways are timed,
rouge1, rouge2, rougeL, rougeLsum with the Porter stemmer each time, the best of several rounds:

  google   rouge_score.rouge_scorer, pair by pair, sentences split beforehand
  core     rouge_score_rs, all pairs at once, sentences split beforehand: must be at least 50 times as fast
  compute  Rouge().compute(predictions=..., references=...), with splitting, tables and typed scores: at least 20 times

Exit code 1 if a number differs or a way is too slow.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from rouge_score import rouge_scorer
from rouge_score_rs.rouge_scorer import RougeScorer

from harness.evaluators import Rouge
from harness.evaluators.rouge import METRICS, TYPES, split

FLOORS = {"core": 50.0, "compute": 20.0}


def pairs(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Predictions and references that share about half of their words, some of them whole phrases."""
    rng = random.Random(seed)
    syllables = [a + b + c for a in "bcdfglmnprst" for b in ("a", "e", "i", "o", "u") for c in ("", "n", "r", "s")]
    endings = ("", "", "s", "ed", "ing", "ly", "ation")
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) + rng.choice(endings) for _ in range(4000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]  # Zipf

    def sentence(known: list[str]) -> list[str]:
        new = rng.choices(words, weights, k=rng.randint(8, 30))
        if known and rng.random() < 0.5:
            at = rng.randrange(len(known))
            new[: len(new) // 2] = known[at : at + len(new) // 2]
        return new

    def text(known: list[str]) -> tuple[str, list[str]]:
        length, sentences = rng.randint(40, 160), []
        while sum(map(len, sentences)) < length:
            sentences.append(sentence(known))
        return " ".join(" ".join(s).capitalize() + "." for s in sentences), [w for s in sentences for w in s]

    references, predictions = [], []
    for _ in range(count):
        reference, known = text([])
        references.append(reference)
        predictions.append(text(known)[0])
    return predictions, references


def best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    seconds, result = float("inf"), None
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, result


def numbers(scores: dict[str, Any]) -> list[float]:
    return [value for kind in TYPES for value in scores[kind]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="of Google's; ours are timed five times as often")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    predictions, references = pairs(options.pairs, options.seed)
    lines = [
        (split(reference), split(prediction)) for reference, prediction in zip(references, predictions, strict=True)
    ]
    theirs, ours, metric = (
        rouge_scorer.RougeScorer(TYPES, use_stemmer=True),
        RougeScorer(TYPES, use_stemmer=True),
        Rouge(),
    )

    seconds: dict[str, float] = {}
    seconds["google"], google = best(lambda: [theirs.score(*pair) for pair in lines], options.rounds)
    seconds["core"], core = best(
        lambda: ours.score_batch([r for r, _ in lines], [p for _, p in lines]), 5 * options.rounds
    )
    seconds["compute"], result = best(
        lambda: metric.compute(predictions=predictions, references=references), 5 * options.rounds
    )
    google = [numbers(scores) for scores in google]
    core = [numbers(scores) for scores in core]
    values = [score.value for score in result["scores"]]
    compute = [values[at : at + len(METRICS)] for at in range(0, len(values), len(METRICS))]

    print(f"{options.pairs} pairs, seed {options.seed}, {os.cpu_count()} cores, Python {platform.python_version()}")
    ok = True
    for way, found in (("google", google), ("core", core), ("compute", compute)):
        difference = max(
            abs(a - b) for one, other in zip(google, found, strict=True) for a, b in zip(one, other, strict=True)
        )
        ratio = seconds["google"] / seconds[way]
        floor = FLOORS.get(way, 0.0)
        ok &= difference == 0 and ratio >= floor
        print(
            f"{way:<8} {options.pairs / seconds[way]:>10,.0f} pairs/s  {ratio:>6.1f} x"
            f"  max difference {difference}" + (f"  (floor {floor:.0f} x)" if floor else "")
        )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
