import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from harness.errors import RecordError
from harness.schema import KeyFact, Removed
from harness.store import Cache, MemoryCache, RunFolder

FACTS = [KeyFact(f"k{i}", f"Fact {i} with ü, 新 and a line separator\u2028 in it\nand a newline") for i in range(5)]


def test_append_then_read_gives_the_same_nouns(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "deep" / "run")
    folder.append("key_facts", FACTS[:2])
    folder.append("key_facts", FACTS[2:])
    assert RunFolder(folder.path).read("key_facts", KeyFact) == FACTS
    assert folder.read("scores", KeyFact) == []


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_a_torn_last_line_is_dropped_and_cut(tmp_path: Path, cut: int) -> None:
    whole = RunFolder(tmp_path / "whole")
    whole.append("key_facts", FACTS)
    file = whole.file("key_facts")

    torn = RunFolder(tmp_path / "torn")
    torn.append("key_facts", FACTS)
    torn.close()
    os.truncate(torn.file("key_facts"), file.stat().st_size - cut)
    again = RunFolder(torn.path)
    done = again.read("key_facts", KeyFact)
    assert done == FACTS[:-1]
    again.append("key_facts", FACTS[len(done) :])
    assert again.file("key_facts").read_bytes() == file.read_bytes()


def test_a_last_line_that_was_never_written_is_dropped(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("key_facts", FACTS[:1])
    folder.close()
    good = folder.file("key_facts").read_bytes()
    folder.file("key_facts").write_bytes(good + b"\0" * 30 + b"\n")
    assert folder.read("key_facts", KeyFact) == FACTS[:1]
    folder.append("key_facts", [])
    folder.append("key_facts", FACTS[1:2])
    assert folder.read("key_facts", KeyFact) == FACTS[:2]


def test_an_invalid_line_in_the_middle_names_file_and_line(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("key_facts", FACTS)
    lines = folder.file("key_facts").read_bytes().split(b"\n")
    lines[1] = b'{"id": "k1", "te'
    folder.file("key_facts").write_bytes(b"\n".join(lines))
    with pytest.raises(RecordError, match=r"key_facts\.jsonl:2: "):
        folder.read("key_facts", KeyFact)


def test_a_record_of_another_noun_names_file_and_line(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("key_facts", FACTS[:1])
    with pytest.raises(RecordError, match=r"key_facts\.jsonl:1: this is no Removed"):
        folder.read("key_facts", Removed)


def test_rewrite_replaces_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("key_facts", FACTS)
    folder.rewrite("key_facts", FACTS[3:])
    folder.append("key_facts", FACTS[:1])
    assert folder.read("key_facts", KeyFact) == [*FACTS[3:], FACTS[0]]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "key_facts.jsonl"]


def test_nan_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        RunFolder(tmp_path).append("key_facts", [KeyFact("k", "text", weight=float("nan"))])


def test_claim_refuses_another_configuration_and_names_the_keys(tmp_path: Path) -> None:
    config = {"model": {"name": "lead", "k": 3}, "dataset": {"limit": 5}, "seed": 1}
    with RunFolder(tmp_path) as folder:
        assert folder.claim(config) is False
        folder.append("key_facts", FACTS)
    with RunFolder(tmp_path) as folder:
        assert folder.claim(config) is True
        changed = {"model": {"name": "smollm2", "k": 3}, "dataset": {"limit": 5}, "prompt": "plain"}
        with pytest.raises(RecordError) as error:
            folder.claim(changed)
        message = str(error.value)
        assert "model.name: lead -> smollm2" in message
        assert "seed: 1 -> (not set)" in message
        assert "prompt: (not set) -> plain" in message
        assert "model.k" not in message
        assert "limit" not in message
        assert "overwrite=true" in message
        assert folder.claim(changed, overwrite=True) is False
        assert folder.read("key_facts", KeyFact) == []
        assert folder.run["config"] == changed


def test_claim_refuses_records_of_unknown_origin(tmp_path: Path) -> None:
    (tmp_path / "scores.jsonl").write_text("")
    with pytest.raises(RecordError, match=r"no run\.json"):
        RunFolder(tmp_path).claim({"seed": 1})


def test_run_json_is_kept_whole(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        folder.claim({"seed": 1})
        folder.run = {**folder.run, "counts": {"events": 3}}
    assert RunFolder(tmp_path).run == {"config": {"seed": 1}, "counts": {"events": 3}}
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RecordError, match=r"run\.json cannot be read"):
        _ = RunFolder(tmp_path).run


def test_a_path_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be written"):
        RunFolder(tmp_path / "file").append("key_facts", FACTS)


WRITER = textwrap.dedent("""
    import sys, time
    from harness.schema import KeyFact
    from harness.store import RunFolder
    folder = RunFolder(sys.argv[1])
    folder.append("key_facts", [KeyFact("k0", "first")])
    print("locked", flush=True)
    time.sleep(60)
""")


def test_two_processes_do_not_write_one_folder_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        folder = RunFolder(tmp_path)
        with pytest.raises(RecordError, match=f"process {other.pid} "):
            folder.append("key_facts", FACTS)
        assert [fact.id for fact in folder.read("key_facts", KeyFact)] == ["k0"]  # reading needs no lock
        other.send_signal(signal.SIGKILL)
    folder.append("key_facts", FACTS[1:2])
    assert [fact.id for fact in folder.read("key_facts", KeyFact)] == ["k0", "k1"]


def test_cache_gives_back_what_was_put_by_kind_and_key(tmp_path: Path) -> None:
    for cache in (Cache(tmp_path / "cache.sqlite"), MemoryCache()):
        many = {f"key{i}": {"i": i, "text": "ü"} for i in range(1234)}
        cache.put_many("verdict", many)
        cache.put_many("generation", {"key1": FACTS[0]})
        assert cache.get_many("verdict", [*many, "absent"]) == many
        assert cache.get_many("generation", ["key1", "key2"]) == {"key1": {"id": "k0", "text": FACTS[0].text}}
        cache.put_many("verdict", {"key1": None})
        assert cache.get_many("verdict", ["key1"]) == {"key1": None}
        cache.close()


def _fill(path: Path, worker: int) -> None:
    cache = Cache(path)
    for i in range(30):
        cache.put_many("kind", {f"{worker}-{i}": i, "shared": i})
        cache.get_many("kind", ["shared"])


def test_several_processes_share_a_cache(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(_fill, [path] * 3, range(3)))
    assert len(Cache(path).get_many("kind", [f"{w}-{i}" for w in range(3) for i in range(30)])) == 90


def test_a_damaged_cache_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_bytes(b"this is no database, but long enough to be taken for one" * 50)
    with caplog.at_level(logging.WARNING):
        cache = Cache(path)
    assert "damaged" in caplog.text
    cache.put_many("kind", {"a": 1})
    assert Cache(path).get_many("kind", ["a"]) == {"a": 1}
    assert len(list(tmp_path.glob("cache.sqlite.damaged-*"))) == 1


def test_a_cache_damaged_in_the_middle_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.sqlite"
    cache = Cache(path)
    cache.put_many("kind", {f"key{i}": "x" * 500 for i in range(200)})
    cache.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    cache = Cache(path)
    with caplog.at_level(logging.WARNING):
        assert cache.get_many("kind", [f"key{i}" for i in range(200)]) == {}
    cache.put_many("kind", {"a": 1})
    assert cache.get_many("kind", ["a"]) == {"a": 1}


def test_a_cache_that_cannot_be_opened_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        cache = Cache(tmp_path / "file" / "cache.sqlite")
        cache.put_many("kind", {"a": 1})
        cache.put_many("kind", {"b": 1})
        assert cache.get_many("kind", ["a"]) == {}
    assert len(caplog.records) == 1


def test_a_full_cache_costs_one_warning_and_still_reads(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    cache.put_many("kind", {"a": 1})
    assert cache._db is not None
    cache._db.execute("PRAGMA max_page_count = 4")  # SQLite then says what it says on a full disk
    with caplog.at_level(logging.WARNING):
        cache.put_many("kind", {"b": "x" * 100_000})
        cache.put_many("kind", {"c": "x" * 100_000})
        assert cache.get_many("kind", ["a", "b"]) == {"a": 1}
    assert len(caplog.records) == 1
    assert "full" in caplog.text


FULL = textwrap.dedent("""
    import resource, sys
    from harness.errors import RecordError
    from harness.schema import KeyFact
    from harness.store import RunFolder
    folder = RunFolder(sys.argv[1])
    folder.append("key_facts", [KeyFact("k0", "first")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
    try:
        folder.append("key_facts", [KeyFact("k1", "x" * 1000)])
    except RecordError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    folder.append("key_facts", [KeyFact("k2", "last")])
""")


def test_a_record_that_cannot_be_saved_is_an_error_and_leaves_no_half_line(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    said = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert "key_facts.jsonl cannot be written" in said
    assert [fact.id for fact in RunFolder(tmp_path).read("key_facts", KeyFact)] == ["k0", "k2"]


def test_lines_are_plain_json(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append("key_facts", FACTS[:1])
    text = folder.file("key_facts").read_text(encoding="utf-8")
    assert "ü" in text
    assert json.loads(text)["id"] == "k0"
