"""The desk: what is asked of it is made once, whatever the number of askers, and never by another checker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checkers.lexical import Lexical
from harness.claims.sentences import Sentences
from harness.desk import Desk
from harness.schema import Article, Claim, Signature, Verdict
from harness.store import Cache, MemoryCache

ARTICLE = Article(
    "a1", "A fire destroyed the Carrow warehouse in Port Ellery on Monday. Nobody was killed in the fire."
)


class Counting:
    """A part that counts what it is asked."""

    def __init__(self, part):
        self.part, self.signature, self.asked = part, part.signature, 0

    def check(self, pairs):
        self.asked += len(pairs)
        return self.part.check(pairs)

    def extract(self, texts):
        self.asked += len(texts)
        return self.part.extract(texts)


def make_desk(folder=None, cache=None, threshold=0.75):
    return Desk(Counting(Sentences()), Counting(Lexical(threshold)), cache or MemoryCache(), folder)


def test_pairs_with_the_same_content_are_checked_once() -> None:
    desk = make_desk()
    [one, two] = desk.claims([("s1", "Fire."), ("s2", "Fire.")])
    assert desk.extractor.asked == 1
    assert [e.claims[0].id for e in (one, two)] == ["s1#1", "s2#1"]
    twin = replace(ARTICLE, id="twin")
    pairs = [(e.claims[0], a) for e in (one, two) for a in (ARTICLE, twin)]
    verdicts = desk.verdicts(pairs)
    assert desk.checker.asked == 1
    assert [(v.claim_id, v.article_id) for v in verdicts] == [(c.id, a.id) for c, a in pairs]
    assert desk.verdicts(pairs) == verdicts
    assert desk.checker.asked == 1


def test_another_date_or_text_or_checker_is_another_pair(tmp_path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    desk = make_desk(cache=cache)
    [extraction] = desk.claims([("s", "It broke on Tuesday.")])
    claim, article = extraction.claims[0], ARTICLE
    for other in (article, replace(article, published="2025-03-03"), replace(article, text="Ballast Quay is closed.")):
        desk.verdicts([(claim, other)])
    assert desk.checker.asked == 3
    desk.verdicts([(replace(claim, speaker="Kim"), article)])
    assert desk.checker.asked == 4
    second = make_desk(cache=cache, threshold=0.5)
    second.verdicts([(claim, article)])
    assert second.checker.asked == 1, "two checkers on one cache never meet"
    third = make_desk(cache=cache)
    third.verdicts([(claim, article)])
    assert third.checker.asked == 0


def test_failures_are_not_cached() -> None:
    class Flaky:
        signature, calls = Signature("flaky"), 0

        def check(self, pairs):
            self.calls += 1
            return [
                Verdict(c.id, a.id, None, None, error="timeout")
                if self.calls == 1
                else Verdict(c.id, a.id, "supported", 1.0)
                for c, a in pairs
            ]

    desk = Desk(Sentences(), Flaky())
    pair = (desk.claims([("s", "Fire.")])[0].claims[0], ARTICLE)
    assert desk.verdicts([pair])[0].error == "timeout"
    assert desk.verdicts([pair])[0].label == "supported"


def test_a_killed_run_keeps_the_lots_that_were_made(tmp_path) -> None:
    class Stopped(Counting):
        def check(self, pairs):
            if self.asked + len(pairs) > 400:
                raise KeyboardInterrupt
            return super().check(pairs)

    pairs = [(Claim(f"c{i}", "s", f"Fire {i}.", 0, 7), ARTICLE) for i in range(500)]
    cache = Cache(tmp_path / "cache.sqlite")
    with pytest.raises(KeyboardInterrupt):
        Desk(Sentences(), Stopped(Lexical()), cache).verdicts(pairs)
    again = Counting(Lexical())
    assert Desk(Sentences(), again, cache).verdicts(pairs) == Desk(Sentences(), Lexical()).verdicts(pairs)
    assert again.asked == 500 - 128 - 256


def test_a_text_without_claims_is_remembered_too() -> None:
    desk = make_desk()
    for _ in range(2):
        assert desk.claims([("s", "***")])[0].claims == ()
    assert desk.extractor.asked == 1


def test_cached_and_fresh_verdicts_are_equal() -> None:
    desk = make_desk()
    pairs = [(claim, ARTICLE) for claim in desk.claims([("s", "A fire broke out in 2 of 3 towns.")])[0].claims]
    assert desk.verdicts(pairs) == desk.verdicts(pairs) == Lexical().check(pairs)


def test_without_parts_the_desk_takes_those_of_the_main_job() -> None:
    from harness.claims.clauses import Clauses

    assert Desk().claims_signature == Clauses().signature
