"""Nouns on disk: the run folder (JSONL, appended, fsync'd, resumable) and the cache (SQLite).

A record that cannot be saved is an error; a cache that cannot be used only costs time.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args

from harness.errors import RecordError
from harness.schema import from_dict, to_dict

try:
    import fcntl
except ImportError:  # Windows: no advisory lock there, everything else works
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

Name = Literal["summaries", "claims", "verdicts", "key_facts", "scores", "events"]
NAMES: tuple[Name, ...] = get_args(Name)
Noun = TypeVar("Noun")


class RunFolder:
    """The records of one run: `run.json` and one `<name>.jsonl` per kind of noun.

    Readers need no lock. The first write takes one (`.lock`, flock) and keeps it until `close` or the end of
    the process, however it ends; a second writer is refused. A run killed in the middle of a line leaves that
    line torn: reading drops it, the next append cuts it off, so the work is done again and the bytes agree
    with those of an undisturbed run.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock_file: int | None = None
        self._mended: set[str] = set()  # files whose end is known to be whole

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None
            self._mended.clear()

    # Records

    def file(self, name: Name) -> Path:
        if name not in NAMES:
            raise ValueError(f"{name!r} is no record of a run folder; those are {', '.join(NAMES)}")
        return self.path / f"{name}.jsonl"

    def append(self, name: Name, nouns: Iterable[Any]) -> None:
        """Add nouns, one JSON object a line; they are on the disk when this returns."""
        lines = [_line(noun) for noun in nouns]
        if not lines:
            return
        file = self.file(name)
        self._own()
        with _saving(file):
            new = not file.exists()
            if name not in self._mended:
                _cut_torn_line(file)
            self._mended.discard(name)  # until this write is known to be whole
            with file.open("ab") as out:
                out.write(b"".join(lines))
                out.flush()
                os.fsync(out.fileno())
            self._mended.add(name)
            if new:
                _sync_folder(self.path)

    def read(self, name: Name, cls: type[Noun]) -> list[Noun]:
        """All nouns of a record, in the order they were written; none if there is no such file.

        A torn last line is dropped. RecordError with file:line for a line that is no such noun.
        """
        nouns = []
        for number, record in _records(self.file(name)):
            try:
                nouns.append(from_dict(cls, record))
            except (TypeError, KeyError, AttributeError) as error:
                raise RecordError(
                    f"{self.file(name)}:{number}: this is no {cls.__name__} ({error}). Another version of the harness "
                    "may have written it: choose another output, or start over with overwrite=true."
                ) from error
        return nouns

    def rewrite(self, name: Name, nouns: Iterable[Any]) -> None:
        """Put these nouns in place of the record; whoever reads sees the old file or the new one, never half."""
        lines = [_line(noun) for noun in nouns]
        self._own()
        _write_atomically(self.file(name), b"".join(lines))
        self._mended.add(name)

    # run.json and whose folder this is

    @property
    def run(self) -> dict[str, Any]:
        """What run.json holds; empty if there is none."""
        file = self.path / "run.json"
        try:
            value = json.loads(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            raise RecordError(
                f"{file} cannot be read ({error}). Choose another output, or remove the folder."
            ) from error
        if not isinstance(value, dict):
            raise RecordError(f"{file} holds no JSON object. Choose another output, or remove the folder.")
        return value

    @run.setter
    def run(self, value: Mapping[str, Any]) -> None:
        self._own()
        text = json.dumps(to_dict(value), ensure_ascii=False, indent=2, allow_nan=False)
        _write_atomically(self.path / "run.json", text.encode() + b"\n")

    def claim(self, config: Mapping[str, Any], *, overwrite: bool = False) -> bool:
        """Take the folder for this configuration, and tell whether it already holds work of it.

        `config` is kept as `run["config"]`. RecordError if the folder belongs to a different configuration (the
        differing keys are named) or holds records of unknown origin; `overwrite` starts over instead.
        """
        self._own()
        config = json.loads(json.dumps(to_dict(config)))
        if overwrite:
            self.start_over()
        before = self.run.get("config")
        if before == config:
            return True
        advice = "Choose another output folder, or start over in this one with overwrite=true."
        if before is not None:
            raise RecordError(
                f"{self.path} belongs to another configuration: {'; '.join(_changes(before, config))}. {advice}"
            )
        if found := [name for name in NAMES if self.file(name).exists()]:
            raise RecordError(
                f"{self.path} has no run.json that says whose {', '.join(found)}.jsonl it holds. {advice}"
            )
        self.run = {**self.run, "config": config}
        return False

    def start_over(self) -> None:
        """Remove the records and, last, run.json: killed in between, the folder still knows whose it is."""
        self._own()
        for file in [*map(self.file, NAMES), self.path / "run.json"]:
            with _saving(file):
                file.unlink(missing_ok=True)
        self._mended.clear()

    def _own(self) -> None:
        if self._lock_file is not None:
            return
        with _saving(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 200).decode(errors="replace").strip()
            os.close(lock)
            raise RecordError(
                f"{self.path} is being written by another process ({owner or 'unknown'}). "
                "Wait for it, or choose another output."
            ) from None
        except OSError as error:  # a file system without locks
            log.warning("%s cannot be locked (%s): do not run two processes on it at once.", self.path, error)
        with suppress(OSError):  # who holds it is a courtesy to the reader of the message above
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        self._lock_file = lock


def _line(noun: Any) -> bytes:
    return json.dumps(to_dict(noun), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _lines(file: Path) -> list[bytes]:
    """The whole lines of a record, without what a killed writer left at its end."""
    try:
        *lines, _torn = file.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}.") from error
    if lines and not _is_json(lines[-1]):  # after a power cut the end may be there, but never written
        lines.pop()
    return lines


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _records(file: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(_lines(file), start=1):
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise RecordError(
                f"{file}:{number}: this line is no JSON ({error}), and it is not the last one, so no crash of the "
                "harness left it. Restore the file, or start over with overwrite=true."
            ) from error


def _cut_torn_line(file: Path) -> None:
    whole = sum(len(line) + 1 for line in _lines(file))
    if file.exists() and file.stat().st_size > whole:
        log.warning("%s ended in the middle of a line: the line is dropped and its work is done again.", file)
        os.truncate(file, whole)


def _write_atomically(file: Path, content: bytes) -> None:
    with _saving(file):
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with open(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(name, 0o644)  # mkstemp's 0600 would hide results from colleagues
            os.replace(name, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system lets a folder be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{path} cannot be written: {error.strerror or error}. Free some space or choose another output; "
            "what is already recorded is kept and a rerun goes on from there."
        ) from error


def _changes(old: Any, new: Any, key: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(k for k in new if k not in old)]
        absent = "(not set)"
        return [c for k in keys for c in _changes(old.get(k, absent), new.get(k, absent), f"{key}.{k}" if key else k)]
    return [] if old == new else [f"{key}: {old} -> {new}"]


class Cache:
    """Values by (kind, key) in SQLite: for several processes and runs at once, and never a reason to fail.

    Keys must name everything that can change the value. A damaged file is set aside; a place that cannot be
    read or written costs one warning, and the run goes on without.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._guard = threading.Lock()
        self._saves = True
        self._db: sqlite3.Connection | None = None
        try:
            self._open()
        except (OSError, sqlite3.Error) as error:
            self._trouble(error)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=60, check_same_thread=False, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(
                "CREATE TABLE IF NOT EXISTS cache "
                "(kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
        except BaseException:
            db.close()
            raise
        self._db = db

    def get_many(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """The values that are there, by key."""
        found: dict[str, Any] = {}
        keys = list(dict.fromkeys(keys))
        with self._guard:
            try:
                for start in range(0, len(keys), 500):  # SQLite takes 999 parameters in its oldest builds
                    some = keys[start : start + 500]
                    if self._db is None:
                        break
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, value FROM cache WHERE kind = ? AND key IN ({marks})"
                    for key, value in self._db.execute(query, (kind, *some)):
                        found[key] = json.loads(value)
            except (sqlite3.Error, ValueError) as error:
                self._trouble(error)
        return found

    def put_many(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep JSON values by key, all or none of them."""
        rows = [(kind, key, json.dumps(to_dict(value), ensure_ascii=False)) for key, value in values.items()]
        with self._guard:
            if self._db is None or not self._saves or not rows:
                return
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO cache VALUES (?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                self._trouble(error)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _trouble(self, error: Exception) -> None:
        damaged = isinstance(error, ValueError) or (
            isinstance(error, sqlite3.DatabaseError)
            and not isinstance(error, (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.ProgrammingError))
        )
        if not damaged:
            if self._saves:
                log.warning(
                    "The cache %s cannot be used (%s): the run goes on, but saves nothing there.", self.path, error
                )
            self._saves = False
            return
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{os.getpid()}")
        log.warning(
            "The cache %s is damaged (%s): it is set aside as %s and a new one begun.", self.path, error, aside.name
        )
        try:
            os.replace(self.path, aside)
            for leftover in ("-wal", "-shm"):
                self.path.with_name(self.path.name + leftover).unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.Error) as again:
            self._saves = False
            log.warning("No new cache could be begun (%s): the run goes on without.", again)


class MemoryCache(Cache):
    """A cache that ends with the process."""

    def __init__(self) -> None:
        super().__init__(":memory:")
