"""Passages that one article took over from another word for word: agency text, press releases, copies.

What two articles share because both printed it is one source, however many print it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.schema import Article, Span

VERSION = "copies-3"
GRAM = 8  # words in a row that open a shared passage
LEAST = 14  # words of a shared passage; shorter ones are quotes and set phrases
_WORD = re.compile(r"\w+")
_QUOTE = re.compile(r"[\"“”«»„]")
_OPENS, _CLOSES = (
    re.compile(r"(?<!\w)['‘](?=\w)"),
    re.compile(r"(?<=[\w.,!?…])['’](?!\w)"),
)  # single ones; no apostrophes


@dataclass(frozen=True, slots=True)
class Copy:
    """What `article_id` shares with `of`: the passages, and the share of the article's words in them, in (0, 1].

    `of` is the one published first, or the longer one, or the one with the smaller id.
    """

    article_id: str
    of: str
    share: float
    passages: tuple[Span, ...]
    originals: tuple[Span, ...]  # the same passages in `of`


def copies(articles: Sequence[Article]) -> list[Copy]:
    """Every pair of articles that share a passage of LEAST words or more, largest share first.

    Case and punctuation are ignored. What stands wholly in quotes is no copy: two reporters may quote one speech.
    Time is linear in the words and the shared passages.
    """
    ordered = sorted(articles, key=_precedence)
    words = {a.id: [(m.group().casefold(), *m.span()) for m in _WORD.finditer(a.text)] for a in ordered}
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    out: list[Copy] = []
    for article in ordered:
        own = words[article.id]
        runs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # earlier article -> (start, its start, length)
        until: dict[str, int] = {}
        for at in range(len(own) - GRAM + 1):
            longest: dict[str, tuple[int, int]] = {}  # in each earlier article: length, and where it stands
            for other, there in places.get(_gram(own, at), ()):
                if at < until.get(other, 0):
                    continue
                length = GRAM
                theirs = words[other]
                while (
                    at + length < len(own)
                    and there + length < len(theirs)
                    and own[at + length][0] == theirs[there + length][0]
                ):
                    length += 1
                if length > longest.get(other, (0, 0))[0]:
                    longest[other] = length, there
            for other, (length, there) in longest.items():
                until[other] = at + length
                if length >= min(LEAST, len(own)):
                    runs[other].append((at, there, length))
        for other, theirs in words.items():  # a text too short to have a passage may be a copy as a whole
            if other == article.id:
                break
            if own and not runs[other] and [w for w, _, _ in own] == [w for w, _, _ in theirs]:
                runs[other].append((0, 0, len(own)))
        for other, found in runs.items():
            mine = [
                (_span(article.text, own, a, n), _span(_text(articles, other), words[other], b, n), n)
                for a, b, n in found
            ]
            mine = [m for m in mine if not _in_quotes(article.text, m[0])]
            if mine:
                share = min(1.0, sum(n for _, _, n in mine) / len(own))
                out.append(Copy(article.id, other, share, tuple(m[0] for m in mine), tuple(m[1] for m in mine)))
        for at in range(len(own) - GRAM + 1):
            places[_gram(own, at)].append((article.id, at))
    return sorted(out, key=lambda c: (-c.share, c.article_id, c.of))


def _precedence(article: Article) -> tuple[str, int, str]:
    return article.published or "9999", -len(article.text), article.id


def _text(articles: Sequence[Article], article_id: str) -> str:
    return next(a.text for a in articles if a.id == article_id)


def _gram(words: Sequence[tuple[str, int, int]], at: int) -> tuple[str, ...]:
    return tuple(word for word, _, _ in words[at : at + GRAM])


def _span(text: str, words: Sequence[tuple[str, int, int]], first: int, length: int) -> Span:
    start, end = words[first][1], words[first + length - 1][2]
    return Span(start, end, text[start:end])


def _in_quotes(text: str, span: Span) -> bool:
    """Whether a quote that begins before a passage, in its paragraph, does not end before or in it."""
    if _QUOTE.search(span.text):
        return False
    paragraph = text.rfind("\n", 0, span.start) + 1
    if len(_QUOTE.findall(text, paragraph, span.start)) % 2 == 1:
        return True
    opened = max((m.start() for m in _OPENS.finditer(text, paragraph, span.start + 1)), default=-1)
    return opened >= 0 and not _CLOSES.search(text, opened + 1, span.end)


def length(text: str) -> int:
    """The number of words as they are counted here."""
    return len(_WORD.findall(text))


def shared(one: str, two: str) -> list[int]:
    """The lengths of the runs of words of `one` that stand in `two`, from the left, longest first at each place."""
    own, theirs = ([m.group().casefold() for m in _WORD.finditer(t)] for t in (one, two))
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(len(theirs) - GRAM + 1):
        places[tuple(theirs[at : at + GRAM])].append(at)
    out, at = [], 0
    while at + GRAM <= len(own):
        longest = 0
        for there in places.get(tuple(own[at : at + GRAM]), ()):
            length = GRAM
            while (
                at + length < len(own) and there + length < len(theirs) and own[at + length] == theirs[there + length]
            ):
                length += 1
            longest = max(longest, length)
        if longest:
            out.append(longest)
        at += longest or 1
    return out
