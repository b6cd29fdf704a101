"""ROUGE: overlap with a reference in n-grams and longest common subsequences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import rouge_score_rs
from rouge_score_rs.rouge_scorer import RougeScorer

from harness import text
from harness.evaluators.sheet import REFUSALS, Sheet, no_reference
from harness.protocols import Desk
from harness.schema import Event, Score, Signature, Summary

TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
METRICS = tuple(f"{kind}_{part}" for kind in TYPES for part in ("precision", "recall", "f"))

_READABLE = re.compile("[A-Za-z0-9]")


def split(summary: str) -> str:
    """The text with one sentence a line: what rougeLsum takes as the sentences.

    >>> split("Mr. Li paid $2.5. He left.")
    'Mr. Li paid $2.5.\\nHe left.'
    """
    return "\n".join(sentence.text.replace("\n", " ") for sentence in text.sentences(summary))


class Rouge:
    """Precision, recall and F1 of rouge1, rouge2, rougeL and rougeLsum, each in [0, 1], higher is better.

    Computed by rouge-score-rs, whose numbers are those of Google's rouge-score to the last bit (Lin 2004). rougeL is
    over the whole text, rougeLsum the union over sentences, split by `harness.text.sentences`: two metrics that
    differ by several points and never share a name. The tokenizer knows a-z and 0-9 only; a text without any of
    them is an error, not a 0. No reference: outcome `no_reference`; a summary of one of several articles has none.
    """

    name = "rouge"
    metrics = METRICS
    reads = "reference"
    citation = "Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries"

    def __init__(self, stem: bool = True) -> None:
        self.stem = stem
        self._scorer = RougeScorer(TYPES, use_stemmer=stem)

    def signature(self, desk: Desk) -> Signature:
        return Signature(
            self.name,
            (
                ("stem", "porter" if self.stem else "none"),
                ("split", text.SPLITTER),
                ("rouge-score-rs", rouge_score_rs.__version__),
                REFUSALS,
            ),
        )

    def prepare(self) -> None:
        """Nothing has to be loaded."""

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        return self.score_events([(event, summaries)], desk)

    def score_events(self, events: Sequence[tuple[Event, Sequence[Summary]]], desk: Desk) -> list[Score]:
        """The scores of many events at once: the pairs are shared out over all cores."""
        sheets, pairs = [], []
        for event, summaries in events:
            sheet = Sheet(self, event, summaries, desk)
            sheets.append(sheet)
            reference = split(event.reference or "")
            for summary in sheet.summaries:
                if reason := no_reference(event, summary):
                    sheet.unscored(summary, "no_reference", reason)
                elif not _READABLE.search(reference):
                    sheet.unscored(summary, "error", "the reference has no word of a-z or 0-9; ROUGE reads no other")
                elif not _READABLE.search(summary.text):
                    sheet.unscored(summary, "error", "the summary has no word of a-z or 0-9; ROUGE reads no other")
                else:
                    pairs.append((sheet, summary, reference, split(summary.text)))
        found = self._scorer.score_batch([pair[2] for pair in pairs], [pair[3] for pair in pairs])
        for (sheet, summary, reference, _), scores in zip(pairs, found, strict=True):
            values = {}
            for kind, score in scores.items():
                values[f"{kind}_precision"] = score.precision
                values[f"{kind}_recall"] = score.recall
                values[f"{kind}_f"] = score.fmeasure
            sheet.scored(summary, values, len(reference.split()))
        return [row for sheet in sheets for row in sheet.scores()]
