"""The floor: the first sentences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from harness.errors import ConfigError
from harness.models.extract import Extract
from harness.protocols import Request
from harness.schema import Article, Signature
from harness.text import SPLITTER, sentences


class Lead(Extract):
    """The first `k` sentences of an article.

    A brief takes turns: the first sentence of every article, then the second of every article, and so on until it has
    at least `k` and every article has had its first. A sentence that another article opened with is taken once.
    """

    def __init__(self, name: str = "lead", k: int = 3) -> None:
        if k < 1:
            raise ConfigError(f"model.k={k}: a lead has at least one sentence.")
        self.name, self.k = name, k

    @property
    def signature(self) -> Signature:
        return Signature(self.name, (("k", str(self.k)), ("split", SPLITTER)))

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        return lead(request.articles, self.k)


def lead(articles: Sequence[Article], k: int) -> str:
    """The first sentences of the articles in turn, `k` or one of each article if that is more.

    >>> lead([Article("a", "One. Two. Three."), Article("b", "Uno. Dos.")], 3)
    'One. Uno. Two.'
    """
    rounds = zip_longest(*([s.text for s in sentences(article.text)] for article in articles))
    in_turn = dict.fromkeys(text for turn in rounds for text in turn if text)
    first = dict.fromkeys(s[0].text for article in articles if (s := sentences(article.text)))
    return " ".join(list(in_turn)[: max(k, len(first))])
