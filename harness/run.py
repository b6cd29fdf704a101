"""The main job, top to bottom: articles -> summaries and briefs -> claims -> verdicts -> scores -> run folder -> table.

The only file besides cli.py that sees a DictConfig.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import choices
from harness.errors import ConfigError, HarnessError
from harness.progress import stage

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from harness.corpus import Dataset
    from harness.generate import Brief
    from harness.prompt import Prompt
    from harness.protocols import Checker, ClaimExtractor, Evaluator, TextModel
    from harness.schema import Event, Signature
    from harness.store import Cache, RunFolder

# What decides the texts that are written: a run folder belongs to one such configuration. How they are scored
# may change; then only the rows of a changed evaluator are made anew.
IDENTITY = ("dataset", "model", "backend", "prompt", "brief")

# Rows whose order everybody knows, in every table; each is a model like any other, without prompt or engine.
CONTROLS: dict[str, dict[str, Any]] = {
    "lead": {"_target_": "harness.models.lead.Lead", "k": 3},
    "oracle": {"_target_": "harness.models.oracle.Oracle"},
    "copy": {"_target_": "harness.models.controls.Copy"},
    "other_event": {"_target_": "harness.models.controls.OtherEvent"},
    "empty": {"_target_": "harness.models.controls.Empty"},
}


@dataclass(frozen=True)
class Judges:
    """What scores a run: shared by the model's run and the control runs beside it."""

    extractor: ClaimExtractor
    checker: Checker
    evaluators: Sequence[Evaluator]
    cache: Cache


def experiment(cfg: DictConfig) -> None:
    """Run one configuration, print its table and say where everything is."""
    from harness import compare
    from harness.provenance import data_digest
    from harness.store import RunFolder

    settings = _plain(cfg)
    dataset: Dataset = _build(cfg.dataset)
    events = dataset.events()  # bad input ends the run here, before any model is loaded
    judges = _judges(cfg)
    names = {"dataset": str(dataset.name)} | {g: str(settings[g]["name"]) for g in ("model", "prompt", "brief")}
    output = Path(settings["output"])
    folder = RunFolder(output.joinpath(*map(_slug, names.values())))
    model = _build_model(settings)
    # The signature tells the file and weights that a path or a branch leads to: settings alone would take new ones for old.
    identity = {group: settings[group] for group in IDENTITY}
    identity |= {"data": data_digest(events), "signature": str(model.signature)}
    with folder:
        fresh = not folder.claim(identity, overwrite=settings["overwrite"])
        if fresh:
            _save_hydra(folder.path, cfg)
        _write_and_score(folder, names, settings, dataset, events, model, _build(cfg.prompt), _build(cfg.brief), judges)
    shown = [folder]
    if settings["controls"]:
        shown += [_control(name, output, settings, dataset, events, judges) for name in CONTROLS]
    compare.show(compare.rows(shown))
    if len(events) < dataset.available - len(dataset.skipped):
        print(
            f"These are {len(events)} of the {dataset.available} events of {names['dataset']}: dataset.limit={dataset.limit}."
        )
    for skipped in dataset.skipped:
        print(f"skipped: {skipped.where}: {skipped.reason}")
    print(f"Every summary, claim, verdict and score of this run: {folder.path}")
    print(f"All runs in one table: harness compare {output}")


def _write_and_score(
    folder: RunFolder,
    names: Mapping[str, str],
    settings: Mapping[str, Any],
    dataset: Dataset,
    events: Sequence[Event],
    model: TextModel,
    prompt: Prompt | None,
    brief: Brief | None,
    judges: Judges,
) -> None:
    """Stages 1 and 2 into a run folder that this configuration owns."""
    from harness.desk import Desk
    from harness.generate import generate
    from harness.provenance import Session
    from harness.score import score

    desk = Desk(judges.extractor, judges.checker, judges.cache, folder)
    signatures: dict[str, Signature | str] = {"model": model.signature, "claims": desk.claims_signature}
    signatures |= {"checker": desk.checker_signature} | {e.name: e.signature(desk) for e in judges.evaluators}
    session = Session(
        folder, names=names, settings=settings, events=events, skipped=dataset.skipped, signatures=signatures
    )
    if not folder.file("events").exists():
        folder.rewrite("events", events)  # the texts as they were read: what offsets in verdicts count in
    texts = sum(len(event.articles) + 1 for event in events)
    with stage(f"{names['model']}: texts", texts) as bar, session.stage("generate", bar) as advance:
        summaries = generate(events, model, prompt, brief, folder, judges.cache, advance)
    with stage(f"{names['model']}: scores", len(events)) as bar, session.stage("score", bar) as advance:
        score(events, summaries, judges.evaluators, desk, folder, advance)
    session.finish(device=getattr(model, "device", None))


