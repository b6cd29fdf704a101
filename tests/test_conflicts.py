"""Sentences of two articles that contradict each other, on a reader whose mind is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from harness import conflicts, text
from harness.conflicts import Dispute, Side
from harness.sayings import Saying, same_speaker
from harness.sayings import sayings as sayings_of
from harness.schema import Article, Version
from harness.slots import Slot, Told, slots
from harness.slots import told as sentences_of

HURT = "Two porters were hurt in the fire at the grain market."
UNHURT = "Nobody was hurt in the fire at the grain market."
OTHER = "The council meets on the second Tuesday of the month."


def encode(texts: Sequence[str]) -> np.ndarray:
    """Bags of words as unit vectors."""
    words = sorted({word for text in texts for word in text.lower().rstrip(".").split()})
    vectors = np.array([[float(word in text.lower().rstrip(".").split()) for word in words] for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Opinion:
    """Contradicted is what pairs `HURT` with `UNHURT`, in one direction more surely than in the other."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked += pairs
        known = {(HURT, UNHURT): 0.98, (UNHURT, HURT): 0.9}  # (claim, what stands in the passage)
        p = np.array(
            [
                next((p for (one, two), p in known.items() if claim == one and two in passage), 0.01)
                for claim, passage in pairs
            ]
        )
        return np.stack([np.full(len(pairs), 0.005), p, 1 - p - 0.005], axis=1)


def disputes(
    sentences: Sequence[Told], read: Opinion, slots: Sequence[Slot] = (), said: Sequence[Saying] = ()
) -> list[conflicts.Dispute]:
    articles = {}
    for one in sentences:
        before = articles.get(one.article_id, "")
        articles[one.article_id] = before + " " * (one.start - len(before)) + one.text
    known = {article_id: Article(article_id, text) for article_id, text in articles.items()}
    return conflicts.of_sentences(known, sentences, said, slots, encode, read, 0.5)


def told(article: str, *texts: str) -> list[Told]:
    out, at = [], 0
    for words in texts:
        out.append(Told(article, at, at + len(words), words))
        at += len(words) + 1
    return out


def test_both_directions_are_read_and_weigh_alike() -> None:
    read = Opinion()
    there, back = (HURT, UNHURT), (UNHURT, HURT)
    (one,), (two,) = conflicts.clashes([(there, back)], read), conflicts.clashes([(back, there)], read)
    assert one == pytest.approx(two)
    assert one == pytest.approx((np.log(0.98 / 0.02) + np.log(0.9 / 0.1)) / 2)
    assert conflicts.clashes([], read) == []


def test_a_contradiction_is_quoted_from_both_sides() -> None:
    sentences = [*told("a", OTHER, HURT), *told("b", UNHURT, OTHER)]
    (found,) = disputes(sentences, Opinion())
    assert found.kind == "contradiction"
    assert [(s.version.article_id, s.version.start, s.version.text) for s in found.sides] == [
        ("a", len(OTHER) + 1, HURT),
        ("b", 0, UNHURT),
    ]
    assert [s.side for s in found.sides] == [0, 1]


def test_the_order_of_articles_changes_nothing() -> None:
    a, b = told("a", OTHER, HURT), told("b", UNHURT, OTHER)

    def places(sentences: list[Told]) -> list[set[tuple[str, int | None]]]:
        found = disputes(sentences, Opinion())
        return [{(s.version.article_id, s.version.start) for s in d.sides} for d in found]

    assert places([*a, *b]) == places([*b, *a]) != []


def test_an_article_is_not_held_against_itself_and_what_is_unlike_is_not_read() -> None:
    read = Opinion()
    assert disputes(told("a", HURT, UNHURT), read) == []
    assert disputes([], read) == []
    assert read.asked == []
    assert disputes([*told("a", HURT), *told("b", OTHER)], read) == []
    assert read.asked == []


def test_what_contradicts_one_side_joins_the_other() -> None:
    sentences = [*told("a", UNHURT, OTHER), *told("b", OTHER, HURT), *told("c", UNHURT)]
    (found,) = disputes(sentences, Opinion())
    assert [(s.version.article_id, s.side) for s in found.sides] == [("a", 0), ("b", 1), ("c", 0)]


def test_what_two_people_say_is_no_contradiction() -> None:
    sentences = [*told("a", OTHER, HURT), *told("b", UNHURT, OTHER)]

    def saying(sentence: Told, who: str) -> Saying:
        words = frozenset(sentence.text.split())
        place = (sentence.article_id, 0, sentence.start, sentence.end, sentence.text)
        return Saying(*place, who, frozenset({who}), True, True, "say", (), tuple(words), words)

    one, two = sentences[1], sentences[2]
    for other, found in (("mayor", 0), ("doctor", 1)):
        said = [saying(one, "doctor"), saying(two, other)]
        assert len(disputes(sentences, Opinion(), said=said)) == found


