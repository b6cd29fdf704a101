"""Trains and calibrates the embedded checker: raw files in, `embedded.safetensors` and `embedded.json` out.

    python scripts/train_checker.py --pairs pairs.jsonl --news news.jsonl --benchmarks DIR --out DIR --seed 13

Inputs, all UTF-8 JSON Lines:

- `--pairs`: labelled pairs; `source`, `premise`, `claim`, `label` (supported | contradicted | not_mentioned |
  not_supported, the last where the origin has two classes).
- `--news`: plain news articles; `source`, `text`. Synthetic pairs are made of them.
- `--benchmarks`: a folder of judged sets in the layout that `harness validate` reads (documents.jsonl and records.jsonl
  each). summedits_samsum, summedits_scitldr, entfa, polytope and half of realsumm's documents are trained on; the weights
  of the combination and the threshold are fitted by calibrate_checker.py, among others on qags_cnndm, qags_xsum, cliff and
  summedits_news; their documents and those of summeval are kept out of training (by `split_key` and by shared text).
- `--wordnet`: the `dict` folder of WordNet 3 (Debian: wordnet-base, /usr/share/wordnet) for synonyms and antonyms;
  without it only the tables in antonyms.txt and synonyms.txt are used.

The base is the pinned all-mpnet-base-v2, its first nine layers, with low-rank additions (LoRA, rank 16) to all linear layers
but those of the two lowest; those two and the embeddings stay as they are. Five stages: labelled pairs, short ones first; then
everything; then mostly what was written for the purpose (datasets/pairs), the learning rate falling to zero; then, rising and
falling again, the sentences of two articles of one written event, with some of everything else; the last two differ in the
rate, and in that more had been written by the fifth. Weights are trained in
bfloat16 with float32 copies. Loss: cross entropy over three labels (two-class rows through the sum of contradicted and not mentioned)
plus half a binary cross entropy per claim token where the wrong words are known. One row in a hundred is held out (of the SUBTLE kinds, which
stand in two lists, none is for certain); what is got right of each kind of them is printed after each stage, and the weights so
far are kept. `--scale 0.01` is a trial run.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from calibrate_checker import NEUTRAL, calibrate, held_out, judged, measure
from checker_data import (
    NOT_CONTRADICTED,
    NOT_SUPPORTED,
    Row,
    aside,
    event_pairs,
    judged_summaries,
    labelled_pairs,
    news_texts,
    read_set,
    written_pairs,
)
from safetensors.torch import load_file, save_file
from synthetic_pairs import synthetic
from torch.nn import functional

from harness.checkers import embedded, network
from harness.weights import converted, pinned

PAIRS = Path(__file__).parent.parent / "datasets" / "pairs"
CLAIM, LENGTH = 72, 288  # tokens read in training
BATCH_TOKENS = 2400
TOKEN_LOSS = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    pair: network.Encoded
    label: int
    wrong: np.ndarray | None  # per claim token: 1 if the passage does not bear it out
    kind: str


@dataclass(frozen=True, slots=True)
class Stage:
    examples: int
    rate: float
    floor: float  # share of the learning rate that is left at the end
    easy: float  # share of claims that are also shown with a passage of another pair
    mixture: dict[str, float]  # how often a pass shows the rows of each kind
    short_first: bool = False


# Labelled pairs first, short ones first; then everything; then mostly what was written for the purpose; then, twice,
# sentences of two articles and what one word changes.
STAGES = (
    Stage(16_000, 4e-4, 0.8, 0.10, {"pairs": 1.0}, short_first=True),
    Stage(56_000, 3.2e-4, 0.5, 0.04, {"pairs": 1.0, "synthetic": 0.4, "paired": 0.4, "judged": 1.0, "written": 1.0}),
    Stage(30_000, 2e-4, 0.0, 0.02, {"written": 1.6, "pairs": 0.08, "synthetic": 0.06, "paired": 0.1, "judged": 0.5}),
    Stage(
        32_000,
        1.6e-4,
        0.0,
        0.02,
        {"events": 1.0, "subtle": 1.0, "written": 0.4, "pairs": 0.05, "synthetic": 0.02, "paired": 0.05, "judged": 0.4},
    ),
    Stage(
        30_000,
        1.4e-4,
        0.0,
        0.02,
        {"events": 1.0, "subtle": 1.0, "written": 0.2, "pairs": 0.05, "synthetic": 0.02, "paired": 0.05, "judged": 0.4},
    ),
)


# Of the written claims: who did what to whom, one word changed in a copied sentence, and what several sentences bear out.
SUBTLE = {f"written {kind}" for kind in ("role", "fusion", "copy", "attribute", "modality", "predicate")}


def parse(texts: Sequence[str]) -> list[Any]:
    import spacy

    return list(spacy.load(pinned("spacy")).pipe(texts, batch_size=32))


def encoded(rows: Sequence[Row], tokenizer: Any) -> list[Example]:
    """Rows as network input, with the wrong characters as wrong tokens."""
    out = []
    options = {
        "add_special_tokens": False,
        "return_offsets_mapping": True,
        "verbose": False,
    }
    for start in range(0, len(rows), 10_000):
        part = rows[start : start + 10_000]
        claims = tokenizer([row[0] for row in part], **options)
        passages = tokenizer([row[1] for row in part], **options)["input_ids"]
        for row, claim, offsets, passage in zip(
            part, claims["input_ids"], claims["offset_mapping"], passages, strict=True
        ):
            pair = network.encode(claim[:CLAIM], passage, LENGTH)
            wrong = None
            if row[3] is not None and (row[3] or row[2] == 0):
                wrong = np.zeros(pair.claim, np.float32)
                for i, (begin, end) in enumerate(offsets[: pair.claim]):
                    wrong[i] = any(begin < stop and end > first for first, stop in row[3])
            out.append(Example(pair, row[2], wrong, row[4]))
    return out


def stranger(example: Example, other: Example) -> Example:
    """The claim of one example with the passage of another: not mentioned, easy to see."""
    claim = example.pair.tokens[1 : 1 + example.pair.claim].tolist()
    passage = other.pair.tokens[3 + other.pair.claim : -1].tolist()
    return Example(network.encode(claim, passage, LENGTH), 2, None, "stranger")


def batches(stage: Stage, data: dict[str, list[Example]], rng: random.Random) -> Iterator[list[Example]]:
    """Batches of about equal length, at most BATCH_TOKENS padded tokens each, for ever."""
    first = stage.short_first
    while True:
        shown: list[Example] = []
        for kind, times in stage.mixture.items():
            rows = data[kind]
            shown += rows * int(times) + rng.sample(rows, int((times - int(times)) * len(rows)))
        rng.shuffle(shown)
        shown += [stranger(e, rng.choice(shown)) for e in shown if rng.random() < stage.easy]
        if first:
            shown.sort(key=lambda e: len(e.pair.tokens) + rng.random() * 60)
        else:
            rng.shuffle(shown)
        first = False
        for start in range(0, len(shown), 20_000):
            part = sorted(shown[start : start + 20_000], key=lambda e: len(e.pair.tokens))
            groups: list[list[Example]] = [[]]
            for example in part:
                length = -(-len(example.pair.tokens) // 8) * 8
                if groups[-1] and (len(groups[-1]) + 1) * length > BATCH_TOKENS:
                    groups.append([])
                groups[-1].append(example)
            rng.shuffle(groups)
            yield from groups


def loss_of(net: network.Network, examples: Sequence[Example]) -> torch.Tensor:
    logits, tokens, in_claim = net(*network.batch([e.pair for e in examples]))
    logs = logits.float().log_softmax(-1)
    label = torch.tensor([e.label for e in examples])
    told = -logs.gather(1, label.clamp(max=2)[:, None]).squeeze(1)
    told = torch.where(label == NOT_SUPPORTED, -torch.logsumexp(logs[:, 1:], 1), told)
    loss = torch.where(label == NOT_CONTRADICTED, -torch.logsumexp(logs[:, ::2], 1), told).mean()
    wrong = torch.full(tokens.shape, -1.0)
    for row, example in enumerate(examples):
        if example.wrong is not None:
            wrong[row, 1 : 1 + example.pair.claim] = torch.from_numpy(example.wrong)
    known = (wrong >= 0) & in_claim
    if known.any():
        loss = loss + TOKEN_LOSS * functional.binary_cross_entropy_with_logits(
            tokens.float()[known], wrong[known], pos_weight=torch.tensor(3.0)
        )
    return loss


def train(
    net: network.Network,
    stage: Stage,
    data: dict[str, list[Example]],
    rng: random.Random,
    scale: float,
) -> None:
    """One stage. Weights are bfloat16, their float32 copies are what AdamW moves."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    master = [p.detach().float().clone().requires_grad_() for p in parameters]
    groups = [
        {"params": [m for m in master if m.dim() > 1], "weight_decay": 0.01},
        {"params": [m for m in master if m.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=stage.rate, betas=(0.9, 0.98), fused=True)
    wanted, seen, began = max(1, int(stage.examples * scale)), 0, time.time()
    recent: collections.deque[float] = collections.deque(maxlen=50)
    for step, examples in enumerate(batches(stage, data, rng)):
        if seen >= wanted:
            break
        share = seen / wanted
        for group in optimizer.param_groups:
            group["lr"] = stage.rate * min(1.0, share / 0.03) * (stage.floor + (1 - stage.floor) * (1 - share))
        loss = loss_of(net, examples)
        loss.backward()
        with torch.no_grad():
            for copy, parameter in zip(master, parameters, strict=True):
                copy.grad = torch.zeros_like(copy) if parameter.grad is None else parameter.grad.float()
                parameter.grad = None
            torch.nn.utils.clip_grad_norm_(master, 1.0, foreach=True)
            optimizer.step()
            torch._foreach_copy_(parameters, master)
        seen += len(examples)
        recent.append(loss.item())
        if step % 50 == 0:
            print(
                f"  {seen} of {wanted}, loss {np.mean(recent):.3f}, {time.time() - began:.0f} s",
                flush=True,
            )


def report(net: network.Network, held: Sequence[Example]) -> str:
    """How many of the held-out rows of each kind are told rightly, supported or not, the most frequent kinds first."""
    right: dict[str, list[bool]] = collections.defaultdict(list)
    net.eval()
    judged = network.judge(net, [example.pair for example in held])
    net.train()
    for example, row in zip(held, judged, strict=True):
        supported = (row[0] >= 0.5) == (example.label == 0)
        right[example.kind].append(row[1] < 0.5 if example.label == NOT_CONTRADICTED else supported)
    ordered = sorted(right.items(), key=lambda item: (-len(item[1]), item[0]))
    return "\n".join(f"  {kind:24s} {len(found):5d} {np.mean(found):.3f}" for kind, found in ordered)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pairs", "news", "benchmarks", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument(
        "--articles",
        type=int,
        default=1200,
        help="news articles that synthetic pairs are made of",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="share of all data that is used: for trials",
    )
    parser.add_argument(
        "--begin", type=int, default=1, help="stage to begin with, from the weights in --out that the one before left"
    )
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)

    facts = read_set(options.benchmarks / "realsumm")[0]
    rows: dict[str, list[Row]] = {"pairs": labelled_pairs(options.pairs, rng)}
    rows["judged"] = judged_summaries(options.benchmarks, [d for d in facts if held_out(d)], rng)
    docs = parse(news_texts(options.news, rng)[: max(20, int(options.articles * options.scale))])
    rows["synthetic"], rows["paired"] = synthetic(docs, options.wordnet, options.seed)
    rows["written"] = [row for row in written_pairs(PAIRS) if not aside(row)]
    rows["subtle"] = [row for row in rows["written"] if row.kind in SUBTLE]
    rows["events"] = event_pairs(PAIRS / "events.jsonl", rng)
    del docs
    net = network.Network()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(converted("mpnet"))
    data, held = {}, []
    for kind, found in rows.items():
        examples = encoded(found[: max(200, int(len(found) * options.scale))], tokenizer)
        rng.shuffle(examples)
        few = max(2, len(examples) // 100)
        held += examples[:few]
        data[kind] = examples[few:]
        print(f"{kind}: {len(data[kind])} rows", flush=True)
    net.to(torch.bfloat16).train()
    weights = options.out / "embedded.safetensors"
    if options.begin > 1:
        net.load_state_dict(load_file(weights), strict=False)
    for number, stage in list(enumerate(STAGES, 1))[options.begin - 1 :]:
        print(f"stage {number}", flush=True)
        train(net, stage, data, rng, options.scale)
        print(report(net, held), flush=True)
        kept = {name: tensor.detach().to(torch.bfloat16).contiguous() for name, tensor in net.trained().items()}
        save_file(kept, weights, metadata={"format": "pt"})

    config: dict[str, Any] = {
        "version": embedded.VERSION,
        "labels": ["supported", "contradicted", "not_mentioned"],
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "base": "all-mpnet-base-v2",
        "base_sha256": hashlib.sha256((converted("mpnet") / "model.safetensors").read_bytes()).hexdigest(),
        "seed": options.seed,
        "rows": {kind: len(found) for kind, found in data.items()},
        "examples_shown": [int(stage.examples * options.scale) for stage in STAGES],
        "long": NEUTRAL,
        "short": NEUTRAL,
        "threshold": 0.5,
    }
    path = options.out / "embedded.json"
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    config |= calibrate(measure(embedded.Embedded(options.out), judged(options.benchmarks, options.scale)))
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
