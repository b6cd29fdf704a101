"""The default checker on hand-written minimal pairs: two claims that differ in one thing, which makes one false."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness.schema import LABELS, Article, Claim, Label

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "minimal_pairs.json").read_text(encoding="utf-8"))
ARTICLES: dict[str, str] = GOLDEN["articles"]
PAIRS: list[dict[str, str]] = GOLDEN["pairs"]
KINDS = ("number", "date", "entity", "role", "negation", "addition", "attribution")
# Share of the claims of each kind, true and false together, that must be judged right. The aim is 0.85 everywhere.
LEAST = {
    "number": 0.92,
    "date": 0.92,
    "addition": 0.9,
    "attribution": 0.92,
    "entity": 0.92,
    "negation": 0.95,
    "role": 0.85,
}


def test_every_kind_is_there_in_number():
    counts = Counter(pair["kind"] for pair in PAIRS)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 18


def test_ids_are_unique_and_name_their_kind():
    assert len({pair["id"] for pair in PAIRS}) == len(PAIRS)
    assert [pair["id"] for pair in PAIRS if pair["id"].rpartition("-")[0] != pair["kind"]] == []


def test_every_pair_has_its_article_and_every_article_its_pairs():
    assert {pair["article"] for pair in PAIRS} == set(ARTICLES)


def test_the_two_claims_differ_and_neither_is_copied():
    for pair in PAIRS:
        assert pair["true"] != pair["false"], pair["id"]
        assert pair["label"] in ("contradicted", "not_mentioned"), pair["id"]
        for claim in (pair["true"], pair["false"]):
            assert claim.rstrip(".") not in ARTICLES[pair["article"]], pair["id"]
    claims = [(pair["article"], pair[side]) for pair in PAIRS for side in ("true", "false")]
    assert len(set(claims)) == len(claims)


def table(judged: dict[str, list[tuple[dict[str, str], Label, Label | None]]]) -> str:
    """Per kind: what was expected (rows) against what was said (columns), and the ids that went wrong."""
    said = (*LABELS, None)
    lines = [f"{'':28}" + "".join(f"{label or 'no verdict':>15}" for label in said)]
    for kind, rows in judged.items():
        lines.append(f"{kind}: {share_right(rows):.3f}")
        for expected in LABELS:
            counts = Counter(label for _, e, label in rows if e == expected)
            if counts:
                lines.append(f"  expected {expected:<17}" + "".join(f"{counts[label]:>15}" for label in said))
        wrong = [f"{pair['id']} ({e} as {label})" for pair, e, label in rows if not right(e, label)]
        lines.append(f"  wrong: {', '.join(wrong) or 'none'}")
    return "\n".join(lines)


def right(expected: Label, label: Label | None) -> bool:
    """Whether a claim counts as supported is what is asked; no verdict is never right."""
    return label is not None and (label == "supported") == (expected == "supported")


def share_right(rows: list[tuple[dict[str, str], Label, Label | None]]) -> float:
    return sum(right(expected, label) for _, expected, label in rows) / len(rows)


def test_the_default_checker_tells_true_from_false_in_every_kind():
    from harness.checkers.embedded import Embedded

    asked: list[tuple[dict[str, str], Label, Claim]] = []
    for pair in PAIRS:
        for side, expected in (("true", "supported"), ("false", pair["label"])):
            text = pair[side]
            asked.append((pair, expected, Claim(f"{pair['id']}/{side}", "golden", text, 0, len(text))))
    articles = {id: Article(id, text) for id, text in ARTICLES.items()}
    verdicts = Embedded().check([(claim, articles[pair["article"]]) for pair, _, claim in asked])
    judged: dict[str, list[tuple[dict[str, str], Label, Label | None]]] = {kind: [] for kind in KINDS}
    for (pair, expected, _), verdict in zip(asked, verdicts, strict=True):
        judged[pair["kind"]].append((pair, expected, verdict.label))
    low = [kind for kind, rows in judged.items() if share_right(rows) < LEAST[kind]]
    if low:
        pytest.fail(f"below what was reached: {', '.join(low)}\n{table(judged)}", pytrace=False)
