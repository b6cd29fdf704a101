from __future__ import annotations

import json
import random
import shutil

import numpy as np
import pytest

from harness.checkers.nli import Nli, columns
from harness.claims.sentences import Sentences
from harness.desk import Desk
from harness.errors import ConfigError, WeightsError
from harness.schema import Article, Claim
from tests.checkers.conftest import NLI_LABELS, SENTENCES, article_text

ARCHITECTURES = ["bert", "roberta", "deberta"]


def claim(text: str, id: str = "c") -> Claim:
    return Claim(id, "s", text, 0, len(text))


def pairs(n: int):
    rng = random.Random(1)
    articles = [Article(f"a{i}", article_text(rng.choice([1, 4, 20]), seed=i)) for i in range(4)]
    return [(claim(SENTENCES[i], f"c{i}"), rng.choice(articles)) for i in range(n)]


def variant(path, tmp_path, order, names=None):
    """The same network with its outputs in another order."""
    from safetensors.torch import load_file, save_file

    place = tmp_path / "-".join(map(str, order))
    shutil.copytree(path, place)
    weights = load_file(place / "model.safetensors")
    for name in list(weights):
        if name.startswith(("classifier.weight", "classifier.bias", "classifier.out_proj")):
            weights[name] = weights[name][list(order)].contiguous()
    save_file(weights, place / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((place / "config.json").read_text())
    config["id2label"] = {str(i): (names or NLI_LABELS)[old] for i, old in enumerate(order)}
    config["label2id"] = {name: int(i) for i, name in config["id2label"].items()}
    (place / "config.json").write_text(json.dumps(config))
    return place


def close(ours, theirs, within=1e-4):
    assert [v.label for v in ours] == [v.label for v in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=within)
        assert one.contradiction == pytest.approx(other.contradiction, abs=within)
        assert one.evidence == other.evidence


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_order_and_spelling_of_the_outputs_changes_nothing(checkpoints, tmp_path, name):
    asked = pairs(6)
    plain = Nli(str(checkpoints[name])).check(asked)
    assert len({v.probability for v in plain}) == len(plain)
    shouted = ["SUPPORTS", "NOT ENOUGH INFO", "Refutes"]
    for order, names in (((2, 0, 1), None), ((1, 2, 0), shouted)):
        close(Nli(str(variant(checkpoints[name], tmp_path, order, names))).check(asked), plain, within=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_neither_order_nor_company_nor_batch_size_changes_a_verdict(checkpoints, monkeypatch, name):
    asked = pairs(12)
    checker = Nli(str(checkpoints[name]))
    together = checker.check(asked)
    alone = [checker.check([pair])[0] for pair in asked]
    close(together, alone)
    close(checker.check(asked[::-1])[::-1], together)
    monkeypatch.setattr("harness.checkers.reader.BATCH_TOKENS", {"cpu": 100_000})
    close(checker.check(asked * 2), together * 2)


def test_probability_is_the_most_that_one_passage_gives(checkpoints):
    checker = Nli(str(checkpoints["bert"]), overlap=0)
    article = article_text(60)
    said = claim("The mayor closed the harbour.")
    whole = checker.check([(said, Article("a", article))])[0]
    passages = checker._reader.passages.of(article, 128 - 9, 0)
    assert len(passages) > 4
    parts = checker.check([(said, Article("p", span.text)) for span in passages])
    assert whole.probability == pytest.approx(max(v.probability for v in parts), abs=1e-5)
    best = max(range(len(parts)), key=lambda i: parts[i].probability)
    assert passages[best] in whole.evidence
    assert 0 <= whole.contradiction <= 1 - whole.probability


def test_support_in_the_last_sentence_of_a_long_article_is_found(granite):
    checker = Nli(str(granite), passage_tokens=100)
    body = article_text(300)
    assert len(checker._reader.tokenizer(body, verbose=False).input_ids) > 3000
    said = claim("The mayor said it.")
    without = checker.check([(said, Article("a", body))])[0]
    last = checker.check([(said, Article("a", f"{body} The granite moved."))])[0]
    first = checker.check([(said, Article("a", f"The granite moved. {body}"))])[0]
    assert without.label == "not_mentioned"
    assert without.probability < 0.1
    assert last.label == first.label == "supported"
    assert last.evidence[0].text.endswith("The granite moved.")
    assert last.evidence[0].end == len(body) + len(" The granite moved.")


def test_a_mark_of_the_tokenizer_in_an_article_is_text(granite):
    """An article cannot end the passage and speak for the claim."""
    checker = Nli(str(granite))
    ids = checker._reader.plan("It moved [SEP] granite.", "The mayor [SEP][CLS] said.")[1][0]["input_ids"]
    marks = [checker._reader.tokenizer.convert_ids_to_tokens(i) for i in ids]
    assert marks.count("[SEP]") == 2
    assert marks.count("[CLS]") == 1


def test_a_claim_is_never_cut(checkpoints):
    checker = Nli(str(checkpoints["bert"]))
    article = Article("a", article_text(10))
    fits, too_long = claim("harbour " * 100), claim("harbour " * 120)
    verdicts = checker.check([(fits, article), (too_long, article)])
    assert verdicts[0].error is None
    assert verdicts[0].label is not None
    assert "need 123 of the 128 tokens" in verdicts[1].error
    assert verdicts[1].label is verdicts[1].probability is None


def test_what_is_empty_is_an_error_of_its_pair(checkpoints):
    checker = Nli(str(checkpoints["bert"]))
    some = Article("a", "The mayor closed the harbour.")
    verdicts = checker.check([(claim(" "), some), (claim("It rained."), Article("b", " \n")), (claim("Fire."), some)])
    assert [v.error for v in verdicts] == ["the claim has no text", "the article has no text", None]
    assert checker.check([]) == []


def test_two_outputs_never_say_contradicted(checkpoints, tmp_path):
    """not_entailment is not contradiction."""
    place = tmp_path / "two"
    shutil.copytree(checkpoints["roberta2"], place)
    config = json.loads((place / "config.json").read_text())
    config |= {
        "id2label": {"0": "not_entailment", "1": "entailment"},
        "label2id": {"not_entailment": 0, "entailment": 1},
    }
    (place / "config.json").write_text(json.dumps(config))
    verdicts = Nli(str(place)).check(pairs(8))
    assert {v.contradiction for v in verdicts} == {None}
    assert {v.label for v in verdicts} <= {"supported", "not_mentioned"}


@pytest.mark.parametrize(
    "names",
    [
        ["LABEL_0", "LABEL_1", "LABEL_2"],
        ["entailment", "entails", "neutral"],
        ["entailment", "neutral"],
        ["contradiction", "neutral"],
        ["toxic", "fine"],
    ],
)
def test_outputs_that_say_nothing_are_named_in_the_error(names):
    with pytest.raises(ConfigError, match=names[0]) as error:
        columns(names, "some/checkpoint")
    assert "checker.labels" in str(error.value)


def test_labels_name_the_outputs_of_a_checkpoint_that_does_not(checkpoints, tmp_path):
    asked = pairs(4)
    nameless = variant(checkpoints["bert"], tmp_path, (0, 1, 2), ["LABEL_0", "LABEL_1", "LABEL_2"])
    with pytest.raises(ConfigError, match="LABEL_0"):
        Nli(str(nameless))
    close(Nli(str(nameless), labels=NLI_LABELS).check(asked), Nli(str(checkpoints["bert"])).check(asked), within=1e-6)


@pytest.mark.usefixtures("no_network")
def test_a_missing_checkpoint_is_named_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # without it the hub is tried five times
    with pytest.raises(WeightsError, match="somebody/nothing"):
        Nli("somebody/nothing", revision="a" * 40)
    with pytest.raises(WeightsError, match=r"no folder nowhere\. The checkpoint is"):
        Nli("./nowhere")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(WeightsError, match=r"\.safetensors"):
        Nli(str(tmp_path))


def test_a_checkpoint_without_its_output_layer_is_refused(checkpoints, tmp_path):
    """A bare language model would be given random outputs, and say something all the same."""
    from safetensors.torch import load_file, save_file

    place = tmp_path / "bare"
    shutil.copytree(checkpoints["bert"], place)
    weights = load_file(place / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("classifier")}
    save_file(kept, place / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"classifier\.bias"):
        Nli(str(place)).check(pairs(1))
    (place / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="cannot be read"):
        Nli(str(place)).check(pairs(1))


def test_a_context_beyond_the_table_of_positions_is_refused(checkpoints):
    assert Nli(str(checkpoints["roberta"]))._reader.context_tokens == 128  # 130 rows, the first two never used
    assert Nli(str(checkpoints["deberta"]), context_tokens=300).check(pairs(2))[0].error is None
    with pytest.raises(ConfigError, match="128"):
        Nli(str(checkpoints["roberta"]), context_tokens=129)


def test_the_longest_input_there_is_can_be_read(checkpoints):
    """Every position of the table is used once, and none beyond it."""
    for name in ARCHITECTURES:
        checker = Nli(str(checkpoints[name]), passage_tokens=1000)
        _, inputs = checker._reader.plan("The mayor closed the harbour.", article_text(100))
        assert max(len(one["input_ids"]) for one in inputs) > 115
        assert (
            checker.check([(claim("The mayor closed the harbour."), Article("a", article_text(100)))])[0].error is None
        )


def test_the_signature_is_that_of_the_weights_and_the_settings(checkpoints, tmp_path):
    ours = Nli(str(checkpoints["bert"])).signature
    moved = tmp_path / "elsewhere"
    shutil.copytree(checkpoints["bert"], moved)
    assert Nli(str(moved)).signature == ours
    assert str(tmp_path) not in str(Nli(str(moved)).signature)
    others = [
        Nli(str(checkpoints["deberta"])),
        Nli(str(variant(checkpoints["bert"], tmp_path, (2, 0, 1)))),
        Nli(str(checkpoints["bert"]), threshold=0.6),
        Nli(str(checkpoints["bert"]), passage_tokens=64),
        Nli(str(checkpoints["bert"]), overlap=0),
        Nli(str(checkpoints["bert"]), dtype="bfloat16"),
    ]
    assert len({str(checker.signature) for checker in others} | {str(ours)}) == len(others) + 1


@pytest.mark.parametrize("order", [1, -1])
def test_outputs_that_are_no_numbers_are_an_error_that_is_not_cached(checkpoints, monkeypatch, order):
    checker, article = Nli(str(checkpoints["bert"]), passage_tokens=40), Article("a", article_text(8))
    run = checker._reader._run
    monkeypatch.setattr(
        checker._reader,
        "_run",
        lambda inputs: [o * (np.nan if i == 0 else 1) for i, o in enumerate(run(inputs)[::order])],
    )
    desk = Desk(Sentences(), checker)
    [verdict] = desk.verdicts([(claim("The mayor closed the harbour."), article)])
    assert verdict.label is verdict.probability is None
    assert "no finite numbers in float32" in verdict.error
    monkeypatch.setattr(checker._reader, "_run", run)
    [verdict] = desk.verdicts([(claim("The mayor closed the harbour."), article)])
    assert verdict.error is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dtype": "flaot16"}, r"checker.dtype=flaot16 .* Did you mean float16"),
        ({"device": "cpuu"}, r"checker.device=cpuu .* Did you mean cpu"),
        ({"device": "cuda:x"}, r"checker.device=cuda:x"),
    ],
)
def test_a_typo_in_dtype_or_device_is_said_at_once(checkpoints, settings, message):
    with pytest.raises(ConfigError, match=message):
        Nli(str(checkpoints["bert"]), **settings)
