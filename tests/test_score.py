from __future__ import annotations

from pathlib import Path

import pytest

from harness.checkers.lexical import Lexical
from harness.claims.sentences import Sentences
from harness.desk import Desk, article_source
from harness.errors import ConfigError, WeightsError
from harness.evaluators.factual_consistency import FactualConsistency
from harness.evaluators.omission import Omission
from harness.evaluators.rouge import Rouge
from harness.evaluators.sheet import Sheet
from harness.evaluators.style import Style
from harness.schema import Extraction, KeyFacts, Score, Signature, Verdict
from harness.score import score
from harness.store import Cache, MemoryCache, RunFolder

FILES = ("claims", "verdicts", "key_facts", "scores")
FIRE = "A fire destroyed the Carrow warehouse in Port Ellery on Monday. Nobody was killed in the fire."
QUAY = "Ballast Quay is closed until Thursday. A fire destroyed the Carrow warehouse on Monday."


@pytest.fixture
def events(make_event):
    flood = ("A levee broke in Kirnbach. 300 soldiers were sent.", "The levee of Kirnbach broke on Tuesday.")
    return [make_event("fire", FIRE, QUAY, reference="A fire destroyed a warehouse."), make_event("flood", *flood)]


@pytest.fixture
def summaries(events, make_summary):
    texts = ("A fire destroyed the Carrow warehouse. It rained.", "", "I'm sorry, but I can't.", "A levee broke.")
    return [make_summary(event, text, str(n)) for event in events for n, text in enumerate(texts)] + [
        make_summary(events[0], "Nobody was killed.", "a1", article="a1")
    ]


def evaluators():
    return [Rouge(), FactualConsistency(), Omission(), Style()]


class Counting:
    """A part that counts what it is asked."""

    def __init__(self, part):
        self.part, self.signature, self.asked = part, part.signature, 0

    def check(self, pairs):
        self.asked += len(pairs)
        return self.part.check(pairs)

    def extract(self, texts):
        self.asked += len(texts)
        return self.part.extract(texts)


def make_desk(folder=None, cache=None, threshold=0.75):
    return Desk(Counting(Sentences()), Counting(Lexical(threshold)), cache or MemoryCache(), folder)


def run(path, events, summaries, chosen=None, cache=None, threshold=0.75):
    with RunFolder(path) as folder:
        return score(events, summaries, chosen or evaluators(), make_desk(folder, cache, threshold), folder)


def content(path: Path) -> dict[str, bytes]:
    return {name: (path / f"{name}.jsonl").read_bytes() for name in FILES}


def test_every_summary_and_metric_has_one_row(events, summaries) -> None:
    rows = score(events, summaries, evaluators(), make_desk())
    metrics = [metric for evaluator in evaluators() for metric in evaluator.metrics]
    order = [s for event in events for s in summaries if s.event_id == event.id]
    assert [(row.summary_id, row.metric) for row in rows] == [(s.id, metric) for s in order for metric in metrics]
    assert all((row.value is None) == (row.outcome != "scored") == bool(row.reason) for row in rows)
    assert {row.outcome for row in rows} == {"scored", "empty", "refusal", "no_reference"}


def test_order_of_events_summaries_and_evaluators_changes_no_number(events, summaries) -> None:
    forward = score(events, summaries, evaluators(), make_desk())
    backward = score(events[::-1], summaries[::-1], evaluators()[::-1], make_desk())
    assert sorted(map(repr, forward)) == sorted(map(repr, backward))


def test_the_folder_holds_what_the_scores_were_made_from(tmp_path, events, summaries) -> None:
    rows = run(tmp_path, events, summaries)
    folder = RunFolder(tmp_path)
    assert folder.read("scores", Score) == rows
    claims = {c.id: c for extraction in folder.read("claims", Extraction) for c in extraction.claims}
    assert {s.id for s in summaries if s.text and "sorry" not in s.text} <= {c.source_id for c in claims.values()}
    assert article_source(events[0], events[0].articles[0]) in {c.source_id for c in claims.values()}
    assert [facts.event_id for facts in folder.read("key_facts", KeyFacts)] == ["fire", "flood"]
    verdicts = folder.read("verdicts", Verdict)
    assert len({(v.claim_id, v.article_id) for v in verdicts}) == len(verdicts)
    facts = {f"key_fact:{k.event_id}/{f.id}" for k in folder.read("key_facts", KeyFacts) for f in k.facts}
    assert {v.claim_id for v in verdicts} <= claims.keys() | facts


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 20))
def test_killed_anywhere_and_run_again_leaves_the_same_bytes(tmp_path, monkeypatch, events, summaries, at) -> None:
    run(tmp_path / "undisturbed", events, summaries, cache=Cache(tmp_path / "one.sqlite"))
    append, calls = RunFolder.append, iter(range(1, 1000))

    def dying(self, name, nouns):
        append(self, name, nouns)
        if next(calls) == at:
            raise Killed

    cache = Cache(tmp_path / "two.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append", dying)
        try:
            run(tmp_path / "killed", events, summaries, cache=cache)
        except Killed:
            with (tmp_path / "killed" / "scores.jsonl").open("ab") as torn:
                torn.write(b'{"summary_id": "fi')
    run(tmp_path / "killed", events, summaries, cache=cache)
    assert content(tmp_path / "killed") == content(tmp_path / "undisturbed")


def test_a_second_run_asks_nobody_and_changes_nothing(tmp_path, events, summaries) -> None:
    first = run(tmp_path, events, summaries)
    before = content(tmp_path)
    with RunFolder(tmp_path) as folder:
        desk = make_desk(folder)
        assert score(events, summaries, evaluators(), desk, folder) == first
    assert (desk.extractor.asked, desk.checker.asked) == (0, 0)
    assert content(tmp_path) == before


