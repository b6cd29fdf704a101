"""Each evaluator as an `evaluate.Metric`, offline."""

from __future__ import annotations

import pickle
import subprocess
import sys

import evaluate
import pytest

import harness.evaluators
from harness.desk import Desk
from harness.evaluators import FactualConsistency, Omission, Rouge, Style
from harness.evaluators.rouge import Rouge as PlainRouge

pytestmark = pytest.mark.usefixtures("no_network")

A1 = "A fire destroyed the warehouse. Nobody died."
A2 = "The quay is closed. Twelve people were injured."


def test_our_evaluators_are_evaluate_metrics() -> None:
    for name in harness.evaluators.__all__:
        cls = getattr(harness.evaluators, name)
        assert issubclass(cls, evaluate.Metric), name
        assert cls.__doc__
    assert issubclass(Rouge, PlainRouge)
    assert isinstance(Rouge(), evaluate.Metric)
    assert Rouge().name == "rouge"
    assert "reference text" in Rouge().inputs_description
    assert pickle.loads(pickle.dumps(Rouge)) is Rouge


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(AttributeError, match="FactualConsistency"):
        harness.evaluators.Rogue  # noqa: B018


def test_factual_consistency(desk) -> None:
    metric = FactualConsistency(desk=desk)
    result = metric.compute(
        predictions=["A fire destroyed the warehouse. It rained.", "The quay is closed.", ""], references=[[A1, A2]] * 3
    )
    assert result["claim_precision"] == (1 / 2 + 1) / 2
    assert (result["n"]["claim_precision"], result["unscored"]["claim_precision"]) == (2, 1)
    assert [row.outcome for row in result["scores"]] == ["scored"] * 4 + ["empty"] * 2
    assert result["signature"] == str(metric.signature(desk))
    assert result["scores"][0].details["unsupported"][0]["claim"] == "It rained."


def test_nothing_scored_is_none_not_zero(desk) -> None:
    result = FactualConsistency(desk=desk).compute(predictions=["", "  "], references=[[A1], [A2]])
    assert (result["claim_precision"], result["n"]["claim_precision"]) == (None, 0)


def test_one_article_may_be_given_as_a_str(desk) -> None:
    metric = FactualConsistency(desk=desk)
    assert metric.compute(predictions=["Nobody died."], references=[A1])["claim_precision"] == 1.0


def test_omission_with_and_without_key_facts(desk) -> None:
    metric = Omission(desk=desk)
    given = metric.compute(
        predictions=["Nobody died."], references=[[A1, A2]], key_facts=[["Nobody died.", "It rained."]]
    )
    assert (given["completeness"], given["omission"]) == (0.5, 0.5)
    copy = metric.compute(predictions=[f"{A1}\n{A2}"], references=[[A1, A2]])
    assert copy["completeness"] == 1.0


def test_an_argument_that_would_be_ignored_is_refused() -> None:
    with pytest.raises(TypeError, match="takes no key_facts"):
        Style().compute(predictions=["A"], references=[["B"]], key_facts=[["C"]])


def test_rouge_is_the_plain_mean_of_googles_numbers() -> None:
    from rouge_score import rouge_scorer

    predictions, references = (
        ["A fire destroyed it.", "Nobody died"],
        ["A fire destroyed the warehouse.", "Twelve died"],
    )
    scorer = rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=True)
    theirs = [scorer.score(r, p) for r, p in zip(references, predictions, strict=True)]
    ours = Rouge().compute(predictions=predictions, references=references)
    for kind in ("rouge1", "rougeL"):
        assert ours[f"{kind}_f"] == sum(t[kind].fmeasure for t in theirs) / 2
        assert ours[f"{kind}_recall"] == sum(t[kind].recall for t in theirs) / 2


def test_batches_and_single_calls_agree() -> None:
    metric = Rouge()
    predictions, references = ["A fire.", "Nobody died.", "Rain"], ["A big fire.", "Nobody died today.", "Sun"]
    together = metric.compute(predictions=predictions, references=references)["scores"]
    for number, (p, r) in enumerate(zip(predictions, references, strict=True)):
        alone = metric.compute(predictions=[p], references=[r])["scores"]
        assert [row.value for row in alone] == [
            row.value for row in together[number * len(alone) : (number + 1) * len(alone)]
        ]


def test_add_batch_works_as_in_any_metric() -> None:
    metric = Style()
    metric.add_batch(predictions=["A fire."], references=[[A1]])
    metric.add(prediction="Nobody died.", reference=[A1])
    assert metric.compute()["n"]["words"] == 2


def test_running_the_harness_does_not_import_evaluate() -> None:
    code = (
        "import sys\n"
        "from harness.evaluators.rouge import Rouge\nfrom harness.evaluators.factual_consistency import FactualConsistency\n"
        "from harness.evaluators.omission import Omission\nfrom harness.evaluators.style import Style\n"
        "from harness.evaluators.hub_metric import HubMetric\nimport harness.score\n"
        "heavy = {'evaluate', 'datasets', 'torch', 'transformers', 'spacy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_desk_can_be_shared(desk) -> None:
    shared = Desk(desk.extractor, desk.checker)
    assert FactualConsistency(desk=shared).desk is Omission(desk=shared).desk
