from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.evaluators.hub_metric import HubMetric

SCRIPT = """
import datasets
import evaluate


class Shared(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(description="shared words", citation="", inputs_description="",
                                   features=datasets.Features({"predictions": text, "references": text}))

    def _compute(self, predictions, references, lower=False):
        if "explode" in predictions[0]:
            raise ValueError("it exploded")
        (a, b) = (set((t.lower() if lower else t).split()) for t in (predictions[0], references[0]))
        return {"share": len(a & b) / len(a), "counts": [len(a)], "bad": float("nan")}
"""


@pytest.fixture
def script(tmp_path: Path, no_network) -> str:
    folder = tmp_path / "shared_words"
    folder.mkdir()
    (folder / "shared_words.py").write_text(SCRIPT)
    return str(folder)


def rows(metric, event, *summaries):
    metric.prepare()
    return {(row.summary_id, row.metric): row for row in metric.score(event, summaries, desk=None)}


def test_a_local_script_needs_no_network(make_event, make_summary, script) -> None:
    event = make_event("e", "The fire is out", "The quay is closed", reference="The fire is out")
    metric = HubMetric(script, keep=["share", "counts"])
    assert metric.metrics == ("shared_words_share", "shared_words_counts")
    one, two = make_summary(event, "the fire is out", "1"), make_summary(event, "The quay", "2")
    found = rows(metric, event, one, two)
    assert [found[s.id, "shared_words_share"].value for s in (one, two)] == [3 / 4, 1 / 2]
    assert [found[s.id, "shared_words_counts"].value for s in (one, two)] == [4.0, 2.0]


def test_options_reach_the_metric_and_the_signature(make_event, make_summary, script) -> None:
    event = make_event("e", "The fire is out", reference="The fire is out")
    brief = make_summary(event, "the fire is out")
    metric = HubMetric(script, keep=["share"], options={"lower": True})
    assert rows(metric, event, brief)[brief.id, "shared_words_share"].value == 1.0
    plain = HubMetric(script, keep=["share"])
    assert str(metric.signature(None)) != str(plain.signature(None))


def test_source_inputs_join_the_summarys_own_articles(make_event, make_summary, script) -> None:
    event = make_event("e", "The fire is out", "The quay is closed")
    metric = HubMetric(script, keep=["share"], inputs="source")
    brief, single = make_summary(event, "quay fire"), make_summary(event, "quay fire", "a1", article="a1")
    found = rows(metric, event, brief, single)
    assert [found[s.id, "shared_words_share"].value for s in (brief, single)] == [1.0, 0.5]


def test_without_reference_there_is_no_number(make_event, make_summary, script) -> None:
    event = make_event("e", "The fire is out")
    brief = make_summary(event, "The fire")
    assert (
        rows(HubMetric(script, keep=["share"]), event, brief)[brief.id, "shared_words_share"].outcome == "no_reference"
    )


def test_one_failing_item_is_a_typed_error_and_the_rest_goes_on(make_event, make_summary, script) -> None:
    event = make_event("e", "The fire", reference="The fire")
    bad, good, empty = (make_summary(event, t, str(i)) for i, t in enumerate(["explode", "The fire", " "]))
    found = rows(HubMetric(script, keep=["share"]), event, bad, good, empty)
    assert [found[s.id, "shared_words_share"].outcome for s in (bad, good, empty)] == ["error", "scored", "empty"]
    assert "it exploded" in found[bad.id, "shared_words_share"].reason


@pytest.mark.parametrize(("key", "why"), [("f1", "it has share, counts, bad"), ("bad", "bad is nan")])
def test_a_key_that_is_missing_or_no_number_is_an_error(make_event, make_summary, script, key, why) -> None:
    event = make_event("e", "The fire", reference="The fire")
    brief = make_summary(event, "The fire")
    [row] = rows(HubMetric(script, keep=[key]), event, brief).values()
    assert (row.value, row.outcome) == (None, "error")
    assert why in row.reason


def test_what_cannot_be_loaded_is_named_before_the_run(tmp_path: Path, no_network) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import a_package_that_is_not_there\n")
    with pytest.raises(ConfigError, match="a_package_that_is_not_there"):
        HubMetric(str(broken), keep=["x"]).prepare()
    with pytest.raises(ConfigError, match="nowhere"):
        HubMetric(str(tmp_path / "nowhere.py"), keep=["x"]).prepare()


def test_unknown_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match="reference or source"):
        HubMetric("chrf", keep=["score"], inputs="articles")  # type: ignore[arg-type]


def test_the_name_of_a_metric_is_not_repeated() -> None:
    assert HubMetric("bleu", keep=["bleu", "precisions"]).metrics == ("bleu", "bleu_precisions")
    assert HubMetric("some/chrf", keep=["score"]).name == "chrf"
