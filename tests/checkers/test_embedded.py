"""The default checker on its real weights: what is read, what is shown, and what it makes of plain claims."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from harness.checkers.embedded import CLOSEST, ENOUGH, Embedded
from harness.checkers.network import MAX_CLAIM, Encoded
from harness.schema import Article, Claim, Verdict

pytestmark = pytest.mark.usefixtures("no_network")

FERRY = Article(
    "ferry",
    "Two passengers were slightly hurt on Tuesday when the ferry Isolde struck the pier at Lowick in thick fog. "
    "The ship was carrying 214 passengers and 18 crew from the island of Senna, and all of them were ashore within an "
    'hour. "We heard a long scraping sound and then everything stopped," said Maren Dahl, a teacher who was on deck. '
    "Harbour master Tom Reiss praised Captain Ilse Voigt for bringing the ship in without a tug. "
    "Divers found no hole in the hull. The operator, Nordline, cancelled all crossings until Thursday and promised to "
    "refund tickets. The coastguard has opened an inquiry, which is expected to last three weeks.",
)
MARKET = Article(
    "market",
    "The town council of Ardle approved a new roof for the covered market on Monday by nine votes to four. The work will "
    "cost 2.3 million pounds and begin in March. Traders will move to the old bus station until it is finished.",
)

# Each tells something of FERRY in other words.
TRUE = {
    "injuries": "Two people on board suffered minor injuries.",
    "landing": "It took less than an hour to get everybody off the ship.",
    "praise": "Captain Voigt was praised by the harbour master.",
    "refund": "Nordline said that passengers would get their money back for their tickets.",
    "inquiry": "The coastguard is investigating the accident.",
}
# Each is wrong of FERRY in one thing.
WRONG = {
    "number": "The ferry was carrying 340 passengers.",
    "place": "The ferry hit the pier at Kelby.",
    "roles": "Captain Ilse Voigt praised harbour master Tom Reiss.",
    "quote": '"I thought that we were all going to drown," said Maren Dahl.',
    "negation": "None of the passengers was hurt.",
}


@pytest.fixture(scope="module")
def checker() -> Embedded:
    return Embedded()


def pairs(texts: Sequence[str], article: Article = FERRY) -> list[tuple[Claim, Article]]:
    return [(Claim(f"c{n}", article.id, text, 0, len(text)), article) for n, text in enumerate(texts, start=1)]


def told(checker: Embedded, text: str, article: Article = FERRY) -> Verdict:
    (verdict,) = checker.check(pairs([text], article))
    return verdict


@pytest.mark.parametrize("text", TRUE.values(), ids=TRUE)
def test_what_is_said_in_other_words_is_supported(checker: Embedded, text: str) -> None:
    assert told(checker, text).label == "supported"


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_one_thing_is_not(checker: Embedded, text: str) -> None:
    assert told(checker, text).label in ("contradicted", "not_mentioned")


def test_order_and_company_change_nothing(checker: Embedded) -> None:
    asked = [*pairs([*TRUE.values(), *WRONG.values()]), *pairs(["The market gets a new roof.", TRUE["praise"]], MARKET)]
    together = checker.check(asked)
    assert {verdict.label for verdict in together} >= {"supported", "contradicted"}
    backwards = checker.check(asked[::-1])[::-1]
    alone = [verdict for pair in asked for verdict in checker.check([pair])]
    for other in (backwards, alone):
        for one, two in zip(together, other, strict=True):
            assert (one.claim_id, one.article_id, one.label) == (two.claim_id, two.article_id, two.label)
            assert (one.evidence, one.notes) == (two.evidence, two.notes)
            assert one.probability == pytest.approx(two.probability, abs=1e-3)
            assert one.contradiction == pytest.approx(two.contradiction, abs=1e-3)


def test_evidence_is_quoted_from_the_article(checker: Embedded) -> None:
    asked = [*pairs([*TRUE.values(), *WRONG.values()]), *pairs(["Traders will move."], MARKET)]
    for (_, article), verdict in zip(asked, checker.check(asked), strict=True):
        assert len(verdict.evidence) == CLOSEST
        for span in verdict.evidence:
            assert span.text
            assert article.text[span.start : span.end] == span.text
    best = told(checker, TRUE["praise"]).evidence[0]
    assert best.text == "Harbour master Tom Reiss praised Captain Ilse Voigt for bringing the ship in without a tug."


def test_what_cannot_be_read_is_an_error_of_its_pair(checker: Embedded) -> None:
    asked = [*pairs(["... !"]), *pairs([TRUE["praise"]]), *pairs([TRUE["praise"]], Article("blank", " \n- -"))]
    wordless, fine, blank = checker.check(asked)
    assert wordless.error == "the claim has no words"
    assert blank.error == "the article has no text"
    for failed in (wordless, blank):
        assert (failed.label, failed.probability, failed.contradiction, failed.evidence) == (None, None, None, ())
    assert fine.error is None
    assert fine.label == "supported"
    assert checker.check([]) == []


def test_a_note_says_what_of_a_long_claim_was_not_read(checker: Embedded) -> None:
    def unread(text: str) -> list[str]:
        return [note for note in told(checker, text).notes if "were not read by the network" in note]

    long = " ".join(["the ferry Isolde struck the pier"] * 33 + ["in fog"])
    assert len(long.split()) == 200
    more = len(checker._reader.tokens([long])[0]) - MAX_CLAIM
    assert more > 0
    assert unread(long) == [f"the claim is too long: its last {more} tokens were not read by the network"]
    assert unread("The ferry Isolde struck the pier in fog.") == []


def test_no_second_passage_is_read_where_the_best_sentence_is_enough(
    checker: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    answers: list[np.ndarray] = []
    judge = checker._reader.judge

    def counted(inputs: Sequence[Encoded]) -> np.ndarray:
        asked.append(len(inputs))
        read = judge(inputs)
        answers.append(read[:, 0])
        return read

    monkeypatch.setattr(checker._reader, "judge", counted)
    texts = [*TRUE.values(), *WRONG.values()]
    checker.check([*pairs(texts), *pairs(texts)])
    best = answers[0]
    assert len(best) == len(texts)  # equal pairs are read once
    assert 0 < (best < ENOUGH).sum() < len(texts)
    assert asked == [len(texts), (best < ENOUGH).sum()]

    asked.clear()
    checker.check(pairs([texts[int(best.argmax())]]))
    assert sum(asked) == 1
    asked.clear()
    checker.check(pairs([texts[int(best.argmin())]]))
    assert sum(asked) == 2


def test_the_threshold_moves_the_label_and_nothing_else(checker: Embedded) -> None:
    asked = pairs([TRUE["inquiry"], WRONG["number"]])
    usual = checker.check(asked)
    lax, strict = Embedded(threshold=0.0), Embedded(threshold=1.0)
    assert [verdict.label for verdict in lax.check(asked)] == ["supported", "supported"]
    assert "supported" not in [verdict.label for verdict in strict.check(asked)]
    for moved in (lax, strict):
        assert [v.probability for v in moved.check(asked)] == pytest.approx([v.probability for v in usual], abs=1e-3)
        assert moved.signature != checker.signature
    assert Embedded(threshold=checker.threshold).signature == checker.signature
