"""A network that reads (passage, claim): a public checkpoint, its tokenizer, and what it makes of every passage.

Checkers differ in how a passage and a claim become one input and in what the outputs mean; finding the weights,
cutting the article so that everything fits, and running batches is the same for all and stands here. Only
safetensors are read and no code of a checkpoint is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.checkers import chunks
from harness.errors import ConfigError, WeightsError
from harness.models import Checkpoint
from harness.schema import Article, Claim, Span

# Threads that spin while they wait are of use on idle cores only. It has to be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BUCKET = 32  # padded lengths are multiples of this
BATCH_TOKENS = {"cpu": 4096, "cuda": 32_768, "mps": 8192}  # padded tokens of one forward pass
LEAST = 16  # tokens a passage needs beside the claim
_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
# Architectures whose table of positions begins after the padding index.
_OFFSET_POSITIONS = ("roberta", "camembert", "mpnet", "longformer")

Input = Mapping[str, Sequence[int]]  # input_ids, attention_mask, perhaps token_type_ids


class Unreadable(Exception):
    """This pair cannot be read, and why: recorded in its verdict, no error of the run."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a family of checkpoints is read: which class of the transformers library, what input, what output.

    `encode(tokenizer, passage, claim)` makes the input, special tokens included and nothing cut;
    `forward(network, batch)` gives one row of outputs for each input.
    """

    architecture: str
    encode: Callable[[Any, str, str], Input]
    forward: Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network made of one pair: a row of outputs for each passage, or why there is none."""

    passages: tuple[Span, ...] = ()
    outputs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    error: str | None = None


