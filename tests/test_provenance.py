import json
import math
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from harness import provenance
from harness.corpus import Sample, Skipped
from harness.provenance import Session, cache_key, data_digest
from harness.schema import Article, Event, Message, Signature
from harness.store import RunFolder

EVENTS = [Event("e1", (Article("a", "One text."), Article("b", "Another.")))]


def test_every_part_of_a_key_matters_and_their_order_does_not() -> None:
    parts = {"model": "m", "revision": "1", "messages": [Message("user", "hi")], "settings": {"a": 1, "b": [1, 2]}}
    key = cache_key("generation", **parts)
    assert key == cache_key("generation", **dict(reversed(parts.items())))
    assert len(key) == 64
    assert key != cache_key("verdict", **parts)
    others = [
        {"model": "n"},
        {"revision": 1},
        {"messages": [Message("system", "hi")]},
        {"settings": {"a": 1, "b": [2, 1]}},
        {"settings": {"a": 1, "b": [1, 2], "c": None}},
    ]
    keys = {cache_key("generation", **(parts | change)) for change in others}
    assert len(keys | {key}) == len(others) + 1


def test_a_key_is_not_made_of_how_an_object_prints() -> None:
    with pytest.raises(TypeError):
        cache_key("generation", model=object())
    with pytest.raises(ValueError, match="JSON"):
        cache_key("generation", temperature=math.nan)


def test_the_digest_of_the_data_is_that_of_what_was_read() -> None:
    assert data_digest(Sample(limit=2).events()) == data_digest(Sample(limit=2).events())
    digests = {data_digest(Sample(limit=2, **change).events()) for change in ({}, {"seed": 1}, {"clean": False})}
    assert len(digests) == 3


def test_a_session_enters_its_beginning_and_its_end(tmp_path: Path) -> None:
    seen = []
    with RunFolder(tmp_path) as folder:
        folder.claim({"model": "lead"})
        session = Session(
            folder,
            names={"dataset": "sample", "model": "lead"},
            settings={"model": {"k": 3}},
            events=EVENTS,
            skipped=[Skipped("x.jsonl:3", "no text")],
            signatures={"rouge1_f": Signature("rouge", (("stem", "porter"),))},
        )
        stopped = folder.run
        with session.stage("summaries", lambda items, tokens: seen.append((items, tokens))) as advance:
            advance(1, 20)
            advance(2, 5)
        session.finish(device="cpu")
        run = folder.run
    assert stopped["config"] == run["config"] == {"model": "lead"}
    assert stopped["sessions"][0]["finished"] is None
    assert stopped["data"] == data_digest(EVENTS)
    assert run["counts"] == {"events": 1, "articles": 2, "skipped": 1}
    assert run["skipped"] == [{"where": "x.jsonl:3", "reason": "no text"}]
    assert run["signatures"] == {"rouge1_f": "rouge|stem:porter"}
    (entry,) = run["sessions"]
    assert entry["finished"] >= entry["started"]
    assert entry["stages"]["summaries"] | {"seconds": 0} == {"seconds": 0, "items": 3, "tokens": 25}
    assert seen == [(1, 20), (2, 5)]
    assert entry["device"] == "cpu"
    assert entry["peak_memory_mib"]["process"] > 5
    assert entry["libraries"]["torch"]


def test_a_second_session_is_added(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        for _ in range(2):
            Session(folder, names={}, settings={}, events=EVENTS).finish()
        assert len(folder.run["sessions"]) == 2
        assert all(entry["finished"] for entry in folder.run["sessions"])


def test_a_stage_that_fails_is_timed_all_the_same(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        session = Session(folder, names={}, settings={}, events=EVENTS)
        with suppress(RuntimeError), session.stage("scores") as advance:
            advance(1, 0)
            raise RuntimeError
        session.finish()
        assert folder.run["sessions"][0]["stages"]["scores"]["items"] == 1


def test_the_record_of_the_environment_loads_no_torch() -> None:
    code = "import sys, json; from harness.provenance import environment as e; print(json.dumps(e()), 'torch' in sys.modules, sep='\\n')"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(said[0])["python"] == sys.version.split()[0]
    assert said[1] == "False"


def test_outside_a_checkout_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(provenance.harness, "__file__", str(tmp_path / "harness" / "__init__.py"))
    assert provenance.commit() == {"commit": None, "dirty": None}
