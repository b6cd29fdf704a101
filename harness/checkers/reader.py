"""A network that reads (passage, claim): a public checkpoint, its tokenizer, and what it makes of every passage.

Checkers differ in how a passage and a claim become one input and in what the outputs mean; finding the weights,
cutting the article so that everything fits, and running batches is the same for all and stands here. Only
safetensors are read and no code of a checkpoint is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from harness import text
from harness.checkers import chunks
from harness.choices import nearest
from harness.errors import ConfigError, WeightsError
from harness.models import Checkpoint
from harness.schema import Article, Claim, Span

BUCKET = 32  # padded lengths are multiples of this
BATCH_TOKENS = {"cpu": 4096, "cuda": 32_768, "mps": 8192}  # padded tokens of one forward pass
DTYPES = ("float32", "bfloat16", "float16")
# Architectures whose table of positions begins after the padding index.
_OFFSET_POSITIONS = ("roberta", "camembert", "mpnet", "longformer")

Input = Mapping[str, Sequence[int]]  # input_ids, attention_mask, perhaps token_type_ids


@dataclass(frozen=True, slots=True)
class Form:
    """How a family of checkpoints is read: which class of the transformers library, what input, what output.

    `encode(tokenizer, passage, claim)` makes the input, special tokens included and nothing cut;
    `forward(network, batch)` gives one row of outputs for each input.
    """

    architecture: str
    encode: Callable[[Any, str, str], Input]
    forward: Callable[[Any, Mapping[str, Any]], Any]


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
        if dtype not in DTYPES:
            raise ConfigError(f"checker.dtype={dtype} is none of {', '.join(DTYPES)}.{nearest(str(dtype), DTYPES)}")
        self.device = _device(str(device))
        self.name = Path(checkpoint).name
        self._path, self.identity = Checkpoint(self.name, id=checkpoint, revision=revision).locate()
        self.passage_tokens = passage_tokens
        self.overlap = overlap
        self.dtype = dtype
        self.config = self._load("AutoConfig")
        self._form = form(self.config)
        self.tokenizer = self._load("AutoTokenizer")
        self.context_tokens = self._context(context_tokens)
        self._marks = _special_tokens(self.tokenizer)
        self.passages = chunks.Passages(chunks.TokenizerMeasure(self.tokenizer))

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """What of this reader can change a verdict, for the signature of its checker."""
        return (
            ("chunks", chunks.VERSION),
            ("checkpoint", self.identity),
            ("passage", f"{self.passage_tokens}+{self.overlap}"),
            ("context", str(self.context_tokens)),
            ("dtype", self.dtype),
            ("transformers", metadata.version("transformers")),
            ("split", text.SPLITTER),
        )

    def read(
        self, pairs: Sequence[tuple[Claim, Article]], row: Callable[[np.ndarray], chunks.Row]
    ) -> list[chunks.Reading]:
        """One reading per pair, in order; `row` says what the outputs of the network mean."""
        inputs: dict[tuple[str, str], Input] = {}

        def plan(claim: str, article: str) -> tuple[Span, ...]:
            passages, encoded = self.plan(claim, article)
            inputs.update(zip([(claim, passage.text) for passage in passages], encoded, strict=True))
            return passages

        def ask(questions: list[tuple[str, str]]) -> list[chunks.Row | chunks.Unreadable]:
            told = self._run([inputs[question] for question in questions])
            # Some checkpoints overflow in half precision; a verdict made of that would stay in the cache.
            none = chunks.Unreadable(
                f"the outputs of {self.name} are no finite numbers in {self.dtype}: use checker.dtype=float32, or another "
                "checkpoint if it was that"
            )
            return [row(outputs) if np.isfinite(outputs).all() else none for outputs in told]

        return chunks.read(pairs, plan, ask)

    def plan(self, claim: str, article: str) -> tuple[tuple[Span, ...], list[Input]]:
        """The passages of an article that fit beside the claim, and their inputs."""
        inputs: dict[str, Input] = {}

        def size(passage: str) -> int:
            if passage not in inputs:
                inputs[passage] = self._form.encode(self.tokenizer, self._plain(passage), self._plain(claim))
            return len(inputs[passage]["input_ids"])

        passages = self.passages.fitting(claim, article, size, self.context_tokens, self.passage_tokens, self.overlap)
        return passages, [inputs[passage.text] for passage in passages]

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
    def _network(self) -> Any:
        import torch
        from transformers.utils import logging

        logging.disable_progress_bar()
        options = {"dtype": getattr(torch, self.dtype), "use_safetensors": True, "output_loading_info": True}
        network, loaded = self._load(self._form.architecture, **options)
        if absent := sorted(loaded["missing_keys"]):
            # A bare language model would get an output layer of random numbers, and verdicts to match.
            raise WeightsError(
                f"The checkpoint {self.name!r} in {self._path} is not one of {self._form.architecture}: "
                f"{len(absent)} tensors are not in its files, {absent[0]} among them."
            )
        return network.to(self.device).eval()

    def _load(self, what: str, **options: Any) -> Any:
        import transformers
        from safetensors import SafetensorError

        try:
            return getattr(transformers, what).from_pretrained(
                self._path, trust_remote_code=False, local_files_only=True, **options
            )
        except (OSError, ValueError, ImportError, KeyError, RuntimeError, SafetensorError) as error:
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


def _device(asked: str) -> Any:
    """The torch device of that name, for "auto" the best there is; ConfigError if it is not here."""
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    there = [name for name, is_there in has.items() if is_there]
    name = there[0] if asked == "auto" else asked
    if not re.fullmatch(rf"({'|'.join(there)})(:\d+)?", name):
        raise ConfigError(
            f"checker.device={asked} is not here: expected auto or {', '.join(there)}.{nearest(asked, ['auto', *there])}"
        )
    return torch.device(name)


def _special_tokens(tokenizer: Any) -> re.Pattern[str] | None:
    marks = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    marks = {mark for mark in marks if len(mark) > 1}
    return re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True)))) if marks else None
