"""Stage 2: every (summary, metric) gets exactly one score, or a reason why there is none."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from harness.desk import Desk, article_source, key_fact_claim
from harness.errors import ConfigError, HarnessError
from harness.evaluators.sheet import silence
from harness.progress import Advance, silent
from harness.protocols import Evaluator, Foresees
from harness.schema import Article, Claim, Event, Extraction, KeyFacts, Score, Summary, Verdict
from harness.store import RunFolder

__all__ = ["Desk", "score"]

TOGETHER = 8  # events whose verdicts are asked for at once


def score(
    events: Sequence[Event],
    summaries: Sequence[Summary],
    evaluators: Sequence[Evaluator],
    desk: Desk,
    folder: RunFolder | None = None,
    advance: Advance = silent,
) -> list[Score]:
    """The scores of all summaries by all evaluators, in the order of events, summaries and metrics.

    With a `folder`, rows that an earlier run left there under the same signature are kept, those of a changed
    evaluator and those with outcome "error" are made anew, and everything is appended as soon as an event is
    finished; at the end the records are put in one canonical order, so that an interrupted and an undisturbed run
    leave the same bytes. What one evaluator raises on one event becomes "error" scores of that event; a
    HarnessError, which the user has to mend, ends the run. `advance` is called once per event.
    """
    for evaluator in evaluators:
        evaluator.prepare()
    owners = Counter(metric for evaluator in evaluators for metric in evaluator.metrics)
    if twice := [metric for metric, owned in owners.items() if owned > 1]:
        raise ConfigError(
            f"Two evaluators measure {', '.join(twice)}: leave one of them out, or keep other keys of it."
        )
    signatures = {metric: str(evaluator.signature(desk)) for evaluator in evaluators for metric in evaluator.metrics}
    kept = _keep(folder, signatures, desk) if folder else {}
    by_event: dict[str, list[Summary]] = defaultdict(list)
    for summary in summaries:
        by_event[summary.event_id].append(summary)
    if strangers := by_event.keys() - {event.id for event in events}:
        raise ValueError(f"there are summaries of events that are not given: {', '.join(sorted(strangers)[:5])}")

    def missing(evaluator: Evaluator, event: Event) -> set[tuple[str, str]]:
        return {(s.id, metric) for s in by_event[event.id] for metric in evaluator.metrics} - kept.keys()

    for number, event in enumerate(events):
        if number % TOGETHER == 0:
            due = [(x, e) for e in events[number : number + TOGETHER] for x in evaluators if missing(x, e)]
            _ask_ahead(due, by_event, desk)
        for evaluator in evaluators:
            if wanted := missing(evaluator, event):
                made = _scores(evaluator, event, by_event[event.id], desk)
                new = [row for row in made if (row.summary_id, row.metric) in wanted]
                if folder:
                    folder.append("scores", new)
                kept |= {(row.summary_id, row.metric): row for row in new}
        advance(1, 0)

    ordered = [s for event in events for s in by_event[event.id]]
    if folder:
        _put_in_order(folder, events, ordered, list(signatures))
    return [kept[summary.id, metric] for summary in ordered for metric in signatures]


def _ask_ahead(due: Sequence[tuple[Evaluator, Event]], summaries: Mapping[str, Sequence[Summary]], desk: Desk) -> None:
    """The verdicts of several events at once: small batches would leave most of the checker's time unused.

    What fails here is passed over: it fails again when its own event is scored, and is recorded there.
    """
    pairs: list[tuple[Claim, Article]] = []
    for evaluator, event in due:
        if isinstance(evaluator, Foresees):
            with suppress(Exception):
                spoken = [summary for summary in summaries[event.id] if not silence(summary)]
                pairs += evaluator.pairs(event, spoken, desk)
    with suppress(Exception):
        desk.verdicts(pairs)


def _scores(evaluator: Evaluator, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
    """Exactly one finite score, or a reason, per (summary, metric)."""
    signature = str(evaluator.signature(desk))
    made: dict[tuple[str, str], Score] = {}
    reason = f"{evaluator.name} returned no score"
    try:
        made = {(row.summary_id, row.metric): row for row in evaluator.score(event, summaries, desk)}
    except HarnessError:
        raise
    except Exception as error:
        reason = f"{evaluator.name} failed: {type(error).__name__}: {error}"
    rows = []
    for summary in summaries:
        for metric in evaluator.metrics:
            row = made.get((summary.id, metric)) or Score(
                summary.id, event.id, summary.kind, metric, None, "error", signature, reason=reason
            )
            if row.value is not None and not math.isfinite(row.value):
                row = replace(row, value=None, outcome="error", reason=f"{evaluator.name} returned {row.value}")
            rows.append(row)
    return rows


def _keep(folder: RunFolder, signatures: dict[str, str], desk: Desk) -> dict[tuple[str, str], Score]:
    """The rows that stand, by (summary, metric); what does not stand is taken out of the folder first.

    A row stands if its evaluator is unchanged, or not among those asked for. Claims and verdicts have no signature
    of their own: when the extractor or the checker changed, they go together with all scores made from them.
    """
    rows = folder.read("scores", Score)
    ours = {f"claims:{desk.claims_signature.short}", f"checker:{desk.checker_signature.short}"}
    other_desk = [row for row in rows if _desk_fields(row.signature) - ours]
    gone = {id(row) for row in other_desk}
    gone |= {id(row) for row in rows if signatures.get(row.metric, row.signature) != row.signature}
    gone |= {id(row) for row in rows if row.outcome == "error"}
    if other_desk:  # evidence first: killed in between, the old rows are still there to tell
        for name in ("claims", "verdicts", "key_facts"):
            folder.rewrite(name, [])
    rows = [row for row in rows if id(row) not in gone]
    if gone:
        folder.rewrite("scores", rows)
    return {(row.summary_id, row.metric): row for row in rows}


def _desk_fields(signature: str) -> set[str]:
    return {part for part in signature.split("|") if part.startswith(("claims:", "checker:"))}


def _put_in_order(
    folder: RunFolder, events: Sequence[Event], summaries: Sequence[Summary], metrics: Sequence[str]
) -> None:
    """One row per noun, the latest, in the order of events, summaries, articles, claims and metrics."""
    of_event: dict[str, list[str]] = defaultdict(list)
    for summary in summaries:
        of_event[summary.event_id].append(summary.id)
    order = [s for e in events for s in (*of_event[e.id], *(article_source(e, article) for article in e.articles))]
    source_rank = _ranks(order)
    claims = sorted(
        {extraction.source_id: extraction for extraction in folder.read("claims", Extraction)}.values(),
        key=lambda extraction: source_rank(extraction.source_id),
    )
    event_rank = _ranks(event.id for event in events)
    key_facts = sorted(
        {facts.event_id: facts for facts in folder.read("key_facts", KeyFacts)}.values(),
        key=lambda facts: event_rank(facts.event_id),
    )
    by_id = {event.id: event for event in events}
    asked = [claim.id for extraction in claims for claim in extraction.claims]
    asked += [key_fact_claim(by_id[k.event_id], fact).id for k in key_facts if k.event_id in by_id for fact in k.facts]
    claim_rank = _ranks(asked)
    verdicts = sorted(
        {(verdict.claim_id, verdict.article_id): verdict for verdict in folder.read("verdicts", Verdict)}.values(),
        key=lambda verdict: (claim_rank(verdict.claim_id), source_rank(verdict.article_id)),
    )
    summary_rank, metric_rank = _ranks(summary.id for summary in summaries), _ranks(metrics)
    scores = sorted(
        {(row.summary_id, row.metric): row for row in folder.read("scores", Score)}.values(),
        key=lambda row: (summary_rank(row.summary_id), metric_rank(row.metric)),
    )
    for name, nouns in (("claims", claims), ("key_facts", key_facts), ("verdicts", verdicts), ("scores", scores)):
        folder.rewrite(name, nouns)  # type: ignore[arg-type]


def _ranks(order: Iterable[str]) -> Callable[[str], tuple[int, str]]:
    """A sort key: the place in `order`, and after all of those by name."""
    places = {name: place for place, name in enumerate(order)}
    return lambda name: (places.get(name, len(places)), name)
