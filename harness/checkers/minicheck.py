"""MiniCheck: checkpoints trained on synthetic fact-checking data, in the input format of their authors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.checkers import chunks
from harness.checkers.reader import Form, Reader
from harness.errors import ConfigError
from harness.schema import Article, Claim, Signature, Verdict

VERSION = "1"
T5_PREFIX = "predict: "
T5_ANSWERS = [3, 209]  # in T5's vocabulary the first token of "0" (not supported) and of "1" (supported)


class MiniCheck:
    """Calls a claim supported when one passage of the article supports it (Tang, Laban and Durrett, 2024).

    probability = the largest P(supported) over the passages. The input is "passage</s>claim" (the tokenizer's own
    end mark between the two): for encoders such as MiniCheck-RoBERTa-Large P is the softmax of the second of two
    outputs; for MiniCheck-Flan-T5-Large "predict: " stands before it and P is the softmax of token 209 against token 3
    at the first step of the decoder. It is binary: contradiction is None, and a claim is supported or not mentioned.

    Their code cuts the claim with the passage when the two are too long; here the passage gives way and a claim that
    does not fit alone is an error of its pair. A claim should be one sentence, as its authors advise.
    """

    def __init__(
        self,
        checkpoint: str,
        revision: str = "main",
        threshold: float = 0.5,
        passage_tokens: int = 400,
        context_tokens: int | None = None,
        device: str = "auto",
        dtype: str = "float32",
    ) -> None:
        self.threshold = threshold
        self._reader = Reader(
            checkpoint,
            revision,
            lambda config: T5 if config.is_encoder_decoder else ENCODER,
            passage_tokens,
            0,
            context_tokens,
            device,
            dtype,
        )
        if not self._reader.config.is_encoder_decoder and self._reader.config.num_labels != 2:
            raise ConfigError(
                f"{checkpoint!r} has {self._reader.config.num_labels} outputs; MiniCheck has two (not supported, "
                "supported). For a three-way head use checker=nli."
            )

    @property
    def signature(self) -> Signature:
        return Signature("minicheck", (("v", VERSION), ("threshold", str(self.threshold)), *self._reader.fields))

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        readings = self._reader.read(pairs, _row)
        return [chunks.judge(*pair, reading, self.threshold) for pair, reading in zip(pairs, readings, strict=True)]


def _row(outputs: np.ndarray) -> chunks.Row:
    return {"supported": float(1 / (1 + np.exp(outputs[0] - outputs[1])))}


def _encode(tokenizer: Any, passage: str, claim: str) -> Mapping[str, Sequence[int]]:
    return tokenizer(f"{passage}{tokenizer.eos_token or tokenizer.sep_token}{claim}", truncation=False, verbose=False)


def _encode_t5(tokenizer: Any, passage: str, claim: str) -> Mapping[str, Sequence[int]]:
    return _encode(tokenizer, T5_PREFIX + passage, claim)


def _forward(network: Any, batch: Mapping[str, Any]) -> Any:
    return network(**batch).logits


def _forward_t5(network: Any, batch: Mapping[str, Any]) -> Any:
    import torch

    start = torch.full((len(batch["input_ids"]), 1), network.config.decoder_start_token_id, device=network.device)
    return network(**batch, decoder_input_ids=start).logits[:, 0, T5_ANSWERS]


ENCODER = Form("AutoModelForSequenceClassification", _encode, _forward)
T5 = Form("AutoModelForSeq2SeqLM", _encode_t5, _forward_t5)