class Reader:
    """A checkpoint of the transformers library, by id on the hub or by path, and its tokenizer.

    `form` chooses how it is read from its configuration. `context_tokens` is the longest input; without it the smaller
    of what the tokenizer and the table of positions allow. The weights are looked for at once (WeightsError) and
    loaded at the first pair.
    """

    def __init__(
        self,
        checkpoint: str,
        revision: str,
        form: Callable[[Any], Form],
        passage_tokens: int,
        overlap: int,
        context_tokens: int | None = None,
        device: str = "auto",
        dtype: str = "float32",
    ) -> None:
        self.name = Path(checkpoint).name
        self._path, self.identity = Checkpoint(self.name, id=checkpoint, revision=revision).locate()
        self.passage_tokens = passage_tokens
        self.overlap = overlap
        self._device = device
        self.dtype = dtype
        self.config = self._load("AutoConfig")
        self._form = form(self.config)
        self.tokenizer = self._load("AutoTokenizer")
        self.context_tokens = self._context(context_tokens)
        self._marks = _special_tokens(self.tokenizer)
        self._passages = chunks.Passages(chunks.TokenizerMeasure(self.tokenizer))

    def read(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Reading]:
        """One reading per pair, in order; equal pairs and equal (passage, claim) inputs are read once."""
        plans: dict[tuple[str, str], tuple[tuple[Span, ...], list[tuple[str, str]]] | str] = {}
        inputs: dict[tuple[str, str], Input] = {}
        for claim, article in pairs:
            key = (claim.text, article.text)
            if key in plans:
                continue
            try:
                passages, encoded = self._plan(*key)
            except Unreadable as reason:
                plans[key] = str(reason)
                continue
            texts = [(span.text, claim.text) for span in passages]
            plans[key] = passages, texts
            inputs.update(zip(texts, encoded, strict=True))
        outputs = dict(zip(inputs, self._run(list(inputs.values())), strict=True))

        def reading(plan: tuple[tuple[Span, ...], list[tuple[str, str]]] | str) -> Reading:
            if isinstance(plan, str):
                return Reading(error=plan)
            return Reading(plan[0], np.stack([outputs[key] for key in plan[1]]))

        return [reading(plans[claim.text, article.text]) for claim, article in pairs]

    def _plan(self, claim: str, article: str) -> tuple[tuple[Span, ...], list[Input]]:
        """The passages of an article that fit beside the claim, and their inputs."""
        readable(claim, article)
        claim = self._plain(claim)
        needed = len(self._form.encode(self.tokenizer, "", claim)["input_ids"])
        budget = min(self.passage_tokens, self.context_tokens - needed)
        while budget >= min(LEAST, self.passage_tokens):
            passages = self._passages.of(article, budget, self.overlap)
            encoded = [self._form.encode(self.tokenizer, self._plain(span.text), claim) for span in passages]
            excess = max(len(one["input_ids"]) for one in encoded) - self.context_tokens
            if excess <= 0:
                return passages, encoded
            budget -= excess  # joining made more tokens than the parts have
        raise Unreadable(
            f"the claim needs {needed} of the {self.context_tokens} tokens that {self.name} reads at once: no room "
            "for evidence beside it, and a claim is never cut"
        )

    def _plain(self, text: str) -> str:
        """The text with the tokenizer's own marks made harmless: what an article says cannot end the passage."""
        return self._marks.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text) if self._marks else text

    def _run(self, inputs: list[Input]) -> list[np.ndarray]:
        """Outputs in order. Inputs share a batch only with those of the same padded length, so that padding never
        depends on the company."""
        import torch

        out: list[np.ndarray] = [np.empty(0)] * len(inputs)
        buckets: dict[int, list[int]] = {}
        for index, one in enumerate(inputs):
            length = -(-len(one["input_ids"]) // BUCKET) * BUCKET
            buckets.setdefault(min(length, self.context_tokens), []).append(index)
        for length, members in sorted(buckets.items(), reverse=True):
            size = max(1, BATCH_TOKENS.get(self.device.type, BATCH_TOKENS["cpu"]) // length)
            while members:
                batch, rest = members[:size], members[size:]
                try:
                    rows = self._batch([inputs[i] for i in batch], length)
                except torch.OutOfMemoryError:
                    if size == 1:
                        raise
                    torch.cuda.empty_cache()
                    size = max(1, size // 2)
                    continue
                for index, row in zip(batch, rows, strict=True):
                    out[index] = row
                members = rest
        return out

    def _batch(self, inputs: list[Input], length: int) -> np.ndarray:
        import torch

        padding = {"input_ids": self.tokenizer.pad_token_id or 0}
        batch = {
            name: torch.tensor(
                [[*one[name], *[padding.get(name, 0)] * (length - len(one[name]))] for one in inputs],
                device=self.device,
            )
            for name in inputs[0]
        }
        with torch.inference_mode():
            return self._form.forward(self._network, batch).float().cpu().numpy()

    @cached_property
    def device(self) -> Any:
        import torch

        if self._device != "auto":
            return torch.device(self._device)
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")

    @cached_property
    def _network(self) -> Any:
        import torch
        from transformers.utils import logging

        logging.disable_progress_bar()
        return (
            self._load(self._form.architecture, dtype=getattr(torch, self.dtype), use_safetensors=True)
            .to(self.device)
            .eval()
        )

    def _load(self, what: str, **options: Any) -> Any:
        import transformers

        try:
            return getattr(transformers, what).from_pretrained(
                self._path, trust_remote_code=False, local_files_only=True, **options
            )
        except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise WeightsError(
                f"The checkpoint {self.name!r} in {self._path} cannot be read as {what}: {reason}. Expected an architecture "
                "that the transformers library has (code of a checkpoint is never run), its tokenizer.json and "
                "safetensors."
            ) from error

    def _context(self, wanted: int | None) -> int:
        rows = getattr(self.config, "max_position_embeddings", None)
        if rows and any(name in self.config.model_type for name in _OFFSET_POSITIONS):
            rows -= (self.config.pad_token_id or 0) + 1
        if wanted is None:
            known = min(rows or 10**9, self.tokenizer.model_max_length)
            if known >= 10**9:
                raise ConfigError(f"{self.name} does not say how many tokens it reads at once: set context_tokens.")
            return known
        # DeBERTa's positions are relative: its table is no limit.
        if rows and wanted > rows and getattr(self.config, "position_biased_input", True):
            raise ConfigError(f"context_tokens={wanted}, but {self.name} has positions for {rows} tokens.")
        return wanted


def readable(claim: str, article: str) -> None:
    """Unreadable when there is nothing to judge or nothing to judge it by."""
    if not claim.strip():
        raise Unreadable("the claim has no text")
    if not article.strip():
        raise Unreadable("the article has no text")


def _special_tokens(tokenizer: Any) -> re.Pattern[str] | None:
    marks = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    marks = {mark for mark in marks if len(mark) > 1}
    return re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True)))) if marks else None
