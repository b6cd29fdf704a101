from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from harness.checkers.lexical import Lexical
from harness.claims.sentences import Sentences
from harness.desk import Desk
from harness.schema import Article, Claim, Signature, Span, Verdict


@pytest.fixture
def desk() -> Desk:
    """Sentence claims and the lexical checker: real, fast, and without weights."""
    return Desk(Sentences(), Lexical())


class Ruling:
    """A checker whose verdicts are written down: (claim text, article text) -> label, or a failure."""

    def __init__(self, rulings: Mapping[tuple[str, str], str]) -> None:
        self.rulings = rulings
        self.asked: list[tuple[str, str]] = []

    @property
    def signature(self) -> Signature:
        return Signature("ruling", (("rulings", str(sorted(self.rulings.items()))),))

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        self.asked += [(claim.text, article.text) for claim, article in pairs]
        return [self._rule(claim, article) for claim, article in pairs]

    def _rule(self, claim: Claim, article: Article) -> Verdict:
        label = self.rulings.get((claim.text, article.text), "not_mentioned")
        if label == "failed":
            return Verdict(claim.id, article.id, None, None, error="the reply could not be parsed")
        support, contradiction = {"supported": (0.9, 0.0), "contradicted": (0.1, 0.8), "not_mentioned": (0.2, 0.1)}[
            label
        ]
        span = Span(0, len(article.text), article.text)
        notes = ("number: 12 against 15",) if label == "contradicted" else ()
        return Verdict(claim.id, article.id, label, support, contradiction, (span,), notes)  # type: ignore[arg-type]


@pytest.fixture
def ruling_desk() -> Callable[[Mapping[tuple[str, str], str]], Desk]:
    return lambda rulings: Desk(Sentences(), Ruling(rulings))
