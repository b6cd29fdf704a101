"""What all data sets share: which events are taken, and what becomes of one that cannot be read."""

from __future__ import annotations

import difflib
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.corpus.event import make_event
from harness.errors import ConfigError, DataError
from harness.schema import Event

log = logging.getLogger(__name__)

Record = Mapping[str, Any]
Candidate = tuple[str, Callable[[], Record]]  # where an event stands, and how to read it


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that could not be read and was left out because of on_error=skip."""

    where: str
    reason: str


def _name(path: str | None) -> str:
    if not path:
        return ""
    place = Path(path).expanduser().resolve()
    return place.stem if place.is_file() else place.name


@dataclass(kw_only=True)
class Dataset:
    """What all data sets share: which events are taken, and what is done to each.

    `limit` takes that many events, the first ones or, with a `seed`, a sample (a smaller limit gives a part of the
    same sample). `clean` removes page furniture. `on_error=skip` leaves out what cannot be read and lists it in
    `skipped`. An article of which at least `duplicate_share` of the 5-grams stand in an earlier article of its event
    is listed in the event's `duplicates`.
    """

    name: str | None = None
    path: str | None = None
    limit: int | None = None
    seed: int | None = None
    clean: bool = True
    on_error: Literal["fail", "skip"] = "fail"
    duplicate_share: float = 0.2
    skipped: list[Skipped] = field(default_factory=list, init=False)
    available: int = field(default=0, init=False)  # events there are, before `limit`

    def __post_init__(self) -> None:
        # Two folders are two data sets: without a name of its own each goes by its path's last part.
        self.name = self.name or _name(self.path) or type(self).__name__.lower()
        if self.on_error not in ("fail", "skip"):
            raise ConfigError(f"on_error is fail or skip, not {self.on_error!r}.")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(
                f"dataset.limit is a number of events, 1 or more, or null for all of them, not {self.limit}."
            )
        if not 0 < self.duplicate_share <= 1:
            raise ConfigError(f"dataset.duplicate_share is a share in (0, 1], not {self.duplicate_share}.")

    def candidates(self) -> Sequence[Candidate]:
        """Where each event stands and how to read it, in the order of the data set. Reading may raise DataError."""
        raise NotImplementedError

    def events(self) -> list[Event]:
        """The events, in the order of the data set; DataError that says where and what for one that cannot be read."""
        self.skipped.clear()
        candidates = self.candidates()
        self.available = len(candidates)
        order = list(range(len(candidates)))
        if self.seed is not None:
            random.Random(self.seed).shuffle(order)
        taken: dict[int, Event] = {}
        places: dict[str, str] = {}
        for index in order:
            if len(taken) == self.limit:
                break
            where, read = candidates[index]
            try:
                event = make_event(read(), where, cleaning=self.clean, duplicate_share=self.duplicate_share)
                if event.id in places:
                    raise DataError(
                        f"{where}: the event id {event.id!r} stands already at {places[event.id]}. Ids of events are unique."
                    )
            except DataError as error:
                self._unreadable(where, error)
                continue
            places[event.id] = where
            taken[index] = event
        if not taken:
            reason = f"{self.skipped[0].where}: {self.skipped[0].reason}" if self.skipped else "it is empty"
            raise DataError(f"The data set {self.name!r} has no event that can be read: {reason}")
        for event in taken.values():
            for copy in event.duplicates:
                if copy.share == 1:
                    log.warning("Event %s: all of article %s stands in article %s.", event.id, copy.article_id, copy.of)
        return [taken[index] for index in sorted(taken)]

    def _unreadable(self, where: str, error: DataError) -> None:
        if self.on_error == "fail":
            raise DataError(f"{error} (on_error=skip leaves such events out and lists them.)") from None
        self.skipped.append(Skipped(where, str(error).removeprefix(f"{where}: ")))

    def _path(self, expected: str) -> Path:
        """The path that was set, if it exists."""
        if not self.path:
            raise ConfigError(
                f"dataset={type(self).__name__.lower()} reads {expected}: say which with dataset.path=..."
            )
        path = Path(self.path).expanduser()
        if not path.exists():
            known = path.parent
            while not known.is_dir():
                known = known.parent
            lost = path.parts[len(known.parts)] if len(path.parts) > len(known.parts) else path.name
            near = difflib.get_close_matches(lost, [p.name for p in known.iterdir()], n=1)
            hint = f" Did you mean {known / near[0]}?" if near else f" {known.resolve()} is there, {lost} in it is not."
            raise DataError(f"{path} does not exist; dataset.path is {expected}.{hint}")
        return path
