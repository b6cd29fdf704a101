"""Each sentence one claim: the floor, without a model."""

from __future__ import annotations

from collections.abc import Sequence

from harness.claims.facts import claim
from harness.schema import Claim, Extraction, Signature
from harness.text import NORMALISER, SPLITTER, sentences


class Sentences:
    """Every sentence that holds a word is one claim, as it stands.

    >>> [c.text for c in Sentences().extract([("a", "Kim met Lavrov. They talked.")])[0].claims]
    ['Kim met Lavrov.', 'They talked.']
    """

    @property
    def signature(self) -> Signature:
        return Signature("sentences", (("version", "1"), ("split", SPLITTER), ("facts", NORMALISER)))

    def extract(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]:
        return [Extraction(source, tuple(_claims(source, text))) for source, text in texts]


def _claims(source: str, text: str) -> list[Claim]:
    out: list[Claim] = []
    for index, span in enumerate(sentences(text)):
        if any(c.isalpha() for c in span.text):
            out.append(claim(source, len(out) + 1, span.text, (span.start, span.end), index))
    return out
