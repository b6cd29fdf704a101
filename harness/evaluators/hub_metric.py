"""Any metric of the `evaluate` library as an evaluator: chrF, BERTScore, or a script of your own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

from harness.errors import ConfigError
from harness.evaluators.sheet import REFUSALS, Sheet, no_reference
from harness.protocols import Desk
from harness.schema import Event, Score, Signature, Summary, digest


class HubMetric:
    """What `evaluate.load(path).compute(predictions=[summary], references=[...])` returns, one summary at a time.

    `path` is a folder or script on this machine, which needs no network, or a name on the Hugging Face hub, whose
    code is then downloaded and run: name it only if you trust it. `inputs` says what a summary is compared with:
    "reference" (the event's; a summary of one of several articles has none) or "source" (its articles, joined by an
    empty line). `keep` names the keys of the result that become metrics, `{path's last part}_{key}` (just the last
    part where both are the same); a list of one number, as BERTScore returns, is that number. `options` go to
    `compute`. Range, direction and meaning are the metric's own.
    """

    name = "hub_metric"
    citation = ""

    def __init__(
        self,
        path: str,
        keep: Sequence[str],
        inputs: Literal["reference", "source"] = "reference",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if inputs not in ("reference", "source"):
            raise ConfigError(f"hub_metric has inputs={inputs!r}; choose reference or source.")
        self.path, self.keep, self.inputs, self.options = path, tuple(keep), inputs, dict(options or {})
        self.reads = "reference" if inputs == "reference" else "articles"
        self.name = path.rstrip("/").split("/")[-1].removesuffix(".py")
        self._keys = {(key if key == self.name else f"{self.name}_{key}"): key for key in self.keep}
        self.metrics = tuple(self._keys)
        self._metric: Any = None

    def prepare(self) -> None:
        """Load the metric. ConfigError that says why it cannot be loaded."""
        if self._metric is not None:
            return
        import evaluate

        try:
            self._metric = evaluate.load(self.path, keep_in_memory=True)
        except Exception as error:  # whatever a script of somebody else raises
            raise ConfigError(
                f"The metric {self.path!r} cannot be loaded: {type(error).__name__}: {_first_line(error)}. "
                "Expected a folder or .py script of an evaluate metric on this machine, or the name of one on the "
                "Hugging Face hub (which needs the network). A package it names may have to be installed."
            ) from error

    def signature(self, desk: Desk) -> Signature:
        self.prepare()
        return Signature(
            self.name,
            (
                ("code", str(self._metric._hash)[:12]),
                ("evaluate", version("evaluate")),
                ("inputs", self.inputs),
                ("options", digest(self.options)[:8]),
                REFUSALS,
            ),
        )

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        for summary in sheet.summaries:
            if self.inputs == "source":
                against = "\n\n".join(event.article(article_id).text for article_id in summary.article_ids)
            elif reason := no_reference(event, summary):
                sheet.unscored(summary, "no_reference", reason)
                continue
            else:
                against = event.reference or ""
            try:
                result = self._metric.compute(predictions=[summary.text], references=[against], **self.options)
                values = {metric: _number(result, key) for metric, key in self._keys.items()}
            except Exception as error:  # one item; the rest goes on
                sheet.unscored(summary, "error", f"{self.path} failed: {type(error).__name__}: {error}")
                continue
            sheet.scored(summary, values, 1)
        return sheet.scores()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")


def _number(result: Mapping[str, Any], key: str) -> float:
    if key not in result:
        raise KeyError(f"its result has no {key!r}; it has {', '.join(map(str, result))}")
    value = result[key]
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{key} is {number}")
    return number
