from __future__ import annotations

import pytest

from harness.checkers.lexical import Lexical
from harness.schema import Article, Claim

ARTICLE = Article(
    "a", "It was a quiet night. A fire destroyed the cold store. Nobody died. The owner is Haldane Foods."
)


def check(claim: str, article: Article = ARTICLE, **options):
    return Lexical(**options).check([(Claim("c", "s", claim, 0, len(claim)), article)])[0]


def test_a_sentence_of_the_article_is_supported_and_quoted() -> None:
    verdict = check("A fire destroyed the cold store.")
    assert (verdict.label, verdict.probability, verdict.contradiction) == ("supported", 1.0, None)
    [span] = verdict.evidence
    assert span.text == ARTICLE.text[span.start : span.end] == "A fire destroyed the cold store."


def test_the_share_of_content_words_is_the_probability() -> None:
    verdict = check("A fire destroyed the town hall.")  # fire, destroy of fire, destroy, town, hall
    assert (verdict.label, verdict.probability) == ("not_mentioned", 0.5)
    assert check("A fire destroyed the town hall.", threshold=0.5).label == "supported"


def test_a_window_joins_up_to_three_sentences() -> None:
    claim = "Nobody died as fire destroyed the store."
    assert check(claim).probability == 1.0
    assert check(claim).evidence[0].text == "A fire destroyed the cold store. Nobody died."
    assert check(claim, window=1).probability == 0.6


def test_inflections_meet() -> None:
    assert check("Fires destroying cold stores.").label == "supported"


def test_it_never_contradicts() -> None:
    verdict = check("The fire did not destroy the cold store.")
    assert (verdict.label, verdict.contradiction) == ("supported", None), "word overlap sees no negation"


def test_support_in_the_last_sentence_of_a_long_article_is_found() -> None:
    long = Article("a", "The council met again. " * 3000 + "A fire destroyed the cold store.")
    verdict = check("Fire destroyed a cold store.", long)
    assert verdict.label == "supported"
    assert verdict.evidence[0].end == len(long.text)


def test_a_claim_of_function_words_only_is_compared_in_those() -> None:
    assert check("It was.").label == "supported"
    assert check("Who are you?").label == "not_mentioned"


@pytest.mark.parametrize(
    ("claim", "article", "why"), [("...", ARTICLE, "no words"), ("Fire.", Article("b", " "), "no text")]
)
def test_what_cannot_be_checked_has_no_label(claim, article, why) -> None:
    verdict = check(claim, article)
    assert (verdict.label, verdict.probability) == (None, None)
    assert why in verdict.error


def test_nothing_found_quotes_nothing() -> None:
    assert check("Penguins waddle.").evidence == ()


def test_order_and_batch_change_nothing() -> None:
    claims = [
        Claim(str(n), "s", t, 0, 1) for n, t in enumerate(["Fire.", "Nobody died.", "Penguins.", "Haldane owns it."])
    ]
    other = Article("b", "Haldane Foods owns a fleet.")
    pairs = [(claim, article) for claim in claims for article in (ARTICLE, other)]
    together = Lexical().check(pairs)
    assert together == [Lexical().check([pair])[0] for pair in pairs]
    assert together[::-1] == Lexical().check(pairs[::-1])


def test_the_signature_holds_what_changes_a_verdict() -> None:
    signatures = {str(Lexical(**o).signature) for o in ({}, {"threshold": 0.5}, {"window": 1})}
    assert len(signatures) == 3
