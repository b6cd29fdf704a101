"""Every choice of the groups makes its object, and presets know their lengths."""

from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from harness.choices import choices, conf_dir
from harness.generate import Articles, Refine, Summaries
from harness.models import Checkpoint
from harness.prompt import Prompt


def load(group: str, choice: str, **given: str) -> object:
    node = OmegaConf.load(conf_dir() / group / f"{choice}.yaml")
    node = OmegaConf.merge(OmegaConf.create({group: node}), {group: given})
    return instantiate(OmegaConf.to_container(node, resolve=True, throw_on_missing=True)[group], _convert_="all")


@pytest.mark.parametrize("choice", choices("prompt"))
def test_prompts(choice: str) -> None:
    prompt = load("prompt", choice)
    assert isinstance(prompt, Prompt)
    assert prompt.name == choice


def test_briefs() -> None:
    kinds = {"articles": Articles, "summaries": Summaries, "refine": Refine}
    assert {choice: type(load("brief", choice)) for choice in choices("brief")} == kinds


@pytest.mark.parametrize("choice", [c for c in choices("model") if c not in ("lead", "oracle", "recorded")])
def test_checkpoints_name_no_engine_and_fit_their_context(choice: str) -> None:
    checkpoint = load("model", choice, **({"id": "some/model"} if choice == "huggingface" else {}))
    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint.name == ("some/model" if choice == "huggingface" else choice)
    if checkpoint.context_tokens and checkpoint.kind == "causal":
        assert checkpoint.context_tokens > 4 * checkpoint.brief_tokens
    if choice != "huggingface":
        assert checkpoint.context_tokens


def test_lead_and_oracle() -> None:
    assert (load("model", "lead").name, load("model", "oracle").name) == ("lead", "oracle")


def test_a_recorded_file_has_to_be_named(tmp_path: Path) -> None:
    from omegaconf.errors import MissingMandatoryValue

    with pytest.raises(MissingMandatoryValue, match=r"path"):
        load("model", "recorded")
