"""Progress of a stage: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, int], None]  # items done, tokens written

SECONDS_BETWEEN_LINES = 15.0


def silent(items: int, tokens: int = 0) -> None:
    """An `Advance` that shows nothing."""


@contextmanager
def stage(name: str, total: int) -> Iterator[Advance]:
    """Show `name` with items, tokens per second and time left while the block runs; to standard error."""
    if sys.stderr.isatty():
        yield from _bar(name, total)
    else:
        yield from _lines(name, total)


def _bar(name: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=total, rate="")
        started, written = time.monotonic(), 0

        def advance(items: int, tokens: int = 0) -> None:
            nonlocal written
            written += tokens
            rate = f"{written / max(time.monotonic() - started, 1e-9):,.0f} tok/s" if written else ""
            progress.update(task, advance=items, rate=rate)

        yield advance


def _lines(name: str, total: int) -> Iterator[Advance]:
    started = last = time.monotonic()
    done = written = 0

    def line() -> None:
        seconds = max(time.monotonic() - started, 1e-9)
        rate = f", {written / seconds:,.0f} tok/s" if written else ""
        left = f", {seconds / done * (total - done):.0f} s left" if 0 < done < total else ""
        print(f"{name}: {done}/{total} in {seconds:.0f} s{rate}{left}", file=sys.stderr, flush=True)

    def advance(items: int, tokens: int = 0) -> None:
        nonlocal done, written, last
        done, written = done + items, written + tokens
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            line()

    yield advance
    line()
