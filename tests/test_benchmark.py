import json

import pytest
import yaml

from harness.benchmark import Folder, Hub
from harness.choices import conf_dir
from harness.errors import ConfigError, DataError

DOCUMENT = {"doc_id": "d1", "document": "The bridge closed on Monday."}
GOOD = {"id": "r1", "doc_id": "d1", "summary": "The bridge closed.", "label": 1}
BAD = {"id": "r2", "doc_id": "d1", "summary": "The bridge opened.", "label": 0}


def write(folder, documents=(DOCUMENT,), records=(GOOD, BAD)):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("documents", documents), ("records", records)):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_set_is_read_with_its_name(tmp_path):
    (benchmark,) = Folder().load(write(tmp_path / "news"))
    assert benchmark.name == "news"
    assert [record.label for record in benchmark.records] == [1, 0]
    assert benchmark.documents["d1"].text == DOCUMENT["document"]
    assert benchmark.origins == []


def test_a_folder_of_sets_is_read_in_order(tmp_path):
    for name in ("b", "a"):
        write(tmp_path / name)
    assert [benchmark.name for benchmark in Folder().load(tmp_path)] == ["a", "b"]


def test_half_a_set_among_sets_is_named(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path / name)
    for lost in ("documents.jsonl", "records.jsonl"):
        content = (tmp_path / "b" / lost).read_text()
        (tmp_path / "b" / lost).unlink()
        with pytest.raises(DataError, match=f"b lacks {lost}"):
            Folder().load(tmp_path)
        (tmp_path / "b" / lost).write_text(content)


def test_a_set_in_the_current_folder_has_the_name_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path / "news.v1"))
    assert [benchmark.name for benchmark in Folder().load(".")] == ["news.v1"]


def test_a_mapped_field_that_no_line_has_is_named(tmp_path):
    rated = [{**r, "rating": 0.5} for r in (GOOD, BAD)]
    write(tmp_path / "a", records=rated)
    write(tmp_path / "b")
    assert Folder(fields={"score": "rating"}).load(tmp_path)[0].records[0].score == 0.5  # one set of them has it
    with pytest.raises(DataError, match=r"score is called 'ratingg'.*Did you mean rating\?"):
        Folder(fields={"score": "ratingg"}).load(tmp_path)
    with pytest.raises(
        DataError, match=r"records.jsonl:1: there is neither a labell nor key_facts.*Did you mean label\?"
    ):
        Folder(fields={"label": "labell"}).load(tmp_path)


def test_other_field_names_are_mapped(tmp_path):
    records = [{"id": r["id"], "doc_id": "d1", "hypothesis": r["summary"], "ok": r["label"]} for r in (GOOD, BAD)]
    folder = write(tmp_path / "s", records=records)
    (benchmark,) = Folder(fields={"summary": "hypothesis", "label": "ok"}).load(folder)
    assert benchmark.records[0].summary == GOOD["summary"]


def test_origins_can_be_told_apart(tmp_path):
    records = [{**r, "id": r["id"] + o, "origin": o} for o in ("cnn", "xsum") for r in (GOOD, BAD)]
    (benchmark,) = Folder().load(write(tmp_path / "s", records=records))
    assert benchmark.origins == ["cnn", "xsum"]
    assert {r.origin for r in benchmark.of_origin("xsum").records} == {"xsum"}


