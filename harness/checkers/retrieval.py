"""Which passages of an article bear on a claim: retrieval over the whole article before anything expensive reads it.

Sentences are ranked by cosine similarity (MiniLM) with the claim; no part of the article is out of reach, however
long it is. A passage is one sentence, or the best sentence with the neighbours that belong to it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness import text
from harness.checkers.encoder import Encoder
from harness.schema import Span

REMEMBERED = 2_000  # articles whose sentences are kept


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of an article and its cosine similarity to the claim, in [-1, 1]."""

    start: int
    end: int
    text: str
    similarity: float

    @property
    def span(self) -> Span:
        return Span(self.start, self.end, self.text)


class Retriever:
    """Ranks the sentences of articles for claims; sentence vectors are made once per article."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._sentences: OrderedDict[str, list[Span]] = OrderedDict()

    def sentences(self, article: str) -> list[Span]:
        if article not in self._sentences:
            self._sentences[article] = text.sentences(article)
            while len(self._sentences) > REMEMBERED:
                self._sentences.popitem(last=False)
        return self._sentences[article]

    def best(self, claims: Sequence[str], article: str, k: int) -> list[list[Passage]]:
        """For each claim the `k` most similar sentences, best first; none for an article without text."""
        spans = self.sentences(article)
        if not spans:
            return [[] for _ in claims]
        vectors = self.encoder.encode([span.text for span in spans])
        # Not one matrix product: its last bits depend on how many claims are asked at once.
        similarity = np.array([(vectors * claim).sum(axis=1) for claim in self.encoder.encode(claims)])
        # Ties go to the earlier sentence, so that the order does not depend on the sorting algorithm.
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        return [
            [Passage(spans[j].start, spans[j].end, spans[j].text, float(row[j])) for j in picks]
            for row, picks in zip(similarity, order, strict=True)
        ]
