"""The embedded checker's network: all-mpnet-base-v2 as a cross-encoder that is told which tokens match.

Input is `<s> claim </s></s> passage </s>`. From the third layer on every token also carries a learned *match*
embedding: which of the two texts it is of, whether it stands in the other one, and whether its left and right neighbour
stand beside it there. The network thereby sees a changed word at once and can spend its layers on what the change
means. Two heads: three labels from <s>, the mean and the maximum over the claim's tokens, and for each claim token
whether the passage leaves it unsupported. The base is the pinned model as it is; what
training added (low-rank parts of the layers, match embeddings, heads) is read from safetensors.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from harness.checkers import encoder
from harness.errors import WeightsError
from harness.weights import converted

WEIGHTS = Path(__file__).parent / "weights"
CLS, PAD, SEP = 0, 1, 2
SPECIALS = 4  # [CLS] claim [SEP] [SEP] passage [SEP]
LAYERS = 9  # of the base's twelve: the last ones serve its sentence vectors, and cost a quarter of the time
FROZEN = 2  # layers that are as they were; what matches is told to the layers above them
RANK = 16
MAX_CLAIM = 160  # tokens of a claim that are read with a passage
MAX_LENGTH = 320  # tokens of claim, passage and specials together
BUCKET = 16  # padded lengths are multiples of this; a batch holds one padded length
BATCH_TOKENS = 4096
LEAST_TOKENS = 1024  # of a batch, padding included: a smaller product is computed another way, which shows in bfloat16
OUTSIDE = 6.0  # logits of tokens are kept within this
REMEMBERED = 50_000  # pairs of texts whose probabilities are kept
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
    passage = list(passage[: longest - SPECIALS - len(claim)])
    kinds = np.zeros(len(claim) + len(passage) + SPECIALS, np.int64)
    kinds[1 : 1 + len(claim)] = 1 + matches(claim, passage)
    kinds[3 + len(claim) : -1] = 6 + matches(passage, claim)
    return Encoded(np.array([CLS, *claim, SEP, SEP, *passage, SEP], np.int64), kinds, len(claim))


class LowRank(nn.Module):
    """A frozen linear layer and what training adds to it: x W' + x (up down)' (LoRA, Hu et al. 2021)."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(RANK, layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + (x @ self.down.T) @ self.up.T

    def merged(self) -> nn.Linear:
        """One linear layer that does the same."""
        self.layer.weight += self.up @ self.down
        return self.layer


def _body(base: Path) -> Any:
    from transformers.utils import logging

    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # that the upper layers are not used is meant so
    try:
        return AutoModel.from_pretrained(
            base,
            dtype=torch.float32,
            use_safetensors=True,
            add_pooling_layer=False,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            num_hidden_layers=LAYERS,
        )
    finally:
        logging.set_verbosity(verbosity)