@pytest.mark.parametrize(
    ("documents", "records", "message"),
    [
        ([DOCUMENT], [GOOD, {**BAD, "label": 2}], r"records.jsonl:2: label is 2"),
        ([DOCUMENT], [GOOD, {**BAD, "label": "no"}], r"records.jsonl:2: label is 'no'"),
        ([DOCUMENT], [GOOD, {**BAD, "doc_id": "d9"}], r"records.jsonl:2: doc_id 'd9' is not in documents"),
        (
            [DOCUMENT],
            [GOOD, {"id": "x", "doc_id": "d1", "sumary": "S", "label": 0}],
            r"no field 'summary'.*Did you mean sumary",
        ),
        ([DOCUMENT], [GOOD, '{"id": '], r"records.jsonl:2: this line is no JSON"),
        ([DOCUMENT], [GOOD, "[1]"], r"records.jsonl:2: expected a JSON object"),
        ([DOCUMENT], [GOOD, {**BAD, "label": None}], r"neither a label nor key_facts"),
        ([DOCUMENT], [GOOD], r"no negatives \(0\)"),
        ([DOCUMENT], [BAD], r"no positives \(1\)"),
        ([DOCUMENT], [GOOD, {**BAD, "score": True}], r"records.jsonl:2: score is True; it has to be a number"),
        ([DOCUMENT], [GOOD, '{"id": "x", "doc_id": "d1", "summary": "S", "label": 0, "score": Infinity}'], r"finite"),
        ([DOCUMENT], [GOOD, {**BAD, "score": 10**400}], r"records.jsonl:2: score is 10+; .* finite"),
        ([DOCUMENT], [GOOD, {**BAD, "sentences": 3}], r"sentences is 3; it has to be a list"),
        ([{**DOCUMENT, "doc_id": 3}], [GOOD, BAD], r"documents.jsonl:1: doc_id is 3; it has to be text"),
        ([DOCUMENT, DOCUMENT], [GOOD, BAD], r"documents.jsonl:2: the doc_id 'd1' is there twice"),
        ([DOCUMENT], [{**GOOD, "label": None, "key_facts": [{"text": "x", "present": 3}]}, BAD], r"present of 1 or 0"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, documents, records, message):
    with pytest.raises(DataError, match=message):
        Folder().load(write(tmp_path / "s", documents, records))


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        Folder().load(tmp_path / "none")
    with pytest.raises(DataError, match="is no benchmark"):
        Folder().load(tmp_path)
    write(tmp_path / "s")
    (tmp_path / "s" / "documents.jsonl").unlink()
    with pytest.raises(DataError, match=r"lacks documents\.jsonl"):
        Folder().load(tmp_path / "s")


def test_the_hub_loader_reads_local_files(tmp_path):
    file = tmp_path / "rows.jsonl"
    rows = [
        {"doc": "A text.", "claim": "A.", "label": 1, "dataset": "x"},
        {"doc": "A text.", "claim": "B.", "label": 0, "dataset": "x"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (benchmark,) = Hub("some/set", "doc", "claim", "label", "dataset").load(str(file))
    assert benchmark.name == "x"
    assert len(benchmark.documents) == 1
    with pytest.raises(DataError, match=r"rows\.jsonl has no column 'document'"):
        Hub("some/set", "document", "claim", "label").load(str(file))
    with pytest.raises(DataError, match="is not there"):
        Hub("some/set", "doc", "claim", "label").load(tmp_path / "none.jsonl")
    file.write_text(json.dumps(rows[0] | {"claim": None}), encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl, row 0: claim is None"):
        Hub("some/set", "doc", "claim", "label").load(file)
    file.write_text("{broken", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl cannot be loaded") as error:
        Hub("some/set", "doc", "claim", "label").load(file)
    assert "network" not in str(error.value)
    assert "some/set" not in str(error.value)


def test_the_presets_of_hub_sets_read_local_copies(tmp_path):
    for name, columns in (("llm_aggrefact", ("doc", "claim", "dataset")), ("summedits", ("doc", "summary", "domain"))):
        preset = yaml.safe_load((conf_dir() / "benchmark" / f"{name}.yaml").read_text(encoding="utf-8"))
        assert preset.pop("_target_") == "harness.benchmark.Hub"
        file = tmp_path / f"{name}.csv"
        lines = [",".join((*columns, "label")), "A text.,A.,news,1", "A text.,B.,news,0"]
        file.write_text("\n".join(lines), encoding="utf-8")
        (benchmark,) = Hub(**preset).load(file)
        assert [record.label for record in benchmark.records] == [1, 0]


def test_the_share_of_key_facts_is_the_score_where_none_is_given(tmp_path):
    facts = [{"text": "The bridge closed.", "present": 1}, {"text": "It rained.", "present": 0}]
    record = {"id": "r", "doc_id": "d1", "summary": "The bridge closed.", "key_facts": facts}
    (benchmark,) = Folder().load(write(tmp_path / "s", records=[record, record | {"id": "q", "score": 0.25}]))
    assert [r.score for r in benchmark.records] == [0.5, 0.25]
    with pytest.raises(DataError, match=r"records.jsonl:2: some records have key_facts"):
        Folder().load(write(tmp_path / "mixed", records=[record, GOOD]))


def test_a_field_that_is_not_ours_cannot_be_mapped():
    with pytest.raises(ConfigError, match=r"has 'scroe'.*Did you mean score"):
        Folder(fields={"scroe": "x"})


def test_a_record_is_there_once(tmp_path):
    with pytest.raises(DataError, match=r"records\.jsonl:2: the id '.*' is there twice"):
        Folder().load(write(tmp_path / "set", records=(GOOD, {**BAD, "id": GOOD["id"]})))


def test_no_records_are_said_to_be_none(tmp_path):
    with pytest.raises(DataError, match="holds no records"):
        Folder().load(write(tmp_path / "set", records=()))
