"""Style: how long a summary is and how much of it is copied. Needs no model and says nothing about quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from harness import text
from harness.evaluators.sheet import REFUSALS, Sheet
from harness.protocols import Desk
from harness.schema import Event, Score, Signature, Summary

NGRAMS = (1, 2, 3)


class Style:
    """Descriptive numbers of a summary against its sources; none has a good direction.

    words, sentences: counts. compression = source words / summary words (Grusky et al. 2018).
    novel_1grams, novel_2grams, novel_3grams: share of the summary's n-grams (every occurrence counts) that stand in
    none of its sources, in [0, 1] (See et al. 2017). coverage = share of the summary's words in extractive fragments,
    in [0, 1]; density = mean length of the fragment a word is in, from 0 up (Grusky et al. 2018, Newsroom): both
    rise with copying. N-grams and fragments do not cross from one article to the next.

    Words are those of `harness.text.words`: lower case, no punctuation. A summary without any is `empty`, as are
    the n-grams of one that is shorter than n words.
    """

    name = "style"
    metrics = (
        "words",
        "sentences",
        "compression",
        *(f"novel_{n}grams" for n in NGRAMS),
        "coverage",
        "density",
    )
    reads = "articles"
    citation = "Grusky et al. 2018, Newsroom; See et al. 2017, Get To The Point"

    def prepare(self) -> None:
        """Nothing has to be loaded."""

    def signature(self, desk: Desk) -> Signature:
        return Signature(self.name, (("v", "1"), ("split", text.SPLITTER), REFUSALS))

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]:
        sheet = Sheet(self, event, summaries, desk)
        words = {article.id: text.words(article.text) for article in event.articles}
        for summary in sheet.summaries:
            self._score(sheet, summary, [words[article_id] for article_id in summary.article_ids])
        return sheet.scores()

    def _score(self, sheet: Sheet, summary: Summary, sources: list[list[str]]) -> None:
        words = text.words(summary.text)
        n = len(words)
        if not words:
            sheet.unscored(summary, "empty", "the summary has no word")
            return
        lengths = [end - start for start, end in fragments(words, sources)]
        values = {
            "words": n,
            "sentences": len(text.sentences(summary.text)),
            "compression": sum(map(len, sources)) / n,
            "coverage": sum(lengths) / n,
            "density": sum(length * length for length in lengths) / n,
        }
        sheet.scored(summary, values, n)
        for size in NGRAMS:
            metric, grams = f"novel_{size}grams", text.ngrams(words, size)
            known = {gram for source in sources for gram in text.ngrams(source, size)}
            if grams:
                sheet.scored(summary, {metric: sum(gram not in known for gram in grams) / len(grams)}, len(grams))
            else:
                sheet.unscored(summary, "empty", f"the summary has fewer than {size} words", [metric])


def fragments(words: Sequence[str], sources: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Extractive fragments, as (start, end) in `words`: from the left, the longest run that stands in a source.

    The greedy algorithm of Grusky et al. 2018, figure 3; words that stand in no source belong to no fragment.

    >>> fragments("the cat sat on a mat".split(), ["a mat where the cat sat".split()])
    [(0, 3), (4, 6)]
    """
    places: dict[str, list[tuple[Sequence[str], int]]] = defaultdict(list)
    for source in sources:
        for at, word in enumerate(source):
            places[word].append((source, at))
    found, start = [], 0
    while start < len(words):
        longest = 0
        for source, at in places.get(words[start], ()):
            length = 1
            while (
                start + length < len(words)
                and at + length < len(source)
                and words[start + length] == source[at + length]
            ):
                length += 1
            longest = max(longest, length)
        if longest:
            found.append((start, start + longest))
        start += longest or 1
    return found
