import pytest

from harness.checkers.lexical import Lexical
from harness.checkers.outlets import unattributed
from harness.schema import Article, Claim

COST = "The mission cost 214 million euros."


@pytest.mark.parametrize(
    "claim",
    [
        "Northern Wire Agency says that the mission cost 214 million euros.",
        "The mission cost 214 million euros, Northern Wire Agency reported.",
        "According to Northern Wire Agency, the mission cost 214 million euros.",
        "The Agency said the mission cost 214 million euros.",
    ],
)
def test_what_is_given_to_the_outlet_is_what_its_article_has_to_say(claim: str) -> None:
    assert unattributed(claim, "Northern Wire Agency") == COST


@pytest.mark.parametrize(
    ("claim", "outlet"),
    [
        ("The Courier says that the mission cost 214 million euros.", "Northern Wire Agency"),
        ("Northern Wire Agency was sold for 214 million euros.", "Northern Wire Agency"),
        (COST, ""),
        ("The Los Angeles Times reported that the mayor resigned.", "The New York Times"),
        ("Fox News says the mayor resigned.", "BBC News"),
        ("A spokesman for the Courier said the paper would close.", "The Ellery Courier"),
        ("The Ledger reported a loss of $5 million.", "The Continental Ledger"),
    ],
)
def test_another_outlet_and_what_is_said_of_the_outlet_stay(claim: str, outlet: str) -> None:
    assert unattributed(claim, outlet) == claim


def test_the_default_checker_knows_the_outlet() -> None:
    from harness.checkers.embedded import Embedded

    text = "NORDHAVN - The mission to the asteroid cost 214 million euros. It was launched in May from the coast."
    words = "Northern Wire Agency says that the mission cost 214 million euros."
    claim = Claim("c", "s", words, 0, len(words))
    told, stranger = Embedded().check(
        [(claim, Article("a", text, source="Northern Wire Agency")), (claim, Article("b", text, source="The Courier"))]
    )
    assert told.label == "supported"
    assert told.probability > stranger.probability
    assert any("nowhere" in note for note in stranger.notes)
    assert not told.notes
    assert Lexical().check([(claim, Article("a", text))])[0].label  # other checkers read the claim as it stands
