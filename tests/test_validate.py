import json
from dataclasses import replace

import numpy as np
import pytest

from harness import validate as v
from harness.benchmark import Benchmark, Document, Judged, Record
from harness.checkers.lexical import Lexical
from harness.claims.sentences import Sentences
from harness.schema import Verdict

TRUE = "The old bridge over the Marl closed on Monday for repairs."
FALSE = "A helicopter rescued seven climbers near the summit."


def consistency(n=12):
    documents = {
        f"d{i}": Document(f"d{i}", f"{TRUE} Nobody was hurt in area {i}. Traffic moved north.", TRUE) for i in range(n)
    }
    records = []
    for i in range(n):
        for label, words in ((1, TRUE), (0, f"{TRUE} {FALSE}")):
            sentences = tuple(Judged(s, int(s == TRUE)) for s in ([TRUE] if label else [TRUE, FALSE]))
            score = 1.0 if label else 0.5
            records.append(Record(f"r{i}{label}", f"d{i}", words, label, score, f"system{label}", sentences=sentences))
    return Benchmark("toy", documents, records)


def key_facts():
    documents = {f"d{i}": Document(f"d{i}", TRUE + " " + FALSE) for i in range(6)}
    facts = {
        1: (Judged(TRUE, 1), Judged(FALSE, 1)),
        0: (Judged(TRUE, 1), Judged(FALSE, 0)),
        2: (Judged(TRUE, 0), Judged(FALSE, 1)),
    }
    texts = {1: f"{TRUE} {FALSE}", 0: TRUE, 2: FALSE}
    records = [
        Record(f"r{i}{k}", f"d{i}", texts[k], None, sum(f.label for f in facts[k]) / 2, f"s{k}", key_facts=facts[k])
        for i in range(6)
        for k in facts
    ]
    return Benchmark("facts", documents, records)


def judged(benchmark):
    return v.judge("lexical", Lexical(), Sentences(), benchmark)


def rows_of(benchmark, judgement, **kw):
    return {row.metric: row for row in v.measure(benchmark, judgement, samples=100, **kw)}


def test_a_checker_that_is_right_scores_right():
    benchmark = consistency()
    rows = rows_of(benchmark, judged(benchmark))
    assert rows["auc"].value == 1.0
    assert rows["bacc_best"].value == 1.0
    assert rows["sentence_bacc"].value == 1.0
    assert rows["pearson"].value > 0.9
    assert rows["bacc"].threshold == Lexical().threshold
    assert rows["auc"].n == 24
    assert rows["auc"].scored == 1.0


def test_key_facts_turn_the_checker_round():
    benchmark = key_facts()
    rows = rows_of(benchmark, judged(benchmark))
    assert rows["bacc"].value == 1.0
    assert rows["bacc"].n == 36
    assert rows["pearson"].value > 0.9
    assert rows["system_pearson"].n == 3
    assert rows["doc_spearman"].value > 0.7


def test_a_record_without_text_is_unscored_not_wrong():
    benchmark = consistency()
    whole = rows_of(benchmark, judged(benchmark))["bacc_best"].value
    records = [*benchmark.records, Record("e", "d0", "  ", 1, 1.0, "system1"), Record("f", "d0", "", 0, 0.0, "system0")]
    bigger = Benchmark("toy", benchmark.documents, records)
    row = rows_of(bigger, judged(bigger))["bacc_best"]
    assert row.value == whole
    assert row.scored == pytest.approx(24 / 26)


def test_an_empty_document_is_unscored():
    benchmark = consistency()
    documents = {**benchmark.documents, "d0": Document("d0", " ")}
    judgement = judged(Benchmark("toy", documents, benchmark.records))
    assert np.isnan(judgement.records[:2]).all()


def test_a_baseline_leaves_an_empty_document_out_too():
    benchmark = consistency()
    documents = {**benchmark.documents, "d0": Document("d0", " ", TRUE)}
    for name in v.BASELINES:
        records = v.baseline(name, Benchmark("toy", documents, benchmark.records)).records
        assert np.isnan(records).tolist() == [True, True, *[False] * 22]


def test_the_order_of_records_changes_no_number():
    benchmark = consistency()
    shuffled = Benchmark("toy", benchmark.documents, list(reversed(benchmark.records)))
    one, other = rows_of(benchmark, judged(benchmark)), rows_of(shuffled, judged(shuffled))
    for metric in ("bacc", "auc", "pearson", "spearman"):
        assert one[metric].value == pytest.approx(other[metric].value)


def test_a_threshold_is_tuned_on_the_other_split():
    benchmark = consistency()
    other = Benchmark("other", benchmark.documents, benchmark.records[:12])

    def told(b):
        wrong = 0.2 if b is other else 0.8
        scores = np.array([0.9 if record.label else wrong for record in b.records])
        return v.Judgement("told", scores, scores, np.zeros(0), np.zeros(0), 0.5)

    rows = {row.metric: row for row in v.validate([benchmark], [("told", told)], tune_on=[other], samples=50)}
    assert rows["bacc_tuned"].threshold == pytest.approx(0.55)
    assert rows["bacc_tuned"].value == 0.5  # all are called consistent there
    assert rows["bacc_best"].value == 1.0


