"""The embedded model in the user cache: converted once, checked, whole or not at all."""

import os
import shutil
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import weights
from harness.errors import WeightsError

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A cache of its own, and a conversion that copies; the list holds where it was asked to."""
    asked: list[Path] = []

    def convert(parts: Sequence[Path], into: Path) -> None:
        asked.append(into)
        (into / "config.json").write_text("{}")
        with (into / "model.safetensors").open("wb") as file:
            file.truncate(weights.SMALL + 1)

    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "_convert", convert)
    return asked


def test_it_is_converted_once_and_leaves_nothing_else(quick: list[Path], tmp_path: Path) -> None:
    place = weights.converted("smollm2")
    assert place == weights.converted("smollm2")
    assert len(quick) == 1
    assert place.name == weights.identity(weights.pinned("smollm2"))
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [place.name]


def test_damage_is_found_and_mended(quick: list[Path]) -> None:
    place = weights.converted("smollm2")

    def shorten() -> None:
        os.truncate(place / "model.safetensors", 100)

    def rewrite() -> None:
        (place / "config.json").write_text("[]")

    damages = (
        shorten,
        rewrite,
        (place / "config.json").unlink,
        (place / "manifest.json").unlink,
        lambda: shutil.rmtree(place),
    )
    for number, damage in enumerate(damages, start=2):
        damage()
        weights.converted("smollm2")
        assert len(quick) == number
        assert (place / "config.json").read_text() == "{}"


def test_a_conversion_that_fails_leaves_nothing(
    quick: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(parts: Sequence[Path], into: Path) -> None:
        (into / "half").write_text("")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "_convert", full)
    with pytest.raises(WeightsError, match="HARNESS_CACHE"):
        weights.converted("smollm2")
    assert not list((tmp_path / "weights").iterdir())


def test_two_may_convert_at_once(quick: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)
    convert = weights._convert

    def together(parts: Sequence[Path], into: Path) -> None:
        convert(parts, into)
        both.wait(timeout=30)

    monkeypatch.setattr(weights, "_convert", together)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(weights.converted("smollm2"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert len(quick) == 2
    assert [path.name for path in found[0].parent.iterdir()] == [found[0].name]


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="HARNESS_CACHE"):
        weights.converted("smollm2")


def test_identity_is_that_of_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(b"weights")
    (two / "training.log").write_text("not part of the model")
    assert weights.identity(one) == weights.identity(two)
    (two / "model.safetensors").write_bytes(b"Weights")
    assert weights.identity(one) != weights.identity(two)


def test_weights_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights.PINNED, "smollm2", (("no_such_package", "file"),))
    with pytest.raises(WeightsError, match=r"weights\.txt"):
        weights.converted("smollm2")


def test_an_archive_in_parts_is_put_together(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("model/config.json", '{"layers": 3}')
        archive.writestr("model/model.safetensors", b"weights " * 500)
        archive.writestr("model/README.md", "not needed")
        archive.writestr("model/pooling/config.json", "of something else")
    whole = (tmp_path / "whole.zip").read_bytes()
    parts = []
    for number, start in enumerate(range(0, len(whole), 300)):
        parts.append(tmp_path / f"whole.zip.{number:03}")
        parts[-1].write_bytes(whole[start : start + 300])
    assert len(parts) > 2
    into = tmp_path / "made"
    into.mkdir()
    weights._convert(parts, into)
    assert {file.name: file.read_bytes() for file in into.iterdir()} == {
        "config.json": b'{"layers": 3}',
        "model.safetensors": b"weights " * 500,
    }


def test_an_archive_that_lacks_a_part_is_an_error(quick: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights.PINNED, "mpnet", (*weights.PINNED["mpnet"], ("no_such_package", "zip.006")))
    with pytest.raises(WeightsError, match="no_such_package"):
        weights.converted("mpnet")
    assert not quick


def test_what_comes_in_parts_is_named_after_all_of_them(quick: list[Path]) -> None:
    one = weights.converted("mpnet")
    assert one != weights.converted("smollm2")
    assert one == weights.converted("mpnet")
    assert len(quick) == 2
