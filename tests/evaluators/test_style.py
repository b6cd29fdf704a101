from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from harness.evaluators.style import Style, fragments

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "style.json").read_text(encoding="utf-8"))


def values(event, summary):
    return {row.metric: row.value for row in Style().score(event, [summary], desk=None)}


@pytest.mark.parametrize("case", GOLDEN, ids=range(len(GOLDEN)))
def test_golden(make_event, make_summary, case) -> None:
    event = make_event("e", *case["articles"])
    found = values(event, make_summary(event, case["summary"]))
    assert {metric: found[metric] for metric in case["expected"]} == pytest.approx(case["expected"], abs=1e-12)


def newsroom_fragments(summary: list[str], article: list[str]) -> list[list[str]]:
    """Figure 3 of Grusky et al. 2018, transcribed line by line: an implementation that shares nothing with ours."""
    found: list[list[str]] = []
    i = 0
    while i < len(summary):
        best: list[str] = []
        j = 0
        while j < len(article):
            if summary[i] == article[j]:
                start, k, at = i, i, j
                while k < len(summary) and at < len(article) and summary[k] == article[at]:
                    k, at = k + 1, at + 1
                if len(best) < k - start:
                    best = summary[start:k]
                j = at
            else:
                j += 1
        i += max(len(best), 1)
        if best:
            found.append(best)
    return found


def test_fragments_agree_with_the_paper() -> None:
    rng = random.Random(3)
    for _ in range(300):
        # distinct words in the article, where the paper's skip over a match (j = j') cannot miss a longer one
        article = rng.sample("abcdefghijklmnopqrst", 14)
        summary = rng.choices([*article, "X", "Y"], k=12)
        ours = [summary[start:end] for start, end in fragments(summary, [article])]
        assert ours == newsroom_fragments(summary, article)


def test_the_longest_fragment_is_found_where_the_papers_skip_misses_it() -> None:
    article, summary = "a a b".split(), "a b".split()
    assert fragments(summary, [article]) == [(0, 2)]


def test_a_copy_of_the_source_is_all_extract(make_event, make_summary) -> None:
    event = make_event("e", "A fire broke out in Port Ellery at 4:12 a.m. Nobody died.")
    found = values(event, make_summary(event, event.articles[0].text))
    assert (found["coverage"], found["compression"], found["density"]) == (1.0, 1.0, found["words"])
    assert found["novel_1grams"] == found["novel_2grams"] == found["novel_3grams"] == 0.0


def test_order_of_articles_changes_nothing(make_event, make_summary) -> None:
    texts = ["A fire broke out.", "Nobody died in the fire.", "The quay is closed."]
    one, other = make_event("e", *texts), make_event("e", *texts[::-1])
    summary = "Nobody died when a fire broke out and the quay is closed."
    assert values(one, make_summary(one, summary)) == values(other, make_summary(other, summary))


def test_a_summary_is_measured_against_its_own_article(make_event, make_summary) -> None:
    event = make_event("e", "A fire broke out.", "Nobody died.")
    assert values(event, make_summary(event, "Nobody died.", article="a2"))["novel_1grams"] == 0.0
    assert values(event, make_summary(event, "Nobody died.", article="a1"))["novel_1grams"] == 1.0


def test_too_short_for_an_ngram_is_no_number(make_event, make_summary) -> None:
    event = make_event("e", "A fire broke out.")
    rows = {row.metric: row for row in Style().score(event, [make_summary(event, "Fire out.")], desk=None)}
    assert rows["novel_2grams"].value == 1.0
    assert (rows["novel_3grams"].value, rows["novel_3grams"].outcome) == (None, "empty")


def test_text_without_a_word_is_empty(make_event, make_summary) -> None:
    event = make_event("e", "A fire broke out.")
    rows = Style().score(event, [make_summary(event, "-- !")], desk=None)
    assert {(row.value, row.outcome) for row in rows} == {(None, "empty")}
