"""Factual consistency: how many of a summary's claims its sources support, and how many they contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from harness.evaluators.sheet import REFUSALS, Sheet
from harness.protocols import Desk
from harness.schema import Article, Claim, Event, Extraction, Label, Score, Signature, Summary, Verdict, to_dict


class FactualConsistency:
    """`claim_precision` and `contradicted_share` of a summary's claims, both in [0, 1].

    claim_precision (higher is better) = claims that at least one source article supports / claims scored: max over
    articles and evidence, as in SummaC (Laban et al. 2022); claims as in FActScore (Min et al. 2023).
    contradicted_share (lower is better) = claims that an article contradicts and none supports / claims scored.
    The sources of a summary of one article are that article, those of a brief all of the event's.

    A claim is unscored when no article is known to support it and the check against at least one failed: it might be
    the one that does. No claims: outcome `no_claims`, for what claims nothing is not thereby faithful.
    """

    name = "factual_consistency"
    metrics: tuple[str, ...] = ("claim_precision", "contradicted_share")
    reads = "articles"
    citation = "Laban et al. 2022, SummaC; Min et al. 2023, FActScore"

    def prepare(self) -> None:
        """Extractor and checker are loaded by whoever makes the desk."""

    def signature(self, desk: Desk) -> Signature:
        fields = (("v", "1"), ("claims", desk.claims_signature.short), ("checker", desk.checker_signature.short))
        return Signature(self.name, (*fields, REFUSALS))

    def pairs(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[tuple[Claim, Article]]:
        return _pairs(event, summaries, desk.claims([(summary.id, summary.text) for summary in summaries]))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        extractions = desk.claims([(summary.id, summary.text) for summary in sheet.summaries])
        pairs = _pairs(event, sheet.summaries, extractions)
        verdicts: dict[str, list[Verdict]] = defaultdict(list)  # by claim, in order of article id
        for (claim, _), verdict in zip(pairs, desk.verdicts(pairs), strict=True):
            verdicts[claim.id].append(verdict)
        for summary, extraction in zip(sheet.summaries, extractions, strict=True):
            self._score(sheet, summary, extraction, verdicts)
        return sheet.scores()

    def _score(
        self, sheet: Sheet, summary: Summary, extraction: Extraction, verdicts: dict[str, list[Verdict]]
    ) -> None:
        claims = extraction.claims
        if extraction.error:
            return sheet.unscored(summary, "error", f"claim extraction failed: {extraction.error}", raw=extraction.raw)
        if not claims:
            return sheet.unscored(summary, "no_claims", "the summary makes no claim that could be checked")
        labels = {claim.id: overall(verdicts[claim.id]) for claim in claims}
        scored = [claim for claim in claims if labels[claim.id]]
        failed = [
            {
                "claim_id": claim.id,
                "claim": claim.text,
                "errors": sorted({v.error or "" for v in verdicts[claim.id]} - {""}),
            }
            for claim in claims
            if not labels[claim.id]
        ]
        counts: dict[str, Any] = {"claims": len(claims), "failed": failed}
        if not scored:
            return sheet.unscored(summary, "error", f"none of {len(claims)} claims could be checked", **counts)

        def findings(label: Label, of: str) -> list[dict[str, Any]]:
            """Each claim so labelled, with the verdict that says so most strongly."""
            return [
                finding(
                    claim, max((v for v in verdicts[claim.id] if v.label == label), key=lambda v: getattr(v, of) or 0.0)
                )
                for claim in scored
                if labels[claim.id] == label
            ]

        supported = sum(labels[claim.id] == "supported" for claim in scored)
        contradicted = findings("contradicted", "contradiction")
        sheet.scored(
            summary,
            {"claim_precision": supported / len(scored)},
            len(scored),
            **counts,
            unsupported=findings("not_mentioned", "probability"),
            contradicted=contradicted,
            per_source=_per_source(summary, [v for claim in claims for v in verdicts[claim.id]]),
        )
        share = {"contradicted_share": len(contradicted) / len(scored)}
        sheet.scored(summary, share, len(scored), **counts, contradicted=contradicted)
        return None


def _pairs(
    event: Event, summaries: Sequence[Summary], extractions: Sequence[Extraction]
) -> list[tuple[Claim, Article]]:
    return [
        (claim, event.article(article_id))
        for summary, extraction in zip(summaries, extractions, strict=True)
        for claim in extraction.claims
        for article_id in sorted(summary.article_ids)
    ]


def overall(verdicts: Sequence[Verdict]) -> Label | None:
    """What several articles together say about one claim; None if that cannot be known.

    Supported by one is supported, whatever the others say; else contradicted by one is contradicted.
    """
    labels = {verdict.label for verdict in verdicts}
    if "supported" in labels:
        return "supported"
    if None in labels or not labels:
        return None
    return "contradicted" if "contradicted" in labels else "not_mentioned"


def finding(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    """A claim with what one article says about it, for the details of a score."""
    return {
        "claim_id": claim.id,
        "claim": claim.text,
        "start": claim.start,
        "end": claim.end,
        "label": verdict.label,
        "probability": verdict.probability,
        "contradiction": verdict.contradiction,
        "article_id": verdict.article_id,
        "evidence": to_dict(verdict.evidence[0]) if verdict.evidence else None,
        "notes": list(verdict.notes),
    }


def _per_source(summary: Summary, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """For each article the share of the claims checked against it that it supports."""
    shares = {}
    for article_id in sorted(summary.article_ids):
        labels = [v.label for v in verdicts if v.article_id == article_id and v.label]
        supported = labels.count("supported")
        shares[article_id] = {"supported": supported / len(labels) if labels else None, "claims": len(labels)}
    return shares
