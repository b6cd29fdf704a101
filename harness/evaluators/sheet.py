"""The scores of one evaluator on one event, filled in summary by summary: a number, or a reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.protocols import Desk, Evaluator
from harness.schema import Event, Outcome, Score, Summary

# A model that declines begins with one of these. The first words decide, so that a brief that quotes "I can't
# breathe" or reports an apology in its third sentence is no refusal. REFUSALS is part of every signature.
REFUSALS = ("refusals", "1")
_REFUSAL = re.compile(
    r"((i am |i'm |we are |we're )?(so |very )?sorry,? (but|i|however|we)\b"
    r"|(i|we) apologi[sz]e,? (but|for|i|however|we)\b"
    r"|as an? (ai|artificial intelligence|(large )?language model)\b"
    r"|(unfortunately,? )?(i am|i'm|we are|we're) (unable|not able) to\b"
    r"|(unfortunately,? )?(i|we) (cannot|can't|can not|won't|will not) (access|answer|assist|browse|comply|complete|continue"
    r"|create|discuss|do (that|this)|fulfill?|generate|help|produce|provide|respond|share|summari[sz]e|support|write)\b)"
)


def is_refusal(text: str) -> bool:
    """Whether the text begins like a model that declines to write.

    >>> is_refusal("I'm sorry, but I cannot help with that."), is_refusal("I’m unable to summarise this article.")
    (True, True)
    >>> is_refusal('"I cannot help," the minister said.'), is_refusal("Sorry seems to be the hardest word.")
    (False, False)
    """
    return bool(_REFUSAL.match(text.lstrip(" \t\r\n*#").replace("’", "'").lower()))


def silence(summary: Summary) -> tuple[Outcome, str] | None:
    """Why nothing can be measured on a summary, whatever the metric; None if there is something to measure."""
    if summary.generation.finish == "error":
        return "error", f"no summary was written: {summary.generation.error or 'the model failed'}"
    if not summary.text.strip():
        return "empty", "the summary has no text"
    if is_refusal(summary.text):
        return "refusal", "the model declined to write a summary"
    return None


def no_reference(event: Event, summary: Summary) -> str | None:
    """Why a summary has no reference to be compared with; None if it has one."""
    if not (event.reference and event.reference.strip()):
        return "the event has no reference"
    if summary.kind == "summary" and len(event.articles) > 1:
        return "the event's reference is of all its articles, not of this one"
    return None


class Sheet:
    """One row per (summary, metric). Silent summaries are filled in at once; `summaries` are the others."""

    def __init__(self, evaluator: Evaluator, event: Event, summaries: Sequence[Summary], desk: Desk) -> None:
        self._metrics = evaluator.metrics
        self._signature = str(evaluator.signature(desk))
        self._all = summaries
        self._rows: dict[tuple[str, str], Score] = {}
        self.event = event
        self.summaries: list[Summary] = []
        for summary in summaries:
            if reason := silence(summary):
                self.unscored(summary, *reason)
            else:
                self.summaries.append(summary)

    def scored(self, summary: Summary, values: Mapping[str, float], n: int, **details: Any) -> None:
        """These numbers by metric; `n` is how many things they are means over."""
        for metric, value in values.items():
            self._rows[summary.id, metric] = Score(
                summary.id, self.event.id, summary.kind, metric, value, "scored", self._signature, n, None, details
            )

    def unscored(
        self, summary: Summary, outcome: Outcome, reason: str, metrics: Iterable[str] | None = None, **details: Any
    ) -> None:
        """No number for these metrics (default: all of them)."""
        for metric in self._metrics if metrics is None else metrics:
            self._rows[summary.id, metric] = Score(
                summary.id, self.event.id, summary.kind, metric, None, outcome, self._signature, 0, reason, details
            )

    def scores(self) -> list[Score]:
        """All rows, by summary and metric. KeyError if one was left out: that is a defect of the evaluator."""
        return [self._rows[summary.id, metric] for summary in self._all for metric in self._metrics]
