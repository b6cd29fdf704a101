import json

import pytest

from harness import planted
from harness.checkers.similarity import Similarity
from harness.claims.clauses import Clauses
from harness.errors import DataError
from harness.schema import Conflict, Verdict, Version

A1 = "The fire at the Carrow warehouse injured 11 people on Monday. The roof fell in. Chief Graham Tull praised his crews."
A2 = "The fire at the Carrow warehouse injured 14 people on Monday. A ferry was cancelled. Nobody died in the fire."
RECORD = {
    "event_id": "fire",
    "title": "Warehouse fire",
    "articles": [
        {"article_id": "a1", "source": "x", "published": "2025-03-03", "text": A1},
        {"article_id": "a2", "source": "y", "published": "2025-03-03", "text": A2},
    ],
    "facts": [
        {
            "fact_id": "f1",
            "text": "A warehouse burned and people were hurt.",
            "articles": ["a1", "a2"],
            "importance": "key",
        },
        {"fact_id": "f2", "text": "The roof of the building collapsed.", "articles": ["a1"], "importance": "minor"},
    ],
    "conflicts": [
        {
            "conflict_id": "c1",
            "kind": "number",
            "about": "number of injured",
            "versions": [
                {"article_id": "a1", "text": "injured 11 people"},
                {"article_id": "a2", "text": "injured 14 people"},
            ],
        }
    ],
    "non_conflicts": [],
    "briefs": [
        {
            "brief_id": "b1",
            "kind": "conflict_settled",
            "text": "The fire at the Carrow warehouse injured 11 people. The mayor resigned.",
            "claims": [
                {
                    "text": "The fire at the Carrow warehouse injured 11 people.",
                    "label": "supported",
                    "settles": "c1",
                    "side": "a1",
                },
                {
                    "text": "The mayor resigned.",
                    "label": "not_mentioned",
                    "wrong": "The mayor resigned",
                    "error": "invented",
                },
            ],
            "covered_facts": ["f1"],
            "omitted_key_facts": [],
            "distorted_facts": [],
        },
        {
            "brief_id": "b2",
            "kind": "conflict_flagged",
            "text": "Reports differ on whether 11 or 14 people were injured in the fire.",
            "claims": [
                {
                    "text": "Reports differ on whether 11 or 14 people were injured in the fire.",
                    "label": "supported",
                    "flags": "c1",
                    "needs": ["a1", "a2"],
                }
            ],
            "covered_facts": [],
            "omitted_key_facts": ["f1"],
            "distorted_facts": [],
        },
    ],
}


def write(path, *records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_the_layout_is_recognised_by_its_parts(tmp_path):
    assert planted.is_planted(write(tmp_path / "events.jsonl", RECORD))
    assert planted.is_planted(tmp_path)
    assert not planted.is_planted(tmp_path / "nowhere")
    assert not planted.is_planted(tmp_path / "nowhere.jsonl")
    write(tmp_path / "records.jsonl", {})
    assert not planted.is_planted(tmp_path)


def test_a_wrong_first_line_is_named_by_the_loader(tmp_path):
    file = write(tmp_path / "events.jsonl", {k: v for k, v in RECORD.items() if k != "briefs"})
    assert planted.is_planted(file)
    with pytest.raises(DataError, match=r"events.jsonl:1: the event lacks briefs"):
        planted.load(file)
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(RECORD).encode())
    assert planted.is_planted(file)
    assert len(planted.load(file)) == 1


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("conflicts", "kind", "nunber", r"the kind of 'c1' is 'nunber'; .* Did you mean number\?"),
        ("claim", "error", "rolle", r"the error of a claim of brief 'b1' is 'rolle'; .* Did you mean role\?"),
    ],
)
def test_an_unknown_kind_or_error_is_refused(tmp_path, part, key, value, message):
    wrong = json.loads(json.dumps(RECORD))
    (wrong["briefs"][0]["claims"][1] if part == "claim" else wrong[part][0])[key] = value
    with pytest.raises(DataError, match=f"e.jsonl:1: {message}"):
        planted.load(write(tmp_path / "e.jsonl", wrong))


