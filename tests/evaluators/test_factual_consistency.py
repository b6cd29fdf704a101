from __future__ import annotations

from dataclasses import replace

import pytest

from harness.desk import Desk
from harness.evaluators.factual_consistency import FactualConsistency
from harness.schema import Extraction, Signature, from_dict, to_dict

A1 = "Twelve people died in the fire."
A2 = "The quay is closed."


def rows(desk, event, *summaries):
    return {(row.summary_id, row.metric): row for row in FactualConsistency().score(event, summaries, desk)}


def two(desk, event, summary):
    found = rows(desk, event, summary)
    return found[summary.id, "claim_precision"], found[summary.id, "contradicted_share"]


def test_the_numbers_of_a_mixed_brief(make_event, make_summary, ruling_desk) -> None:
    event = make_event("e", A1, A2)
    desk = ruling_desk(
        {
            ("Twelve died.", A1): "supported",
            ("Fifteen died.", A1): "contradicted",
            ("The quay is open.", A1): "supported",
            ("The quay is open.", A2): "contradicted",
        }
    )
    brief = make_summary(event, "Twelve died. Fifteen died. The quay is open. It rained.")
    precision, contradicted = two(desk, event, brief)
    assert (precision.value, contradicted.value, precision.n) == (2 / 4, 1 / 4, 4)
    assert [f["claim"] for f in precision.details["unsupported"]] == ["It rained."]
    [finding] = contradicted.details["contradicted"]
    assert precision.details["contradicted"] == [finding]
    assert (finding["claim"], finding["article_id"], finding["notes"]) == (
        "Fifteen died.",
        "a1",
        ["number: 12 against 15"],
    )
    assert finding["evidence"]["text"] == A1[finding["evidence"]["start"] : finding["evidence"]["end"]]
    assert brief.text[finding["start"] : finding["end"]] == "Fifteen died."
    assert precision.details["per_source"] == {
        "a1": {"supported": 0.5, "claims": 4},
        "a2": {"supported": 0.0, "claims": 4},
    }


def test_a_summary_is_checked_against_its_own_article_only(make_event, make_summary, ruling_desk) -> None:
    event = make_event("e", A1, A2)
    desk = ruling_desk({("The quay is shut.", A2): "supported"})
    assert two(desk, event, make_summary(event, "The quay is shut.", article="a1"))[0].value == 0.0
    assert two(desk, event, make_summary(event, "The quay is shut.", article="a2"))[0].value == 1.0
    assert desk.checker.asked == [("The quay is shut.", A1), ("The quay is shut.", A2)]


def test_a_claim_nobody_could_check_is_unscored(make_event, make_summary, ruling_desk) -> None:
    event = make_event("e", A1, A2)
    desk = ruling_desk(
        {
            ("One.", A1): "supported",
            ("Two.", A1): "failed",  # a2 does not say it, a1 might
            ("Three.", A1): "failed",
            ("Three.", A2): "supported",  # one is enough
        }
    )
    precision, _ = two(desk, event, make_summary(event, "One. Two. Three."))
    assert (precision.value, precision.n, precision.details["claims"]) == (1.0, 2, 3)
    assert precision.details["failed"] == [
        {"claim_id": "e/brief#2", "claim": "Two.", "errors": ["the reply could not be parsed"]}
    ]


def test_no_claim_checked_is_an_error(make_event, make_summary, ruling_desk) -> None:
    event = make_event("e", A1)
    found = two(ruling_desk({("One.", A1): "failed"}), event, make_summary(event, "One."))
    assert {(row.value, row.outcome) for row in found} == {(None, "error")}
    assert all("none of 1 claims" in row.reason for row in found)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("", "empty"), ("  \n", "empty"), ("I'm sorry, but I can't.", "refusal"), ("***", "no_claims")],
)
def test_nothing_claimed_is_no_number(make_event, make_summary, desk, text, outcome) -> None:
    event = make_event("e", A1)
    found = two(desk, event, make_summary(event, text))
    assert {(row.value, row.outcome, row.n) for row in found} == {(None, outcome, 0)}
    assert all(row.reason for row in found)


class Broken:
    signature = Signature("broken")

    def extract(self, texts):
        return [Extraction(source, (), error="no JSON in the reply", raw="Sure! Here are") for source, _ in texts]


def test_a_failed_extraction_is_not_no_claims(make_event, make_summary, desk) -> None:
    event = make_event("e", A1)
    row, _ = two(Desk(Broken(), desk.checker), event, make_summary(event, "Twelve died."))
    assert (row.value, row.outcome) == (None, "error")
    assert "no JSON in the reply" in row.reason
    assert row.details["raw"] == "Sure! Here are"


def test_a_copy_of_the_sources_is_fully_consistent(make_event, make_summary, desk) -> None:
    event = make_event("e", A1 + " Nobody was rescued.", A2 + " Ferries are cancelled.")
    precision, contradicted = two(desk, event, make_summary(event, "\n\n".join(a.text for a in event.articles)))
    assert (precision.value, contradicted.value, precision.details["unsupported"]) == (1.0, 0.0, [])


def test_order_of_articles_and_summaries_changes_nothing(make_event, make_summary, desk) -> None:
    event = make_event("e", A1, A2, "Twelve people died on the quay.")
    turned = replace(event, articles=event.articles[::-1])
    texts = ["Twelve people died. The quay is open.", "", "The fire is out."]
    forward = rows(desk, event, *[make_summary(event, t, str(i)) for i, t in enumerate(texts)])
    fresh = Desk(desk.extractor, desk.checker)
    backward = rows(fresh, turned, *[make_summary(turned, t, str(i)) for i, t in reversed(list(enumerate(texts)))])
    assert forward == backward


def test_scores_survive_being_written_down(make_event, make_summary, desk) -> None:
    event = make_event("e", A1, A2)
    for row in two(desk, event, make_summary(event, "Twelve people died. It rained.")):
        assert from_dict(type(row), to_dict(row)) == row


def test_the_signature_depends_on_claims_and_checker(desk, ruling_desk) -> None:
    ours, other = FactualConsistency().signature(desk), FactualConsistency().signature(ruling_desk({}))
    assert ours != other
    assert f"checker:{desk.checker_signature.short}" in str(ours)
    assert f"claims:{desk.claims_signature.short}" in str(ours)
