"""The ceiling for extracts: sentences chosen with the reference in hand."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from harness.errors import ConfigError
from harness.models.extract import Extract
from harness.protocols import Request
from harness.schema import Signature
from harness.text import SPLITTER, sentences


class Oracle(Extract):
    """Sentences of the articles, added one by one while they raise ROUGE-1 F + ROUGE-2 F against the event's reference.

    The greedy search of Nallapati et al. (2017, SummaRuNNer). At most `max_sentences`; they stand in the order of the
    articles. The summary of one article is chosen against the same reference. No reference: recorded as an error.
    """

    def __init__(self, name: str = "oracle", max_sentences: int = 10) -> None:
        if max_sentences < 1:
            raise ConfigError(f"model.max_sentences={max_sentences}: an extract has at least one sentence.")
        self.name, self.max_sentences = name, max_sentences

    @property
    def signature(self) -> Signature:
        version = metadata.version("rouge-score-rs")
        fields = (("max_sentences", str(self.max_sentences)), ("split", SPLITTER), ("rouge-score-rs", version))
        return Signature(self.name, fields)

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        reference = (request.event.reference or "").strip()
        if not reference:
            raise LookupError(f"the oracle needs a reference, and event {request.event.id} has none")
        pool = [sentence.text for article in request.articles for sentence in sentences(article.text)]
        return " ".join(pool[i] for i in sorted(self._choose(pool, reference)))

    def _choose(self, pool: Sequence[str], reference: str) -> list[int]:
        from rouge_score_rs.rouge_scorer import RougeScorer

        scorer = RougeScorer(["rouge1", "rouge2"], use_stemmer=True)
        chosen: list[int] = []
        best = 0.0
        while len(chosen) < min(self.max_sentences, len(pool)):
            gains = []
            for i in range(len(pool)):
                if i not in chosen:
                    scores = scorer.score(reference, " ".join(pool[j] for j in sorted([*chosen, i])))
                    gains.append((scores["rouge1"].fmeasure + scores["rouge2"].fmeasure, -i))
            score, minus = max(gains)
            if score <= best:
                break
            best = score
            chosen.append(-minus)
        return chosen