class Network(nn.Module):
    """Claim and passage -> label logits (pairs, 3) and a logit of being unsupported per token."""

    body: Any  # the base model; its parts carry no types

    def __init__(self, base: Path | None = None) -> None:
        super().__init__()
        self.body = _body(base or converted("mpnet")).requires_grad_(False)
        for layer in self.body.encoder.layer[FROZEN:]:
            for part in (layer.attention.attn, layer.intermediate, layer.output):
                for name, linear in list(part.named_children()):
                    if isinstance(linear, nn.Linear):
                        setattr(part, name, LowRank(linear))
        width = self.body.config.hidden_size
        self.match = nn.Embedding(MATCHES, width)
        nn.init.zeros_(self.match.weight)
        self.hidden = nn.Linear(3 * width, width)
        self.labels = nn.Linear(width, 3)
        self.unsupported = nn.Linear(width, 1)

    def forward(
        self,
        tokens: torch.Tensor,
        kinds: torch.Tensor,
        claim: torch.Tensor,
        mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        encoder = self.body.encoder
        with torch.no_grad():
            state = self.body.embeddings(input_ids=tokens)
            bias = encoder.compute_position_bias(state)
            bias = bias.masked_fill(mask[:, None, None] == 0, torch.finfo(state.dtype).min)
            for layer in encoder.layer[:FROZEN]:
                state = layer(state, position_bias=bias)[0]
        state = state + self.match(kinds)
        for layer in encoder.layer[FROZEN:]:
            state = layer(state, position_bias=bias)[0]
        position = torch.arange(tokens.shape[1], device=tokens.device)[None]
        in_claim = (position >= 1) & (position <= claim[:, None])
        weight = in_claim.unsqueeze(-1).to(state.dtype)
        mean = (state * weight).sum(1) / weight.sum(1).clamp(min=1)
        most = state.masked_fill(~in_claim.unsqueeze(-1), -1e4).max(1).values
        pooled = torch.cat([state[:, 0], mean, most], 1).to(self.hidden.weight.dtype)
        told = self.labels(nn.functional.gelu(self.hidden(pooled)))
        return told, self.unsupported(state.to(self.unsupported.weight.dtype)).squeeze(-1), in_claim

    def trained(self) -> dict[str, torch.Tensor]:
        """What training changed: the low-rank parts, the match embeddings and the heads."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    @torch.no_grad()
    def merge(self) -> None:
        """Adds what was trained to the layers it belongs to: the same function, at the cost of the base."""
        for part in list(self.body.modules()):
            for name, child in list(part.named_children()):
                if isinstance(child, LowRank):
                    setattr(part, name, child.merged())


def batch(pairs: Sequence[Encoded], length: int | None = None) -> tuple[torch.Tensor, ...]:
    """The input tensors of `Network`, padded to `length`."""
    length = length or -(-max(len(p.tokens) for p in pairs) // BUCKET) * BUCKET
    tokens = torch.full((len(pairs), length), PAD)
    kinds, mask = torch.zeros_like(tokens), torch.zeros_like(tokens)
    for row, pair in enumerate(pairs):
        size = len(pair.tokens)
        tokens[row, :size] = torch.from_numpy(pair.tokens)
        kinds[row, :size] = torch.from_numpy(pair.matches)
        mask[row, :size] = 1
    return tokens, kinds, torch.tensor([p.claim for p in pairs]), mask


def load(weights: Path, device: str = "cpu") -> Network:
    """The trained network, ready to judge; in bfloat16 on a CPU that computes in it (four times as fast).

    The dtype moves probabilities; it is part of the signature.
    """
    from safetensors.torch import load_file

    network = Network()
    missing, unexpected = network.load_state_dict(load_file(weights), strict=False)
    if unexpected or any(name in network.trained() for name in missing):
        raise ValueError(f"{weights} does not hold this network: {[*unexpected, *missing][:3]}")
    network.merge()
    network.body.to(encoder.cpu_dtype() if device == "cpu" else torch.float32)
    network.match.to(network.body.dtype)
    return network.to(device).eval()  # the heads stay in float32: few rows of bfloat16 would depend on their number


@cache
def reader(weights: Path, device: str) -> Reader:
    """The one reader of these weights in this process on a device. Without defaults: a call that leaves an argument out would
    be another key of the cache, and load the network a second time."""
    return Reader(weights, device)


class Reader:
    """The trained network and its tokenizer: texts in, probabilities of the three labels out."""

    def __init__(self, weights: Path, device: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(converted("mpnet"))
        file = weights / "embedded.safetensors"
        identity = hashlib.sha256(file.read_bytes()).hexdigest()
        if identity != json.loads((weights / "embedded.json").read_text(encoding="utf-8"))["sha256"]:
            raise WeightsError(
                f"{file} is not the file that embedded.json beside it was made for: their hashes differ."
            )
        self.network = load(file, device)
        dtype = str(next(self.network.parameters()).dtype).removeprefix("torch.")
        self.name = f"{identity[:12]}-{dtype}"
        self._memory: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
        self._guard = threading.Lock()

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids without special tokens; "</s>" in a text is four characters like any other."""
        if not texts:
            return []
        return self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)[
            "input_ids"
        ]

    def judge(self, pairs: Sequence[Encoded]) -> np.ndarray:
        """As `judge`."""
        return judge(self.network, pairs)

    def read(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """P(supported, contradicted, not mentioned) of (claim, passage) texts; what is over MAX_LENGTH tokens is left out, so these should be sentences."""
        with self._guard:
            new = [pair for pair in dict.fromkeys(pairs) if pair not in self._memory]
            claims, passages = self.tokens([claim for claim, _ in new]), self.tokens([passage for _, passage in new])
            encoded = [encode(claim, passage) for claim, passage in zip(claims, passages, strict=True)]
            self._memory.update(zip(new, self.judge(encoded)[:, :3], strict=True))
            found = np.stack([self._memory[pair] for pair in pairs]) if pairs else np.zeros((0, 3))
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return found


def judge(network: Network, pairs: Sequence[Encoded], batch_tokens: int = BATCH_TOKENS) -> np.ndarray:
    """Per pair: P(supported), P(contradicted), P(not mentioned), and the logit of the claim's least supported token.

    A pair is padded to a multiple of 16 tokens of its own and shares a batch only with pairs of that length, so that
    what is said of it does not depend on its company.
    """
    device = next(network.parameters()).device
    out = np.zeros((len(pairs), 4), np.float64)
    lengths: dict[int, list[int]] = {}
    for index, pair in enumerate(pairs):
        lengths.setdefault(-(-len(pair.tokens) // BUCKET) * BUCKET, []).append(index)
    with torch.inference_mode():
        for length, members in sorted(lengths.items()):
            size, least = max(1, batch_tokens // length), -(-LEAST_TOKENS // length)
            for start in range(0, len(members), size):
                rows = members[start : start + size]
                company = [pairs[i] for i in rows] + [pairs[rows[0]]] * (least - len(rows))
                labels, unsupported, in_claim = network(*(t.to(device) for t in batch(company, length)))
                worst = unsupported.masked_fill(~in_claim, -OUTSIDE).max(1, keepdim=True).values
                told = torch.cat([labels.softmax(-1), worst.clamp(-OUTSIDE, OUTSIDE)], 1)
                out[rows] = told[: len(rows)].float().cpu().numpy()
            if device.type == "cpu":
                _give_back_memory()
    return out


def _give_back_memory() -> None:
    """Freed buffers, which glibc keeps by size: those of every padded length together are more than a gigabyte."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
