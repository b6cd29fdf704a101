"""The YAML files of the group `checker`: each fits its class, and builds it."""

from __future__ import annotations

import inspect

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

from harness import choices
from tests.checkers.test_nli import pairs

CHECKERS = [name for name in choices.choices("checker") if name not in ("embedded", "similarity", "lexical")]


def composed(*overrides: str) -> dict:
    with initialize_config_dir(str(choices.conf_dir().resolve()), version_base="1.3"):
        return OmegaConf.to_container(compose("validate", overrides=overrides).checker, resolve=False)


@pytest.mark.parametrize("name", CHECKERS)
def test_a_file_has_the_keys_of_its_class(name):
    settings = composed(f"checker={name}")
    inspect.signature(get_object(settings.pop("_target_"))).bind(**settings)


@pytest.mark.parametrize(
    ("name", "checkpoint", "overrides"),
    [
        ("nli", "deberta", []),
        ("alignscore", "roberta", ["checker.context_tokens=128"]),
        ("minicheck", "t5", []),
        ("minicheck_roberta", "roberta2", ["checker.context_tokens=null"]),
        ("llm", "llama", ["checker.judge.dtype=float32", "checker.judge.checkpoint.name=judge"]),
        ("bespoke_minicheck", "llama", ["checker.system='Yes or no?'", "checker.judge.dtype=float32"]),
        ("ensemble", "bert", ["~checker@checker.members.embedded", "+checker@checker.members.lexical=lexical"]),
    ],
)
def test_a_file_and_a_checkpoint_make_a_checker(checkpoints, name, checkpoint, overrides):
    where = {
        "llm": "judge.checkpoint.id",
        "bespoke_minicheck": "judge.checkpoint.id",
        "ensemble": "members.nli.checkpoint",
    }
    path = f"checker.{where.get(name, 'checkpoint')}='{checkpoints[checkpoint]}'"
    checker = instantiate(composed(f"checker={name}", path, *overrides), _convert_="all")
    verdicts = checker.check(pairs(2))
    assert [v.error for v in verdicts] == [None, None]
    assert all(v.label in ("supported", "contradicted", "not_mentioned") and 0 <= v.probability <= 1 for v in verdicts)
    assert str(checkpoints[checkpoint]) not in str(checker.signature)
