"""The embedded checker's network: all-MiniLM-L6-v2 as a cross-encoder that is told which tokens match.

Input is `[CLS] claim [SEP] passage [SEP]`. Beside its word embedding every token carries a learned *match* embedding:
whether it stands in the other text, and whether its left and right neighbour stand beside it there. A small network
thereby sees a changed word at once and can spend its layers on what the change means. Two heads: three labels from
[CLS], the mean and the maximum over the claim's tokens, and for each claim token whether the passage leaves it
unsupported, which only training asks for. Word, position and segment embeddings are those of the pinned base model and stay frozen; what was
trained (layers, match embeddings, heads) is read from safetensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import AutoModel

from harness.checkers import encoder
from harness.weights import pinned

CLS, SEP = 101, 102
MAX_CLAIM = 160  # tokens of a claim that are read with a passage
MAX_LENGTH = 320  # tokens of claim, passage and specials together
BUCKET = 16  # padded lengths are multiples of this; a batch holds one padded length
BATCH_TOKENS = 4096
ROWS = 16  # a batch has at least as many rows: a product of fewer is computed another way, which shows in bfloat16
MATCHES = 11  # none, five kinds in the claim, five in the passage


@dataclass(frozen=True, slots=True)
class Encoded:
    """A claim with a passage, as the network reads them."""

    tokens: np.ndarray
    matches: np.ndarray
    claim: int  # tokens of the claim


def matches(here: Sequence[int], there: Sequence[int]) -> np.ndarray:
    """For each token: 0 not in the other text, else 1, + 1 with its left and + 2 with its right neighbour there.

    >>> matches([5, 6, 7, 8], [5, 6, 9, 7]).tolist()
    [3, 2, 1, 0]
    """
    tokens, pairs = set(there), set(pairwise(there))
    kinds = np.zeros(len(here), np.int64)
    for i, token in enumerate(here):
        if token in tokens:
            left = i > 0 and (here[i - 1], token) in pairs
            right = i + 1 < len(here) and (token, here[i + 1]) in pairs
            kinds[i] = 1 + left + 2 * right
    return kinds


def encode(claim: Sequence[int], passage: Sequence[int], longest: int = MAX_LENGTH) -> Encoded:
    """A pair of token id lists as network input; the passage's tail is left out where both do not fit."""
    claim = list(claim[:MAX_CLAIM])
    passage = list(passage[: longest - 3 - len(claim)])
    kinds = np.zeros(len(claim) + len(passage) + 3, np.int64)
    kinds[1 : 1 + len(claim)] = 1 + matches(claim, passage)
    kinds[2 + len(claim) : -1] = 6 + matches(passage, claim)
    return Encoded(np.array([CLS, *claim, SEP, *passage, SEP], np.int64), kinds, len(claim))


class Network(nn.Module):
    """Claim and passage -> label logits (pairs, 3) and a logit of being unsupported per token."""

    def __init__(self, base: Path | None = None) -> None:
        super().__init__()
        self.body = AutoModel.from_pretrained(
            base or pinned("minilm"),
            dtype=torch.float32,
            use_safetensors=True,
            add_pooling_layer=False,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",  # on the CPU twice as fast to train as the fused kernel
        )
        width = self.body.config.hidden_size
        self.match = nn.Embedding(MATCHES, width)
        nn.init.zeros_(self.match.weight)
        self.hidden = nn.Linear(3 * width, width)
        self.labels = nn.Linear(width, 3)
        self.unsupported = nn.Linear(width, 1)
        for parameter in self.body.embeddings.parameters():
            parameter.requires_grad = False

    def forward(
        self,
        tokens: torch.Tensor,
        kinds: torch.Tensor,
        claim: torch.Tensor,
        mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        embedded = self.body.embeddings.word_embeddings(tokens) + self.match(kinds)
        position = torch.arange(tokens.shape[1], device=tokens.device)[None]
        segment = ((position > claim[:, None] + 1) & (mask > 0)).long()
        state = self.body(inputs_embeds=embedded, attention_mask=mask, token_type_ids=segment).last_hidden_state
        in_claim = (position >= 1) & (position <= claim[:, None])
        weight = in_claim.unsqueeze(-1).to(state.dtype)
        mean = (state * weight).sum(1) / weight.sum(1).clamp(min=1)
        most = state.masked_fill(~in_claim.unsqueeze(-1), -1e4).max(1).values
        pooled = nn.functional.gelu(self.hidden(torch.cat([state[:, 0], mean, most], 1)))
        return self.labels(pooled), self.unsupported(state).squeeze(-1), in_claim

    def trained(self) -> dict[str, torch.Tensor]:
        """What training changed: everything but the base model's embeddings."""
        return {k: v for k, v in self.state_dict().items() if not k.startswith("body.embeddings")}


def batch(pairs: Sequence[Encoded], length: int | None = None) -> tuple[torch.Tensor, ...]:
    """The input tensors of `Network`, padded to `length`."""
    length = length or -(-max(len(p.tokens) for p in pairs) // BUCKET) * BUCKET
    tokens = torch.zeros(len(pairs), length, dtype=torch.long)
    kinds, mask = torch.zeros_like(tokens), torch.zeros_like(tokens)
    for row, pair in enumerate(pairs):
        size = len(pair.tokens)
        tokens[row, :size] = torch.from_numpy(pair.tokens)
        kinds[row, :size] = torch.from_numpy(pair.matches)
        mask[row, :size] = 1
    return tokens, kinds, torch.tensor([p.claim for p in pairs]), mask


def load(weights: Path, device: str = "cpu") -> Network:
    """The trained network, ready to judge; in bfloat16 on a CPU that computes in it (four times as fast).

    The dtype moves a probability by up to 0.02 before it is weighed, by 0.003 after; it is part of the signature.
    """
    from safetensors.torch import load_file

    network = Network()
    missing, unexpected = network.load_state_dict(load_file(weights), strict=False)
    if unexpected or any(not name.startswith("body.embeddings") for name in missing):
        raise ValueError(f"{weights} does not hold this network: {[*unexpected, *missing][:3]}")
    network.body.config._attn_implementation = "sdpa"  # the fused kernel is the faster one to judge with
    return network.to(device=device, dtype=encoder.cpu_dtype() if device == "cpu" else torch.float32).eval()


def judge(network: Network, pairs: Sequence[Encoded], batch_tokens: int = BATCH_TOKENS) -> np.ndarray:
    """Per pair: P(supported), P(contradicted), P(not mentioned).

    A pair is padded to a multiple of 16 tokens of its own and shares a batch only with pairs of that length, so that
    what is said of it does not depend on its company.
    """
    device = next(network.parameters()).device
    out = np.zeros((len(pairs), 3), np.float64)
    lengths: dict[int, list[int]] = {}
    for index, pair in enumerate(pairs):
        lengths.setdefault(-(-len(pair.tokens) // BUCKET) * BUCKET, []).append(index)
    with torch.inference_mode():
        for length, members in sorted(lengths.items()):
            size = max(1, batch_tokens // length)
            for start in range(0, len(members), size):
                rows = members[start : start + size]
                company = [pairs[i] for i in rows] + [pairs[rows[0]]] * (ROWS - len(rows))
                inputs = (t.to(device) for t in batch(company, length))
                out[rows] = network(*inputs)[0][: len(rows)].float().softmax(-1).cpu().numpy()
    return out
