"""What a model is told: Jinja2 templates for the system text, a summary and a brief."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.errors import ConfigError
from harness.schema import Article, Event, Kind, Message, Signature, digest

VARIABLES = ("event", "articles", "draft")


def fence(*texts: str) -> str:
    """A line to put around texts of a prompt that none of them holds; for the same texts always the same."""
    salt = 0
    while any((line := f"<<<{digest([*texts, salt])}>>>") in text for text in texts):
        salt += 1
    return line


@dataclass(frozen=True)
class Fenced:
    """An article as a template sees it: `{{ article }}` is its text between fences, the other fields are for mention."""

    number: int
    source: str
    title: str
    published: str
    text: str
    token: str

    def __str__(self) -> str:
        return f"<article-{self.token}>\n{self.text}\n</article-{self.token}>"


class Prompt:
    """Messages from three templates: `system`, `summary` (one article) and `brief` (an event's articles).

    Templates see `event` (its title), `articles` (each with number, source, title, published, text) and `draft` (the
    brief so far, when it is refined article by article; else empty). They are strict (an unknown variable is a
    ConfigError when the prompt is made) and sandboxed. Articles are data, not instructions: each stands between
    fences with a token that is derived from all the texts shown and occurs in none of them, so no text can close
    its own fence.
    """

    def __init__(self, name: str, system: str, summary: str, brief: str) -> None:
        self.name = name
        self._source = {"system": system, "summary": summary, "brief": brief}
        self._templates = {block: self._compile(block, source) for block, source in self._source.items()}
        trial = Event("trial", (Article("a", "A text."), Article("b", "Another.")), title="A title")
        for kind in ("summary", "brief"):
            for draft in ("", "A draft."):
                self.render(kind, trial, trial.articles, draft)

    @cached_property
    def signature(self) -> Signature:
        return Signature("prompt", (("name", self.name), ("template", digest(self._source))))

    def render(self, kind: Kind, event: Event, articles: Sequence[Article], draft: str = "") -> tuple[Message, ...]:
        """The system and the user message; no system message when that block is empty."""
        token = _token([event.title, draft, *(article.text for article in articles)])
        shown = [
            Fenced(i, article.source, article.title, article.published or "", article.text, token)
            for i, article in enumerate(articles, start=1)
        ]
        values: dict[str, object] = {"event": event.title, "articles": shown, "draft": draft}
        system, user = (self._fill(block, values) for block in ("system", kind))
        return (*([Message("system", system)] if system else []), Message("user", user))

    def _compile(self, block: str, source: str):
        from jinja2 import StrictUndefined, TemplateError, meta
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        try:
            unknown = sorted(meta.find_undeclared_variables(environment.parse(source)) - set(VARIABLES))
            template = environment.from_string(source)
        except (TemplateError, TypeError) as error:
            raise ConfigError(
                f"The {block} template of prompt {self.name!r} is no Jinja2 template: {error}."
            ) from error
        if unknown:
            raise ConfigError(
                f"The {block} template of prompt {self.name!r} uses {unknown[0]!r}; there are {', '.join(VARIABLES)}."
            )
        return template

    def _fill(self, block: str, values: dict[str, object]) -> str:
        from jinja2 import TemplateError

        try:
            return self._templates[block].render(values).strip()
        except (TemplateError, TypeError, ValueError) as error:
            raise ConfigError(f"The {block} template of prompt {self.name!r} cannot be filled: {error}.") from error


class Bare:
    """The prompt of a model that takes no instructions: the draft and the texts, a blank line between them."""

    name = "bare"
    signature = Signature("prompt", (("name", "bare"),))

    def render(self, kind: Kind, event: Event, articles: Sequence[Article], draft: str = "") -> tuple[Message, ...]:
        return (Message("user", "\n\n".join(text for text in (draft, *(a.text for a in articles)) if text)),)


def _token(texts: Sequence[str]) -> str:
    """Six hex digits that depend on the texts and stand in none of them.

    >>> _token(["a"]) == _token(["a"]) != _token(["b"])
    True
    """
    content = "\0".join(texts)
    for attempt in range(1000):
        token = hashlib.sha256(f"{attempt}\0{content}".encode()).hexdigest()[:6]
        if token not in content:
            return token
    raise ValueError("no token of six hex digits is missing from the texts")
