"""The main job end to end, as a user gives it, with the parts that need no weights; and killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from harness.cli import main
from harness.schema import Score, Summary
from harness.store import RunFolder

ROOT = Path(__file__).parent.parent
LIGHT = ["checker=lexical", "claims=sentences", "dataset.limit=3"]
RECORDS = ("events", "summaries", "claims", "verdicts", "key_facts", "scores")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty current directory and an empty user cache."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*overrides):
    return main(["run", *LIGHT, *overrides])


def records(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.jsonl").read_bytes() for name in RECORDS}


def harness(*arguments, cwd, cache, **more):
    environment = {**os.environ, "HARNESS_CACHE": str(cache), "PYTHONPATH": str(ROOT), **more}
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_leaves_its_records_and_prints_its_table(place, capsys):
    assert run("model=lead") == 0
    out = capsys.readouterr().out
    assert "control:oracle" in out
    assert "These are 3 of the 13 events of sample" in out
    assert "results/sample/lead/plain/articles" in out
    folder = RunFolder(place / "results/sample/lead/plain/articles")
    summaries, scores = folder.read("summaries", Summary), folder.read("scores", Score)
    assert {s.kind for s in summaries} == {"summary", "brief"}
    assert len({(s.summary_id, s.metric) for s in scores}) == len(scores)
    assert {s.summary_id for s in scores} == {s.id for s in summaries}
    assert (folder.path / ".hydra" / "config.yaml").exists()
    assert folder.run["sessions"][0]["finished"]
    copied = RunFolder(place / "results/sample/controls/copy").read("scores", Score)
    assert {s.value for s in copied if s.metric == "claim_precision"} == {1.0}


def test_every_cell_opens_to_claim_verdict_quote_and_source(place):
    run("model=lead", "controls=false")
    folder = place / "results/sample/lead/plain/articles"
    lines = {name: [json.loads(line) for line in data.splitlines()] for name, data in records(folder).items()}
    claims = {claim["id"]: claim for extraction in lines["claims"] for claim in extraction["claims"]}
    articles = {a["id"]: a["text"] for event in lines["events"] for a in event["articles"]}
    quoted = 0
    for verdict in lines["verdicts"]:
        if verdict["claim_id"] in claims and verdict["article_id"] in articles:
            for span in verdict.get("evidence", []):
                assert articles[verdict["article_id"]][span["start"] : span["end"]] == span["text"]
                quoted += 1
    assert quoted > 10


def test_the_second_run_changes_nothing(place):
    run("model=lead")
    folder = place / "results/sample/lead/plain/articles"
    before = records(folder)
    run("model=lead")
    assert records(folder) == before


def test_another_configuration_in_the_same_folder_is_refused(place, capsys):
    run("model=lead", "controls=false")
    assert run("model=lead", "controls=false", "model.k=2") == 2
    assert "model.k: 3 -> 2" in capsys.readouterr().err
    assert run("model=lead", "controls=false", "model.k=2", "overwrite=true") == 0


def test_new_texts_under_an_old_file_name_are_not_taken_for_the_old_ones(place, capsys):
    file = place / "texts.jsonl"
    file.write_text(json.dumps({"event_id": "e", "kind": "brief", "text": "One."}) + "\n", encoding="utf-8")
    settings = ("model=recorded", f"model.path={file}", "controls=false", "dataset.limit=1", "evaluator=[rouge]")
    assert run(*settings) == 0
    file.write_text(json.dumps({"event_id": "e", "kind": "brief", "text": "Two."}) + "\n", encoding="utf-8")
    assert run(*settings) == 2
    assert "signature" in capsys.readouterr().err
    assert run(*settings, "overwrite=true") == 0


def test_a_changed_evaluator_scores_only_its_own_rows_anew(place):
    def rows():
        folder = RunFolder(place / "results/sample/lead/plain/articles")
        return {(s.summary_id, s.metric): s for s in folder.read("scores", Score)}

    run("model=lead", "controls=false")
    before = rows()
    run("model=lead", "controls=false", "evaluator.rouge.stem=false")
    after = rows()
    changed = {metric for (summary, metric), score in after.items() if score != before[summary, metric]}
    assert changed
    assert all(metric.startswith("rouge") for metric in changed)


def test_a_sweep_fills_a_folder_for_each_combination(place, capsys):
    assert run("-m", "model=lead,oracle", "prompt=plain,grounded", "controls=false") == 0
    capsys.readouterr()
    assert main(["compare", "results", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(r["model"], r["prompt"]) for r in rows} == {
        (m, p) for m in ("lead", "oracle") for p in ("plain", "grounded")
    }


def test_the_order_of_events_changes_no_number(place):
    lines = (ROOT / "datasets/sample/events.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    tables = []
    for name, order in (("a", lines), ("b", lines[::-1])):
        (place / f"{name}.jsonl").write_text("\n".join(order) + "\n", encoding="utf-8")
        run(
            "dataset=jsonl",
            f"dataset.path={name}.jsonl",
            "dataset.name=same",
            f"output={name}",
            "model=lead",
            "controls=false",
        )
        folder = RunFolder(place / name / "same/lead/plain/articles")
        tables.append({(s.summary_id, s.metric): s.value for s in folder.read("scores", Score)})
    assert tables[0] == tables[1]


def test_an_unreadable_event_is_skipped_and_listed(place, capsys):
    good = (ROOT / "datasets/sample/events.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    (place / "e.jsonl").write_text("\n".join([good[0], "{broken", good[1]]) + "\n", encoding="utf-8")
    arguments = ["dataset=jsonl", "dataset.path=e.jsonl", "model=lead", "controls=false"]
    assert run(*arguments) == 2
    assert "e.jsonl:2" in capsys.readouterr().err
    assert run(*arguments, "on_error=skip") == 0
    assert "skipped: e.jsonl:2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model=leed"], "Did you mean lead?"),
        (["dataset.limitt=3"], "Did you mean limit?"),
        (["datset=folder"], "Did you mean dataset?"),
        (["evaluator=[rouge,stile]"], "Did you mean style?"),
        (["dataset=folder"], "dataset.path"),
        (["model=recorded"], "model.path has no value"),
        (["model=huggingface"], "model.id has no value"),
        (["--fromage"], "There is no option --fromage"),
        (["prompt=null"], "the name of a choice"),
        (["dataset.limit=1,2"], "--multirun"),
    ],
)
def test_mistakes_are_told_in_a_paragraph(place, capsys, overrides, message):
    assert run(*overrides) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not (place / "results").exists()


def test_choices_of_ones_own(place):
    (place / "mine/model").mkdir(parents=True)
    (place / "mine/model/short.yaml").write_text("_target_: harness.models.lead.Lead\nname: short\nk: 1\n")
    assert run("--config-dir", "mine", "model=short", "controls=false") == 0
    assert (place / "results/sample/short").is_dir()


def test_a_wrong_key_in_a_yaml_names_the_class_and_its_keys(place, capsys):
    (place / "mine/model").mkdir(parents=True)
    (place / "mine/model/short.yaml").write_text("_target_: harness.models.lead.Lead\nname: short\nsentences: 1\n")
    assert run("--config-dir", "mine", "model=short") == 2
    err = capsys.readouterr().err
    assert "harness.models.lead.Lead" in err
    assert "It takes name, k" in err


@pytest.mark.parametrize("after", [0.1, 0.6])
def test_killed_and_given_again_it_leaves_the_same_bytes(tmp_path, after):
    command = ["run", "model=lead", "checker=lexical", "claims=sentences", "controls=false"]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    assert harness(*command, cwd=tmp_path / "whole", cache=tmp_path / "c1").wait() == 0
    killed = tmp_path / "killed"
    process = harness(*command, cwd=killed, cache=tmp_path / "c2")
    summaries = killed / "results/sample/lead/plain/articles/summaries.jsonl"
    while not summaries.exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process = harness(*command, cwd=killed, cache=tmp_path / "c2")
    _, err = process.communicate()
    assert process.returncode == 0, err
    folders = [tmp_path / name / "results/sample/lead/plain/articles" for name in ("whole", "killed")]
    assert records(folders[0]) == records(folders[1])


def test_an_installed_wheel_works_from_anywhere(tmp_path):
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "elsewhere").mkdir()
    process = harness(
        "run",
        "model=lead",
        *LIGHT,
        "controls=false",
        cwd=tmp_path / "elsewhere",
        cache=tmp_path / "cache",
        PYTHONPATH=str(tmp_path / "site"),
    )
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "claim_precision" in out


# harness validate

TRUE, FALSE = "The old bridge closed on Monday for repairs.", "A helicopter rescued seven climbers."


def judged_set(folder: Path, documents: int = 4) -> Path:
    """A set whose documents have one right and one wrong summary each."""
    folder.mkdir(parents=True)
    texts = [{"doc_id": f"d{i}", "document": f"{TRUE} Area {i} was dry."} for i in range(documents)]
    records = [
        {"id": f"r{i}{label}", "doc_id": f"d{i}", "summary": TRUE if label else FALSE, "label": label}
        for i in range(documents)
        for label in (1, 0)
    ]
    for name, rows in (("documents", texts), ("records", records)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def validated(*arguments) -> list[dict]:
    command = ["validate", "checker=lexical", "claims=sentences", "format=json", "out=rows.json", "samples=20"]
    assert main([*command, *arguments]) == 0
    return json.loads(Path("rows.json").read_text(encoding="utf-8"))


def test_a_checker_is_measured_against_judgements(place):
    rows = validated(f"path={judged_set(place / 'news')}")
    assert {row["set"] for row in rows} == {"news"}
    assert {row["method"] for row in rows} == {"copy 3-grams", "length", "lexical"}
    (auc,) = [row for row in rows if row["method"] == "lexical" and row["metric"] == "auc"]
    assert (auc["value"], auc["n"], auc["scored"]) == (1.0, 8, 1.0)
    rows = validated("path=news", "limit=2", "baselines=false")
    assert {row["method"] for row in rows} == {"lexical"}
    assert {row["n"] for row in rows} == {4}


def test_a_threshold_is_tuned_on_as_many_documents_as_are_measured(place, monkeypatch):
    from harness import validate

    asked = []
    judge = validate.judge
    monkeypatch.setattr(validate, "judge", lambda *a: asked.append((a[3].name, len(a[3].records))) or judge(*a))
    judged_set(place / "test")
    judged_set(place / "dev")
    rows = validated("path=test", "tune_on=dev", "baselines=false", "limit=3")
    assert [row["value"] for row in rows if row["metric"] == "bacc_tuned"] == [1.0]
    assert asked == [("dev", 6), ("test", 6)]


def test_planted_sets_go_by_their_folder_and_the_choice_of_checker(place, monkeypatch):
    claims = [{"text": TRUE, "label": "supported"}, {"text": FALSE, "label": "not_mentioned", "error": "invented"}]
    event = {
        "event_id": "bridge",
        "articles": [{"article_id": i, "source": i, "text": TRUE} for i in ("a", "b")],
        "facts": [{"fact_id": "f", "text": TRUE, "articles": ["a", "b"], "importance": "key"}],
        "briefs": [{"brief_id": "b1", "text": f"{TRUE} {FALSE}", "claims": claims, "covered_facts": ["f"]}],
    }
    for name in ("golden.v1", "golden.v2"):
        (place / "sets" / name).mkdir(parents=True)
        (place / "sets" / name / "events.jsonl").write_text(json.dumps(event) + "\n", encoding="utf-8")
    rows = validated("path=sets")
    assert {(row["set"], row["method"]) for row in rows} == {("golden.v1", "lexical"), ("golden.v2", "lexical")}
    assert {"bacc", "conflict_recall", "settles_recall"} <= {row["metric"] for row in rows}
    assert {row["scored"] for row in rows} == {1.0}
    monkeypatch.chdir(place / "sets/golden.v1")
    assert {row["set"] for row in validated("path=.")} == {"golden.v1"}


def test_a_local_copy_of_a_hub_set_is_no_planted_set(place):
    rows = [{"doc": TRUE, "claim": words, "dataset": "x", "label": label} for words, label in ((TRUE, 1), (FALSE, 0))]
    (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert {row["set"] for row in validated("benchmark=llm_aggrefact", "path=rows.jsonl")} == {"x"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("limit=0", "limit=0: expected a whole number, 1 or more, or null"),
        ("limit=-1", "limit=-1: expected"),
        ("limit=x", "limit=x: expected"),
        ("limit=true", "limit=True: expected"),
        ("samples=1e3", "samples=1000.0: expected a whole number, 1 or more"),
        ("samples=null", "samples=None: expected"),
        ("seed=-1", "seed=-1: expected a whole number, 0 or more"),
        ("out=nowhere/rows.json", "out=nowhere/rows.json: expected the name of a file"),
        ("out=news", "out=news: expected the name of a file"),
        ("format=xml", "format=xml is none of md, csv, json"),
        ("path=null", "path= is not given"),
    ],
)
def test_mistakes_of_a_validation_are_told_before_its_work(place, capsys, monkeypatch, override, message):
    monkeypatch.setattr("harness.validate.validate", lambda *_, **__: pytest.fail("measured all the same"))
    judged_set(place / "news")
    assert main(["validate", "path=news", "checker=lexical", "claims=sentences", override]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
