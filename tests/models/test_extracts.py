"""The models that read no prompt: lead, oracle, recorded texts and the controls."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.errors import ConfigError, DataError
from harness.models.controls import Copy, Empty, OtherEvent
from harness.models.extract import Extract
from harness.models.lead import Lead
from harness.models.oracle import Oracle
from harness.models.recorded import Recorded
from harness.protocols import Request
from harness.schema import Event, Generation

MakeEvent = Callable[..., Event]


def brief(event: Event) -> Request:
    return Request(f"{event.id}/brief", "brief", event, event.articles)


def summary(event: Event, number: int = 0) -> Request:
    article = event.articles[number]
    return Request(f"{event.id}/{article.id}", "summary", event, (article,))


def written(model: Extract, requests: Sequence[Request], wanted: frozenset[str] | None = None) -> list[Generation]:
    out: dict[str, Generation] = {}
    model.generate(requests, lambda request, generation: out.__setitem__(request.id, generation), wanted)
    return [out[request.id] for request in requests if wanted is None or request.id in wanted]


def text(model: Extract, request: Request) -> str:
    (generation,) = written(model, [request])
    assert generation.finish == "copied", generation.error
    return generation.text


def test_lead_takes_the_first_sentences(make_event: MakeEvent) -> None:
    event = make_event("e", "One is here. Two is here. Three is here. Four is here.", "Uno. Dos.", "")
    assert text(Lead(k=2), summary(event)) == "One is here. Two is here."
    assert text(Lead(k=9), summary(event, 1)) == "Uno. Dos."
    assert text(Lead(), summary(event, 2)) == ""


def test_the_lead_brief_takes_turns_and_says_nothing_twice(make_event: MakeEvent) -> None:
    event = make_event("e", "Same start. Two is here.", "Same start. Dos.", "Eins.", "Ichi.")
    assert text(Lead(k=2), brief(event)) == "Same start. Eins. Ichi."
    assert text(Lead(k=5), brief(event)) == "Same start. Eins. Ichi. Two is here. Dos."


def test_oracle_finds_the_sentences_of_the_reference(make_event: MakeEvent) -> None:
    event = make_event(
        "e",
        "The weather was mild. A fire killed nine people in Oslo. The mayor likes chess.",
        "Sport was dull. Police arrested the owner of the building on Friday.",
        reference="A fire killed nine people in Oslo. Police arrested the owner of the building on Friday.",
    )
    assert text(Oracle(), brief(event)) == event.reference
    assert text(Oracle(max_sentences=1), brief(event)) in (event.reference or "")
    assert text(Oracle(), summary(event, 0)) == "A fire killed nine people in Oslo."


def test_no_extract_of_the_same_length_is_better_than_the_oracle_by_much(make_event: MakeEvent) -> None:
    """Greedy search is not exhaustive; it must at least beat every single sentence and the lead."""
    from rouge_score_rs.rouge_scorer import RougeScorer

    sentences = [
        "Alpha beta gamma delta.",
        "Beta gamma nothing here.",
        "Delta epsilon zeta.",
        "Epsilon zeta eta theta.",
    ]
    event = make_event("e", " ".join(sentences), reference="Alpha beta gamma delta epsilon zeta eta theta.")
    scorer = RougeScorer(["rouge1", "rouge2"], use_stemmer=True)

    def score(candidate: str) -> float:
        return sum(part.fmeasure for part in scorer.score(event.reference, candidate).values())

    best = score(text(Oracle(), brief(event)))
    assert all(best >= score(other) for other in [*sentences, text(Lead(), brief(event))])


def test_an_oracle_without_a_reference_says_so(make_event: MakeEvent) -> None:
    (generation,) = written(Oracle(), [brief(make_event("storm", "A text."))])
    assert (generation.finish, generation.text) == ("error", "")
    assert "storm" in (generation.error or "")


def test_controls(make_event: MakeEvent) -> None:
    one = make_event("one", "One text. Of one.", "More of one.")
    two = make_event("two", "Two text. Of two.", "More of two.")
    zoo = make_event("zoo", "Zoo text.")
    everything = [brief(zoo), brief(one), summary(one), brief(two), summary(one, 1)]
    assert [g.text for g in written(Empty(), everything)] == [""] * 5
    assert text(Copy(), summary(one, 1)) == "More of one."
    assert text(Copy(), brief(one)) == "One text. Of one."
    others = [
        "One text. More of one. Of one.",
        "Two text. More of two. Of two.",
        "Two text. Of two.",
        "Zoo text.",
        "Two text. Of two.",
    ]
    assert [g.text for g in written(OtherEvent(), everything)] == others
    assert [g.text for g in written(OtherEvent(), everything[::-1])] == others[::-1]
    assert [g.text for g in written(OtherEvent(), everything, frozenset({"one/a1"}))] == ["Two text. Of two."]
    (alone,) = written(OtherEvent(), [brief(one)])
    assert (alone.finish, alone.error) == ("error", "there is no other event")


def test_recorded_texts_are_found_by_their_fields(make_event: MakeEvent, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    lines = [
        {"event_id": "e", "kind": "brief", "text": "The brief.\n"},
        {"event_id": "e", "kind": "summary", "article_id": "a2", "text": ""},
        {"event_id": "elsewhere", "kind": "brief", "text": "Of another event."},
    ]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    event = make_event("e", "A text.", "Another.")
    model = Recorded(str(file))
    first, second, third = written(model, [summary(event, 0), summary(event, 1), brief(event)])
    assert first.finish == "error"
    assert first.error == "texts.jsonl has no summary of article a1 for event e"
    assert (second.finish, second.text) == ("copied", "")
    assert (third.finish, third.text) == ("copied", "The brief.")
    before = str(model.signature)
    file.write_text(file.read_text().replace("The brief", "A brief"))
    assert str(Recorded(str(file)).signature) != before


GOOD = '{"event_id": "e", "kind": "brief", "text": "t"}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"event_id": "f", "kind": "brief"}', "text is no text"),
        ('{"event_id": 3, "kind": "brief", "text": "t"}', "event_id"),
        ('{"event_id": "f", "kind": "note", "text": "t"}', "'note'"),
        ('{"event_id": "f", "kind": "summary", "text": "t"}', "article_id"),
        ('{"event_id": "f", "kind": "brief", "text": "t", "article_id": "a"}', "article_id"),
        ('{"event_id": "f", "kind": "brief", "text": "t", "summary": "t"}', "'summary'"),
        (GOOD, "earlier brief"),
    ],
)
def test_a_line_that_is_no_recorded_text(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text(f"{GOOD}\n\n{line}\n")
    with pytest.raises(DataError, match=message) as caught:
        Recorded(str(file))
    assert f"{file}:3" in str(caught.value)


def test_undecodable_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_bytes(GOOD.encode() + b"\n\xff\xfe\n")
    with pytest.raises(DataError, match=r"texts.jsonl:2"):
        Recorded(str(tmp_path / "texts.jsonl"))
    with pytest.raises(DataError, match=r"model\.path"):
        Recorded(str(tmp_path / "absent.jsonl"))


def test_a_lead_has_a_sentence() -> None:
    with pytest.raises(ConfigError, match="k=0"):
        Lead(k=0)
    with pytest.raises(ConfigError, match="max_sentences=0"):
        Oracle(max_sentences=0)
