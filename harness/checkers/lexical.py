"""Lexical: the share of a claim's words that a passage of the article has. The floor; no weights."""

from __future__ import annotations

from collections.abc import Sequence

from harness import text
from harness.checkers.chunks import decide
from harness.schema import Article, Claim, Signature, Span, Verdict


class Lexical:
    """Calls a claim supported when one passage of the article has at least `threshold` of its content words.

    probability = the largest share of the claim's distinct content words (stems; all words count alike) found in
    any `window` or fewer consecutive sentences, in [0, 1]. It is an overlap, not a calibrated probability. It sees
    neither negation nor who did what to whom, and never says contradicted: contradiction is None. Evidence is
    the best passage, the shortest and then the first among equals. A claim without content words is compared in
    all its words; one without words cannot be checked (label None).
    """

    def __init__(self, threshold: float = 0.75, window: int = 3) -> None:
        self.threshold = threshold
        self.window = window

    @property
    def signature(self) -> Signature:
        return Signature(
            "lexical",
            (("v", "2"), ("split", text.SPLITTER), ("threshold", str(self.threshold)), ("window", str(self.window))),
        )

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        read: dict[str, list[tuple[Span, frozenset[str]]]] = {}
        for _, article in pairs:
            if article.text not in read:
                read[article.text] = [(span, _stems(span.text)) for span in text.sentences(article.text)]
        return [self._judge(claim, article, read[article.text]) for claim, article in pairs]

    def _judge(self, claim: Claim, article: Article, sentences: list[tuple[Span, frozenset[str]]]) -> Verdict:
        wanted = frozenset(text.content_words(claim.text)) or _stems(claim.text)
        if not wanted:
            return Verdict(claim.id, article.id, None, None, error="the claim has no words")
        if not sentences:
            return Verdict(claim.id, article.id, None, None, error="the article has no text")
        most, best = -1, (0, 0)
        for size in range(1, min(self.window, len(sentences)) + 1):
            for first in range(len(sentences) - size + 1):
                there = frozenset().union(*(stems for _, stems in sentences[first : first + size]))
                if (shared := len(wanted & there)) > most:
                    most, best = shared, (first, first + size - 1)
        overlap = most / len(wanted)
        start, end = sentences[best[0]][0].start, sentences[best[1]][0].end
        evidence = (Span(start, end, article.text[start:end]),) if most else ()
        label = decide(overlap, None, self.threshold)
        return Verdict(claim.id, article.id, label, overlap, None, evidence)


def _stems(passage: str) -> frozenset[str]:
    return frozenset(map(text.stem, text.words(passage)))
