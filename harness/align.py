"""Statements: the claims of an event's articles, grouped by what they say.

Claims that say the same thing in different words, across and within articles, are one statement. Candidate pairs come
from embeddings and shared words; pairs that leave room for doubt are put to the checker in both directions. What is
known to be in conflict is never grouped. The order of the articles changes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness import text
from harness.schema import Article, Claim, Verdict

VERSION = "align-3"

Check = Callable[[Sequence[tuple[Claim, Article]]], list[Verdict]]
Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one or more claims say. `claims` are those that say it, `owners` their articles; `text` is one of theirs.

    The claims of other articles that also say it, though more loosely, stand last.
    `article_ids` are the articles that assert it. `speaker` is whom all claims that name one give it to, None if they
    name nobody or do not agree.
    """

    id: str
    text: str
    claims: tuple[Claim, ...]
    owners: tuple[str, ...]
    article_ids: tuple[str, ...]
    speaker: str | None = None

    @property
    def first(self) -> Claim:
        """Where it appears first."""
        return self.claims[0]


CENTRED = 0.7  # of what all claims of an event have in common is taken off before claims are compared


class Likeness:
    """How alike the claims of an event are: cosine similarity + half of the share of common words, in [-1, 1.5].

    The cosine is of vectors less `CENTRED` times their mean: what all claims of an event have in common (the event)
    tells none of them from another. The share is of the lighter claim's content words, rare ones weighing more (inverse document frequency over the
    event's claims), so that a claim and a longer one that holds it are alike.
    """

    def __init__(self, texts: Sequence[str], encode: Encode) -> None:
        from scipy.sparse import csr_matrix

        self.raw = encode(texts)
        vectors = self.raw - CENTRED * self.raw.mean(0)
        self.vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        bags = [sorted(set(text.content_words(t))) for t in texts]
        known = Counter(word for bag in bags for word in bag)
        column = {word: i for i, word in enumerate(sorted(known))}
        idf = np.array([math.log((len(texts) + 1) / known[word]) for word in sorted(known)], np.float32)
        rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
        columns = np.array([column[word] for bag in bags for word in bag], int)
        self._words = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(bags), max(1, len(column))))
        self._weighted = csr_matrix(
            (idf[columns] if len(columns) else np.zeros(0, np.float32), (rows, columns)), self._words.shape
        )
        self._weight = np.asarray(self._weighted.sum(1)).ravel()

    @cached_property
    def matrix(self) -> np.ndarray:
        """Between all claims."""
        shared = (self._weighted @ self._words.T).toarray()
        least = np.minimum(self._weight[:, None], self._weight[None, :])
        return self.vectors @ self.vectors.T + 0.5 * shared / np.maximum(least, 1e-6)


