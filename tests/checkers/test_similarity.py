"""The encoder, the retrieval and the checker that stands on both, with the real MiniLM."""

import numpy as np
import pytest

from harness.checkers import encoder
from harness.checkers.retrieval import Retriever
from harness.checkers.similarity import Similarity
from harness.schema import Article, Claim

FILLER = "The council met again to talk about parking fees and the colour of the new benches. "
ARTICLE = Article(
    "a",
    "A fire broke out at the harbour of Brenholm on Monday. Twelve people were taken to hospital, police said. "
    "The mayor, Lena Ortiz, called the firefighters heroes. The cause is not known.",
    published="2025-03-04",
)


def claim(text: str, id: str = "c") -> Claim:
    return Claim(id, "s", text, 0, len(text))


@pytest.fixture(scope="module")
def checker() -> Similarity:
    return Similarity()


def test_vectors_are_unit_and_do_not_depend_on_the_batch():
    texts = ["Fire.", "A fire broke out at the harbour.", "He said " + "that it was so, " * 30, ""]
    ours = encoder.Encoder()
    together = ours.encode(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-3)
    alone = np.concatenate([encoder.Encoder().encode([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-4


def test_a_paraphrase_is_nearer_than_another_topic():
    a, b, c = encoder.load().encode(["A fire broke out at the port.", "The harbour caught fire.", "Shares fell by 3%."])
    assert a @ b > a @ c


def test_evidence_is_found_in_the_last_sentence_of_a_long_article():
    text = FILLER * 200 + "The lighthouse keeper found a silver coin."
    (best,) = Retriever(encoder.load()).best(["A silver coin was found by the keeper of the lighthouse."], text, 2)
    assert best[0].text == "The lighthouse keeper found a silver coin."
    assert text[best[0].start : best[0].end] == best[0].text


def test_an_article_without_text_has_no_passages():
    assert Retriever(encoder.load()).best(["A fire."], " ", 3) == [[]]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A fire broke out at the harbour of Brenholm on Monday.", "supported"),
        ("Lena Ortiz, the mayor, called the firefighters heroes.", "supported"),
        ("A dozen people were taken to hospital.", "supported"),
        ("The airline ordered forty new aircraft from Canada.", "not_mentioned"),
        ("Fifteen people were taken to hospital, police said.", "contradicted"),
    ],
)
def test_labels(checker, text, label):
    (verdict,) = checker.check([(claim(text), ARTICLE)])
    assert verdict.label == label
    assert verdict.probability + verdict.contradiction <= 1
    assert all(ARTICLE.text[span.start : span.end] == span.text for span in verdict.evidence)


def test_a_difference_is_told_in_words(checker):
    (verdict,) = checker.check([(claim("Fifteen people were taken to hospital, police said."), ARTICLE)])
    assert any("Fifteen" in note and "Twelve" in note for note in verdict.notes)


def test_verdicts_do_not_depend_on_order_or_company(checker):
    claims = [
        claim(text, str(i)) for i, text in enumerate(["A fire broke out.", "Nobody was hurt.", "The mayor is a hero."])
    ]
    pairs = [(c, ARTICLE) for c in claims] + [(claims[0], Article("b", FILLER))]
    forward, backward = checker.check(pairs), checker.check(pairs[::-1])[::-1]
    assert forward == backward
    assert [checker.check([pair])[0] for pair in pairs] == forward


def test_an_empty_article_is_an_error_not_a_label(checker):
    (verdict,) = checker.check([(claim("A fire broke out."), Article("e", "  "))])
    assert verdict.label is None
    assert verdict.error


def test_the_threshold_is_in_the_signature():
    assert Similarity(threshold=0.5).signature != Similarity(threshold=0.6).signature


def test_relative_days_are_found_in_the_article_by_its_date(checker):
    article = Article("a", "The quay of Brenholm reopened today after two months.", published="2025-03-05")
    [verdict] = checker.check([(claim("The quay of Brenholm reopened on Wednesday."), article)])
    assert verdict.notes == ()