def _control(
    name: str, output: Path, settings: Mapping[str, Any], dataset: Dataset, events: Sequence[Event], judges: Judges
) -> RunFolder:
    """The run folder of a control row, made once per data set and evaluators, whatever the model beside it."""
    from harness.provenance import data_digest
    from harness.store import RunFolder

    names = {"dataset": str(dataset.name), "model": f"control:{name}", "prompt": "-", "brief": "-"}
    folder = RunFolder(output / _slug(names["dataset"]) / "controls" / name)
    model = _instantiate(CONTROLS[name])
    with folder:
        # A control holds nobody's work: on other events it is simply made anew.
        identity = {"data": data_digest(events), "control": CONTROLS[name], "signature": str(model.signature)}
        folder.claim(identity, overwrite=folder.run.get("config", identity) != identity)
        _write_and_score(folder, names, settings, dataset, events, model, None, None, judges)
    return folder


# From configuration to objects


def _plain(cfg: DictConfig) -> dict[str, Any]:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        return OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        message = str(error).splitlines()[0]
        if "issing mandatory value" in message:
            named = message.rpartition(": ")[2]  # of an interpolation: what it led to, which is what is missing
            key = named if "." in named else error.full_key
            raise ConfigError(f"{key} has no value: give it as {key}=...") from error
        raise ConfigError(f"The configuration is not complete: {message}") from error


def _build(node: DictConfig) -> Any:
    return _instantiate(_plain(node))


def _instantiate(settings: Mapping[str, Any]) -> Any:
    """The object that `_target_` names, made of the other keys; the class signature is the schema of its YAML."""
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        return instantiate(settings, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, HarnessError):
            raise cause from None
        raise ConfigError(_misfit(settings, cause or error)) from error


def _misfit(settings: Mapping[str, Any], cause: BaseException) -> str:
    import inspect

    from hydra.utils import get_object

    target = str(settings.get("_target_"))
    try:
        takes = ", ".join(inspect.signature(get_object(target)).parameters)
    except Exception:  # the target itself is what is wrong, and `cause` says so
        return f"{target} cannot be made: {cause}"
    return f"{target} cannot be made of {', '.join(k for k in settings if k != '_target_')}: {cause}. It takes {takes}."


@cache
def _made(settings: str) -> Any:
    return _instantiate(json.loads(settings))


def _once(settings: Mapping[str, Any]) -> Any:
    """As `_instantiate`, once per process: the jobs of a sweep share the weights they load."""
    return _made(json.dumps(settings))


def _judges(cfg: DictConfig) -> Judges:
    from harness.store import Cache
    from harness.weights import cache_dir

    settings = _plain(cfg)
    evaluators = [_once(chosen) for chosen in settings["evaluator"].values()]
    return Judges(
        _once(settings["claims"]), _once(settings["checker"]), evaluators, Cache(cache_dir() / "cache.sqlite")
    )


def _build_model(settings: Mapping[str, Any]) -> TextModel:
    """A model that runs by itself, or a checkpoint put on the engine of the group `backend`."""
    from harness.models import Checkpoint

    model = _once(settings["model"])
    if isinstance(model, Checkpoint):
        return _once({**settings["backend"], "checkpoint": settings["model"]})
    return model


