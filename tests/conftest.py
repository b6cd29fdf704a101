"""What several test files need: events and summaries in one line, and no network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

import pytest

from harness.schema import Article, Event, Generation, KeyFact, Kind, Summary


@pytest.fixture
def make_event() -> Callable[..., Event]:
    def make(id: str, *texts: str, reference: str | None = None, key_facts: Sequence[KeyFact] = ()) -> Event:
        articles = tuple(Article(f"a{number}", text) for number, text in enumerate(texts, start=1))
        return Event(id, articles, reference=reference, key_facts=tuple(key_facts))

    return make


@pytest.fixture
def make_summary() -> Callable[..., Summary]:
    """A brief of all articles, or with `article` the summary of one."""

    def make(event: Event, text: str, id: str = "brief", article: str | None = None) -> Summary:
        kind: Kind = "summary" if article else "brief"
        ids = (article,) if article else tuple(a.id for a in event.articles)
        return Summary(f"{event.id}/{id}", event.id, kind, ids, text, Generation(text, "copied"))

    return make


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
