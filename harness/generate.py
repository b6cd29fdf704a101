"""Stage 1: a summary of every article, and a brief of every event.

What a prompt shows of each article is decided here, before the model is called, with the model's own tokenizer:
articles share the room fairly, are cut at the end of a sentence, and `Generation.shown` records what was kept. A
summary's id is `{event id}/{article id}`, a brief's `{event id}/brief`. An event with one article gets a brief as any
other does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from harness.errors import ConfigError, ContextError
from harness.progress import Advance, silent
from harness.prompt import Bare, Prompt
from harness.protocols import Request, TextModel
from harness.provenance import cache_key
from harness.schema import Article, Event, Generation, Kind, Message, Shown, Signature, Summary, from_dict, to_dict
from harness.store import Cache, RunFolder
from harness.text import sentences

log = logging.getLogger(__name__)

BRIEF = "brief"  # the last part of a brief's id; no article may be called so


class Brief(Protocol):
    """How the articles of an event become one brief, in one round or several.

    `min_share` is the least that a prompt has room for of each article, in tokens (all of a shorter one): if it has
    less, nothing is written, and the record says so.
    """

    name: str
    min_share: int

    @property
    def signature(self) -> Signature: ...

    def rounds(self, event: Event) -> int: ...

    def texts(self, event: Event, turn: int, summaries: Mapping[str, str]) -> tuple[Article, ...]:
        """What round `turn` (from 0) shows, as articles; `summaries` are those of the articles, by id."""


class _Strategy:
    """What the strategies share: their setting and signature."""

    def __init__(self, name: str, min_share: int = 48) -> None:
        if min_share < 1:
            raise ConfigError(f"brief.min_share={min_share}: an article that is shown has at least one token.")
        self.name, self.min_share = name, min_share

    @property
    def signature(self) -> Signature:
        return Signature("brief", (("strategy", type(self).__name__.lower()), ("min_share", str(self.min_share))))

    def rounds(self, event: Event) -> int:
        return 1


class Articles(_Strategy):
    """All articles in one prompt."""

    def texts(self, event: Event, turn: int, summaries: Mapping[str, str]) -> tuple[Article, ...]:
        return event.articles


class Summaries(_Strategy):
    """The summaries of the articles, merged; `shown` then counts the tokens of the summaries.

    An article whose summary is empty or failed has nothing to show: tokens 0.
    """

    def texts(self, event: Event, turn: int, summaries: Mapping[str, str]) -> tuple[Article, ...]:
        return tuple(replace(article, text=summaries.get(article.id, "")) for article in event.articles)


class Refine(_Strategy):
    """One article after the other: each round shows the brief so far and the next article.

    The tokens and the finish reason recorded are those of the last round. A round that writes nothing ends the brief
    with an error: the articles before it would be lost.
    """

    def rounds(self, event: Event) -> int:
        return len(event.articles)

    def texts(self, event: Event, turn: int, summaries: Mapping[str, str]) -> tuple[Article, ...]:
        return (event.articles[turn],)


@dataclass(frozen=True)
class _Task:
    """One text to write: what it is of, and what its prompt would show were there room for everything."""

    id: str
    kind: Kind
    event: Event
    articles: tuple[Article, ...]
    texts: tuple[Article, ...]
    draft: str = ""


def generate(
    events: Sequence[Event],
    model: TextModel,
    prompt: Prompt | None,
    brief: Brief | None,
    folder: RunFolder,
    cache: Cache,
    advance: Advance = silent,
) -> list[Summary]:
    """All summaries, event by event, each event's brief after those of its articles; recorded in `folder`.

    Each is on the disk when it is finished; what `folder` already holds is not written again, and the record ends in
    the same order, with the same bytes, however often the work was interrupted. `prompt` and `brief` may be None for
    models that read no prompt. `advance` is told of one item for each text, and of the tokens that were written for it.

    ContextError if the prompt alone, without any article, leaves no room in the model's context.
    """
    work = _Work(model, prompt, brief, cache, advance)
    order = [id for event in events for id in (*(f"{event.id}/{a.id}" for a in event.articles), f"{event.id}/{BRIEF}")]
    if len(set(order)) < len(order):
        raise ConfigError(f"Two texts would share the id {next(id for id in order if order.count(id) > 1)!r}.")
    held = folder.read("summaries", Summary)
    wanted = set(order)
    known = {summary.id: summary for summary in held if summary.id in wanted}
    advance(len(known), 0)

    def finish(task: _Task, generation: Generation) -> None:
        if task.id not in known:
            ids = tuple(article.id for article in task.articles)
            known[task.id] = Summary(task.id, task.event.id, task.kind, ids, generation.text, generation)
            folder.append("summaries", [known[task.id]])
            advance(1, 0)

    if wanted - set(known):
        work.check_context()
        singles = [_Task(f"{e.id}/{a.id}", "summary", e, (a,), (a,)) for e in events for a in e.articles]
        work.run(singles, finish, frozenset(known))
        _briefs(events, work, known, finish)
    summaries = [known[id] for id in order]
    if held != summaries:
        folder.rewrite("summaries", summaries)
    return summaries


def _briefs(
    events: Sequence[Event], work: _Work, known: Mapping[str, Summary], finish: Callable[[_Task, Generation], None]
) -> None:
    """Round by round: each round's prompts of all events are written together."""
    rounds = {event.id: work.brief.rounds(event) if work.brief else 1 for event in events}
    drafts: dict[str, str] = dict.fromkeys(rounds, "")
    shown: dict[str, tuple[Shown, ...]] = dict.fromkeys(rounds, ())
    failed: set[str] = set()
    for turn in range(max(rounds.values(), default=0)):
        tasks = []
        for event in events:
            if turn < rounds[event.id] and event.id not in failed:
                texts = event.articles
                if work.brief:
                    texts = work.brief.texts(
                        event, turn, {a.id: known[f"{event.id}/{a.id}"].text for a in event.articles}
                    )
                last = turn == rounds[event.id] - 1
                id = f"{event.id}/{BRIEF}" + ("" if last else f"@{turn + 1}")
                tasks.append(_Task(id, "brief", event, event.articles, texts, drafts[event.id]))

        def step(task: _Task, generation: Generation, turn: int = turn) -> None:
            event = task.event
            shown[event.id] += generation.shown
            generation = replace(generation, shown=shown[event.id])
            if turn == rounds[event.id] - 1:
                finish(task, generation)
            elif generation.text:
                drafts[event.id] = generation.text
            else:
                failed.add(event.id)
                why = generation.error or "it wrote nothing"
                error = f"round {turn + 1} of {rounds[event.id]} failed: {why}"
                whole = replace(task, id=f"{event.id}/{BRIEF}")
                finish(whole, replace(generation, finish="error", error=error))

        work.run(tasks, step, frozenset(known))


