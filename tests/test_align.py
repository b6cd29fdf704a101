import numpy as np
import pytest

from harness.align import Align, Likeness, _clusters, _once
from harness.checkers import encoder
from harness.schema import Claim, Verdict

TEXTS = {
    "a": [
        "The ferry hit the breakwater on Saturday.",
        "Fourteen people were taken to hospital.",
        "The company cancelled all crossings.",
    ],
    "b": [
        "On Saturday the ferry ran into the breakwater.",
        "The choir sang Bach in a sports hall.",
        "Shares fell four percent.",
    ],
}


def claims(texts):
    out = []
    for article in sorted(texts):
        for number, words in enumerate(texts[article], start=1):
            out.append(
                (article, Claim(f"{article}#{number}", article, words, 100 * number, 100 * number + len(words), number))
            )
    return out


@pytest.fixture(scope="module")
def encode():
    return encoder.load().encode


def align(texts, encode, **kw):
    made = claims(texts)
    likeness = Likeness([c.text for _, c in made], encode)
    return Align(**kw.pop("settings", {})).statements(made, likeness, **kw)


def test_claims_that_say_the_same_in_other_words_are_one_statement(encode):
    crash = next(s for s in align(TEXTS, encode) if "breakwater" in s.text)
    assert crash.article_ids == ("a", "b")
    assert [c.id for c in crash.claims] == ["a#1", "b#1"]
    assert crash.first.id == "a#1"


def test_every_claim_is_in_a_statement_and_other_matters_stay_alone(encode):
    made = align(TEXTS, encode)
    assert {c.id for s in made for c in s.claims} == {"a#1", "a#2", "a#3", "b#1", "b#2", "b#3"}
    assert [s.id for s in made] == [f"s{n}" for n in range(1, len(made) + 1)]
    assert next(s for s in made if "choir" in s.text).article_ids == ("b",)


def test_what_is_known_to_be_in_conflict_is_never_grouped(encode):
    texts = {
        "a": ["Fourteen people were taken to hospital.", "x y z."],
        "b": ["Seventeen people were taken to hospital."],
    }
    together = align(texts, encode)
    assert any(s.article_ids == ("a", "b") for s in together)
    apart = align(texts, encode, apart=[(0, 2)])
    assert not any(s.article_ids == ("a", "b") for s in apart)


def test_the_checker_is_asked_in_both_directions_and_only_where_there_is_doubt(encode):
    asked = []

    def check(pairs):
        asked.extend((c.id, a.id) for c, a in pairs)
        return [Verdict(c.id, a.id, "supported", 0.9) for c, a in pairs]

    made = claims(TEXTS)
    likeness = Likeness([c.text for _, c in made], encode)
    everything = Align(same=9.0, maybe=-1.0, neighbours=3, checks=9).statements(made, likeness, check)
    assert asked
    assert {(b, a) for a, b in asked} == set(asked)
    assert len(everything) < len(made)
    asked.clear()
    Align(same=-1.0, maybe=-1.0).statements(made, likeness, check)
    assert not asked


def test_a_contradicting_checker_keeps_claims_apart(encode):
    def deny(pairs):
        return [Verdict(c.id, a.id, "contradicted", 0.1) for c, a in pairs]

    made = claims(TEXTS)
    likeness = Likeness([c.text for _, c in made], encode)
    assert len(Align(same=9.0, maybe=-1.0).statements(made, likeness, deny)) == len(made)


def test_a_check_that_failed_is_no_answer(encode):
    made = claims(TEXTS)
    likeness = Likeness([c.text for _, c in made], encode)

    def check(pairs):
        return [Verdict(c.id, a.id, None, None, error="no reply") for c, a in pairs]

    with pytest.raises(RuntimeError, match=r"could not be checked against .*no reply"):
        Align(same=9.0, maybe=-1.0, checks=9).statements(made, likeness, check)


def test_average_linkage_does_not_chain():
    matrix = np.array([[1, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]])
    assert _clusters(3, [(0, 1), (1, 2)], matrix, 0.6, set()) == [[0, 1], [2]]
    assert _clusters(3, [(0, 1), (1, 2)], matrix, 0.4, set()) == [[0, 1, 2]]


def test_speaker_only_where_all_who_name_one_agree(encode):
    from dataclasses import replace

    made = claims({"a": ["The bridge is closed."], "b": ["The bridge is closed."]})
    likeness = Likeness([c.text for _, c in made], encode)
    named = [(a, replace(c, speaker="Ann Ray")) if a == "a" else (a, c) for a, c in made]
    assert Align().statements(named, likeness)[0].speaker == "Ann Ray"
    both = [(a, replace(c, speaker="Ann Ray" if a == "a" else "Bo Lee")) for a, c in made]
    assert Align().statements(both, likeness)[0].speaker is None


def test_one_fact_is_listed_once():
    """A claim alone in its statement that another statement holds already; of two that hold each other the first stays."""
    made = [
        ([0, 1], [0, 1, 4], "a", set()),
        ([4], [4, 0], "b", set()),
        ([5], [5, 6], "c", set()),
        ([6], [6, 5], "d", set()),
    ]
    assert [words for _, words, _ in _once(made)] == ["a", "c"]