def test_sentences_that_are_the_same_are_not_read_and_the_number_of_pairs_is_linear_in_the_articles() -> None:
    many = [sentence for n in range(12) for sentence in told(f"a{n:02d}", *(f"{HURT} {i} {n}" for i in range(30)))]
    near = conflicts.nearest(many, encode)
    assert len(near) == conflicts.PER_ARTICLE * 12
    assert conflicts.nearest([*told("a", HURT), *told("b", HURT)], encode) == []


SEVEN = "The fire at the market destroyed seven stalls."
NINE = "Nine stalls of the market were lost in the fire on Monday."


class Counted(Opinion):
    """Contradicted is seven stalls by nine."""

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        p = np.array([0.97 if ("seven" in a + b.lower()) and ("nine" in (a + b).lower()) else 0.01 for a, b in pairs])
        return np.stack([np.full(len(pairs), 0.005), p, 1 - p - 0.005], axis=1)


def parsed(*texts: str, published: str | None = None) -> tuple[list[Article], list[Told], list[Slot]]:
    articles = [Article(name, text, published=published) for name, text in zip("abc", texts, strict=False)]
    both = list(zip(articles, text.parse([a.text for a in articles]), strict=True))
    return articles, [t for a, d in both for t in sentences_of(a, d)], [s for a, d in both for s in slots(a, d)]


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        ("July 12", "July 13", True),
        ("Friday", "Saturday", True),
        ("Saturday", "July 12", False),
        ("two days earlier", "Friday", False),
        ("today", "yesterday", False),
    ],
)
def test_days_can_clash_without_a_date_of_publication(one: str, two: str, both: bool) -> None:
    _, _, found = parsed(f"The hall opened on {one}.", f"The hall opened on {two}.")
    dates = [s for s in found if s.kind == "date"]
    clash = len(dates) == 2 and not conflicts.agree(*dates) and conflicts._plausible(*dates)
    assert clash is both


def test_two_ministers_are_not_one_person() -> None:
    def saying(words: str) -> Saying:
        return sayings_of("a", text.parse([words])[0])[0]

    lavrov = saying("Foreign Minister Sergey Lavrov said that the talks had failed.")
    shoigu = saying("Defence Minister Sergei Shoigu said that the talks had failed.")
    assert not same_speaker(lavrov, shoigu)
    assert same_speaker(lavrov, saying("Lavrov said that nobody had asked him."))
    assert same_speaker(lavrov, saying("The foreign minister said that nobody had asked him."))


def test_values_that_can_both_be_right_are_read_in_the_same_words() -> None:
    read = Opinion()
    _, sentences, found = parsed(
        f"{OTHER} The minister opened the market hall on Saturday.",
        f"The minister opened the market hall on July 12 with a dozen stalls. {OTHER}",
        published="2025-07-13",
    )
    assert conflicts.opposed(sentences, [], found, encode, read)
    hall = {claim for claim, passage in read.asked if "hall" in claim and "hall" in passage}
    assert hall == {
        "The minister opened the market hall on Saturday.",
        "The minister opened the market hall on Saturday with a dozen stalls.",
    }


def test_the_values_in_dispute_are_those_that_exchanged_end_the_contradiction() -> None:
    articles, sentences, found = parsed(SEVEN, NINE)
    (dispute,) = disputes(sentences, Counted(), found)
    assert (dispute.kind, [s.words.lower() for s in dispute.sides]) == ("number", ["seven", "nine"])
    assert [articles[i].text[slice(*s.value)].lower() for i, s in enumerate(dispute.sides)] == ["seven", "nine"]


def test_those_who_give_a_quote_to_one_speaker_are_on_one_side() -> None:
    def side(article: str, number: int, who: str) -> Side:
        return Side(Version(article, "words", 0, 5), number, None, who)

    first = Dispute("attribution", "who said it?", 0.7, (side("a", 0, "Tor Eide"), side("b", 1, "Marit Lunde")))
    second = Dispute(
        "attribution", "who said it?", 0.8, (side("b", 0, "Marit Lunde"), side("c", 1, "harbour master Eide"))
    )
    (merged,) = conflicts._merged([first, second])
    assert [(s.version.article_id, s.side) for s in merged.sides] == [("a", 0), ("b", 1), ("c", 0)]
    assert merged.confidence == 0.8


@pytest.mark.parametrize(("one", "two"), [("Kyiv", "Odesa"), ("Beijing", "Shanghai")])
def test_a_capital_is_a_place_like_any_other_city(one: str, two: str) -> None:
    _, _, found = parsed(f"The talks were held in {one}.", f"The talks were held in {two}.")
    names = [s for s in found if s.kind == "name"]
    assert len(names) == 2
    assert conflicts._plausible(*names)


def test_refugees_and_people_can_be_one_count() -> None:
    counts = [text.numbers(said)[0] for said in ("40 refugees", "60 people", "12 nurses", "40 boats")]
    assert [conflicts.nouns(counts[0], other) for other in counts[1:]] == ["people", "people", "other"]
