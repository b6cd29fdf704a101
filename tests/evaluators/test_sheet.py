from __future__ import annotations

import pytest

from harness.evaluators.sheet import is_refusal, silence
from harness.evaluators.style import Style
from harness.schema import Generation, Summary


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but the articles are too long.",
        "I am very sorry, but no.",
        "Sorry, I cannot summarize this article.",
        "I apologize, but I cannot provide a summary.",
        "As an AI language model, I do not take sides.",
        "Unfortunately, I am unable to access the articles.",
        "We cannot provide a summary of this text.",
        "**I can't help with that.**",
        "  I won't write a summary of this.",
    ],
)
def test_refusals_are_recognised(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The minister said: I'm sorry, but I can't assist with that.",
        '"I am sorry, but I had no choice," the driver told the court.',
        "Sorrow filled the streets of Port Ellery on Monday.",
        "I can't breathe, the man said before he died.",
        "I, Claudius is back on the stage.",
        "As an airline, Ryanair is unusual.",
        "Apologies were offered by the bank.",
    ],
)
def test_news_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("text", "outcome"), [("", "empty"), (" \n\t", "empty"), ("I'm sorry, but no.", "refusal"), ("A fire.", None)]
)
def test_silence(make_event, make_summary, text: str, outcome: str | None) -> None:
    found = silence(make_summary(make_event("e", "An article."), text))
    assert (found[0] if found else None) == outcome


def test_what_was_never_written_is_an_error_with_the_models_reason() -> None:
    failed = Summary("s", "e", "brief", ("a1",), "", Generation("", "error", error="out of memory"))
    assert silence(failed) == ("error", "no summary was written: out of memory")


def test_silent_summaries_score_no_number_whatever_the_metric(make_event, make_summary) -> None:
    event = make_event("e", "A fire destroyed the warehouse.")
    summaries = [make_summary(event, "", "one"), make_summary(event, "I'm unable to help.", "two")]
    rows = Style().score(event, summaries, desk=None)
    assert [(row.summary_id, row.metric) for row in rows] == [(s.id, m) for s in summaries for m in Style.metrics]
    assert all(row.value is None and row.reason for row in rows)
    assert {row.outcome for row in rows} == {"empty", "refusal"}
