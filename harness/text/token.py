"""Word tokens, n-grams and stems: what overlap is counted in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"((?:[^\W\d_]\.){2,}|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’](?!s\b)[^\W\d_]+)*)(?:['’]s\b)?")
_USA = frozenset(("U.S.", "US", "U.S", "USA", "U.S.A."))
STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below between
    both but by can could did do does doing down during each else ever few for from further had has have having he her
    here hers herself him himself his how i if in into is it its itself just let may me might more most must my myself
    nor not now of off on once only or other our ours out over own per s same said say says shall she should so some
    still such t than that the their theirs them themselves then there these they this those though through to too
    under until up upon very via was we were what when where whether which while who whom whose why will with within
    without would yet you your yours""".split()
)


def words(text: str) -> list[str]:
    """Lower-cased word tokens for overlap statistics: no punctuation, no possessive s, numbers whole.

    >>> words("The U.S. sent 20,000 of Kim's troops -- didn’t it?")
    ['the', 'usa', 'sent', '20,000', 'of', 'kim', 'troops', "didn't", 'it']
    """
    return [_lowered(token) for token in _WORD.findall(text)]


def _lowered(token: str) -> str:
    if token in _USA:
        return "usa"
    return token.lower().replace("’", "'") if token[0].isdigit() or "." not in token else token.lower().replace(".", "")


def ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All runs of n tokens, in order; none when there are fewer than n.

    >>> ngrams(["a", "b", "c"], 2)
    [('a', 'b'), ('b', 'c')]
    """
    return list(zip(*(tokens[i:] for i in range(n)), strict=False))


def content_words(text: str) -> list[str]:
    """The stems of the words that are no stop words: what a lexical comparison counts.

    >>> content_words("The ministers were warning of rising tensions")
    ['minister', 'warn', 'ris', 'tension']
    """
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A light stem: plurals, -ing, -ed and a final e are cut; both forms of a regular word meet.

    >>> [stem(w) for w in ("parties", "party", "stopped", "stopping", "rises", "rising", "news", "bed")]
    ['party', 'party', 'stop', 'stop', 'ris', 'ris', 'news', 'bed']
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and word[-2] not in "suwi":
        word = word[:-1]
    for suffix in ("ing", "ed"):
        root = word[: -len(suffix)]
        if word.endswith(suffix) and len(root) > 2 and any(c in "aeiouy" for c in root):
            if root[-1] == root[-2] and root[-1] not in "lsz":
                root = root[:-1]
            return root[:-1] + "y" if root.endswith("i") else root
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
