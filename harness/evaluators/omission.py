"""Omission: which key facts of its sources a summary leaves out, and the choice of key facts where none are given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
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
    metrics: tuple[str, ...] = ("completeness", "omission")
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
        self.choice = Choice(count, candidates, merge, corroboration, position, centrality)

    def prepare(self) -> None:
        """Extractor and checker are loaded by whoever makes the desk."""

    def signature(self, desk: Desk) -> Signature:
        fields = (*_desk_fields(desk), ("facts", f"gold-or-{self._chosen(desk).short}"), REFUSALS)
        return Signature(self.name, (("v", "1"), *fields))

    def _chosen(self, desk: Desk) -> Signature:
        choice = tuple((key, str(value)) for key, value in asdict(self.choice).items())
        return Signature("chosen", (("v", "1"), *_desk_fields(desk), *choice))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        facts = desk.key_facts(event, self._chosen(desk), lambda event: choose_key_facts(event, desk, self.choice))
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
class Choice:
    """How key facts are chosen; `choose_key_facts` says what each number does."""

    count: int
    candidates: int
    merge: float
    corroboration: float
    position: float
    centrality: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    claim: Claim
    article_ids: frozenset[str]  # those that are known to say it
    words: frozenset[str]
    position: float
    centrality: float

    def value(self, choice: Choice, articles: int) -> float:
        """The weighted sum of position, centrality and the share of the other articles that say it."""
        others = (len(self.article_ids) - 1) / (articles - 1) if articles > 1 else 0.0
        return choice.corroboration * others + choice.position * self.position + choice.centrality * self.centrality


def choose_key_facts(event: Event, desk: Desk, choice: Choice) -> tuple[KeyFact, ...]:
    """At most `count` of the articles' claims that a good brief should say; the same whatever the articles' order.

    1. Every claim that can stand alone has a position (1 in the first sentence of its article, towards 0 in the last) and a centrality
       (how many other claims have its content words, on average; 1 for the most central claim).
    2. By these two, best first, claims that share `merge` of their content words (Jaccard) and have the same figures
       become one, until there are `candidates` different ones. This bounds the checks.
    3. The checker says which other articles support each; corroboration is the share of the others that do.
    4. The `count` best by corroboration, position and centrality, weighted so; weight = number of articles.

    RuntimeError if a claim extraction or a check failed: facts chosen from half the sources would be biased.
    """
    articles = sorted(event.articles, key=lambda article: article.id)
    kept = _merged(_ranked(event, articles, desk, choice), choice)
    pairs = [(c.claim, article) for c in kept for article in articles if article.id not in c.article_ids]
    supporters = {c.claim.id: set(c.article_ids) for c in kept}
    for verdict in desk.verdicts(pairs):
        if verdict.label is None:
            raise RuntimeError(f"{verdict.claim_id} could not be checked against {verdict.article_id}: {verdict.error}")
        if verdict.label == "supported":
            supporters[verdict.claim_id].add(verdict.article_id)
    corroborated = [replace(c, article_ids=frozenset(supporters[c.claim.id])) for c in kept]
    best = _best_first(corroborated, choice, len(articles))[: choice.count]
    return tuple(
        KeyFact(f"k{number}", c.claim.text, tuple(sorted(c.article_ids)), float(len(c.article_ids)), "extracted")
        for number, c in enumerate(best, start=1)
    )


def _best_first(candidates: Iterable[_Candidate], choice: Choice, articles: int) -> list[_Candidate]:
    return sorted(candidates, key=lambda c: (-c.value(choice, articles), c.claim.text, c.claim.id))


MIN_WORDS = 3  # content words: "The quay reopened." is as short as a key fact may be
# What begins so cannot be understood alone, and a question states nothing.
_DANGLING = re.compile(
    r"[\W_]*(he|she|it|they|we|i|you|his|her|hers|its|their|theirs|our|my|this|that|these|those|there|here|but|and|so)\b"
    r"|.*\?[\W_]*$",
    re.IGNORECASE | re.DOTALL,
)


def _ranked(event: Event, articles: Sequence[Article], desk: Desk, choice: Choice) -> list[_Candidate]:
    found: list[tuple[Claim, Article, frozenset[str], float]] = []
    extractions = desk.claims([(article_source(event, article), article.text) for article in articles])
    for article, extraction in zip(articles, extractions, strict=True):
        if extraction.error:
            raise RuntimeError(f"the claims of article {article.id} could not be extracted: {extraction.error}")
        sentences = max((claim.sentence for claim in extraction.claims), default=0) + 1
        for claim in extraction.claims:
            words = frozenset(text.content_words(claim.text))
            if len(words) >= MIN_WORDS and not _DANGLING.match(claim.text):
                found.append((claim, article, words, 1 - claim.sentence / sentences))
    shared = Counter(word for _, _, words, _ in found for word in words)
    central = [sum(shared[word] - 1 for word in words) / len(words) for _, _, words, _ in found]
    most = max(central, default=0.0) or 1.0
    candidates = [
        _Candidate(claim, frozenset([article.id]), words, first, links / most)
        for (claim, article, words, first), links in zip(found, central, strict=True)
    ]
    return _best_first(candidates, choice, len(articles))


def _merged(ranked: Sequence[_Candidate], choice: Choice) -> list[_Candidate]:
    kept: list[_Candidate] = []
    for candidate in ranked:
        for at, other in enumerate(kept):
            if _same(candidate.words, other.words, choice.merge):
                kept[at] = replace(other, article_ids=other.article_ids | candidate.article_ids)
                break
        else:
            if len(kept) < choice.candidates:
                kept.append(candidate)
    return kept


def _same(a: frozenset[str], b: frozenset[str], merge: float) -> bool:
    """Near-duplicates; "12 dead" and "15 dead" are none, however alike the rest."""
    figures = [{word for word in words if any(c.isdigit() for c in word)} for words in (a, b)]
    return figures[0] == figures[1] and len(a & b) / len(a | b) >= merge