class Align:
    """Groups claims into statements.

    Two claims are candidates when one is among the `neighbours` most alike that the other has in its article. From `same` on they say
    the same; between `maybe` and `same` the checker decides: supported in one direction and contradicted in none. A
    statement is a cluster whose average likeness stays above `maybe` (average linkage, best pairs first); of a cluster of
    several articles, claims that say the same as none of another article are statements of their own. An article
    asserts a statement when a claim of its belongs to it or is as alike as `same` to the statement's own words.
    """

    def __init__(self, same: float = 0.45, maybe: float = 0.38, neighbours: int = 3, checks: int = 2) -> None:
        self.same = same
        self.maybe = maybe
        self.neighbours = neighbours
        self.checks = checks

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        return (
            ("align", VERSION),
            ("same", str(self.same)),
            ("maybe", str(self.maybe)),
            ("neighbours", str(self.neighbours)),
            ("checks", str(self.checks)),
        )

    def statements(
        self,
        claims: Sequence[tuple[str, Claim]],
        likeness: Likeness,
        check: Check | None = None,
        apart: Iterable[tuple[int, int]] = (),
    ) -> list[Statement]:
        """The statements of (article id, claim), in the order of their first appearance.

        `claims` are in a canonical order (article id, place), `apart` the index pairs that must not be grouped.
        """
        matrix = likeness.matrix
        articles = np.array([article for article, _ in claims])
        links = self._decided(claims, matrix, articles, check)
        clusters = _clusters(len(claims), links, matrix, self.maybe, {frozenset(pair) for pair in apart})
        linked = set(links)
        clusters = sorted(part for members in clusters for part in _borne_out(members, linked, articles))
        forbidden: dict[int, set[int]] = {}
        for i, j in apart:
            forbidden.setdefault(i, set()).add(j)
            forbidden.setdefault(j, set()).add(i)
        made = []
        for members in clusters:
            inner = matrix[np.ix_(members, members)].mean(1)
            own = members[int(np.argmax(inner))] if len(members) > 2 else members[0]
            barred = set().union(*(forbidden.get(m, set()) for m in members))
            held = list(members)
            for article in sorted(set(articles) - set(articles[members])):
                there = [i for i in np.flatnonzero(articles == article) if i not in barred]
                best = max(there, key=lambda i: (matrix[own, i], -i), default=None)
                if best is not None and matrix[own, best] >= self.same:
                    held.append(int(best))
            speakers = {claims[m][1].speaker for m in members} - {None}
            made.append((members, held, claims[own][1].text, speakers))
        return [
            Statement(
                f"s{number}",
                words,
                tuple(claims[m][1] for m in held),
                tuple(claims[m][0] for m in held),
                tuple(sorted({str(articles[m]) for m in held})),
                next(iter(speakers)) if len(speakers) == 1 else None,
            )
            for number, (held, words, speakers) in enumerate(_once(made), start=1)
        ]

    def _decided(
        self, claims: Sequence[tuple[str, Claim]], matrix: np.ndarray, articles: np.ndarray, check: Check | None
    ) -> list[tuple[int, int]]:
        """The pairs that say the same, most alike first."""
        sure: set[tuple[int, int]] = set()
        doubtful: dict[tuple[int, int], float] = {}
        for article in sorted(set(articles)):
            there = np.flatnonzero(articles == article)
            for i in range(len(claims)):
                row = matrix[i, there]
                best = np.argsort(-row, kind="stable")[: self.neighbours]
                for j in (int(there[b]) for b in best if row[b] >= self.maybe):
                    pair = (min(i, j), max(i, j))
                    if i == j:
                        continue
                    if matrix[i, j] >= self.same:
                        sure.add(pair)
                    else:
                        doubtful[pair] = float(matrix[i, j])
        if check:
            sure |= self._checked(claims, doubtful, check)
        return sorted(sure, key=lambda p: (-matrix[p], p))

    def _checked(
        self, claims: Sequence[tuple[str, Claim]], doubtful: dict[tuple[int, int], float], check: Check
    ) -> set[tuple[int, int]]:
        """The doubtful pairs that the checker decides for; each claim has at most `checks` of them, the best."""
        asked: list[tuple[int, int]] = []
        count: Counter[int] = Counter()
        for pair in sorted(doubtful, key=lambda p: (-doubtful[p], p)):
            if all(count[i] < self.checks for i in pair):
                count.update(pair)
                asked.append(pair)
        pairs = [(claims[a][1], _as_article(claims[b][1])) for i, j in asked for a, b in ((i, j), (j, i))]
        verdicts = check(pairs)
        out = set()
        for pair, one, two in zip(asked, verdicts[::2], verdicts[1::2], strict=True):
            if failed := next((v for v in (one, two) if v.label is None), None):
                raise RuntimeError(
                    f"{failed.claim_id} could not be checked against {failed.article_id}: {failed.error}"
                )
            labels = {one.label, two.label}
            if "supported" in labels and "contradicted" not in labels:
                out.add(pair)
        return out


_Made = tuple[list[int], list[int], str, set[str | None]]  # its claims, those it holds, its words, its speakers


def _once(made: Sequence[_Made]) -> Iterable[tuple[list[int], str, set[str | None]]]:
    """The statements without those of one claim that another statement holds already: the same fact is listed once."""
    gone: set[int] = set()
    for at, (members, _, _, _) in enumerate(made):
        if len(members) > 1:
            continue
        for other, (own, held, _, _) in enumerate(made):
            if other != at and other not in gone and members[0] in held and (len(own) > 1 or other < at):
                gone.add(at)
                break
    return [(held, words, speakers) for at, (_, held, words, speakers) in enumerate(made) if at not in gone]


def _as_article(claim: Claim) -> Article:
    return Article(claim.id, claim.text)


def _clusters(
    n: int, links: Sequence[tuple[int, int]], matrix: np.ndarray, least: float, apart: set[frozenset[int]]
) -> list[list[int]]:
    """Clusters by average linkage over `links`, best first; each sorted, in the order of their first member."""
    home = list(range(n))
    members = {i: [i] for i in range(n)}
    kept_apart: dict[int, set[int]] = {}
    for pair in apart:
        i, j = sorted(pair) if len(pair) == 2 else (next(iter(pair)),) * 2
        kept_apart.setdefault(i, set()).add(j)
        kept_apart.setdefault(j, set()).add(i)
    for i, j in links:
        a, b = sorted((home[i], home[j]))
        if a == b or any(not kept_apart.get(m, set()).isdisjoint(members[b]) for m in members[a]):
            continue
        if matrix[np.ix_(members[a], members[b])].mean() < least:
            continue
        for m in members[b]:
            home[m] = a
        members[a] += members.pop(b)
    return sorted(sorted(m) for m in members.values())


def _borne_out(members: list[int], links: set[tuple[int, int]], articles: np.ndarray) -> list[list[int]]:
    """The claims that say the same as one of another article, together; the others, by article, by themselves."""
    if len(set(articles[members])) < 2:
        return [members]
    linked = {i for i in members if any((min(i, j), max(i, j)) in links for j in members if articles[j] != articles[i])}
    apart: dict[str, list[int]] = {}
    for i in members:
        if i not in linked:
            apart.setdefault(str(articles[i]), []).append(i)
    return ([sorted(linked)] if linked else []) + list(apart.values())
