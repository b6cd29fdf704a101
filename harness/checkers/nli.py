"""NLI: any public cross-encoder trained on natural language inference, read passage by passage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness import text
from harness.checkers import chunks
from harness.checkers.reader import Form, Reader, Reading
from harness.errors import ConfigError
from harness.schema import Article, Claim, Label, Signature, Verdict

VERSION = "1"

# What checkpoints call their outputs, in letters only. "other" is all that is not supported, undivided.
_NAMES = {
    "supported": "entailment entail entails entailed support supports supported aligned consistent",
    "contradicted": "contradiction contradict contradicts contradicted contradictory refute refutes refuted",
    "not_mentioned": "neutral neither notenoughinfo notenoughinformation nei notmentioned",
    "other": "notentailment notentailed nonentailment unsupported notsupported inconsistent",
}
_MEANING = {name: meaning for meaning, names in _NAMES.items() for name in names.split()}


class Nli:
    """Calls a claim supported when one passage of the article entails it.

    probability = the largest P(entailment) over the passages (max over evidence as in SummaC-ZS, Laban et al. 2022);
    contradiction = P(contradiction) of the aligned passage, the one that has most of the claim's content words: what
    a network says about a passage on something else is not asked. Both are the network's softmax, not recalibrated,
    and contradiction is lowered so that the two add up to 1 at most. A claim below `threshold` is contradicted when
    that is likelier than "not mentioned". Checkpoints with two outputs (entailment or not) never say contradicted:
    there contradiction is None.

    Which output means what is read from the checkpoint's `id2label`, in any order and spelling; `labels` names them
    where the checkpoint does not, in the order of its outputs. Passages have at most `passage_tokens` tokens and
    share `overlap` sentences with the one before. Evidence: the passage that decided, then the other of the two.
    """

    def __init__(
        self,
        checkpoint: str,
        revision: str = "main",
        labels: Sequence[str] | None = None,
        threshold: float = 0.5,
        passage_tokens: int = 128,
        overlap: int = 1,
        context_tokens: int | None = None,
        device: str = "auto",
        dtype: str = "float32",
    ) -> None:
        self.threshold = threshold
        self._reader = Reader(
            checkpoint,
            revision,
            lambda config: PAIR,
            passage_tokens,
            overlap,
            context_tokens,
            device,
            dtype,
        )
        names = self._reader.config.id2label
        self._columns = columns(labels or [names[index] for index in sorted(names)], checkpoint)

    @property
    def signature(self) -> Signature:
        reader = self._reader
        order = ",".join(f"{meaning}:{column}" for meaning, column in sorted(self._columns.items()))
        return Signature(
            "nli",
            (
                ("v", VERSION),
                ("chunks", chunks.VERSION),
                ("checkpoint", reader.identity),
                ("labels", order),
                ("passage", f"{reader.passage_tokens}+{reader.overlap}"),
                ("context", str(reader.context_tokens)),
                ("dtype", reader.dtype),
                ("split", text.SPLITTER),
                ("threshold", str(self.threshold)),
            ),
        )

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        readings = self._reader.read(pairs)
        return [self._judge(*pair, reading) for pair, reading in zip(pairs, readings, strict=True)]

    def _judge(self, claim: Claim, article: Article, reading: Reading) -> Verdict:
        if reading.error:
            return Verdict(claim.id, article.id, None, None, error=reading.error)
        outputs = np.exp(reading.outputs - reading.outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
        entailment = outputs[:, self._columns["supported"]]
        best = int(entailment.argmax())
        support = float(entailment[best])
        aligned, contradiction = best, None
        if "contradicted" in self._columns:
            aligned = most_words(claim.text, [passage.text for passage in reading.passages])
            contradiction = min(float(outputs[aligned, self._columns["contradicted"]]), 1 - support)
        label = decide(support, contradiction, self.threshold)
        order = (aligned, best) if label == "contradicted" else (best, aligned)
        evidence = tuple(reading.passages[index] for index in dict.fromkeys(order))
        return Verdict(claim.id, article.id, label, support, contradiction, evidence)


def columns(names: Sequence[str], checkpoint: str) -> dict[str, int]:
    """Which output means what, from the names of the outputs; ConfigError for names that say nothing.

    >>> columns(["CONTRADICTION", "NEUTRAL", "ENTAILMENT"], "x") == {"contradicted": 0, "not_mentioned": 1, "supported": 2}
    True
    >>> columns(["entailment", "not_entailment"], "x")
    {'supported': 0, 'other': 1}
    """
    found: dict[str, int] = {}
    for column, name in enumerate(names):
        meaning = _MEANING.get(re.sub("[^a-z]", "", name.lower()))
        if meaning is None or meaning in found:
            break
        found[meaning] = column
    else:
        if set(found) in ({"supported", "contradicted", "not_mentioned"}, {"supported", "other"}):
            return found
    raise ConfigError(
        f"The outputs of {checkpoint!r} are named {', '.join(map(repr, names))}: expected one each of entailment, neutral "
        "and contradiction, or entailment and not_entailment, in any order. If they mean that under other names, say so "
        "in their order: checker.labels=[entailment,neutral,contradiction]."
    )


def decide(support: float, contradiction: float | None, threshold: float) -> Label:
    """Supported from the threshold on; else the likelier of contradicted and not mentioned."""
    if support >= threshold:
        return "supported"
    if contradiction is not None and contradiction > 1 - support - contradiction:
        return "contradicted"
    return "not_mentioned"


def most_words(claim: str, passages: Sequence[str]) -> int:
    """The passage that has most of the claim's content words (stems), the first among equals."""
    wanted = set(map(text.stem, text.content_words(claim)))
    shared = [len(wanted & set(map(text.stem, text.content_words(passage)))) for passage in passages]
    return shared.index(max(shared))


def _encode(tokenizer: Any, passage: str, claim: str) -> Mapping[str, Sequence[int]]:
    return tokenizer(passage, claim, truncation=False, verbose=False)


def _forward(network: Any, batch: Mapping[str, Any]) -> Any:
    return network(**batch).logits


PAIR = Form("AutoModelForSequenceClassification", _encode, _forward)