def test_what_cannot_be_read_says_where(tmp_path):
    for damage in ({"facts": 3}, {"facts": [{"fact_id": "f", "text": "t", "articles": ["zz"]}]}):
        with pytest.raises(DataError, match=r"e.jsonl:1: "):
            planted.load(write(tmp_path / "e.jsonl", RECORD | damage))
    wrong = json.loads(json.dumps(RECORD))
    wrong["briefs"][0]["claims"][0]["label"] = "true"
    with pytest.raises(DataError, match="label"):
        planted.load(write(tmp_path / "e.jsonl", wrong))
    (tmp_path / "e.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="no JSON"):
        planted.load(tmp_path / "e.jsonl")


def test_every_metric_of_the_layout(tmp_path):
    events = planted.load(write(tmp_path / "events.jsonl", RECORD))
    rows = {r.metric: r for r in planted.measure(events, Clauses(), Similarity(), samples=20)}
    assert (
        rows["conflict_precision"].value == rows["conflict_recall"].value == rows["conflict_recall_number"].value == 1.0
    )
    assert rows["settles_recall"].value == 1.0
    assert rows["flags_recall"].value == rows["flags_precision"].value == 1.0
    assert rows["recall_invented"].value == 1.0
    assert 0 < rows["align_f1"].value <= 1.0
    assert rows["copied_precision"].value is None
    assert rows["bacc"].n == 2  # the claim that takes a side is scored apart
    assert rows["supported_settles"].n == 1
    assert "near_conflict_rate" not in rows


def test_a_conflict_matches_where_passages_of_two_articles_overlap(tmp_path):
    event = planted.load(write(tmp_path / "events.jsonl", RECORD))[0]
    spans = planted.spans(event, event.conflicts[0])
    start = A1.find("11 people")

    def found(*versions):
        return Conflict("c", "number", "", versions)

    one, two = Version("a1", "11 people", start, start + 9), Version("a2", "", A2.find("14"), A2.find("14") + 2)
    assert planted.matches(found(one, two), spans)
    assert not planted.matches(found(one, Version("a2", "", 0, 3)), spans)
    assert not planted.matches(found(one, one), spans)


def test_macro_f1_by_hand():
    assert planted._macro_f1([(0, 0), (0, 0), (1, 1), (2, 2)]) == 1.0
    assert planted._macro_f1([(0, 0), (1, 0)]) == pytest.approx((2 / 3 + 0) / 2)


def test_claims_of_a_brief_stand_at_their_place():
    brief = RECORD["briefs"][0]
    assert [brief["text"][c.start : c.end] for c in planted.brief_claims(brief)] == [c["text"] for c in brief["claims"]]


def test_a_truth_that_lacks_a_part_is_refused_and_one_that_is_misquoted_is_named(tmp_path):
    for part, lacking in (("briefs", "claims"), ("facts", "articles"), ("conflicts", "versions")):
        broken = json.loads(json.dumps(RECORD))
        del broken[part][0][lacking]
        with pytest.raises(DataError, match=f"e.jsonl:1: .* lacks {lacking}"):
            planted.load(write(tmp_path / "e.jsonl", broken))
    misquoted = json.loads(json.dumps(RECORD))
    misquoted["conflicts"][0]["versions"][0]["text"] = "hurt eleven"
    (event,) = planted.load(write(tmp_path / "e.jsonl", misquoted))
    assert planted.misquoted(event) == ["hurt eleven"]


def test_a_folder_of_sets(tmp_path):
    for name in ("golden", "dev"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "events.jsonl", RECORD)
    (tmp_path / "other").mkdir()
    assert [p.name for p in planted.sets(tmp_path)] == ["dev", "golden"]
    assert planted.sets(tmp_path / "dev") == [tmp_path / "dev"]
    assert planted.sets(tmp_path / "other") == planted.sets(tmp_path / "nowhere") == []
    write(tmp_path / "other" / "documents.jsonl", {})
    with pytest.raises(DataError, match=r"planted sets \(dev, golden\) and judged sets \(other\)"):
        planted.sets(tmp_path)


def test_an_event_that_could_not_be_compared_stands_in_no_number(tmp_path, capsys):
    class Broken:
        def compare(self, event, desk):
            raise RuntimeError("no answer")

    events = planted.load(write(tmp_path / "events.jsonl", RECORD))
    rows = {r.metric: r for r in planted.measure(events, Clauses(), Similarity(), samples=20, compare=Broken())}
    assert rows["bacc"].n == 2
    assert rows["settles_recall"].value is None
    assert rows["conflict_recall"].scored == rows["settles_recall"].scored == 0.0
    assert rows["bacc"].scored == rows["omission_bacc"].scored == 1.0
    assert "fire: the sources could not be compared: no answer" in capsys.readouterr().err


def test_an_event_whose_audit_fails_is_not_half_counted(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("no answer")

    events = planted.load(write(tmp_path / "events.jsonl", RECORD))
    monkeypatch.setattr("harness.audit.audit", broken)
    rows = {r.metric: r for r in planted.measure(events, Clauses(), Similarity(), samples=20)}
    for metric in ("conflict_recall", "align_recall", "settles_recall"):
        assert (rows[metric].value, rows[metric].n, rows[metric].scored) == (None, 0, 0.0)
    assert "conflict_recall_number" not in rows


def test_a_claim_or_a_fact_that_could_not_be_checked_is_unscored(tmp_path):
    class Halting(Similarity):
        """Fails on one claim against one article, and on the key fact in one brief."""

        def check(self, pairs):
            failed = {("The mayor resigned.", A1), (RECORD["facts"][0]["text"], RECORD["briefs"][1]["text"])}
            return [
                Verdict(c.id, a.id, None, None, error="no answer") if (c.text, a.text) in failed else verdict
                for (c, a), verdict in zip(pairs, super().check(pairs), strict=True)
            ]

    events = planted.load(write(tmp_path / "events.jsonl", RECORD))
    rows = {r.metric: r for r in planted.measure(events, Clauses(), Halting(), samples=20)}
    assert (rows["bacc"].n, rows["bacc"].scored) == (1, pytest.approx(2 / 3))
    assert "recall_invented" not in rows  # whether the other article supports it is not known
    assert (rows["omission_bacc"].n, rows["omission_bacc"].scored) == (1, 0.5)
    assert rows["conflict_recall"].scored == 1.0
