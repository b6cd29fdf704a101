"""Omission: which key facts of its sources a summary leaves out, and the choice of key facts where none are given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from harness import text
from harness.desk import key_fact_claim
from harness.evaluators.sheet import REFUSALS, Sheet
from harness.protocols import Desk
from harness.schema import Article, Claim, Event, KeyFact, Score, Signature, Summary, Verdict
from harness.sources import Compare, Comparison


class Omission:
    """`completeness`, the weighted recall of key facts, and `omission` = 1 - completeness, both in [0, 1].

    completeness (higher is better) = weight of the key facts that the summary states / weight of all of them. The
    checker decides, turned round: the key fact is the claim, the summary the article, as in Lite2Pyramid (Zhang &
    Bansal 2021). A summary of one article is asked only for the key facts which that article states.

    The key facts are those of the data set if the event has any; else `choose_key_facts` takes them from the
    statements of the articles, once per event and for all models alike. No key fact: outcome `no_key_facts`. A fact
    whose check failed is unscored; details name it.
    """

    name = "omission"
    metrics: tuple[str, ...] = ("completeness", "omission")
    reads = "articles"
    takes_key_facts = True
    citation = "Zhang & Bansal 2021, Finding a Balanced Degree of Automation for Summary Evaluation (Lite2Pyramid)"

    def __init__(
        self,
        compare: Compare | None = None,
        count: int = 10,
        corroboration: float = 0.5,
        position: float = 0.3,
        centrality: float = 0.2,
    ) -> None:
        self.compare = compare or Compare()
        self.choice = Choice(count, corroboration, position, centrality)

    def prepare(self) -> None:
        """Extractor and checker are loaded by whoever makes the desk."""
        self.compare.prepare()

    def signature(self, desk: Desk) -> Signature:
        fields = (*_desk_fields(desk), ("facts", f"gold-or-{self._chosen(desk).short}"), REFUSALS)
        return Signature(self.name, (("v", "2"), *fields))

    def _chosen(self, desk: Desk) -> Signature:
        choice = tuple((key, str(value)) for key, value in asdict(self.choice).items())
        return Signature("chosen", (("v", "2"), *_desk_fields(desk), *self.compare.fields, *choice))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        asked = self._asked(event, sheet.summaries, desk)
        verdicts = iter(desk.verdicts(_pairs(event, sheet.summaries, asked)))
        for summary in sheet.summaries:
            self._score(sheet, summary, [(fact, next(verdicts)) for fact in asked[summary.id]])
        return sheet.scores()

    def pairs(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[tuple[Claim, Article]]:
        return _pairs(event, summaries, self._asked(event, summaries, desk))

    def _asked(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> dict[str, list[KeyFact]]:
        facts = desk.key_facts(event, self._chosen(desk), self._choose(desk))
        return {summary.id: _asked(event, summary, facts, desk) for summary in summaries}

    def _choose(self, desk: Desk) -> Callable[[Event], tuple[KeyFact, ...]]:
        return lambda event: choose_key_facts(self.compare.compare(event, desk), self.choice)

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


def _pairs(
    event: Event, summaries: Sequence[Summary], asked: Mapping[str, Sequence[KeyFact]]
) -> list[tuple[Claim, Article]]:
    """Turned round: the key fact is the claim, the summary what may bear it out."""
    return [
        (key_fact_claim(event, fact), Article(summary.id, summary.text))
        for summary in summaries
        for fact in asked[summary.id]
    ]


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
    corroboration: float
    position: float
    centrality: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    article_ids: tuple[str, ...]
    sources: int
    words: frozenset[str]
    position: float


def choose_key_facts(comparison: Comparison, choice: Choice) -> tuple[KeyFact, ...]:
    """At most `count` of the articles' statements that a good brief should say; the same whatever the articles' order.

    A statement is told by the first of its claims that can stand alone. It is worth the weighted sum of corroboration
    (the share of the other articles that say it in words of their own), position (1 in the first sentence of an
    article, towards 0 in the last) and centrality (how many other statements have its content words, on average; 1 for
    the most central). Its weight in `completeness` is the number of its independent sources: copies count once. What
    the articles dispute is no key fact; how a brief deals with that is for source_comparison to say.
    """
    candidates = _candidates(comparison)
    shared = Counter(word for c in candidates for word in c.words)
    central = [sum(shared[word] - 1 for word in c.words) / len(c.words) for c in candidates]
    most = max(central, default=0.0) or 1.0
    others = max(1, len(comparison.event.articles) - 1)
    value = [
        choice.corroboration * (c.sources - 1) / others
        + choice.position * c.position
        + choice.centrality * links / most
        for c, links in zip(candidates, central, strict=True)
    ]
    best = sorted(range(len(candidates)), key=lambda i: (-value[i], candidates[i].text))[: choice.count]
    return tuple(
        KeyFact(f"k{number}", c.text, c.article_ids, float(c.sources), "extracted")
        for number, c in enumerate((candidates[i] for i in best), start=1)
    )


MIN_WORDS = 3  # content words: "The quay reopened." is as short as a key fact may be
# What begins so cannot be understood alone, and a question states nothing.
_DANGLING = re.compile(
    r"[\W_]*(he|she|it|they|we|i|you|his|her|hers|its|their|theirs|our|my|this|that|these|those|there|here|but|and|so)\b"
    r"|.*\?[\W_]*$",
    re.IGNORECASE | re.DOTALL,
)


def _candidates(comparison: Comparison) -> list[_Candidate]:
    last: dict[str, int] = {}
    for statement in comparison.statements:
        for claim, owner in zip(statement.claims, statement.owners, strict=True):
            last[owner] = max(last.get(owner, 0), claim.sentence)
    found = []
    for statement, status, sources in zip(
        comparison.statements, comparison.statuses, comparison.independent, strict=True
    ):
        if status == "conflict":
            continue
        for told in dict.fromkeys((statement.text, *(c.text for c in statement.claims))):
            words = frozenset(text.content_words(told))
            if len(words) >= MIN_WORDS and not _DANGLING.match(told):
                pairs = zip(statement.claims, statement.owners, strict=True)
                position = max(1 - claim.sentence / (last[owner] + 1) for claim, owner in pairs)
                found.append(_Candidate(told, statement.article_ids, sources, words, position))
                break
    return found
