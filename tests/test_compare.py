import csv
import io
import json

import pytest

from harness import compare
from harness.cli import main
from harness.errors import HarnessError, RecordError
from harness.schema import Generation, Score, Summary
from harness.store import RunFolder


def make_run(root, model, values, signature="rouge|v:1", data="d1", metric="rouge1_f", dataset="news", text="one two"):
    """A run folder with one brief per value; None is a score that could not be made."""
    folder = RunFolder(root / dataset / model.replace(":", "-"))
    names = {"dataset": dataset, "model": model, "prompt": "plain", "brief": "articles"}
    folder.run = {"names": names, "data": data}
    for i, value in enumerate(values):
        folder.append("summaries", [Summary(f"e{i}/brief", f"e{i}", "brief", ("a",), text, Generation(text, "stop"))])
        outcome, reason = ("scored", None) if value is not None else ("no_reference", "there is no reference")
        folder.append("scores", [Score(f"e{i}/brief", f"e{i}", "brief", metric, value, outcome, signature, 1, reason)])
    folder.close()
    return folder


def table(root):
    return compare.rows(compare.find(root))


def test_a_mean_is_over_what_was_scored_and_says_how_much_that_is(tmp_path):
    make_run(tmp_path, "m", [0.2, None, 0.4])
    row = next(row for row in table(tmp_path) if row.metric == "rouge1_f")
    assert row.value == pytest.approx(0.3)
    assert (row.n, row.unscored) == (2, 1)


def test_nothing_scored_is_no_number(tmp_path):
    make_run(tmp_path, "m", [None, None])
    row = next(row for row in table(tmp_path) if row.metric == "rouge1_f")
    assert row.value is None
    assert "| - |" in compare.render(table(tmp_path), "md", ("brief",))


def test_mixed_signatures_are_refused_with_the_field_named(tmp_path):
    make_run(tmp_path, "m", [0.2], "rouge|v:1|stem:porter")
    make_run(tmp_path, "n", [0.2], "rouge|v:1|stem:none")
    with pytest.raises(RecordError, match=r"stem \(porter / none\)"):
        table(tmp_path)


def test_other_events_are_refused(tmp_path):
    make_run(tmp_path, "m", [0.2])
    make_run(tmp_path, "n", [0.2], data="d2")
    with pytest.raises(RecordError, match="not made from the same events"):
        table(tmp_path)


def test_answer_rate_and_words_stand_beside_the_scores(tmp_path):
    make_run(tmp_path, "m", [0.2], text="")
    rows = {row.metric: row.value for row in table(tmp_path)}
    assert rows["answer_rate"] == 0.0
    assert rows["mean_words"] == 0.0
    assert rows["cut_rate"] == 0.0


def test_texts_that_the_output_budget_cut_off_are_counted(tmp_path):
    folder = make_run(tmp_path, "m", [0.2, 0.4])
    cut = Summary("e2/brief", "e2", "brief", ("a",), "It broke o", Generation("It broke o", "length"))
    folder.append("summaries", [cut])
    folder.close()
    assert next(row.value for row in table(tmp_path) if row.metric == "cut_rate") == pytest.approx(1 / 3)


def test_absurd_controls_are_told(tmp_path):
    make_run(tmp_path, "control:oracle", [0.2])
    make_run(tmp_path, "control:other_event", [0.4])
    assert any("oracle (0.200) below other_event (0.400)" in w for w in compare.warnings(table(tmp_path)))
    make_run(tmp_path / "sane", "control:oracle", [0.5])
    make_run(tmp_path / "sane", "control:other_event", [0.4])
    assert compare.warnings(table(tmp_path / "sane")) == []


def test_control_rows_come_last(tmp_path):
    make_run(tmp_path, "control:lead", [0.9])
    make_run(tmp_path, "zebra", [0.1])
    lines = compare.wide(table(tmp_path), "brief").lines
    assert [line[0] for line in lines] == ["zebra", "control:lead"]


def test_json_is_the_long_form(tmp_path, capsys):
    make_run(tmp_path, "m", [0.2, None])
    assert main(["compare", str(tmp_path), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    keys = ["dataset", "model", "prompt", "brief", "kind", "metric", "value", "n", "unscored", "signature"]
    assert all(list(row) == keys for row in rows)


def test_csv_can_be_read_back(tmp_path):
    make_run(tmp_path, "a|b,c", [0.25])
    read = list(csv.DictReader(io.StringIO(compare.render(table(tmp_path), "csv", ("brief", "summary")))))
    assert read[0]["model"] == "a|b,c"
    assert read[0]["rouge1_f"] == "0.250"


def test_tex_escapes(tmp_path):
    make_run(tmp_path, "a_b&c", [0.25])
    assert r"a\_b\&c & plain" in compare.render(table(tmp_path), "tex", ("brief",))


def test_an_unknown_metric_lists_those_there_are(tmp_path):
    make_run(tmp_path, "m", [0.2])
    with pytest.raises(HarnessError, match=r"there are rouge1_f\. Did you mean rouge1_f"):
        compare.wide(table(tmp_path), "brief", ["rouge1_ff"])


def test_a_missing_folder_is_a_short_error(tmp_path, capsys):
    assert main(["compare", str(tmp_path / "none")]) == 2
    assert "There is no folder" in capsys.readouterr().err
