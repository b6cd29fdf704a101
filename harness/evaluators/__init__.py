"""Evaluators: what is measured on a summary.

Each lives in its own module as a plain class that `harness run` uses. Imported from here it is also an
`evaluate.Metric` (see `harness.evaluators.metric`), made when first asked for because `import evaluate` takes seconds:

    from harness.evaluators import FactualConsistency
    FactualConsistency().compute(predictions=[brief], references=[[article, article]])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Rouge": "rouge",
    "FactualConsistency": "factual_consistency",
    "Omission": "omission",
    "SourceComparison": "source_comparison",
    "Style": "style",
    "HubMetric": "hub_metric",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_HOMES)}")
    from harness.evaluators.metric import as_metric

    globals()[name] = made = as_metric(getattr(import_module(f"{__name__}.{_HOMES[name]}"), name), __name__)
    return made


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
