"""Our evaluators as metrics of the `evaluate` library: the same scores, asked for from Python."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import evaluate

from datasets import Features, Value  # type: ignore[attr-defined]
from datasets import Sequence as ListOf  # type: ignore[attr-defined]
from harness.desk import Desk
from harness.schema import Article, Event, Generation, KeyFact, Score, Summary
from harness.weights import cache_dir

INPUTS = """
Args:
    predictions: the texts to score, a list of str.
    references: for each prediction {reads}.{extras}
Returns:
    a dict: each metric by name, its plain mean over the predictions that could be scored (None if none could);
    `n` and `unscored`, how many could and could not be scored, by metric; `signature`; and `scores`, one
    `harness.schema.Score` per prediction and metric, with its outcome and what is behind the number.
"""
READS = {"reference": "the reference text, a str", "articles": "its source articles, a list of str (or one str)"}
KEY_FACTS = "\n    key_facts: for each prediction the key facts, a list of str; chosen from the articles by default."


def as_metric(evaluator: type, module: str) -> type:
    """The evaluator as a class that is an `evaluate.Metric` as well."""

    def init(self: Any, *options: Any, desk: Desk | None = None, **named: Any) -> None:
        evaluator.__init__(self, *options, **named)  # type: ignore[misc]
        Metric.__init__(self, desk)

    body = {"__init__": init, "__module__": module, "__doc__": evaluator.__doc__}
    return type(evaluator.__name__, (evaluator, Metric), body)


class Metric(evaluate.Metric):
    """Makes an event of each (prediction, references) pair, a brief of the prediction, and lets the evaluator score."""

    takes_key_facts = False

    def __init__(self, desk: Desk | None) -> None:
        if desk:
            self.desk = desk
        super().__init__(keep_in_memory=True, cache_dir=str(cache_dir() / "evaluate"))

    @cached_property
    def desk(self) -> Desk:
        return Desk()

    def _info(self) -> evaluate.MetricInfo:
        text = Value("string")
        shapes: list[Any] = [text] if self.reads == "reference" else [ListOf(text), text]
        return evaluate.MetricInfo(
            description=inspect.getdoc(self) or "",
            citation=self.citation,
            inputs_description=INPUTS.format(reads=READS[self.reads], extras=KEY_FACTS if self.takes_key_facts else ""),
            features=[Features({"predictions": text, "references": shape}) for shape in shapes],
        )

    def _compute(self, predictions: Sequence[str], references: Sequence[Any], **more: Any) -> dict[str, Any]:
        facts = more.pop("key_facts", None) if self.takes_key_facts else None
        if more:
            raise TypeError(f"{type(self).__name__}.compute takes no {', '.join(more)}")
        self.prepare()
        events: list[tuple[Event, list[Summary]]] = []
        for number, (prediction, given) in enumerate(zip(predictions, references, strict=True)):
            event = self._event(str(number), given, facts[number] if facts else ())
            ids = tuple(article.id for article in event.articles)
            brief = Summary(event.id, event.id, "brief", ids, prediction, Generation(prediction, "copied"))
            events.append((event, [brief]))
        scores = self.score_events(events, self.desk)
        result: dict[str, Any] = {"n": {}, "unscored": {}}
        for column, metric in enumerate(self.metrics):  # scores come by prediction, then metric
            values = [score.value for score in scores[column :: len(self.metrics)]]
            scored = [value for value in values if value is not None]
            result[metric] = sum(scored) / len(scored) if scored else None
            result["n"][metric], result["unscored"][metric] = len(scored), len(values) - len(scored)
        return {**result, "signature": str(self.signature(self.desk)), "scores": scores}

    def score_events(self, events: Sequence[tuple[Event, Sequence[Summary]]], desk: Desk) -> list[Score]:
        return [row for event, summaries in events for row in self.score(event, summaries, desk)]

    def _event(self, id: str, given: Any, facts: Sequence[str]) -> Event:
        if self.reads == "reference":
            return Event(id, (Article("1", ""),), reference=given)
        texts = [given] if isinstance(given, str) else given
        return Event(
            id,
            tuple(Article(str(number), text) for number, text in enumerate(texts, start=1)),
            key_facts=tuple(KeyFact(str(number), text) for number, text in enumerate(facts, start=1)),
        )
