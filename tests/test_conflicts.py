"""Sentences of two articles that contradict each other, on a reader whose mind is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from harness import conflicts
from harness.sayings import Saying
from harness.slots import Told

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
        known = {(HURT, UNHURT): 0.98, (UNHURT, HURT): 0.9}
        p = np.array([known.get(pair, 0.01) for pair in pairs])
        return np.stack([np.full(len(pairs), 0.005), p, 1 - p - 0.005], axis=1)


def told(article: str, *texts: str) -> list[Told]:
    out, at = [], 0
    for text in texts:
        out.append(Told(article, at, at + len(text), text))
        at += len(text) + 1
    return out


def test_both_directions_are_read_and_weigh_alike() -> None:
    read = Opinion()
    (one,), (two,) = conflicts.clashes([(HURT, UNHURT)], read), conflicts.clashes([(UNHURT, HURT)], read)
    assert one == pytest.approx(two)
    assert one == pytest.approx((np.log(0.98 / 0.02) + np.log(0.9 / 0.1)) / 2)
    assert conflicts.clashes([], read) == []


def test_a_contradiction_is_quoted_from_both_sides() -> None:
    sentences = [*told("a", OTHER, HURT), *told("b", UNHURT, OTHER)]
    (found,) = conflicts.of_sentences(sentences, [], encode, Opinion(), 0.4)
    assert found.kind == "contradiction"
    assert [(s.version.article_id, s.version.start, s.version.text) for s in found.sides] == [
        ("a", len(OTHER) + 1, HURT),
        ("b", 0, UNHURT),
    ]
    assert [s.side for s in found.sides] == [0, 1]


def test_the_order_of_articles_changes_nothing() -> None:
    a, b = told("a", OTHER, HURT), told("b", UNHURT, OTHER)

    def places(sentences: list[Told]) -> list[set[tuple[str, int | None]]]:
        found = conflicts.of_sentences(sentences, [], encode, Opinion(), 0.4)
        return [{(s.version.article_id, s.version.start) for s in d.sides} for d in found]

    assert places([*a, *b]) == places([*b, *a]) != []


def test_an_article_is_not_held_against_itself_and_what_is_unlike_is_not_read() -> None:
    read = Opinion()
    assert conflicts.of_sentences(told("a", HURT, UNHURT), [], encode, read, 0.4) == []
    assert conflicts.of_sentences([], [], encode, read, 0.4) == []
    assert read.asked == []
    assert conflicts.of_sentences([*told("a", HURT), *told("b", OTHER)], [], encode, read, 0.4) == []
    assert read.asked == []


def test_what_contradicts_one_side_joins_the_other() -> None:
    sentences = [*told("a", UNHURT, OTHER), *told("b", OTHER, HURT), *told("c", UNHURT)]
    (found,) = conflicts.of_sentences(sentences, [], encode, Opinion(), 0.4)
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
        assert len(conflicts.of_sentences(sentences, said, encode, Opinion(), 0.4)) == found