class _Work:
    """Tasks to generations: prompts within the budget, the cache, and the model for what is not there."""

    def __init__(
        self,
        model: TextModel,
        prompt: Prompt | None,
        brief: Brief | None,
        cache: Cache,
        advance: Callable[[int, int], None],
    ) -> None:
        if model.reads_prompt and (prompt is None or brief is None):
            raise ConfigError(f"The model {model.name!r} needs a prompt and a brief strategy.")
        self.model, self.brief, self.cache, self.advance = model, brief, cache, advance
        self.prompt: Prompt | Bare | None = prompt if model.prompted else Bare()

    def check_context(self) -> None:
        """ContextError if a prompt without articles is already too long."""
        if not self.model.reads_prompt:
            return
        assert self.prompt is not None
        for kind in ("summary", "brief"):
            limit = self.model.max_prompt_tokens(kind)
            needed = self.model.prompt_tokens(self.prompt.render(kind, Event("", ()), [Article("", "")]))
            if needed >= limit:
                raise ContextError(
                    f"The {kind} prompt {self.prompt.name!r} has {needed} tokens without any article, and the context of "
                    f"{self.model.name!r} ({self.model.context_tokens} tokens, {self.model.max_output_tokens(kind)} of them "
                    f"for the output) leaves {max(0, limit)}. Take a shorter prompt, a smaller output budget "
                    f"(model.{kind}_tokens) or a model with a longer context."
                )

    def run(self, tasks: Sequence[_Task], done: Callable[[_Task, Generation], None], held: frozenset[str]) -> None:
        """Call `done` for every task that is not `held`, in whatever order they are finished."""
        if all(task.id in held for task in tasks):
            return
        if not self.model.reads_prompt:
            by_id = {task.id: task for task in tasks}
            requests = [Request(task.id, task.kind, task.event, task.articles) for task in tasks]
            self.model.generate(requests, lambda r, g: done(by_id[r.id], g), frozenset(by_id) - held)
            return
        planned: dict[str, tuple[_Task, Request]] = {}
        for task in tasks:
            plan = self._plan(task)
            if isinstance(plan, Request):
                planned[task.id] = task, plan
            elif task.id not in held:
                done(task, plan)
        keys = {id: self._key(request) for id, (_, request) in planned.items()}
        cached = self.cache.get_many("generation", (keys[id] for id in planned if id not in held))
        missing = set()
        for id, (task, request) in planned.items():
            if id not in held:
                if keys[id] in cached:
                    done(task, replace(from_dict(Generation, cached[keys[id]]), shown=request.shown))
                else:
                    missing.add(id)

        def written(request: Request, generation: Generation) -> None:
            if generation.finish != "error":
                self.cache.put_many("generation", {keys[request.id]: to_dict(generation)})
            self.advance(0, generation.output_tokens)
            done(planned[request.id][0], replace(generation, shown=request.shown))

        if missing:
            self.model.generate([request for _, request in planned.values()], written, frozenset(missing))

    def _key(self, request: Request) -> str:
        return cache_key(
            "generation",
            model=str(self.model.signature),
            messages=request.messages,
            max_output_tokens=request.max_output_tokens,
        )

    def _plan(self, task: _Task) -> Request | Generation:
        """The request with as much of each text as fits, or the failure to be recorded."""
        model, prompt, brief = self.model, self.prompt, self.brief
        assert prompt is not None
        assert brief is not None
        texts = [text for text in task.texts if text.text.strip()]
        counts = dict(zip((t.id for t in texts), model.count_tokens([t.text for t in texts]), strict=True))
        if not texts:
            nothing = tuple(Shown(text.id, 0, 0) for text in task.texts)
            of = (
                "no summary of its articles has"
                if isinstance(brief, Summaries) and task.kind == "brief"
                else "it has no"
            )
            return Generation("", "error", shown=nothing, error=f"there is nothing to show the model: {of} text")
        limit = model.max_prompt_tokens(task.kind)

        def messages(kept: Iterable[Article]) -> tuple[Message, ...]:
            return prompt.render(task.kind, task.event, list(kept), task.draft)

        overhead = model.prompt_tokens(messages(replace(text, text="") for text in texts))
        room = limit - overhead
        least = sum(min(count, brief.min_share) for count in counts.values())
        while room >= least:
            shares = dict(zip(counts, share(list(counts.values()), room), strict=True))
            kept = [replace(t, text=_head(model, t.text, shares[t.id], counts[t.id])) for t in texts]
            full = messages(kept)
            excess = model.prompt_tokens(full) - limit
            if excess <= 0:  # texts may have more tokens inside a prompt than by themselves
                after = dict(zip(counts, model.count_tokens([text.text for text in kept]), strict=True))
                shown = tuple(Shown(text.id, counts.get(text.id, 0), after.get(text.id, 0)) for text in task.texts)
                budget = model.max_output_tokens(task.kind)
                return Request(task.id, task.kind, task.event, task.articles, full, shown, budget)
            room -= excess
        none = tuple(Shown(text.id, counts.get(text.id, 0), 0) for text in task.texts)
        error = (
            f"context too small: {len(texts)} texts of {sum(counts.values())} tokens, of which at least {least} have to be "
            f"shown (brief.min_share={brief.min_share}); the prompt itself takes {overhead} of the {limit} tokens that "
            f"{model.name} has for it, which leaves {max(0, limit - overhead)}"
        )
        return Generation("", "error", shown=none, error=error)


def share(counts: Sequence[int], room: int) -> list[int]:
    """How many tokens each text may have: all of it where it asks for no more than an equal part, what short texts
    leave going to the long ones in equal parts. Together at most `room`; the order of equal texts decides the odd token.

    >>> share([100, 900, 500], 1000)
    [100, 450, 450]
    >>> share([10, 20], 100)
    [10, 20]
    """
    out = [0] * len(counts)
    left = max(0, room)
    by_length = sorted(range(len(counts)), key=lambda i: (counts[i], -i))
    for at, i in enumerate(by_length):
        out[i] = min(counts[i], left // (len(by_length) - at))
        left -= out[i]
    return out


def _head(model: TextModel, text: str, tokens: int, has: int) -> str:
    """The text if it has at most `tokens` tokens, else the whole sentences that fit; where those would leave half of
    the room empty, the last one is cut between words."""
    if has <= tokens:
        return text
    head = model.cut(text, tokens)
    ends = [sentence.end for sentence in sentences(text) if sentence.end <= len(head)]
    if ends and 2 * ends[-1] >= len(head):
        return text[: ends[-1]]
    whole_words = head.rstrip() if text[len(head) : len(head) + 1].isspace() else head.rpartition(" ")[0].rstrip()
    return whole_words or head
