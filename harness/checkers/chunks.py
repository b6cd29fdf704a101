"""Passages of an article that a checker reads whole, measured with the checker's own tokenizer.

A passage is a run of whole sentences; a sentence that alone is too long is split at a space. Together the passages
hold every character of the article that is not white space: nothing is cut away, however long the article is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

from harness import text
from harness.schema import Span

VERSION = "1"  # part of the signature of every checker that reads passages
REMEMBERED = 2_000  # articles whose passages are kept


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
