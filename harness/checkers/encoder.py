"""The embedded sentence encoder: all-MiniLM-L6-v2, read from the pinned weights.

Retrieves evidence for the checkers and candidate pairs for the alignment. Mean-pooled, unit-length vectors, as
sentence-transformers computes them (Reimers and Gurevych 2019).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from harness.weights import pinned

BUCKET = 32  # padded lengths are multiples of this
BATCH_TOKENS = 4096
REMEMBERED = 50_000  # vectors kept, 1.5 KB each


def cpu_dtype() -> Any:
    """bfloat16 where the CPU computes in it (AMX, AVX512-BF16 or Arm's BF16; about four times as fast), else float32."""
    import torch

    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    able: dict[str, bool] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # younger than the oldest torch that is supported
    fast = any(able.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))
    fast = fast or any(getattr(torch.cpu, name, lambda: False)() for name in names)
    return torch.bfloat16 if fast else torch.float32


@cache
def load(device: str = "cpu") -> Encoder:
    """The one encoder of this process on a device."""
    return Encoder(device)


class Encoder:
    """Texts -> unit vectors, float32, shape (texts, 384).

    A text is padded to a multiple of 32 tokens of its own and only shares a batch with texts of the same padded
    length: what it is encoded to does not depend on the batch. Of a text longer than 512 tokens the head is encoded.
    """

    def __init__(self, device: str = "cpu") -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        path = pinned("minilm")
        self.device = torch.device(device)
        dtype = cpu_dtype() if self.device.type == "cpu" else torch.float32
        self.tokenizer = AutoTokenizer.from_pretrained(path)
        self.model = AutoModel.from_pretrained(path, dtype=dtype, use_safetensors=True).to(self.device).eval()
        self.name = f"all-MiniLM-L6-v2-{str(dtype).removeprefix('torch.')}"
        self._memory: OrderedDict[str, np.ndarray] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def limit(self) -> int:
        """The longest input in tokens, special tokens included."""
        return int(self.model.config.max_position_embeddings)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, in order; a dot product of two is their cosine similarity."""
        with self._guard:
            new = [text for text in dict.fromkeys(texts) if text not in self._memory]
            self._memory.update(zip(new, self._encode(new), strict=True))
            vectors = np.stack([self._memory[text] for text in texts]) if texts else np.zeros((0, 384), np.float32)
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return vectors

    def _encode(self, texts: list[str]) -> list[np.ndarray]:
        import torch

        if not texts:
            return []
        ids = self.tokenizer(texts, add_special_tokens=True, truncation=False, verbose=False)["input_ids"]
        buckets: dict[int, list[int]] = {}
        for index, tokens in enumerate(ids):
            if len(tokens) > self.limit:
                # Retrieval only ranks: the head of an over-long "sentence" (a list, a table) is enough to rank it.
                tokens[self.limit - 1 :] = [tokens[-1]]
            buckets.setdefault(-(-len(tokens) // BUCKET) * BUCKET, []).append(index)
        out: list[np.ndarray] = [np.empty(0)] * len(texts)
        with torch.inference_mode():
            for length, members in buckets.items():
                size = max(1, BATCH_TOKENS // length)
                for start in range(0, len(members), size):
                    batch = members[start : start + size]
                    tokens = torch.tensor([ids[i] + [0] * (length - len(ids[i])) for i in batch], device=self.device)
                    mask = torch.tensor(
                        [[1] * len(ids[i]) + [0] * (length - len(ids[i])) for i in batch], device=self.device
                    )
                    hidden = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
                    weight = mask[..., None].float()
                    vectors = torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)
                    for index, vector in zip(batch, vectors.cpu().numpy(), strict=True):
                        out[index] = vector
        return out