def test_origins_get_rows_of_their_own():
    benchmark = consistency()
    records = [
        Record(r.id, r.doc_id, r.summary, r.label, origin="a" if i < 12 else "b")
        for i, r in enumerate(benchmark.records)
    ]
    rows = v.validate([Benchmark("toy", benchmark.documents, records)], [("lexical", judged)], samples=50)
    assert {row.set for row in rows} == {"toy", "toy/a", "toy/b"}
    assert next(row for row in rows if row.set == "toy/a" and row.metric == "auc").n == 12


def test_baselines_say_what_copying_reaches():
    benchmark = consistency()
    assert v.baseline("copy 3-grams", benchmark).records[0] == 1.0
    assert v.baseline("copy 3-grams", benchmark).records[1] < 1.0
    assert v.baseline("ROUGE-1 recall", benchmark).records[0] == 1.0
    assert v.baseline("length", benchmark).records[0] == len(TRUE.split())


def test_json_is_the_long_form():
    benchmark = consistency()
    rows = json.loads(v.render(v.measure(benchmark, judged(benchmark), samples=20), "json"))
    assert list(rows[0]) == ["set", "method", "metric", "value", "low", "high", "n", "scored", "threshold"]


def test_markdown_has_a_line_per_method():
    benchmark = consistency()
    rows = v.validate([benchmark], [("lexical", judged), ("length", lambda b: v.baseline("length", b))], samples=20)
    text = v.render(rows, "md")
    assert "| lexical |" in text
    assert "| length |" in text


class Mute(Lexical):
    """Fails on every pair."""

    def check(self, pairs):
        return [Verdict(claim.id, article.id, None, None, error="no answer") for claim, article in pairs]


def test_a_checker_that_could_judge_nothing_stays_in_the_table_and_says_why(capsys):
    benchmark = consistency()
    rows = v.validate([benchmark], [v.method("mute", Mute(), Sentences(), None)], samples=20)
    assert {(row.method, row.value, row.n, row.scored) for row in rows} == {("mute", None, 0, 0.0)}
    assert "24 of 24 records have no score. check: no answer" in capsys.readouterr().err


def test_a_baseline_without_material_is_left_out():
    benchmark = consistency()
    documents = {i: Document(i, d.text) for i, d in benchmark.documents.items()}
    bare = Benchmark("toy", documents, benchmark.records)
    methods = [(name, lambda b, name=name: v.baseline(name, b)) for name in v.BASELINES]
    assert {row.method for row in v.validate([bare], methods, samples=20)} == {"copy 3-grams", "length"}


def test_origins_of_key_fact_sets():
    benchmark = key_facts()
    records = [replace(r, origin="one" if i % 2 else "two") for i, r in enumerate(benchmark.records)]
    rows = v.validate([Benchmark("facts", benchmark.documents, records)], [("lexical", judged)], samples=20)
    assert {row.set: row.n for row in rows if row.metric == "bacc"} == {"facts": 36, "facts/one": 18, "facts/two": 18}


def test_summaries_and_key_facts_have_tuned_thresholds_of_their_own():
    sets = [consistency(), key_facts()]
    summaries = np.array([0.4 if record.label else 0.2 for record in sets[0].records])
    facts = np.array([0.9 if fact.label else 0.7 for record in sets[1].records for fact in record.key_facts])
    none = np.zeros(0)
    judgements = [
        v.Judgement("told", summaries, summaries, none, none),
        v.Judgement("told", np.full(len(sets[1].records), 0.6), np.full(len(sets[1].records), 0.6), none, facts),
    ]
    assert v.best_threshold(sets, judgements) == pytest.approx(0.3)
    assert v.best_threshold(sets, judgements, key_facts=True) == pytest.approx(0.8)
    copied = [v.baseline("copy 3-grams", b) for b in sets]
    assert v.best_threshold(sets, copied) is not None  # though it says nothing of key facts
    assert v.best_threshold(sets, copied, key_facts=True) is None


def test_the_table_says_what_went_into_a_cell_and_by_which_threshold():
    benchmark = consistency()
    table = v.render(rows_of(benchmark, judged(benchmark)).values(), "md", "checker x.")
    assert "(n 36, 100%)" in table  # sentences, where the row counts 24 records
    assert f"`bacc` at its own threshold: lexical {Lexical().threshold:.3g}." in table
    assert table.endswith("checker x.\n")


def test_no_threshold_is_tuned_on_one_label():
    sets = [Benchmark("one", {"d": Document("d", "Text.")}, [Record("r", "d", "Text.", 1)])]
    one = np.ones(1)
    assert v.best_threshold(sets, [v.Judgement("x", one, one, np.zeros(0), np.zeros(0))]) is None
