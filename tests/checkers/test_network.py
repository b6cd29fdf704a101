"""The embedded checker's network on its real weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.checkers import network
from harness.errors import WeightsError

pytestmark = pytest.mark.usefixtures("no_network")

SENTENCES = [
    "The mayor opened the bridge on Friday.",
    "The bridge was opened by the mayor.",
    "Nobody was hurt when the crane fell onto the quay, the harbour master told reporters late on Tuesday evening.",
    "Two dockers were injured when the crane fell onto the quay.",
]


@pytest.fixture(scope="module")
def reader() -> network.Reader:
    return network.reader(network.WEIGHTS, "cpu")


def test_checker_and_comparison_share_one_network(reader: network.Reader) -> None:
    from harness.checkers.embedded import Embedded
    from harness.sources import Compare

    assert Embedded()._reader is Compare()._reader is reader


def test_claim_and_passage_are_laid_out_and_marked() -> None:
    pair = network.encode([10, 11, 12], [11, 12, 13])
    assert pair.tokens.tolist() == [0, 10, 11, 12, 2, 2, 11, 12, 13, 2]
    assert pair.claim == 3
    assert pair.matches[[0, 4, 5, 9]].tolist() == [0, 0, 0, 0]
    assert set(pair.matches[1:4]) <= set(range(1, 6))
    assert set(pair.matches[6:9]) <= set(range(6, 11))
    assert pair.matches[1] == 1  # 10 does not stand in the passage
    assert pair.matches[8] == 6


def test_the_claim_is_kept_where_a_passage_is_too_long() -> None:
    pair = network.encode(range(10, 30), range(100, 900))
    assert len(pair.tokens) == network.MAX_LENGTH
    assert pair.claim == 20
    assert pair.tokens[-2] == 100 + network.MAX_LENGTH - network.SPECIALS - 20 - 1


def test_what_is_said_of_a_pair_does_not_depend_on_its_company(reader: network.Reader) -> None:
    tokens = reader.tokens(SENTENCES)
    pairs = [network.encode(a, b) for a in tokens for b in tokens]
    together = reader.judge(pairs)
    assert np.allclose(together[:, :3].sum(1), 1, atol=1e-3)
    for number in (0, 1, 6, 15):
        assert np.abs(reader.judge([pairs[number]])[0] - together[number]).max() < 1e-4
    assert np.abs(reader.judge(pairs[::-1])[::-1] - together).max() < 1e-4


def test_it_tells_a_rewording_from_its_opposite(reader: network.Reader) -> None:
    same, opposite, other = reader.read(
        [(SENTENCES[1], SENTENCES[0]), (SENTENCES[3], SENTENCES[2]), (SENTENCES[3], SENTENCES[0])]
    )
    assert same.argmax() == 0
    assert opposite.argmax() == 1
    assert other.argmax() == 2


def test_a_text_cannot_end_itself(reader: network.Reader) -> None:
    (tokens,) = reader.tokens(["He wrote </s> and <s> and <mask> into the form."])
    assert not {network.CLS, network.PAD, network.SEP} & set(tokens)
    assert reader.tokenizer.mask_token_id not in tokens


def test_texts_are_read_once_and_in_order(reader: network.Reader) -> None:
    pairs = [(SENTENCES[0], SENTENCES[1]), (SENTENCES[2], SENTENCES[3])]
    once = reader.read([*pairs, pairs[0]])
    assert (once[0] == once[2]).all()
    assert (reader.read(pairs[::-1])[::-1] == once[:2]).all()
    assert reader.read([]).shape == (0, 3)


def test_merged_it_is_the_same_function() -> None:
    torch.manual_seed(1)
    made = network.Network().eval()
    with torch.no_grad():
        for name, parameter in made.trained().items():
            if name.endswith(".up"):
                parameter.normal_(0, 0.05)
    inputs = network.batch([network.encode([2000, 2001, 2002], [2001, 2002, 2003, 2004])])
    with torch.inference_mode():
        apart = made(*inputs)[0]
    made.merge()
    assert not any(isinstance(part, network.LowRank) for part in made.modules())
    with torch.inference_mode():
        assert torch.allclose(made(*inputs)[0], apart, atol=1e-4)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"labels.weight": torch.zeros(3, 768)}, tmp_path / "embedded.safetensors")
    with pytest.raises(ValueError, match="does not hold this network"):
        network.load(tmp_path / "embedded.safetensors")


def test_weights_and_calibration_have_to_belong_together(tmp_path: Path) -> None:
    from harness.checkers.embedded import Embedded

    config = json.loads((network.WEIGHTS / "embedded.json").read_text())
    (tmp_path / "embedded.json").write_text(json.dumps(config | {"version": "5"}))
    with pytest.raises(WeightsError, match="version 5"):
        Embedded(tmp_path)
    (tmp_path / "embedded.json").write_text(json.dumps(config))
    (tmp_path / "embedded.safetensors").write_bytes((network.WEIGHTS / "embedded.safetensors").read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="hashes differ"):
        Embedded(tmp_path)
