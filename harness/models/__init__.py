"""What writes: a checkpoint, which some backend runs, or a model that needs no prompt (lead, oracle, recorded).

What is run and how it is run are two things: a `Checkpoint` holds everything about the former and names no engine,
so that the same YAML file of the group `model` runs on every choice of the group `backend`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness import weights
from harness.errors import ConfigError, WeightsError
from harness.schema import Kind


@dataclass(frozen=True)
class Checkpoint:
    """A language model: its weights, its lengths, how it is talked to and how its texts are decoded.

    `id` is a model on the Hugging Face hub or a local folder, `weights` the name of weights that come as a package;
    one of the two is given. Decoding is greedy unless `temperature` (sampling by `seed`) or `beams` says otherwise.
    """

    name: str
    id: str | None = None
    weights: str | None = None
    revision: str = "main"  # a commit or tag; the commit it led to stands in the signature
    kind: Literal["causal", "seq2seq"] | None = None  # None: as the checkpoint's configuration says
    context_tokens: int | None = None  # None: as the checkpoint's configuration says
    summary_tokens: int = 128  # the longest summary of an article
    brief_tokens: int = 256  # the longest brief of an event
    min_tokens: int = 0  # the shortest text
    prompted: bool = True  # False: no instructions, the bare articles are the prompt
    system_role: bool = True  # False: the chat template knows none; the system text begins the first user message
    chat: Mapping[str, Any] = field(default_factory=dict)  # arguments of the chat template
    dtype: str | None = None  # what the checkpoint needs, where that is not the device's best
    temperature: float = 0.0
    seed: int = 0
    beams: int = 1
    length_penalty: float = 1.0  # of beams
    no_repeat_ngram: int = 0
    repetition_penalty: float = 1.0
    stop: Sequence[str] = ()  # strings that end a text
    newline: str | None = None  # how it writes a line break, if not as one

    def __post_init__(self) -> None:
        if (self.id is None) == (self.weights is None):
            raise ConfigError(f"The model {self.name!r} needs either an id (hub or folder) or the name of its weights.")
        if self.weights is not None and self.weights not in weights.PINNED:
            raise ConfigError(
                f"The model {self.name!r} names the weights {self.weights!r}; there are {', '.join(weights.PINNED)}."
            )
        if self.kind not in (None, "causal", "seq2seq"):
            raise ConfigError(f"The model {self.name!r} is of kind {self.kind!r}; it can be causal or seq2seq.")
        if self.temperature < 0 or (self.temperature > 0 and self.beams > 1):
            raise ConfigError(
                f"The model {self.name!r} has temperature {self.temperature} and {self.beams} beams; a temperature is at "
                "least 0, and goes with one beam."
            )
        if min(self.summary_tokens, self.brief_tokens) <= max(0, self.min_tokens - 1):
            raise ConfigError(
                f"The model {self.name!r} may write {self.summary_tokens} tokens for a summary and {self.brief_tokens} for "
                f"a brief; both must be positive and no less than min_tokens={self.min_tokens}."
            )

    def output_tokens(self, kind: Kind) -> int:
        return self.summary_tokens if kind == "summary" else self.brief_tokens

    @property
    def decoding(self) -> str:
        """The settings that decide the text, for a signature: those at their default are left out.

        >>> Checkpoint("m", id="m", beams=4, no_repeat_ngram=3).decoding
        'beams=4,no_repeat_ngram=3'
        >>> Checkpoint("m", id="m").decoding
        'greedy'
        """
        names = (
            "temperature",
            "beams",
            "length_penalty",
            "no_repeat_ngram",
            "repetition_penalty",
            "newline",
            "min_tokens",
            "stop",
        )
        plain = asdict(Checkpoint(self.name, id=""))
        own = {name: getattr(self, name) for name in names if getattr(self, name) != plain[name]}
        return ",".join(f"{key}={list(v) if key == 'stop' else v}" for key, v in own.items()) or "greedy"

    def locate(self) -> tuple[Path, str]:
        """The folder of its safetensors, and what identifies them: `id@commit` or a hash of the files.

        Weights of a package are converted and checkpoints on the hub are downloaded, if they are not there yet.
        WeightsError if that cannot be done, or if there are no safetensors: pickled weights are never read.
        """
        if self.weights is not None:
            return weights.converted(self.weights), f"sha256:{weights.identity(weights.pinned(self.weights))[:16]}"
        assert self.id is not None
        folder = Path(self.id).expanduser()
        if folder.is_dir():
            _whole(folder)
            return folder, f"sha256:{weights.identity(folder)[:16]}"
        if self.id.startswith((".", "/", "~")):
            raise WeightsError(
                f"There is no folder {folder}. The checkpoint is a local folder with config.json and *.safetensors, or the id of "
                "a model on the Hugging Face hub."
            )
        return _download(self.id, self.revision)


# Everything a checkpoint consists of, but no code, no pickle, no second copy in another format.
_WANTED = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]
_UNWANTED = ["*/*", "consolidated*"]


def _download(id: str, revision: str) -> tuple[Path, str]:
    import huggingface_hub

    def fetch(*, local: bool) -> Path:
        folder = huggingface_hub.snapshot_download(
            id, revision=revision, allow_patterns=_WANTED, ignore_patterns=_UNWANTED, local_files_only=local
        )
        _whole(Path(folder))
        return Path(folder)

    folder = None
    if re.fullmatch("[0-9a-f]{40}", revision):  # a commit never changes: what is here needs no network
        with contextlib.suppress(Exception):
            folder = fetch(local=True)
    try:
        folder = folder or fetch(local=False)
    except WeightsError:
        raise
    except Exception as error:  # every way a network, a server, a login or a name can be wrong
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise WeightsError(
            f"The checkpoint {id!r} at revision {revision!r} is neither in the local cache nor could it be fetched from "
            f"the Hugging Face hub ({type(error).__name__}: {first[0]}). Check the id and the network; log in with `hf "
            f"auth login` if the model asks for consent; or fetch it elsewhere with `hf download {id}` and give its "
            "folder instead of the id."
        ) from error
    return folder, f"{id}@{folder.name}"


def _whole(folder: Path) -> None:
    """WeightsError unless the folder holds a configuration and all its safetensors."""
    missing = [] if (folder / "config.json").is_file() else ["config.json"]
    index = folder / "model.safetensors.index.json"
    try:
        files = set(json.loads(index.read_bytes())["weight_map"].values()) if index.is_file() else set()
    except (ValueError, KeyError, AttributeError) as error:
        raise WeightsError(f"{index} is no index of safetensors ({error}). Fetch the checkpoint again.") from error
    missing += sorted(name for name in files if not (folder / name).is_file())
    if not files and not any(folder.glob("*.safetensors")):
        missing.append(
            "*.safetensors (pickled weights are not read: take a revision that has them, such as the conversion that the "
            "hub offers as refs/pr/<number>, or a folder written by `save_pretrained`)"
        )
    if missing:
        raise WeightsError(f"The checkpoint in {folder} is not whole: there is no {', no '.join(missing)}.")