def _slug(name: str) -> str:
    """A name as one folder: what a path could trip over becomes a dash."""
    return re.sub(r"[^\w.=+-]+", "-", name).strip(".-") or "unnamed"


def _save_hydra(folder: Path, cfg: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    (folder / ".hydra").mkdir(exist_ok=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    OmegaConf.save(HydraConfig.get().overrides.task, folder / ".hydra" / "overrides.yaml")


def validation(cfg: DictConfig) -> None:
    """Measure a checker, and the baselines beside it, against human judgements."""
    from hydra.core.hydra_config import HydraConfig

    from harness import planted
    from harness import validate as against
    from harness.benchmark import Hub
    from harness.progress import stage
    from harness.store import Cache
    from harness.weights import cache_dir

    settings = _plain(cfg)
    _sound(settings)
    path, tune_path, out = (None if settings[n] is None else str(settings[n]) for n in ("path", "tune_on", "out"))
    reader = _build(cfg.benchmark)
    if not path and not isinstance(reader, Hub):
        raise ConfigError(
            "path= is not given: a benchmark folder (docs/validation.md has the layout) or a planted set."
        )
    if settings["format"] not in against.FORMATS:
        raise ConfigError(f"format={settings['format']} is none of {', '.join(against.FORMATS)}.")
    extractor, checker = _once(settings["claims"]), _once(settings["checker"])
    store = Cache(cache_dir() / "cache.sqlite")
    options = {"samples": settings["samples"], "seed": settings["seed"]}
    protocol = f"checker {checker.signature}; claims {extractor.signature}; {settings['samples']} bootstrap samples."
    chosen = HydraConfig.get().runtime.choices["checker"]
    if path and not isinstance(reader, Hub) and (found := planted.sets(path)):
        if tune_path:
            raise ConfigError("tune_on= is for judged summaries: on a planted set no threshold is tuned.")
        rows = []
        for place, events in [(place, planted.load(place)[: settings["limit"]]) for place in found]:
            for event in events:
                for words in planted.misquoted(event):
                    print(f"{place}, {event.event.id}: not verbatim in its article: {words[:80]!r}", file=sys.stderr)
            name = place.stem if place.is_file() else place.resolve().name
            with stage(f"planted, {name}", len(events)) as advance:
                rows += planted.measure(
                    events, extractor, checker, name, chosen, cache=store, advance=advance, **options
                )
        against.write(rows, settings["format"], out, protocol)
        return
    benchmarks = [b.first(settings["limit"]) for b in reader.load(path)]
    tune_on = [b.first(settings["limit"]) for b in reader.load(tune_path)] if tune_path else []
    if tune_path:
        protocol += f" bacc_tuned: the threshold that is best on {tune_path}."
    methods = [against.method(chosen, checker, extractor, store)]
    if settings["baselines"]:
        methods = against.baselines(extractor, store, beside=chosen) + methods
    against.write(against.validate(benchmarks, methods, tune_on, **options), settings["format"], out, protocol)


def _sound(settings: Mapping[str, Any]) -> None:
    """ConfigError for what `harness validate` would otherwise find out after its work, or not at all."""
    for name, least in (("limit", 1), ("samples", 1), ("seed", 0)):
        value = settings[name]
        if name == "limit" and value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            every = ", or null for every document" if name == "limit" else ""
            raise ConfigError(f"{name}={value}: expected a whole number, {least} or more{every}.")
    if settings["out"] and ((out := Path(str(settings["out"]))).is_dir() or not out.parent.is_dir()):
        raise ConfigError(f"out={out}: expected the name of a file, in a folder that exists.")


# From a command line to a configuration

# Hydra's, and whether a value follows.
OPTIONS = {
    "-m": False,
    "--multirun": False,
    "--config-dir": True,
    "-cd": True,
    "--cfg": True,
    "-c": True,
    "--resolve": False,
}


def main(argv: Sequence[str]) -> int:
    """`harness run`."""
    return _launch("config", experiment, argv)


def validate(argv: Sequence[str]) -> int:
    """`harness validate`."""
    return _launch("validate", validation, argv)


def _launch(config: str, job: Callable[[DictConfig], None], argv: Sequence[str]) -> int:
    """Let Hydra compose the configuration and run the job, once or (-m) once for each combination."""
    import hydra
    from hydra.errors import HydraException

    before = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [f"harness {config if config == 'validate' else 'run'}", *_sorted(argv)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, instead of printing and leaving; cli.py prints
    failures: list[HarnessError] = []

    @wraps(job)
    def guarded(cfg: DictConfig) -> None:
        try:
            job(cfg)
        except HarnessError as error:  # the other jobs of a sweep go on
            failures.append(error)

    try:
        hydra.main(version_base="1.3", config_path=str(choices.conf_dir()), config_name=config)(guarded)()
    except HydraException as error:
        raise ConfigError(_explain(error, config, argv)) from error
    except ValueError as error:
        if "Config group override" not in str(error):
            raise
        raise ConfigError(
            "A group takes the name of a choice, or a list of names; `harness run --help` has them."
        ) from error
    except SystemExit as stop:
        if stop.code:
            raise ConfigError("`harness run --help` lists what can be given.") from stop
    finally:
        sys.argv = before[0]
        if before[1] is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before[1]
    if failures:
        raise HarnessError("\n".join(dict.fromkeys(map(str, failures)))) from failures[0]
    return 0


def _sorted(argv: Sequence[str]) -> list[str]:
    """Options before settings, as Hydra wants them, wherever they were given."""
    options: list[str] = []
    settings: list[str] = []
    rest = iter(argv)
    for argument in rest:
        name, _, value = argument.partition("=")
        if not argument.startswith("-"):
            settings.append(argument)
        elif name not in OPTIONS:
            raise ConfigError(
                f"There is no option {argument}; there are {', '.join(OPTIONS)}. Settings are given as key=value."
                f"{choices.nearest(argument, OPTIONS)}"
            )
        elif OPTIONS[name] and not value:
            options += [argument, next(rest, "")]
        else:
            options.append(argument)
    return [*options, *settings]


def _explain(error: Exception, config: str, argv: Sequence[str]) -> str:
    """Hydra's complaint with the valid choices or keys and the nearest."""
    message = str(error)
    if match := re.search(
        r"Could not find '([\w/.-]+)/([^'/]+)'\s+Available options in '[^']+':\n((?:\t.*\n)+)", message
    ):
        group, choice, listed = match.groups()
        valid = listed.split()
        return f"There is no {group} {choice!r}; there are {', '.join(valid)}.{choices.nearest(choice, valid)}"
    if match := re.search(r"Could not load '(\w+)/([^']+)'", message):
        group, choice = match.groups()
        valid = choices.choices(group)
        return f"There is no {group} {choice!r}; there are {', '.join(valid)}.{choices.nearest(choice, valid)}"
    if match := re.search(r"Could not override '([^']+)'", message):
        *parents, key = match.group(1).split(".")
        node = _compose(config, argv)
        for parent in parents:
            node = node.get(parent, {}) if isinstance(node, dict) else {}
        valid = sorted(key for key in node if key not in ("_target_", "hydra")) if isinstance(node, dict) else []
        if not valid:
            return f"There is no setting {match.group(1)!r}, nor anything it could belong to."
        where = f"{'.'.join(parents)} has" if parents else "there are"
        return f"There is no setting {match.group(1)!r}; {where} {', '.join(valid)}.{choices.nearest(key, valid)}"
    return message.split("\nConfig search path")[0].strip()


def _compose(config: str, argv: Sequence[str]) -> dict[str, Any]:
    """The configuration without the settings that were overridden, but with the choices of groups."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf

    groups = [a for a in argv if a.partition("=")[0] in choices.GROUPS and "," not in a.partition("=")[2].strip("[]")]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(choices.conf_dir()), version_base="1.3"):
        try:
            cfg = compose(config, overrides=groups)
        except HydraException:  # a choice of the user's own --config-dir: the shipped ones will have to do
            cfg = compose(config)
        return OmegaConf.to_container(cfg, resolve=False)  # type: ignore[return-value]
