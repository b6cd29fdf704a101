"""Passages of an article that a checker reads whole, measured with the checker's own tokenizer, and what they add up to.

A passage is a run of whole sentences; a sentence that alone is too long is split at a space. Together the passages
hold every character of the article that is not white space: nothing is cut away, however long the article is. The
verdict on an article is that of its best passage (max over evidence, Laban et al. 2022).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from harness import text
from harness.schema import Article, Claim, Label, Span, Verdict

VERSION = "2"  # part of the signature of every checker that reads passages
REMEMBERED = 2_000  # articles whose passages are kept
LEAST = 16  # tokens a passage needs beside the claim


Row = Mapping[Label, float]  # what was read in one passage: a probability for "supported" and perhaps "contradicted"


class Unreadable(Exception):
    """This pair, or this passage of it, cannot be read, and why: recorded in its verdict, no error of the run."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one pair: a row for each passage, or why there is none."""

    passages: tuple[Span, ...] = ()
    rows: tuple[Row, ...] = ()
    error: str | None = None


class Measure(Protocol):
    """What counts tokens: a checker's tokenizer, or a `TextModel`."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...

    def cut(self, text: str, tokens: int) -> str:
        """The longest head of `text` that has at most `tokens` tokens."""


class TokenizerMeasure:
    """Counts the tokens of a tokenizer of the transformers library, special tokens left out."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [len(ids) for ids in self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]

    def cut(self, text: str, tokens: int) -> str:
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ends = [end for _, end in encoded["offset_mapping"]]
        if len(ends) <= tokens:
            return text
        for kept in range(tokens, 0, -1):
            # A head can have more tokens than the same characters had inside the text: then one fewer is tried.
            if self.count_tokens([head := text[: ends[kept - 1]]])[0] <= tokens:
                return head
        return ""


class ByteMeasure:
    """Counts UTF-8 bytes: for models whose tokenizer is out of reach. No byte-level tokenizer makes more tokens."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.encode()) for text in texts]

    def cut(self, text: str, tokens: int) -> str:
        """The longest head of at most `tokens` bytes, no character torn.

        >>> ByteMeasure().cut("déjà vu", 3)
        'dé'
        """
        return text.encode()[:tokens].decode(errors="ignore")


class Passages:
    """Cuts articles into passages of at most so many tokens; remembers those it cut."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._remembered: OrderedDict[tuple[str, int, int], tuple[Span, ...]] = OrderedDict()

    def of(self, article: str, budget: int, overlap: int = 0) -> tuple[Span, ...]:
        """Passages of at most `budget` tokens, as many whole sentences in each as fit, in order.

        Each passage begins with the last `overlap` sentences of the one before where that leaves room for more, so
        that what two neighbouring sentences say together stands in one passage. An article without text has none.

        >>> [span.text for span in Passages(ByteMeasure()).of("It rained. It snowed. The sun shone.", 22)]
        ['It rained. It snowed.', 'The sun shone.']
        """
        key = (article, budget, overlap)
        if key not in self._remembered:
            self._remembered[key] = tuple(self._cut(article, budget, overlap))
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[key]

    def fitting(
        self, claim: str, article: str, size: Callable[[str], int], context: int, at_most: int, overlap: int = 0
    ) -> tuple[Span, ...]:
        """Passages of at most `at_most` tokens that fit the context beside the claim; Unreadable if none can.

        `size(passage)` is the length of the whole input: passage, claim, and whatever stands around them.
        """
        if not claim.strip():
            raise Unreadable("the claim has no text")
        if not article.strip():
            raise Unreadable("the article has no text")
        needed = size("")
        budget = min(at_most, context - needed)
        while budget >= min(LEAST, at_most):
            passages = self.of(article, budget, overlap)
            excess = max(size(passage.text) for passage in passages) - context
            if excess <= 0:
                return passages
            budget -= excess  # put together they have more tokens than apart
        raise Unreadable(
            f"the claim and what goes with it need {needed} of the {context} tokens that the checker reads at once: no "
            "room for evidence, and a claim is never cut"
        )

    def _cut(self, article: str, budget: int, overlap: int) -> list[Span]:
        units = self._units(article, budget)
        # With the white space up to the next unit: the sum is what the run has, or a little more.
        starts = [unit.start for unit in units]
        sizes = self._measure.count_tokens([article[a:b] for a, b in pairwise([*starts, len(article)])])
        out: list[Span] = []
        first = done = 0  # a passage begins at `first`; units before `done` stand in an earlier passage
        while done < len(units):
            last, total = first, sizes[first]
            while last + 1 < len(units) and total + sizes[last + 1] <= budget:
                last += 1
                total += sizes[last]
            while last > first and self._tokens(article, units[first].start, units[last].end) > budget:
                last -= 1
            if last < done:  # the overlap leaves no room for anything new
                first = done
                continue
            start, end = units[first].start, units[last].end
            out.append(Span(start, end, article[start:end]))
            done = last + 1
            first = max(done - overlap, first + 1)
        return out

    def _units(self, article: str, budget: int) -> list[Span]:
        """The sentences; those over the budget in pieces."""
        sentences = text.sentences(article)
        units: list[Span] = []
        for sentence, size in zip(sentences, self._measure.count_tokens([s.text for s in sentences]), strict=True):
            units += [sentence] if size <= budget else self._pieces(sentence, budget)
        return units

    def _pieces(self, sentence: Span, budget: int) -> list[Span]:
        pieces = []
        start, rest = sentence.start, sentence.text
        while rest:
            # One character at least: a budget below that is refused by the checker, not looped over here.
            head = self._measure.cut(rest, budget) or rest[0]
            if len(head) < len(rest) and not head[-1].isspace() and not rest[len(head)].isspace():
                head = head[: _last_word(head)] or head  # do not tear a word, unless it is all there is
            head = head.rstrip()
            pieces.append(Span(start, start + len(head), head))
            left = rest[len(head) :].lstrip()
            start += len(rest) - len(left)
            rest = left
        return pieces

    def _tokens(self, article: str, start: int, end: int) -> int:
        return self._measure.count_tokens([article[start:end]])[0]


