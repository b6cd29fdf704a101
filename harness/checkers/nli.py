"""NLI: any public cross-encoder trained on natural language inference, read passage by passage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.checkers import chunks
from harness.checkers.reader import Form, Reader
from harness.errors import ConfigError
from harness.schema import LABELS, Article, Claim, Signature, Verdict

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
    contradiction = P(contradiction) of the passage that has most of the claim's content words. Both are the network's
    softmax, not recalibrated. A claim below `threshold` is contradicted when that is likelier than "not mentioned".
    Checkpoints with two outputs (entailment or not) never say contradicted: there contradiction is None.

    Which output means what is read from the checkpoint's `id2label`, in any order and spelling; `labels` names them
    where the checkpoint does not, in the order of its outputs. Passages have at most `passage_tokens` tokens and
    share `overlap` sentences with the one before.
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
        if labels and len(labels) != len(names):
            raise ConfigError(
                f"checker.labels names {len(labels)} outputs and {checkpoint!r} has {len(names)}: name each of them, in order."
            )
        self._columns = columns(labels or [names[index] for index in sorted(names)], checkpoint)

    @property
    def signature(self) -> Signature:
        order = ",".join(f"{meaning}:{column}" for meaning, column in sorted(self._columns.items()))
        own = (("v", VERSION), ("labels", order), ("threshold", str(self.threshold)))
        return Signature("nli", (*own, *self._reader.fields))

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        readings = self._reader.read(pairs, self._row)
        return [chunks.judge(*pair, reading, self.threshold) for pair, reading in zip(pairs, readings, strict=True)]

    def _row(self, outputs: np.ndarray) -> chunks.Row:
        odds = np.exp(outputs - outputs.max())
        shares = odds / odds.sum()
        return {label: float(shares[self._columns[label]]) for label in LABELS if label in self._columns}


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


def _encode(tokenizer: Any, passage: str, claim: str) -> Mapping[str, Sequence[int]]:
    return tokenizer(passage, claim, truncation=False, verbose=False)


def _forward(network: Any, batch: Mapping[str, Any]) -> Any:
    return network(**batch).logits


PAIR = Form("AutoModelForSequenceClassification", _encode, _forward)
