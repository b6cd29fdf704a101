"""The embedded checker against a cross-encoder that reads every (sentence, claim) pair: pairs a second, side by side.

    python scripts/bench_checker.py BENCHMARK [--documents 50] [--claims 200]

BENCHMARK is a folder with documents.jsonl and records.jsonl (docs/validation.md). The claims are the sentences of its
summaries, or those that people judged where there are any. The peer is `CrossEncoder.predict` of sentence-transformers (pip
install sentence-transformers) over all sentences of the document, with a network of the same layers and the same trained
weights (without the match embeddings, which it has no place for): only how long it takes is compared. It runs once as it
comes, in float32, and once in the dtype of the embedded checker. All run on the CPU with all cores; the unit is a (claim,
document) pair. What is lost by not reading everything shows where claims were judged: there the accuracy of the embedded
checker stands beside that of its own network reading every sentence, the most supporting one deciding, both at their best
threshold.

The floor: a pair of 60 tokens costs 2 x 64 million weights x 60 = 7.6 GFLOP; a document of 30 sentences asks the
peer for 30 of them a claim, retrieval leaves at most two passages, of 60 and 270 tokens.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from harness import agreement, text
from harness.benchmark import Folder
from harness.checkers import network
from harness.checkers.embedded import Embedded
from harness.checkers.encoder import cpu_dtype
from harness.schema import Article, Claim
from harness.weights import converted

Pair = tuple[Claim, Article]


def pairs_of(path: Path, documents: int, claims: int) -> tuple[list[Pair], list[int]]:
    """(claim, article) pairs, spread evenly over the first documents, and what people said of each where they did."""
    benchmark = Folder().load(path)[0].first(documents)
    articles = {doc.id: Article(doc.id, doc.text) for doc in benchmark.documents.values()}
    found: dict[tuple[str, str], tuple[Pair, int | None]] = {}
    for record in benchmark.records:
        said = [(s.text, s.label) for s in record.sentences] or [(s.text, None) for s in text.sentences(record.summary)]
        for i, (words, label) in enumerate(said):
            claim = Claim(f"{record.id}#{i}", record.id, words, 0, len(words))
            found[words, record.doc_id] = (claim, articles[record.doc_id]), label
    evenly = np.linspace(0, len(found) - 1, min(claims, len(found))).astype(int)
    chosen = [list(found.values())[i] for i in evenly]
    return [pair for pair, _ in chosen], [label for _, label in chosen if label is not None]


def everything_read(all_pairs: Sequence[tuple[str, str]], owners: Sequence[int]) -> np.ndarray:
    """P(supported) of each claim by the sentence that supports it most; `owners`: the claim of each (sentence, claim) pair."""
    reader = network.reader(network.WEIGHTS, "cpu")
    support = np.zeros(max(owners) + 1)
    np.maximum.at(support, owners, reader.read([(claim, sentence) for sentence, claim in all_pairs])[:, 0])
    return support


def accuracy(labels: Sequence[int], scores: np.ndarray) -> str:
    known = np.array(labels)
    best = agreement.balanced_accuracy(known, scores >= agreement.best_threshold(known, scores))
    return f"balanced accuracy {best:.3f}, area under the ROC curve {agreement.auc(known, scores):.3f}"


def peer(folder: Path, dtype: torch.dtype) -> CrossEncoder:
    """A CrossEncoder with the trained layers in a checkpoint of the base model's shape."""
    base = converted("mpnet")
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, num_hidden_layers=network.LAYERS)
    trained = network.load(network.WEIGHTS / "embedded.safetensors").float().body
    model.mpnet.load_state_dict(trained.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return CrossEncoder(str(folder), device="cpu", model_kwargs={"dtype": dtype})


def timed(encoder: CrossEncoder, pairs: Sequence[tuple[str, str]]) -> float:
    encoder.predict(pairs[:64], show_progress_bar=False)
    started = time.perf_counter()
    encoder.predict(pairs, batch_size=32, show_progress_bar=False)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--documents", type=int, default=50)
    parser.add_argument("--claims", type=int, default=200)
    options = parser.parse_args()
    pairs, labels = pairs_of(options.benchmark, options.documents, options.claims)
    sentences = [(i, span.text) for i, (_, article) in enumerate(pairs) for span in text.sentences(article.text)]
    owners, all_pairs = [i for i, _ in sentences], [(words, pairs[i][0].text) for i, words in sentences]
    print(f"{len(pairs)} (claim, document) pairs, {len(all_pairs)} (sentence, claim) pairs")

    checker = Embedded()
    checker.check(pairs[:4])
    started = time.perf_counter()
    verdicts = checker.check(pairs)
    ours = len(pairs) / (time.perf_counter() - started)

    if errors := [verdict.error for verdict in verdicts if verdict.error]:
        parser.exit(1, f"{len(errors)} of {len(pairs)} pairs could not be checked, the first: {errors[0]}\n")
    together = np.array([verdict.probability for verdict in verdicts], float)
    alone = np.array([checker.check([pair])[0].probability for pair in pairs[:40]], float)
    moved = np.abs(alone - together[:40]).max()

    print(f"embedded checker                                {ours:8.2f} pairs/s")
    for dtype in dict.fromkeys((torch.float32, cpu_dtype())):
        with tempfile.TemporaryDirectory() as folder:
            theirs = len(pairs) / timed(peer(Path(folder), dtype), all_pairs)
        name = str(dtype).removeprefix("torch.")
        print(
            f"CrossEncoder.predict, every sentence, {name:9s} {theirs:8.2f} pairs/s: embedded is {ours / theirs:.1f} x"
        )
    if len(labels) == len(pairs):
        print(f"embedded checker:           {accuracy(labels, together)}")
        print(f"its network, every sentence: {accuracy(labels, everything_read(all_pairs, owners))}")
    print(f"largest change of a probability when a pair is checked alone: {moved:.1e}")
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
