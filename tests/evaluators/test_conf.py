"""conf/evaluator/*.yaml, conf/checker/lexical.yaml and conf/sources/default.yaml say what the constructors default to."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
import yaml

CONF = Path(__file__).parent.parent.parent / "conf"
EVALUATORS = sorted((CONF / "evaluator").glob("*.yaml"))
FILES = [*EVALUATORS, CONF / "checker" / "lexical.yaml", CONF / "sources" / "default.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_yaml_and_constructor_agree(file: Path) -> None:
    chosen = yaml.safe_load(file.read_text(encoding="utf-8"))
    module, _, name = chosen.pop("_target_").rpartition(".")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters
    assert set(chosen) == set(parameters)
    for key, parameter in parameters.items():
        if parameter.default not in (inspect.Parameter.empty, None):
            assert chosen[key] == parameter.default


@pytest.mark.parametrize("file", EVALUATORS, ids=lambda file: file.stem)
def test_several_evaluators_keep_apart(file: Path) -> None:
    """The list `evaluator: [a, b]` merges its choices, so each has a package of its own."""
    assert file.read_text(encoding="utf-8").startswith(f"# @package evaluator.{file.stem}\n")
