"""Stage 1 with tiny real checkpoints: what prompts show, what is recorded, and that interruptions change nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, ContextError
from harness.generate import Articles, Brief, Refine, Summaries, generate, share
from harness.models import Checkpoint
from harness.models.huggingface import Transformers
from harness.models.lead import Lead
from harness.models.oracle import Oracle
from harness.prompt import Prompt
from harness.protocols import Request
from harness.schema import Article, Event, Generation, Summary
from harness.store import MemoryCache, RunFolder

pytestmark = pytest.mark.usefixtures("no_network")

MakeEvent = Callable[..., Event]
PROMPT = Prompt("p", "Write.", "{{ articles[0] }}", "{{ draft }}{% for a in articles %}{{ a }}{% endfor %}")
SENTENCE = "The mayor of Port Ellery told reporters the warehouse would be rebuilt. "


class Spy:
    """A real model, and the requests it was asked for."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.asked: dict[str, Request] = {}
        self.wanted: list[set[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, requests: Sequence[Request], done: Any, wanted: frozenset[str] | None = None) -> None:
        self.asked |= {request.id: request for request in requests}
        self.wanted.append(set(wanted or ()))
        self._model.generate(requests, done, wanted)


def causal(folder: Path, **settings: Any) -> Spy:
    given = {"summary_tokens": 12, "brief_tokens": 16, **settings}
    return Spy(
        Transformers(Checkpoint("tiny", id=str(folder), **given), device="cpu", dtype="float32", batch_tokens=400)
    )


@pytest.fixture
def events(make_event: MakeEvent) -> list[Event]:
    return [
        make_event("fire", "Police closed the road.", "The fire at the harbour. Nobody was missing."),
        make_event("one", "12 people were hurt."),
        make_event(
            "three", "Nobody was missing.", SENTENCE, "The minister said on Monday that police closed the road."
        ),
    ]


def run(
    events: Sequence[Event], model: Any, brief: Brief, path: Path, cache: MemoryCache | None = None
) -> list[Summary]:
    with RunFolder(path) as folder:
        return generate(events, model, PROMPT, brief, folder, cache or MemoryCache())


STRATEGIES = [Articles("articles"), Summaries("summaries"), Refine("refine")]


@pytest.mark.parametrize("brief", STRATEGIES, ids=lambda brief: brief.name)
def test_every_article_has_a_summary_and_every_event_a_brief(
    brief: Brief, events: list[Event], tiny_causal: Path, tmp_path: Path
) -> None:
    model = causal(tiny_causal)
    out = run(events, model, brief, tmp_path)
    assert [summary.id for summary in out] == [
        "fire/a1", "fire/a2", "fire/brief", "one/a1", "one/brief", "three/a1", "three/a2", "three/a3", "three/brief"
    ]  # fmt: skip
    assert RunFolder(tmp_path).read("summaries", Summary) == out
    for summary in out:
        event = next(e for e in events if e.id == summary.event_id)
        ids = tuple(a.id for a in event.articles)
        assert summary.kind == ("brief" if summary.id.endswith("brief") else "summary")
        assert summary.article_ids == (ids if summary.kind == "brief" else (summary.id.split("/")[1],))
        assert summary.text == summary.generation.text
        assert summary.generation.finish == "length"
        assert tuple(shown.article_id for shown in summary.generation.shown) == summary.article_ids
        if brief.name != "summaries" or summary.kind == "summary":
            texts = [event.article(id).text for id in summary.article_ids]
            assert [s.tokens for s in summary.generation.shown] == model.count_tokens(texts)
        assert all(s.kept == s.tokens for s in summary.generation.shown)


def test_what_each_strategy_shows(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    three = events[2]
    shown = {}
    for brief in STRATEGIES:
        model = causal(tiny_causal)
        out = {s.id: s.text for s in run(events, model, brief, tmp_path / brief.name)}
        shown[brief.name] = {
            id: request.messages[-1].content for id, request in model.asked.items() if id.startswith("three/brief")
        }
        if brief.name == "summaries":
            assert all(out[f"three/{a.id}"] in shown["summaries"]["three/brief"] for a in three.articles)
        if brief.name == "refine":
            last = RunFolder(tmp_path / "refine").read("summaries", Summary)[-1]
            assert last.generation.prompt_tokens == model.prompt_tokens(model.asked["three/brief"].messages)
    assert all(article.text.strip() in shown["articles"]["three/brief"] for article in three.articles)
    assert list(shown["refine"]) == ["three/brief@1", "three/brief@2", "three/brief"]
    for prompt, article in zip(shown["refine"].values(), three.articles, strict=True):
        assert article.text.strip() in prompt
    assert not shown["refine"]["three/brief"].startswith("<article"), "no draft"


# The context


def test_articles_share_a_small_context_fairly(make_event: MakeEvent, tiny_causal: Path, tmp_path: Path) -> None:
    event = make_event("e", "Police closed the road.", SENTENCE * 12, SENTENCE * 30)
    model = causal(tiny_causal)
    *_, brief = run([event], model, Articles("articles", min_share=20), tmp_path)
    short, middle, long = brief.generation.shown
    assert brief.generation.finish == "length"
    assert short.kept == short.tokens
    assert (middle.tokens, long.tokens) == tuple(model.count_tokens([SENTENCE * 12, SENTENCE * 30]))
    sentence = model.count_tokens([SENTENCE])[0]
    assert abs(middle.kept - long.kept) <= sentence
    assert 0 < long.kept < long.tokens
    room = model.max_prompt_tokens("brief")
    assert room - 3 * sentence < brief.generation.prompt_tokens <= room
    shown = model.asked["e/brief"].messages[-1].content
    assert shown.count("<article-") == shown.count("rebuilt.\n</article-") + 1, "cut inside a sentence"


@pytest.mark.parametrize("words", [1, 40, 90, 140, 141, 142, 143, 300])
def test_no_prompt_is_too_long_and_none_is_cut_needlessly(
    make_event: MakeEvent, tiny_causal: Path, tmp_path: Path, words: int
) -> None:
    event = make_event("e", "ü🙂 " * words)
    model = causal(tiny_causal)
    summary, _ = run([event], model, Articles("articles", min_share=8), tmp_path)
    (shown,) = summary.generation.shown
    room = model.max_prompt_tokens("summary")
    assert summary.generation.prompt_tokens <= room
    if shown.kept < shown.tokens:
        full = replace(event.articles[0], text=event.articles[0].text)
        assert model.prompt_tokens(PROMPT.render("summary", event, [full])) > room
        assert summary.generation.prompt_tokens > room - 16


def test_too_little_room_for_a_fair_share_is_recorded(make_event: MakeEvent, tiny_causal: Path, tmp_path: Path) -> None:
    event = make_event("e", *[SENTENCE * 5] * 9)
    model = causal(tiny_causal)
    *summaries, brief = run([event], model, Articles("articles", min_share=40), tmp_path)
    assert {s.generation.finish for s in summaries} == {"length"}
    assert (brief.generation.finish, brief.text) == ("error", "")
    assert "at least 360" in (brief.generation.error or "")
    assert "brief.min_share=40" in (brief.generation.error or "")
    assert all(shown.kept == 0 < shown.tokens for shown in brief.generation.shown)
    assert "e/brief" not in model.asked


def test_a_prompt_that_leaves_no_room_is_an_error_before_any_call(
    events: list[Event], tiny_causal: Path, tmp_path: Path
) -> None:
    model = causal(tiny_causal, context_tokens=60)
    with pytest.raises(
        ContextError, match=r"summary prompt 'p' has \d+ tokens without any article.*60 tokens, 12 of them"
    ):
        run(events, model, Articles("articles"), tmp_path)
    assert not model.asked
    assert not list(tmp_path.glob("*.jsonl"))


def test_an_article_without_text_is_not_asked_about(make_event: MakeEvent, tiny_causal: Path, tmp_path: Path) -> None:
    event = make_event("e", "  \n", "Police closed the road.")
    empty, full, brief = run([event], causal(tiny_causal), Articles("articles"), tmp_path)
    assert (empty.generation.finish, empty.text) == ("error", "")
    assert full.generation.finish == brief.generation.finish == "length"
    assert [shown.kept > 0 for shown in brief.generation.shown] == [False, True]


@pytest.mark.parametrize(
    ("counts", "room"), [([5, 5, 5], 10), ([100, 1, 50], 60), ([3], 0), ([], 9), ([7, 7], -3), ([2, 9, 4], 15)]
)
def test_shares(counts: list[int], room: int) -> None:
    out = share(counts, room)
    assert all(0 <= given <= count for given, count in zip(out, counts, strict=True))
    assert sum(out) == min(sum(counts), max(0, room)), (
        "room left while somebody wants more, or more given than there is"
    )
    short = [given for given, count in zip(out, counts, strict=True) if given < count]
    assert not short or max(out) - min(short) <= 1, "somebody has more than one who wants more"


# Models that are no chat models


def test_a_model_without_instructions_reads_the_bare_articles(
    events: list[Event], tiny_seq2seq: Path, tmp_path: Path
) -> None:
    model = causal(tiny_seq2seq, prompted=False)
    out = run(events, model, Articles("articles"), tmp_path)
    assert {summary.generation.finish for summary in out} <= {"length", "stop"}
    (message,) = model.asked["fire/brief"].messages
    assert message.content == "\n\n".join(article.text for article in events[0].articles)


@pytest.mark.parametrize("model", [Lead(), Oracle()], ids=lambda model: model.name)
def test_extracts_need_no_prompt(model: Any, events: list[Event], tmp_path: Path) -> None:
    out = generate(events, model, None, None, RunFolder(tmp_path), MemoryCache())
    assert len(out) == 9
    assert {summary.generation.finish for summary in out} == {"copied" if model.name == "lead" else "error"}


def test_a_prompt_is_needed_where_it_is_read(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prompt"):
        generate(events, causal(tiny_causal), None, None, RunFolder(tmp_path), MemoryCache())


def test_ids_cannot_collide(tmp_path: Path) -> None:
    event = Event("e", (Article("brief", "A text."),))
    with pytest.raises(ConfigError, match="'e/brief'"):
        generate([event], Lead(), None, None, RunFolder(tmp_path), MemoryCache())


# Resume and cache


class Killed(BaseException):
    pass


@pytest.mark.parametrize("brief", STRATEGIES, ids=lambda brief: brief.name)
@pytest.mark.parametrize("with_cache", [False, True])
def test_interruptions_change_no_byte(
    brief: Brief,
    with_cache: bool,
    events: list[Event],
    tiny_causal: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = causal(tiny_causal)
    run(events, model, brief, tmp_path / "whole")
    expected = (tmp_path / "whole" / "summaries.jsonl").read_bytes()
    append = RunFolder.append
    left = 0

    def dies(self: RunFolder, name: Any, nouns: Any) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        append(self, name, nouns)

    monkeypatch.setattr(RunFolder, "append", dies)
    cache = MemoryCache()
    for _ in range(30):
        left = 2
        try:
            run(events, model, brief, tmp_path / "torn", cache if with_cache else MemoryCache())
        except Killed:
            continue
        break
    else:
        pytest.fail("it never ended")
    assert (tmp_path / "torn" / "summaries.jsonl").read_bytes() == expected


def test_what_is_recorded_is_not_written_again(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    first = run(events, causal(tiny_causal), Articles("articles"), tmp_path)
    before = (tmp_path / "summaries.jsonl").stat().st_mtime_ns
    again = causal(tiny_causal)
    assert run(events, again, Articles("articles"), tmp_path) == first
    assert not again.asked
    assert (tmp_path / "summaries.jsonl").stat().st_mtime_ns == before


def test_the_cache_serves_other_folders_and_knows_models_apart(
    events: list[Event], tiny_causal: Path, tmp_path: Path
) -> None:
    cache = MemoryCache()
    first = run(events, causal(tiny_causal), Articles("articles"), tmp_path / "1", cache)
    cached = causal(tiny_causal)
    assert run(events, cached, Articles("articles"), tmp_path / "2", cache) == first
    assert not cached.asked
    for other in (causal(tiny_causal, repetition_penalty=1.3), causal(tiny_causal, summary_tokens=11)):
        run(events, other, Articles("articles"), tmp_path / str(id(other)), cache)
        assert "fire/a1" in other.wanted[0]
    # An event more: what is new is written, nothing else.
    more = causal(tiny_causal)
    run([*events, replace(events[0], id="copy")], more, Refine("refine"), tmp_path / "3", cache)
    assert all(not any(id.split("/")[1] != "brief" and "@" not in id for id in wanted) for wanted in more.wanted)


def test_progress_counts_each_text_once(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    def counted() -> Iterator[Any]:
        counts = [0, 0]

        def advance(items: int, tokens: int) -> None:
            counts[0] += items
            counts[1] += tokens

        yield counts
        yield advance

    counts, advance = counted()
    folder = RunFolder(tmp_path)
    out = generate(events, causal(tiny_causal), PROMPT, STRATEGIES[0], folder, MemoryCache(), advance)
    assert counts == [9, sum(summary.generation.output_tokens for summary in out)]
    generate(events, causal(tiny_causal), PROMPT, STRATEGIES[0], folder, MemoryCache(), advance)
    assert counts[0] == 18


# Failures of one text


class Mute:
    """A real model that writes nothing for some requests, or fails."""

    def __init__(self, model: Spy, silent: set[str], finish: Any = "stop") -> None:
        self._model, self._silent, self._finish = model, silent, finish

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, requests: Sequence[Request], done: Any, wanted: frozenset[str] | None = None) -> None:
        def mute(request: Request, generation: Generation) -> None:
            if request.id in self._silent:
                error = "out of memory" if self._finish == "error" else None
                generation = Generation("", self._finish, error=error)
            done(request, generation)

        self._model.generate(requests, mute, wanted)


def test_an_empty_text_stays_empty(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    model = Mute(causal(tiny_causal), {"fire/a1", "fire/brief"})
    out = {summary.id: summary for summary in run(events, model, Articles("articles"), tmp_path)}
    for id in ("fire/a1", "fire/brief"):
        assert (out[id].text, out[id].generation.finish, out[id].generation.error) == ("", "stop", None)


def test_summaries_that_failed_are_not_merged(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    spy = causal(tiny_causal)
    out = {s.id: s for s in run(events, Mute(spy, {"fire/a1", "one/a1"}, "error"), Summaries("summaries"), tmp_path)}
    assert [(s.article_id, s.kept > 0) for s in out["fire/brief"].generation.shown] == [("a1", False), ("a2", True)]
    assert out["fire/brief"].text
    assert out["one/brief"].generation.finish == "error"
    assert "no summary of its articles" in (out["one/brief"].generation.error or "")
    assert "one/brief" not in spy.asked


@pytest.mark.parametrize(("finish", "why"), [("error", "out of memory"), ("stop", "wrote nothing")])
def test_a_refinement_that_breaks_off_is_an_error(
    finish: str, why: str, events: list[Event], tiny_causal: Path, tmp_path: Path
) -> None:
    spy = causal(tiny_causal)
    out = {s.id: s for s in run(events, Mute(spy, {"three/brief@2"}, finish), Refine("refine"), tmp_path)}
    generation = out["three/brief"].generation
    assert generation.finish == "error"
    assert generation.error == f"round 2 of 3 failed: {'it ' if finish == 'stop' else ''}{why}"
    assert "three/brief" not in spy.asked
    assert out["fire/brief"].generation.finish == "length"


def test_failures_are_not_cached(events: list[Event], tiny_causal: Path, tmp_path: Path) -> None:
    cache = MemoryCache()
    run(events, Mute(causal(tiny_causal), {"fire/a1"}, "error"), Articles("articles"), tmp_path / "1", cache)
    again = run(events, causal(tiny_causal), Articles("articles"), tmp_path / "2", cache)
    assert again[0].generation.finish == "length"


def test_a_setting_that_shows_nothing() -> None:
    with pytest.raises(ConfigError, match="min_share"):
        Articles("articles", min_share=0)
