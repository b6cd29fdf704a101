"""How well numbers agree with people: the field's statistics, with 95 % intervals by bootstrap over documents.

Summaries of one document are not independent, so documents are drawn (with replacement), never summaries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

Statistic = Callable[[np.ndarray], float]  # indices of the records drawn -> the statistic; nan where undefined


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of the accuracies on the records with label 1 and with label 0, in [0, 1]; .5 is chance. nan if one is missing."""
    positive = labels == 1
    if positive.all() or not positive.any():
        return float("nan")
    return float((predicted[positive].mean() + (~predicted[~positive]).mean()) / 2)


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve: the share of (positive, negative) pairs in the right order, ties counted half."""
    positive = labels == 1
    p, n = int(positive.sum()), int((~positive).sum())
    if not p or not n:
        return float("nan")
    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n))


def best_threshold(labels: np.ndarray, scores: np.ndarray) -> float:
    """The threshold (score >= it is a 1) of the highest balanced accuracy; the middle of the first best gap."""
    order = np.argsort(scores, kind="stable")
    s, y = scores[order], labels[order] == 1
    below_positive, below_negative = (np.concatenate([[0], np.cumsum(v)]) for v in (y, ~y))
    accuracy = 1 - below_positive / max(y.sum(), 1) + below_negative / max((~y).sum(), 1)
    cuts = np.concatenate([[s[0]], (s[1:] + s[:-1]) / 2, [s[-1] + 1e-9]])
    usable = np.concatenate([[True], s[1:] > s[:-1], [True]])  # no cut between equal scores
    return float(cuts[np.argmax(np.where(usable, accuracy, -1))])


def _correlation(kind: str, x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    if kind == "spearman":
        x, y = stats.rankdata(x), stats.rankdata(y)
    if kind == "kendall":
        return float(stats.kendalltau(x, y).statistic)
    return float(np.corrcoef(x, y)[0, 1])


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r; nan for fewer than two pairs or a constant side."""
    return _correlation("pearson", x, y)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rho: Pearson's r of the ranks, ties averaged."""
    return _correlation("spearman", x, y)


def kendall(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b."""
    return _correlation("kendall", x, y)


def per_document(
    statistic: Callable[[np.ndarray, np.ndarray], float], groups: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """The statistic within each document's records; nan where it is undefined (one record, a constant side)."""
    return np.array([statistic(x[group], y[group]) for group in groups])


def interval(groups: Sequence[np.ndarray], statistic: Statistic, samples: int, seed: int) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles of the statistic over bootstrap samples of documents; nan for under two documents.

    `groups` has the record indices of each document. Percentile bootstrap (Efron 1979); samples in which the
    statistic is undefined are left out.
    """
    if len(groups) < 2:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        drawn = random.integers(0, len(groups), len(groups))
        values.append(statistic(np.concatenate([groups[i] for i in drawn])))
    values = [value for value in values if not np.isnan(value)]
    if not values:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
