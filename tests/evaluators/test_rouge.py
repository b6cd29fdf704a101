from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from rouge_score import rouge_scorer

from harness.evaluators.rouge import METRICS, TYPES, Rouge, split

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "rouge.json").read_text(encoding="utf-8"))


def scores(event, summaries, **options):
    return Rouge(**options).score(event, summaries, desk=None)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["origin"].split(",")[-1].strip()[:30] for case in GOLDEN])
def test_golden(make_event, make_summary, case) -> None:
    event = make_event("e", "An article.", reference=case["reference"])
    values = {row.metric: row.value for row in scores(event, [make_summary(event, case["prediction"])])}
    assert {metric: values[metric] for metric in case["expected"]} == pytest.approx(case["expected"], abs=1e-12)


def test_a_golden_case_tells_l_from_lsum() -> None:
    assert any(c["expected"].get("rougeL_f") not in (None, c["expected"].get("rougeLsum_f")) for c in GOLDEN)


@pytest.mark.parametrize("stem", [True, False])
def test_every_number_is_googles_to_the_last_bit(make_event, make_summary, stem: bool) -> None:
    rng = random.Random(11)
    vocabulary = "The fire fires burned burning. in Port Ellery, U.S. 4:12 a.m. 20,000 people's café naïve Ω “quoted” -- said".split()
    theirs = rouge_scorer.RougeScorer(TYPES, use_stemmer=stem)
    for number in range(150):
        reference, prediction = (" ".join(rng.choices(vocabulary, k=rng.randint(2, 60))) for _ in range(2))
        if number % 3 == 0:
            reference, prediction = (
                ". ".join(t.capitalize() for t in text.split(",")) for text in (reference, prediction)
            )
        event = make_event("e", "An article.", reference=reference)
        expected = theirs.score(split(reference), split(prediction))
        flat = [value for kind in TYPES for value in expected[kind]]
        rows = scores(event, [make_summary(event, prediction)], stem=stem)
        if rows[0].outcome == "scored":
            assert [row.value for row in rows] == flat
        else:
            assert not any(flat)


def test_splitting_into_lines_changes_rouge_lsum_only() -> None:
    theirs = rouge_scorer.RougeScorer(TYPES, use_stemmer=True)
    reference = "Mr. Li met Kim in Paris. They talked for 3.5 hours. Nothing was signed."
    prediction = "They talked. Kim met Mr. Li in Paris for 3.5 hours."
    raw, lines = theirs.score(reference, prediction), theirs.score(split(reference), split(prediction))
    assert [raw[kind] for kind in TYPES[:3]] == [lines[kind] for kind in TYPES[:3]]
    assert raw["rougeLsum"] != lines["rougeLsum"]


def test_hard_wrapped_lines_are_no_sentences() -> None:
    wrapped = "The fire broke out at the cold store on the quay shortly after four in\nthe morning. Nobody died."
    assert split(wrapped).splitlines() == [
        "The fire broke out at the cold store on the quay shortly after four in the morning.",
        "Nobody died.",
    ]


def test_a_copy_of_the_reference_scores_one(make_event, make_summary) -> None:
    event = make_event("e", "An article.", reference="A fire broke out. Nobody died.")
    assert {row.value for row in scores(event, [make_summary(event, event.reference)])} == {1.0}


@pytest.mark.parametrize("reference", [None, "", "  "])
def test_no_reference_is_no_zero(make_event, make_summary, reference) -> None:
    event = make_event("e", "An article.", reference=reference)
    rows = scores(event, [make_summary(event, "A fire.")])
    assert {(row.value, row.outcome) for row in rows} == {(None, "no_reference")}


def test_the_summary_of_one_of_several_articles_has_no_reference(make_event, make_summary) -> None:
    two = make_event("e", "One.", "Two.", reference="A fire.")
    one = make_event("e", "One.", reference="A fire.")
    assert {row.outcome for row in scores(two, [make_summary(two, "A fire.", article="a1")])} == {"no_reference"}
    assert {row.outcome for row in scores(one, [make_summary(one, "A fire.", article="a1")])} == {"scored"}


def test_text_that_rouge_cannot_read_is_an_error_not_a_zero(make_event, make_summary) -> None:
    event = make_event("e", "An article.", reference="Правительство объявило новые меры.")
    rows = scores(event, [make_summary(event, "Объявлены новые меры.")])
    assert {(row.value, row.outcome) for row in rows} == {(None, "error")}
    event = make_event("e", "An article.", reference="The government announced measures.")
    assert {row.outcome for row in scores(event, [make_summary(event, "Объявлены новые меры.")])} == {"error"}


def test_order_and_company_change_no_number(make_event, make_summary) -> None:
    event = make_event("e", "An article.", reference="A fire broke out in Port Ellery. Nobody died.")
    texts = ["A fire.", "", "Nobody died in Port Ellery.", "A fire broke out."]
    summaries = [make_summary(event, text, str(number)) for number, text in enumerate(texts)]
    together = {(row.summary_id, row.metric): row for row in scores(event, summaries)}
    for summary in reversed(summaries):
        assert [together[summary.id, metric] for metric in METRICS] == scores(event, [summary])


def test_the_signature_names_stemmer_splitter_and_implementation() -> None:
    signature = str(Rouge().signature(desk=None))
    assert signature.startswith("rouge|stem:porter|split:")
    assert "rouge-score-rs:" in signature
    assert signature != str(Rouge(stem=False).signature(desk=None))
