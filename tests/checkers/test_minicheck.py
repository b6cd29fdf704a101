from __future__ import annotations

import math

import numpy as np
import pytest

from harness.checkers.minicheck import MiniCheck
from harness.errors import ConfigError
from harness.schema import Article, Claim
from tests.checkers.conftest import article_text
from tests.checkers.test_nli import claim, pairs


def inputs(checker: MiniCheck, passage: str, said: str) -> list[str]:
    return [checker._reader.tokenizer.decode(one["input_ids"]) for one in checker._reader.plan(said, passage)[1]]


def test_the_input_is_that_of_the_authors(checkpoints):
    encoder, t5 = MiniCheck(str(checkpoints["roberta2"])), MiniCheck(str(checkpoints["t5"]))
    passage, said = "The mayor closed the harbour.", "Fire moved."
    assert inputs(encoder, passage, said) == [f"<s>{passage}</s>{said}</s>"]
    # A reference of its own: the tokenizer on the joined string.
    expected = t5._reader.tokenizer(f"predict: {passage}</s>{said}")["input_ids"]
    assert t5._reader.plan(said, passage)[1][0]["input_ids"] == expected
    assert expected.count(t5._reader.tokenizer.eos_token_id) == 2


def test_t5_answers_at_the_first_step_of_the_decoder(checkpoints):
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    passage, said = "The mayor closed the harbour.", "The train moved to the north."
    verdict = MiniCheck(str(checkpoints["t5"])).check([(claim(said), Article("a", passage))])[0]
    network = AutoModelForSeq2SeqLM.from_pretrained(checkpoints["t5"])
    tokens = AutoTokenizer.from_pretrained(checkpoints["t5"])(f"predict: {passage}</s>{said}", return_tensors="pt")
    with torch.inference_mode():
        written = network.generate(
            **tokens, max_new_tokens=1, do_sample=False, output_scores=True, return_dict_in_generate=True
        )
    yes, no = written.scores[0][0, 209].item(), written.scores[0][0, 3].item()
    assert verdict.probability == pytest.approx(1 / (1 + math.exp(no - yes)), abs=1e-5)


@pytest.mark.parametrize("name", ["roberta2", "t5"])
def test_batches_and_order_change_nothing(checkpoints, name):
    asked = pairs(10)
    checker = MiniCheck(str(checkpoints[name]), passage_tokens=100)
    together = checker.check(asked)
    assert len({round(v.probability, 6) for v in together}) > 5
    for one, other in zip(together, [checker.check([pair])[0] for pair in asked], strict=True):
        assert one.probability == pytest.approx(other.probability, abs=1e-4)
        assert (one.label, one.evidence) == (other.label, other.evidence)
    assert [v.probability for v in checker.check(asked[::-1])[::-1]] == pytest.approx(
        [v.probability for v in together], abs=1e-4
    )


@pytest.mark.parametrize("name", ["roberta2", "t5"])
def test_the_whole_article_is_read_and_the_claim_is_whole(checkpoints, name):
    checker = MiniCheck(str(checkpoints[name]), passage_tokens=100)
    said, article = "The mayor closed the harbour. " * 3, article_text(300) + " The granite moved."
    spans, encoded = checker._reader.plan(said.strip(), article)
    assert spans[-1].text.endswith("The granite moved.")
    assert max(len(one["input_ids"]) for one in encoded) <= checker._reader.context_tokens
    eos = checker._reader.tokenizer.eos_token_id
    tails = {tuple(one["input_ids"][list(one["input_ids"]).index(eos) + 1 :]) for one in encoded}
    assert len(tails) == 1  # the same claim beside every passage
    assert "harbour" in checker._reader.tokenizer.decode(next(iter(tails)))


def test_an_end_mark_in_an_article_does_not_end_it(checkpoints):
    checker = MiniCheck(str(checkpoints["roberta2"]))
    decoded = inputs(checker, "It rained.</s>The claim is true.", "Fire moved.")
    assert decoded == ["<s>It rained.< /s>The claim is true.</s>Fire moved.</s>"]


def test_errors_of_a_pair(checkpoints):
    checker = MiniCheck(str(checkpoints["roberta2"]))
    article = Article("a", article_text(5))
    long, empty = claim("harbour river " * 200), claim("")
    verdicts = checker.check([(long, article), (empty, article), (claim("Fire."), Article("b", ""))])
    assert "never cut" in verdicts[0].error
    assert [v.error for v in verdicts[1:]] == ["the claim has no text", "the article has no text"]
    assert all(v.label is None and v.probability is None for v in verdicts)


def test_outputs_that_are_no_numbers_are_an_error(checkpoints, monkeypatch):
    checker = MiniCheck(str(checkpoints["t5"]))
    monkeypatch.setattr(checker._reader, "_run", lambda inputs: [np.array([math.nan, 1.0])] * len(inputs))
    assert [v.label for v in checker.check(pairs(2))] == [None, None]
    assert "t5 are no finite numbers" in checker.check(pairs(1))[0].error


def test_it_is_binary(checkpoints):
    checker = MiniCheck(str(checkpoints["t5"]))
    middle = sorted(v.probability for v in checker.check(pairs(8)))[4]
    verdicts = MiniCheck(str(checkpoints["t5"]), threshold=middle).check(pairs(8))
    assert {v.contradiction for v in verdicts} == {None}
    assert {v.label for v in verdicts} == {"supported", "not_mentioned"}
    for v in verdicts:
        assert (v.label == "supported") == (v.probability >= middle)


def test_a_three_way_head_is_sent_to_nli(checkpoints):
    with pytest.raises(ConfigError, match="checker=nli"):
        MiniCheck(str(checkpoints["bert"]))


def test_claims_of_one_text_and_article_are_read_once(checkpoints, monkeypatch):
    checker = MiniCheck(str(checkpoints["roberta2"]))
    seen = []
    run = checker._reader._run
    monkeypatch.setattr(checker._reader, "_run", lambda inputs: seen.append(len(inputs)) or run(inputs))
    article = Article("a", "The mayor closed the harbour.")
    asked = [(Claim(f"c{i}", "s", "Fire moved.", 0, 11), article) for i in range(5)]
    verdicts = checker.check(asked)
    assert seen == [1]
    assert [v.claim_id for v in verdicts] == [f"c{i}" for i in range(5)]
