from __future__ import annotations

import pytest

from harness.checkers.ensemble import Ensemble
from harness.checkers.lexical import Lexical
from harness.checkers.minicheck import MiniCheck
from harness.checkers.nli import Nli
from harness.errors import ConfigError
from harness.schema import Article
from tests.checkers.test_nli import claim, pairs


@pytest.fixture(scope="module")
def nli(checkpoints):
    return Nli(str(checkpoints["bert"]))


@pytest.fixture(scope="module")
def minicheck(checkpoints):
    return MiniCheck(str(checkpoints["roberta2"]))


def test_the_mean_of_members_that_decide_at_a_half(nli, minicheck):
    asked = pairs(8)
    both = Ensemble({"nli": nli, "minicheck": minicheck}, weights={"nli": 3.0}).check(asked)
    for mean, one, other in zip(both, nli.check(asked), minicheck.check(asked), strict=True):
        assert mean.probability == pytest.approx((3 * one.probability + other.probability) / 4)
        # minicheck does not tell contradicted from not mentioned, so it has no say in that
        assert mean.contradiction == pytest.approx(min(one.contradiction, 1 - mean.probability))
        assert (mean.label == "supported") == (mean.probability >= 0.5)
        assert set(mean.evidence) == {*one.evidence, *other.evidence}
        assert (mean.claim_id, mean.article_id) == (one.claim_id, one.article_id)


def test_an_ensemble_of_one_decides_as_its_member(nli):
    asked = pairs(12)
    lexical = Lexical(threshold=0.3)
    assert len({v.label for v in lexical.check(asked)}) == 2
    for member in (nli, lexical):
        alone, within = member.check(asked), Ensemble({"m": member}).check(asked)
        assert [v.label for v in within] == [v.label for v in alone]
        # moved, but in the same order
        order = sorted(range(12), key=lambda i: (alone[i].probability, i))
        assert order == sorted(range(12), key=lambda i: (round(within[i].probability, 9), i))


def test_the_order_of_the_members_changes_no_number(nli, minicheck):
    asked = pairs(5)
    one, other = Ensemble({"a": nli, "b": minicheck}), Ensemble({"b": minicheck, "a": nli})
    assert str(one.signature) == str(other.signature)
    for x, y in zip(one.check(asked), other.check(asked), strict=True):
        assert (x.label, x.contradiction) == (y.label, y.contradiction)
        assert x.probability == pytest.approx(y.probability, abs=1e-12)


def test_a_member_that_fails_is_named(nli, minicheck):
    asked = [(claim("harbour " * 124), Article("a", "The mayor closed the harbour.")), *pairs(1)]
    assert nli.check(asked)[0].error
    verdicts = Ensemble({"entails": nli, "overlap": Lexical()}).check(asked)
    assert verdicts[0].label is verdicts[0].probability is None
    assert verdicts[0].error.startswith("entails: the claim")
    assert "overlap" not in verdicts[0].error
    assert verdicts[1].error is None


def test_the_signature_is_made_of_the_members(nli, minicheck):
    signatures = {
        str(Ensemble({"a": nli, "b": minicheck}).signature),
        str(Ensemble({"a": nli}).signature),
        str(Ensemble({"a": nli, "b": minicheck}, weights={"a": 2}).signature),
        str(Ensemble({"a": nli, "b": minicheck}, threshold=0.4).signature),
        str(Ensemble({"a": nli, "b": Lexical()}).signature),
        str(Ensemble({"a": nli, "b": Lexical(threshold=0.5)}).signature),
    }
    assert len(signatures) == 6


def test_what_is_no_ensemble_is_refused(nli):
    with pytest.raises(ConfigError, match="members"):
        Ensemble({})
    with pytest.raises(ConfigError, match="other"):
        Ensemble({"a": nli}, weights={"other": 1})
    with pytest.raises(ConfigError, match="not all 0"):
        Ensemble({"a": nli}, weights={"a": 0})
    with pytest.raises(ConfigError, match="0 or more"):
        Ensemble({"a": nli}, weights={"a": -1})
