"""The embedded checker against a cross-encoder that reads every (sentence, claim) pair: pairs a second, side by side.

    python scripts/bench_checker.py BENCHMARK [--documents 50] [--claims 200]

BENCHMARK is a folder with documents.jsonl and records.jsonl (docs/validation.md). The claims are the sentences of its
summaries. The peer is `CrossEncoder.predict` of sentence-transformers (pip install sentence-transformers) over all
sentences of the document, with a network of the same layers and the same trained weights (without the match
embeddings, which it has no place for): what it says is not compared, only how long it takes. It runs once as it comes, in
float32, and once in the dtype of the embedded checker. All run on the CPU with all cores; the unit is a (claim, document) pair.

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

from harness import text
from harness.benchmark import Folder
from harness.checkers import network
from harness.checkers.embedded import Embedded
from harness.checkers.encoder import cpu_dtype
from harness.schema import Article, Claim
from harness.weights import converted


def pairs_of(path: Path, documents: int, claims: int) -> list[tuple[Claim, Article]]:
    """(claim, article) pairs, spread evenly over the first documents."""
    benchmark = Folder().load(path)[0].first(documents)
    articles = {doc.id: Article(doc.id, doc.text) for doc in benchmark.documents.values()}
    found = [
        (Claim(f"{record.id}#{i}", record.id, span.text, span.start, span.end), articles[record.doc_id])
        for record in benchmark.records
        for i, span in enumerate(text.sentences(record.summary))
    ]
    found = list({(claim.text, article.id): (claim, article) for claim, article in found}.values())
    evenly = np.linspace(0, len(found) - 1, min(claims, len(found))).astype(int)
    return [found[i] for i in evenly]


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
    pairs = pairs_of(options.benchmark, options.documents, options.claims)
    all_pairs = [(span.text, claim.text) for claim, article in pairs for span in text.sentences(article.text)]
    print(f"{len(pairs)} (claim, document) pairs, {len(all_pairs)} (sentence, claim) pairs")

    checker = Embedded()
    checker.check(pairs[:4])
    started = time.perf_counter()
    verdicts = checker.check(pairs)
    ours = len(pairs) / (time.perf_counter() - started)

    alone = [Embedded.check(checker, [pair])[0] for pair in pairs[:40]]
    moved = max(abs((a.probability or 0) - (b.probability or 0)) for a, b in zip(alone, verdicts, strict=False))

    print(f"embedded checker                                {ours:8.2f} pairs/s")
    for dtype in dict.fromkeys((torch.float32, cpu_dtype())):
        with tempfile.TemporaryDirectory() as folder:
            theirs = len(pairs) / timed(peer(Path(folder), dtype), all_pairs)
        name = str(dtype).removeprefix("torch.")
        print(
            f"CrossEncoder.predict, every sentence, {name:9s} {theirs:8.2f} pairs/s: embedded is {ours / theirs:.1f} x"
        )
    print(f"largest change of a probability when a pair is checked alone: {moved:.1e}")
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
