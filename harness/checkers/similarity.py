"""Similarity: the best evidence sentences by MiniLM, then deterministic checks. No training, the middle floor."""

from __future__ import annotations

from collections.abc import Sequence

from harness import text
from harness.checkers import encoder, rules
from harness.checkers.retrieval import Passage, Retriever
from harness.schema import Article, Claim, Label, Signature, Verdict

VERSION = "2"


class Similarity:
    """Judges a claim by the most similar sentence of the article and by what the two say in numbers and names.

    support = (cosine similarity with the best sentence + share of the claim's content words in the `evidence` best
    sentences) / 2, in [0, 1]; lowered by `penalty` for each number, date or name of the claim that stands nowhere
    in the article. Supported from `threshold` on. A number, date, name or negation that differs in the aligned
    sentence makes the claim contradicted. The numbers order claims well but are no calibrated probabilities.
    """

    def __init__(self, threshold: float = 0.6, evidence: int = 3, penalty: float = 0.2, device: str = "cpu") -> None:
        self.threshold = threshold
        self.evidence = evidence
        self.penalty = penalty
        self._encoder = encoder.load(device)
        self._retriever = Retriever(self._encoder)

    @property
    def signature(self) -> Signature:
        return Signature(
            "similarity",
            (
                ("v", VERSION),
                ("encoder", self._encoder.name),
                ("rules", rules.VERSION),
                ("split", text.SPLITTER),
                ("threshold", str(self.threshold)),
                ("evidence", str(self.evidence)),
                ("penalty", str(self.penalty)),
            ),
        )

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        by_article: dict[str, list[int]] = {}
        for index, (_, article) in enumerate(pairs):
            by_article.setdefault(article.text, []).append(index)
        verdicts: dict[int, Verdict] = {}
        for article_text, members in by_article.items():
            found = self._retriever.best([pairs[i][0].text for i in members], article_text, self.evidence)
            for index, passages in zip(members, found, strict=True):
                verdicts[index] = self._judge(*pairs[index], passages)
        return [verdicts[index] for index in range(len(pairs))]

    def _judge(self, claim: Claim, article: Article, passages: list[Passage]) -> Verdict:
        if not passages:
            return Verdict(claim.id, article.id, None, None, error="the article has no text")
        if not any(c.isalnum() for c in claim.text):
            return Verdict(claim.id, article.id, None, None, error="the claim has no words")
        wanted = set(text.content_words(claim.text))
        there = set(text.content_words(" ".join(p.text for p in passages)))
        overlap = len(wanted & there) / len(wanted) if wanted else 0.0
        differing = rules.disagreements(claim.text, passages[0].text, article.published)
        missing = rules.unsupported(claim.text, article.text, article.published)
        support = (max(passages[0].similarity, 0.0) + overlap) / 2 - self.penalty * len(missing)
        support = min(max(support, 0.0), 1.0)
        notes = tuple(str(finding) for finding in (*differing, *missing))
        label: Label = "supported" if support >= self.threshold else "not_mentioned"
        contradiction = 0.0
        if differing and overlap >= 0.5:
            label, contradiction, support = "contradicted", max(1 - support, 0.5), min(support, self.threshold / 2)
        return Verdict(
            claim.id,
            article.id,
            label,
            support,
            min(contradiction, 1 - support),
            tuple(p.span for p in passages),
            notes,
        )
