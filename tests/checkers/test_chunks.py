from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checkers.chunks import ByteMeasure, Passages, TokenizerMeasure
from tests.checkers.conftest import article_text, byte_level, tokenizer, unigram, wordpiece


@pytest.fixture(scope="module", params=[wordpiece, byte_level, unigram])
def measure(request):
    return TokenizerMeasure(tokenizer(*request.param(), max_length=128))


def uncovered(article: str, spans) -> str:
    seen = set()
    for span in spans:
        assert article[span.start : span.end] == span.text
        seen |= set(range(span.start, span.end))
    return "".join(c for i, c in enumerate(article) if i not in seen).strip()


@pytest.mark.parametrize("budget", [40, 80, 400])
@pytest.mark.parametrize("overlap", [0, 1, 2])
def test_every_character_is_in_a_passage_that_fits(measure, budget, overlap):
    article = article_text(120)
    spans = Passages(measure).of(article, budget, overlap)
    assert uncovered(article, spans) == ""
    assert max(measure.count_tokens([span.text for span in spans])) <= budget
    assert all(span.text[-1] == "." and span.text[0].isupper() for span in spans)  # whole sentences
    assert len({(span.start, span.end) for span in spans}) == len(spans)


def test_a_long_sentence_is_split_between_words(measure):
    article = "The mayor " + "and the harbour and the river " * 40 + "closed."
    spans = Passages(measure).of(article, 20)
    assert len(spans) > 10
    assert uncovered(article, spans) == ""
    assert max(measure.count_tokens([span.text for span in spans])) <= 20
    assert all(not article[span.end : span.end + 1].strip() for span in spans)


def test_a_long_word_is_split_all_the_same(measure):
    article = "x" * 500
    spans = Passages(measure).of(article, 20)
    assert uncovered(article, spans) == ""
    assert max(measure.count_tokens([span.text for span in spans])) <= 20


def test_neighbouring_sentences_share_a_passage_where_they_overlap():
    article = "A said one. B said two. C said three. D said four."
    spans = Passages(ByteMeasure()).of(article, 26, overlap=1)
    assert [span.text for span in spans] == [
        "A said one. B said two.",
        "B said two. C said three.",
        "C said three. D said four.",
    ]


def test_no_text_no_passage():
    assert Passages(ByteMeasure()).of(" \n ", 50) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.integers(20, 60), st.integers(0, 2))
def test_any_text_is_covered(article, budget, overlap):
    spans = Passages(ByteMeasure()).of(article, budget, overlap)
    assert uncovered(article, spans) == ""
    assert all(len(span.text.encode()) <= budget for span in spans)
