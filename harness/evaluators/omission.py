"""Omission: which key facts of its sources a summary leaves out, and the choice of key facts where none are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from harness import text
from harness.desk import article_source, key_fact_claim
from harness.evaluators.sheet import REFUSALS, Sheet
from harness.protocols import Desk
from harness.schema import Article, Claim, Event, KeyFact, Score, Signature, Summary, Verdict


class Omission:
    """`completeness`, the weighted recall of key facts, and `omission` = 1 - completeness, both in [0, 1].

    completeness (higher is better) = weight of the key facts that the summary states / weight of all of them. The
    checker decides, turned round: the key fact is the claim, the summary the article, as in Lite2Pyramid (Zhang &
    Bansal 2021). A summary of one article is asked only for the key facts which that article states.

    The key facts are those of the data set if the event has any; else `choose_key_facts` takes them from the
    articles' claims, once per event and for all models alike. No key fact: outcome `no_key_facts`. A fact whose
    check failed is unscored; details name it.
    """

    name = "omission"
    metrics = ("completeness", "omission")
    reads = "articles"
    takes_key_facts = True
    citation = "Zhang & Bansal 2021, Finding a Balanced Degree of Automation for Summary Evaluation (Lite2Pyramid)"

    def __init__(
        self,
        count: int = 10,
        candidates: int = 40,
        merge: float = 0.6,
        corroboration: float = 0.5,
        position: float = 0.3,
        centrality: float = 0.2,
    ) -> None:
        self.choice = {
            "count": count,
            "candidates": candidates,
            "merge": merge,
            "corroboration": corroboration,
            "position": position,
            "centrality": centrality,
        }

    def prepare(self) -> None:
        """Extractor and checker are loaded by whoever makes the desk."""

    def signature(self, desk: Desk) -> Signature:
        fields = (*_desk_fields(desk), ("facts", f"gold-or-{self._chosen(desk).short}"), REFUSALS)
        return Signature(self.name, (("v", "1"), *fields))

    def _chosen(self, desk: Desk) -> Signature:
        choice = tuple((key, str(value)) for key, value in self.choice.items())
        return Signature("chosen", (("v", "1"), *_desk_fields(desk), *choice))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        facts = desk.key_facts(event, self._chosen(desk), lambda event: choose_key_facts(event, desk, **self.choice))
        asked = {summary.id: _asked(event, summary, facts, desk) for summary in sheet.summaries}
        pairs = [
            (key_fact_claim(event, fact), Article(summary.id, summary.text))
            for summary in sheet.summaries
            for fact in asked[summary.id]
        ]
        verdicts = iter(desk.verdicts(pairs))
        for summary in sheet.summaries:
            self._score(sheet, summary, [(fact, next(verdicts)) for fact in asked[summary.id]])
        return sheet.scores()

    def _score(self, sheet: Sheet, summary: Summary, judged: list[tuple[KeyFact, Verdict]]) -> None:
        if not judged:
            return sheet.unscored(summary, "no_key_facts", "there is no key fact that this summary should state")
        scored = [(fact, verdict) for fact, verdict in judged if verdict.label]
        counts: dict[str, Any] = {
            "key_facts": len(judged),
            "origin": judged[0][0].origin,
            "failed": [{"id": fact.id, "error": verdict.error} for fact, verdict in judged if not verdict.label],
        }
        total = fsum(fact.weight for fact, _ in scored)
        if not total:
            reason = "no key fact could be checked" if not scored else "all key facts have weight 0"
            return sheet.unscored(summary, "error", reason, **counts)
        omitted = [_told(fact, verdict) for fact, verdict in scored if verdict.label != "supported"]
        stated = [_told(fact, verdict) for fact, verdict in scored if verdict.label == "supported"]
        completeness = fsum(fact["weight"] for fact in stated) / total
        sheet.scored(summary, {"completeness": completeness}, len(scored), **counts, stated=stated, omitted=omitted)
        sheet.scored(summary, {"omission": 1 - completeness}, len(scored), **counts, omitted=omitted)
        return None


def _desk_fields(desk: Desk) -> tuple[tuple[str, str], ...]:
    return ("claims", desk.claims_signature.short), ("checker", desk.checker_signature.short)


def _told(fact: KeyFact, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": fact.id,
        "key_fact": fact.text,
        "weight": fact.weight,
        "articles": list(fact.article_ids),
        "label": verdict.label,
        "probability": verdict.probability,
        "evidence": [{"start": s.start, "end": s.end, "text": s.text} for s in verdict.evidence[:1]],
    }


def _asked(event: Event, summary: Summary, facts: Sequence[KeyFact], desk: Desk) -> list[KeyFact]:
    """The key facts that the sources of this summary state; where nobody said which do, the checker is asked."""
    if set(summary.article_ids) == {article.id for article in event.articles}:
        return list(facts)
    unknown = [fact for fact in facts if not fact.article_ids]
    pairs = [(key_fact_claim(event, fact), event.article(id)) for fact in unknown for id in sorted(summary.article_ids)]
    stated = {v.claim_id for v in desk.verdicts(pairs) if v.label == "supported"}
    return [
        fact
        for fact in facts
        if set(fact.article_ids) & set(summary.article_ids) or key_fact_claim(event, fact).id in stated
    ]


# ------------------------------------------------------------------------------------------ choosing key facts


@dataclass(frozen=True, slots=True)
class _Candidate:
    claim: Claim
    article_ids: frozenset[str]  # those whose claims say it
    words: frozenset[str]
    position: float
    centrality: float


def choose_key_facts(
    event: Event,
    desk: Desk,
    count: int,
    candidates: int,
    merge: float,
    corroboration: float,
    position: float,
    centrality: float,
) -> tuple[KeyFact, ...]:
    """At most `count` of the articles' claims that a good brief should say; the same whatever the articles' order.

    1. Every claim gets a position (1 for the first sentence of its article, towards 0 for the last) and a
       centrality (how many other claims share its content words, on average; 1 for the most central).
    2. Best `position * p + centrality * c` first, claims that share `merge` of their content words (Jaccard) and
       have the same figures become one, until there are `candidates` different ones. This bounds the checks.
    3. The checker says which other articles support each. Corroboration is the share of other articles that do.
    4. The `count` best by the weighted sum of all three; weight = number of articles that state it.

    RuntimeError if a claim extraction or a check failed: facts chosen from half the sources would be biased.
    """
    articles = sorted(event.articles, key=lambda article: article.id)
    ranked = _ranked(event, articles, desk, position, centrality)
    kept = _merged(ranked, merge, candidates)
    pairs = [(c.claim, article) for c in kept for article in articles if article.id not in c.article_ids]
    supporters = {c.claim.id: set(c.article_ids) for c in kept}
    for verdict in desk.verdicts(pairs):
        if verdict.label is None:
            raise RuntimeError(f"{verdict.claim_id} could not be checked against {verdict.article_id}: {verdict.error}")
        if verdict.label == "supported":
            supporters[verdict.claim_id].add(verdict.article_id)

    def value(c: _Candidate) -> float:
        others = (len(supporters[c.claim.id]) - 1) / (len(articles) - 1) if len(articles) > 1 else 0.0
        return corroboration * others + position * c.position + centrality * c.centrality

    best = sorted(kept, key=lambda c: (-value(c), c.claim.text, c.claim.id))[:count]
    return tuple(
        KeyFact(f"k{number}", c.claim.text, tuple(sorted(states)), float(len(states)), "extracted")
        for number, c in enumerate(best, start=1)
        for states in [supporters[c.claim.id]]
    )


MIN_WORDS = 3  # content words: "He agreed." is no key fact


def _ranked(
    event: Event, articles: Sequence[Article], desk: Desk, position: float, centrality: float
) -> list[_Candidate]:
    found: list[tuple[Claim, Article, frozenset[str], float]] = []
    extractions = desk.claims([(article_source(event, article), article.text) for article in articles])
    for article, extraction in zip(articles, extractions, strict=True):
        if extraction.error:
            raise RuntimeError(f"the claims of article {article.id} could not be extracted: {extraction.error}")
        sentences = max((claim.sentence for claim in extraction.claims), default=0) + 1
        for claim in extraction.claims:
            words = frozenset(text.content_words(claim.text))
            if len(words) >= MIN_WORDS:
                found.append((claim, article, words, 1 - claim.sentence / sentences))
    shared = Counter(word for _, _, words, _ in found for word in words)
    central = [sum(shared[word] - 1 for word in words) / len(words) for _, _, words, _ in found]
    most = max(central, default=0.0) or 1.0
    ranked = [
        _Candidate(claim, frozenset([article.id]), words, first, links / most)
        for (claim, article, words, first), links in zip(found, central, strict=True)
    ]
    return sorted(
        ranked, key=lambda c: (-(position * c.position + centrality * c.centrality), c.claim.text, c.claim.id)
    )


def _merged(ranked: Sequence[_Candidate], merge: float, limit: int) -> list[_Candidate]:
    kept: list[_Candidate] = []
    for candidate in ranked:
        for at, other in enumerate(kept):
            if _same(candidate.words, other.words, merge):
                both = other.article_ids | candidate.article_ids
                kept[at] = _Candidate(other.claim, both, other.words, other.position, other.centrality)
                break
        else:
            if len(kept) < limit:
                kept.append(candidate)
    return kept


def _same(a: frozenset[str], b: frozenset[str], merge: float) -> bool:
    """Near-duplicates; "12 dead" and "15 dead" are none, however alike the rest."""
    figures = [{word for word in words if any(c.isdigit() for c in word)} for words in (a, b)]
    return figures[0] == figures[1] and len(a & b) / len(a | b) >= merge
