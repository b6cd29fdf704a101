"""The main job, top to bottom: articles -> summaries and briefs -> claims -> verdicts -> scores -> run folder -> table.

The only file besides cli.py that sees a DictConfig.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import choices
from harness.errors import ConfigError, HarnessError
from harness.progress import stage

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from harness.protocols import Evaluator, TextModel
    from harness.schema import Event
    from harness.score import Desk
    from harness.store import Cache, RunFolder

# What decides the texts that are written: a run folder belongs to one such configuration. How they are scored
# may change; then only the rows of a changed evaluator are made anew.
IDENTITY = ("dataset", "model", "backend", "prompt", "brief")


def experiment(cfg: DictConfig) -> Path:
    """Run one configuration; the run folder."""
    from harness import provenance
    from harness.generate import generate
    from harness.score import Desk, score
    from harness.store import Cache, RunFolder
    from harness.weights import cache_dir

    settings = _plain(cfg)
    dataset = build(cfg.dataset)
    events = dataset.events()
    prompt, brief = build(cfg.prompt), build(cfg.brief)
    extractor, checker = build(cfg.claims), build(cfg.checker)
    evaluators: list[Evaluator] = [build(choice) for choice in cfg.evaluator.values()]
    model = build_model(cfg)

    cache = Cache(cache_dir() / "cache.sqlite")
    folder = RunFolder(Path(settings["output"]).joinpath(*(_slug(settings[group]["name"]) for group in IDENTITY if group != "backend")))
    with folder.lock():
        if settings["overwrite"]:
            folder.start_over()
        folder.claim({group: settings[group] for group in IDENTITY})
        _save_hydra(folder.path, cfg)
        record = provenance.Record(folder, settings, events, dataset.skipped)
        folder.rewrite("events", events)

        with stage("summaries", _count(events)) as advance, record.stage("generate"):
            summaries = generate(events, model, prompt, brief, folder, cache, record.counting(advance))
        desk = Desk(extractor, checker, cache, folder)
        with stage("scores", len(events)) as advance, record.stage("score"):
            score(events, summaries, evaluators, desk, folder, record.counting(advance))
        record.finish(model=model, desk=desk, evaluators=evaluators)
    return folder.path
