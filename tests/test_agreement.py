import math

import numpy as np
import pytest
from scipy import stats

from harness import agreement

LABELS = np.array([1, 1, 1, 0, 0, 0, 0, 1])
SCORES = np.array([0.9, 0.8, 0.4, 0.4, 0.3, 0.2, 0.7, 0.6])


def test_balanced_accuracy_is_the_mean_of_both_recalls():
    # at .5: three of four positives, three of four negatives
    assert agreement.balanced_accuracy(LABELS, SCORES >= 0.5) == 0.75
    assert agreement.balanced_accuracy(LABELS, np.ones(8, bool)) == 0.5
    assert math.isnan(agreement.balanced_accuracy(np.ones(3), np.ones(3, bool)))


def test_auc_counts_pairs():
    pairs = [(p > n) + 0.5 * (p == n) for p in SCORES[LABELS == 1] for n in SCORES[LABELS == 0]]
    assert agreement.auc(LABELS, SCORES) == pytest.approx(sum(pairs) / len(pairs))
    assert agreement.auc(LABELS, -SCORES) == pytest.approx(1 - agreement.auc(LABELS, SCORES))


def test_the_best_threshold_is_the_best_of_all():
    random = np.random.default_rng(5)
    for _ in range(30):
        labels = random.integers(0, 2, 40)
        labels[:2] = 0, 1
        scores = random.integers(0, 8, 40) / 8 + labels * random.random() * 0.5
        best = agreement.best_threshold(labels, scores)
        reached = agreement.balanced_accuracy(labels, scores >= best)
        every = [agreement.balanced_accuracy(labels, scores >= t) for t in [*scores, 9.0]]
        assert reached == pytest.approx(max(every))


@pytest.mark.parametrize("metric", ["pearson", "spearman", "kendall"])
def test_correlations_are_those_of_scipy(metric):
    reference = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[metric]
    random = np.random.default_rng(1)
    x, y = random.integers(0, 9, (2, 50)).astype(float)
    assert getattr(agreement, metric)(x, y) == pytest.approx(reference(x, y).statistic)
    assert math.isnan(getattr(agreement, metric)(x, np.ones(50)))


def test_intervals_cover_the_truth_as_often_as_they_say():
    """95 % intervals of a mean of 40 documents with four records each, drawn 200 times: coverage near 95 %."""
    random = np.random.default_rng(3)
    groups = [np.arange(4 * i, 4 * i + 4) for i in range(40)]
    covered = 0
    for trial in range(200):
        values = np.repeat(random.normal(0.3, 1.0, 40), 4) + random.normal(0, 0.5, 160)
        low, high = agreement.interval(groups, lambda i, v=values: float(v[i].mean()), 200, trial)
        covered += low <= 0.3 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_one_document_has_no_interval():
    assert all(map(math.isnan, agreement.interval([np.arange(5)], lambda i: 1.0, 100, 0)))


def test_the_order_of_documents_changes_no_statistic():
    shuffled = np.random.default_rng(0).permutation(8)
    assert agreement.auc(LABELS[shuffled], SCORES[shuffled]) == agreement.auc(LABELS, SCORES)
