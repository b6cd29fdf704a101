"""Source comparison: how a brief deals with what its sources agree on, say alone, and contradict each other on."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.desk import article_contents
from harness.evaluators.sheet import REFUSALS, Sheet
from harness.protocols import Desk
from harness.schema import Event, Score, Signature, Summary, digest
from harness.sources import Compare, Comparison, conflict_data

if TYPE_CHECKING:
    from harness.audit import Audit, Handled

OF_CONFLICTS = ("conflicts_flagged", "conflicts_settled", "conflicts_avoided")


class SourceComparison:
    """What a brief of several articles does with their agreements and conflicts. All metrics are in [0, 1].

    agreed_coverage (higher is better) = agreed statements that the brief states / agreed statements.
    source_coverage (higher) = mean over articles of the share of an article's statements that the brief states;
    source_balance (higher) = evenness of these shares (Pielou 1966): their entropy / log(articles), 1 if all are equal.
    conflicts_flagged (higher), conflicts_settled (lower), conflicts_avoided = conflicts of the articles that the brief
    reports as open, decides for one side, or leaves out / conflicts; they add up to 1.
    unattributed_single_source (lower) = claims that state as fact, naming nobody, what one source alone says / claims.
    fused_share (lower) = claims that no article supports and most of whose words two articles have only together / claims.
    attribution_errors (lower) = claims that give an article's words to somebody else, or change a quote / claims.
    copied_share (lower) = the largest share of the brief's words in runs of eight or more that one article has.

    `nothing_to_compare` where the event or the summary has one source, or, for what needs them, no agreement or no
    conflict. Details open every cell: the statements, the quotes of both sides, and citations per sentence.
    """

    name = "source_comparison"
    metrics: tuple[str, ...] = (
        "agreed_coverage",
        "source_coverage",
        "source_balance",
        *OF_CONFLICTS,
        "unattributed_single_source",
        "fused_share",
        "attribution_errors",
        "copied_share",
    )
    reads = "articles"
    citation = "Pielou 1966 (evenness); the other metrics are defined here: docs/metrics.md"

    def __init__(self, compare: Compare | None = None) -> None:
        self._compare = compare or Compare()
        self._compared: OrderedDict[str, Comparison] = OrderedDict()

    def prepare(self) -> None:
        """The encoder and the parser; WeightsError that says what is missing."""
        self._compare.prepare()

    def signature(self, desk: Desk) -> Signature:
        from harness.audit import VERSION

        fields = (("v", "1"), ("audit", VERSION), *self._compare.fields)
        made = (("claims", desk.claims_signature.short), ("checker", desk.checker_signature.short))
        return Signature(self.name, (*fields, *made, REFUSALS))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        asked = [s for s in sheet.summaries if len(s.article_ids) > 1]
        for summary in sheet.summaries:
            if len(summary.article_ids) < 2:
                sheet.unscored(summary, "nothing_to_compare", "the summary has one source only")
        if not asked:
            return sheet.scores()
        comparison = self._comparison(event, desk)
        for summary in asked:
            if comparison.reason:
                sheet.unscored(summary, "nothing_to_compare", comparison.reason)
            else:
                self._score(sheet, summary, comparison, desk)
        return sheet.scores()

    def _comparison(self, event: Event, desk: Desk) -> Comparison:
        """Made once per event and desk signature, and kept for the systems that follow."""
        key = digest([article_contents(event), str(self.signature(desk))])
        if key not in self._compared:
            self._compared[key] = self._compare.compare(event, desk)
            while len(self._compared) > 16:
                self._compared.popitem(last=False)
        return self._compared[key]

    def _score(self, sheet: Sheet, summary: Summary, comparison: Comparison, desk: Desk) -> None:
        from harness.audit import audit

        extraction = desk.claims([(summary.id, summary.text)])[0]
        if extraction.error:
            return sheet.unscored(summary, "error", f"claim extraction failed: {extraction.error}", raw=extraction.raw)
        if not extraction.claims:
            return sheet.unscored(summary, "no_claims", "the summary makes no claim that could be checked")
        found = audit(comparison, summary, extraction.claims, self._compare, desk)
        n = len(found.claims)
        self._coverage(sheet, summary, comparison, found)
        self._conflicts(sheet, summary, comparison, found)
        sheet.scored(
            summary,
            {"unattributed_single_source": len(found.unattributed) / n},
            n,
            claims=[_claim(c) | {"statement": s} for c, s in found.unattributed],
        )
        sheet.scored(
            summary,
            {"fused_share": len(found.fused) / n},
            n,
            claims=[_claim(c) | {"articles": list(a)} for c, a in found.fused],
        )
        wrong = {m.claim.id for m in found.misattributed}
        sheet.scored(
            summary,
            {"attribution_errors": len(wrong) / n},
            n,
            claims=[
                _claim(m.claim)
                | {
                    "kind": m.kind,
                    "brief_says": m.said_by,
                    "article": m.article_id,
                    "article_says": m.source_by,
                    "quote": m.quote,
                }
                for m in found.misattributed
            ],
        )
        sheet.scored(summary, {"copied_share": found.copied_share}, 1, copied_from=found.copied_from)
        return None

    def _coverage(self, sheet: Sheet, summary: Summary, comparison: Comparison, found: Audit) -> None:
        agreed = [s for s, x in zip(comparison.statements, comparison.statuses, strict=True) if x == "agreed"]
        citations = _citations(summary, comparison, found)
        if agreed:
            missing = [
                {"statement": s.id, "text": s.text, "articles": list(s.article_ids)}
                for s in agreed
                if s.id not in found.covered
            ]
            value = 1 - len(missing) / len(agreed)
            sheet.scored(summary, {"agreed_coverage": value}, len(agreed), missing=missing, citations=citations)
        else:
            reason = "the articles have no statement in common"
            sheet.unscored(summary, "nothing_to_compare", reason, ["agreed_coverage"], citations=citations)
        shares = {}
        for article in sorted(summary.article_ids):
            theirs = [s.id for s in comparison.statements if article in s.article_ids]
            if theirs:
                shares[article] = sum(s in found.covered for s in theirs) / len(theirs)
        per_source = {article: round(share, 4) for article, share in shares.items()}
        if not shares:
            sheet.unscored(
                summary, "nothing_to_compare", "the articles make no statement", ["source_coverage", "source_balance"]
            )
            return
        sheet.scored(
            summary, {"source_coverage": math.fsum(shares.values()) / len(shares)}, len(shares), per_source=per_source
        )
        if len(shares) < 2:
            reason = "one of the articles only makes statements"
            sheet.unscored(summary, "nothing_to_compare", reason, ["source_balance"], per_source=per_source)
        elif any(shares.values()):
            sheet.scored(summary, {"source_balance": evenness(shares.values())}, len(shares), per_source=per_source)
        else:
            reason = "the brief states nothing that stands in its sources"
            sheet.unscored(summary, "nothing_to_compare", reason, ["source_balance"], per_source=per_source)

    def _conflicts(self, sheet: Sheet, summary: Summary, comparison: Comparison, found: Audit) -> None:
        conflicts = comparison.conflicts
        if not conflicts:
            reason = "no conflict between the articles was found"
            sheet.unscored(summary, "nothing_to_compare", reason, OF_CONFLICTS)
            return
        handled = {"conflicts_flagged": found.flagged, "conflicts_settled": found.settled}
        told = [{"conflict": c.id, **conflict_data(c)} for c in conflicts]
        seen: set[int | None] = set()
        for metric, items in handled.items():
            which = {h.dispute for h in items} - {None}
            seen |= which
            details = {"conflicts": told, "claims": [_handled(h) for h in items]}
            sheet.scored(summary, {metric: len(which) / len(conflicts)}, len(conflicts), **details)
        avoided = [c for i, c in enumerate(told, start=1) if i not in seen]
        sheet.scored(summary, {"conflicts_avoided": len(avoided) / len(conflicts)}, len(conflicts), conflicts=avoided)


def evenness(shares: Any) -> float:
    """Pielou's evenness of shares: the entropy of their distribution / log(their number), in [0, 1].

    >>> evenness([0.2, 0.2]), evenness([0.4, 0.0])
    (1.0, 0.0)
    """
    values = list(shares)
    total = math.fsum(values)
    parts = [v / total for v in values if v]
    return min(1.0, abs(math.fsum(p * math.log(p) for p in parts)) / math.log(len(values)))


def _claim(claim: Any) -> dict[str, Any]:
    return {"claim_id": claim.id, "claim": claim.text, "start": claim.start, "end": claim.end}


def _handled(handled: Handled) -> dict[str, Any]:
    return _claim(handled.claim) | {
        "conflict": f"c{handled.dispute}" if handled.dispute else None,
        "articles": list(handled.article_ids),
    }


def _citations(summary: Summary, comparison: Comparison, found: Audit) -> list[dict[str, Any]]:
    """For each sentence of the brief the articles that support it, as `[1][3]` (numbers in the order of the event's
    articles), and the statements it states."""
    from harness import text

    order = [a.id for a in comparison.event.articles]
    out = []
    for span in text.sentences(summary.text):
        within = [c for c in found.claims if c.start < span.end and span.start < c.end]
        cited = {a for c in within for a in found.supporting[c.id]}
        numbers = sorted(order.index(a) + 1 for a in cited)
        statements = list(dict.fromkeys(s for c in within for s in found.stated[c.id][:2]))
        out.append(
            {
                "start": span.start,
                "end": span.end,
                "cited": "".join(f"[{n}]" for n in numbers),
                "articles": [order[n - 1] for n in numbers],
                "statements": statements,
            }
        )
    return out