def _last_word(head: str) -> int:
    """Where the last word of `head` begins."""
    return len(head) - len(head.split()[-1])


def read(
    pairs: Sequence[tuple[Claim, Article]],
    plan: Callable[[str, str], tuple[Span, ...]],
    ask: Callable[[list[tuple[str, str]]], Sequence[Row | Unreadable]],
) -> list[Reading]:
    """One reading per pair, in order; each different (claim, passage) is asked once, all in one call.

    `plan(claim, article)` gives the passages or raises Unreadable, `ask` answers every (claim, passage) with a row or
    says why not. An article of which one passage could not be read has not been read.
    """
    plans: dict[tuple[str, str], Reading] = {}
    for claim, article in pairs:
        key = (claim.text, article.text)
        if key not in plans:
            try:
                plans[key] = Reading(plan(*key))
            except Unreadable as reason:
                plans[key] = Reading(error=str(reason))
    questions = list(dict.fromkeys((claim, p.text) for (claim, _), made in plans.items() for p in made.passages))
    answers = dict(zip(questions, ask(questions), strict=True)) if questions else {}

    def answered(key: tuple[str, str]) -> Reading:
        rows: list[Row] = []
        for passage in plans[key].passages:
            answer = answers[key[0], passage.text]
            if isinstance(answer, Unreadable):
                return Reading(error=str(answer))
            rows.append(answer)
        return Reading(plans[key].passages, tuple(rows), plans[key].error)

    readings = {key: answered(key) for key in plans}
    return [readings[claim.text, article.text] for claim, article in pairs]


def judge(claim: Claim, article: Article, reading: Reading, threshold: float, notes: tuple[str, ...] = ()) -> Verdict:
    """The verdict on an article from what was read in each of its passages.

    probability = the largest support. contradiction = that of the aligned passage, the one with most of the claim's
    content words (what a network makes of a passage on something else says nothing), lowered so that the two add up to
    1 at most; None from checkers that do not tell contradicted from not mentioned. Below the threshold a claim is
    contradicted when that is likelier than "not mentioned". Evidence: the passage that decided, then the other.
    """
    if reading.error:
        return Verdict(claim.id, article.id, None, None, error=reading.error)
    passages, rows = reading.passages, reading.rows
    best = max(range(len(rows)), key=lambda index: (rows[index]["supported"], -index))
    aligned = best
    probability, contradiction = rows[best]["supported"], None
    if "contradicted" in rows[best]:
        aligned = most_words(claim.text, [passage.text for passage in passages])
        contradiction = min(rows[aligned]["contradicted"], 1 - probability)
    label = decide(probability, contradiction, threshold)
    order = (aligned, best) if label == "contradicted" else (best, aligned)
    evidence = tuple(passages[index] for index in dict.fromkeys(order))
    return Verdict(claim.id, article.id, label, probability, contradiction, evidence, notes)


def decide(probability: float, contradiction: float | None, threshold: float) -> Label:
    """Supported from the threshold on; else the likelier of contradicted and not mentioned.

    >>> decide(0.6, 0.3, 0.5), decide(0.4, 0.35, 0.5), decide(0.4, 0.2, 0.5), decide(0.4, None, 0.5)
    ('supported', 'contradicted', 'not_mentioned', 'not_mentioned')
    """
    if probability >= threshold:
        return "supported"
    if contradiction is not None and contradiction > 1 - probability - contradiction:
        return "contradicted"
    return "not_mentioned"


def most_words(claim: str, passages: Sequence[str]) -> int:
    """The passage that has most of the claim's content words (stems), the first among equals.

    >>> most_words("The mayor resigned.", ["It rained.", "Mayors often resign.", "The mayor resigned on Monday."])
    1
    """
    wanted = set(text.content_words(claim))
    shared = [len(wanted & set(text.content_words(passage))) for passage in passages]
    return shared.index(max(shared))
