"""The numbers in docs/metrics.md are computed, and every metric is in it."""

from __future__ import annotations

import doctest
from pathlib import Path

from harness.evaluators.factual_consistency import FactualConsistency
from harness.evaluators.omission import Omission
from harness.evaluators.rouge import TYPES
from harness.evaluators.source_comparison import SourceComparison
from harness.evaluators.style import Style

DOC = Path(__file__).parent.parent / "docs" / "metrics.md"


def test_the_worked_brief_is_true() -> None:
    results = doctest.testfile(str(DOC), module_relative=False)
    assert results.attempted > 10
    assert not results.failed


def test_every_metric_is_described() -> None:
    text = DOC.read_text(encoding="utf-8")
    names = [*FactualConsistency.metrics, *Omission.metrics, *SourceComparison.metrics, *Style.metrics]
    names += [*TYPES, "_precision", "_recall", "_f"]
    assert [name for name in names if f"`{name}`" not in text] == []