def test_only_the_rows_of_a_changed_evaluator_are_made_anew(tmp_path, events, summaries) -> None:
    first = run(tmp_path, events, summaries)

    class Watched(Style):
        def score(self, *_):
            raise AssertionError("style has not changed")

    second = run(tmp_path, events, summaries, [Rouge(stem=False), FactualConsistency(), Omission(), Watched()])
    changed = {row.metric for a, row in zip(first, second, strict=True) if a.signature != row.signature}
    assert changed == set(Rouge.metrics)
    assert {row.signature for row in second if row.metric == "rouge1_f"} == {str(Rouge(stem=False).signature(None))}
    assert RunFolder(tmp_path).read("scores", Score) == second


def test_an_evaluator_that_is_not_asked_for_keeps_its_rows(tmp_path, events, summaries) -> None:
    first = run(tmp_path, events, summaries)
    run(tmp_path, events, summaries, [Style()])
    kept = RunFolder(tmp_path).read("scores", Score)
    assert sorted(map(repr, kept)) == sorted(map(repr, first))


def test_another_checker_leaves_no_old_verdict_behind(tmp_path, events, summaries) -> None:
    run(tmp_path / "changed", events, summaries, threshold=0.1)
    run(tmp_path / "changed", events, summaries)
    run(tmp_path / "fresh", events, summaries)
    assert content(tmp_path / "changed") == content(tmp_path / "fresh")


class Fragile(Style):
    name, metrics = "fragile", ("fragile",)

    def __init__(self, error: Exception | None = None, value: float = 1.0, leaves_out: str = "") -> None:
        self.error, self.value, self.leaves_out = error, value, leaves_out

    def signature(self, desk):
        return Signature("fragile")

    def score(self, event, summaries, desk):
        if self.error and event.id == "fire":
            raise self.error
        sheet = Sheet(self, event, summaries, desk)
        for summary in sheet.summaries:
            sheet.scored(summary, {"fragile": self.value}, 1)
        return [row for row in sheet.scores() if row.summary_id != self.leaves_out]


def test_one_failing_event_is_recorded_and_the_rest_goes_on(tmp_path, events, summaries) -> None:
    rows = run(tmp_path, events, summaries, [Fragile(ZeroDivisionError("ouch")), Rouge()])
    failed = [row for row in rows if row.metric == "fragile" and row.event_id == "fire"]
    assert len(failed) == 5
    assert {(row.value, row.outcome, row.reason) for row in failed} == {
        (None, "error", "fragile failed: ZeroDivisionError: ouch")
    }
    assert any(row.outcome == "scored" for row in rows if row.event_id == "flood" and row.metric == "fragile")
    assert any(row.outcome == "scored" for row in rows if row.event_id == "fire" and row.metric == "rouge1_f")
    again = run(tmp_path, events, summaries, [Fragile(), Rouge()])
    assert not any(row.outcome == "error" for row in again), "what failed is tried again"


def test_the_verdicts_of_several_events_are_asked_for_at_once(events, summaries) -> None:
    calls = []

    class Watched(Lexical):
        def check(self, pairs):
            calls.append({claim.source_id.split("/")[0] for claim, _ in pairs})
            return super().check(pairs)

    score(events, summaries, [FactualConsistency()], Desk(Sentences(), Watched(0.75)))
    assert calls == [{"fire", "flood"}]


def test_what_fails_ahead_is_recorded_where_its_event_is_scored(events, summaries) -> None:
    class Refusing(Lexical):
        def check(self, pairs):
            if any(claim.source_id.startswith("fire") for claim, _ in pairs):
                raise ValueError("no")
            return super().check(pairs)

    rows = score(events, summaries, [FactualConsistency()], Desk(Sentences(), Refusing(0.75)))
    assert {(r.outcome, r.reason) for r in rows if r.event_id == "fire" and r.reason and "failed" in r.reason} == {
        ("error", "factual_consistency failed: ValueError: no")
    }
    assert any(row.outcome == "scored" for row in rows if row.event_id == "flood")


def test_what_the_user_has_to_mend_ends_the_run(events, summaries) -> None:
    with pytest.raises(WeightsError):
        score(events, summaries, [Fragile(WeightsError("no weights"))], make_desk())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_nan_ever_becomes_a_score(events, summaries, value) -> None:
    rows = score(events, summaries, [Fragile(value=value)], make_desk())
    assert {(row.value, row.outcome) for row in rows} == {
        (None, "error"),
        (None, "empty"),
        (None, "refusal"),
    }


def test_a_row_that_an_evaluator_forgets_is_an_error(events, summaries) -> None:
    rows = score(events, summaries, [Fragile(leaves_out="flood/3")], make_desk())
    [row] = [row for row in rows if row.summary_id == "flood/3"]
    assert (row.value, row.outcome, row.reason) == (None, "error", "fragile returned no score")


def test_summaries_of_unknown_events_are_no_silent_loss(events, summaries) -> None:
    with pytest.raises(ValueError, match="flood"):
        score(events[:1], summaries, [Style()], make_desk())


def test_two_evaluators_of_one_metric_are_refused(events, summaries) -> None:
    with pytest.raises(ConfigError, match="words, sentences"):
        score(events, summaries, [Style(), Style()], make_desk())


def test_progress_counts_events(events, summaries) -> None:
    seen = []
    score(events, summaries, [Style()], make_desk(), advance=lambda items, tokens: seen.append(items))
    assert seen == [1, 1]
