"""Texts whose place in a table everybody knows: a metric that ranks them otherwise is not to be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from harness.models.extract import Extract
from harness.models.lead import lead
from harness.protocols import Request


class OtherEvent(Extract):
    """The lead of another event: fluent, and about something else.

    The event after this one by id (the first after the last); of the same kind, so the summary of an article is the
    lead of the other event's first article. With one event only there is none: recorded as an error.
    """

    def __init__(self, name: str = "other_event", k: int = 3) -> None:
        self.name, self.k = name, k

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        events = {r.event.id: r.event for r in requests}
        ids = sorted(events)
        if len(ids) < 2:
            raise LookupError("there is no other event")
        other = events[ids[(ids.index(request.event.id) + 1) % len(ids)]]
        return lead(other.articles if request.kind == "brief" else other.articles[:1], self.k)


class Empty(Extract):
    """Nothing at all."""

    def __init__(self, name: str = "empty") -> None:
        self.name = name

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        return ""


class Copy(Extract):
    """The whole article; as a brief, the whole first article."""

    def __init__(self, name: str = "copy") -> None:
        self.name = name

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        return request.articles[0].text
