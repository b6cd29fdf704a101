"""The pinned spaCy pipeline, loaded once and shared, with a memory of recent texts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from harness.text.sentence import sentences
from harness.weights import pinned

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_PARSED: OrderedDict[str, Doc] = OrderedDict()
_PARSED_CHARACTERS = 500_000  # how much text `parse` remembers: some 200 MB
_LOCK = Lock()


@cache
def pipeline() -> Language:
    """The pinned spaCy pipeline, cut into our own sentences, so that parse and `sentences` agree. Loaded once."""
    import spacy
    from spacy.language import Language

    if not Language.has_factory("harness_sentences"):
        Language.component("harness_sentences", func=_set_sentences)
    nlp = spacy.load(pinned("spacy"))
    nlp.add_pipe("harness_sentences", before="parser")
    nlp.max_length = 10_000_000
    return nlp


def _set_sentences(doc: Doc) -> Doc:
    starts = [s.start for s in sentences(doc.text)]
    begin = 0
    for token in doc:
        # the token a sentence starts in; white space before it belongs to the sentence before
        new = begin < len(starts) and token.idx + len(token) > starts[begin]
        while begin < len(starts) and token.idx + len(token) > starts[begin]:
            begin += 1
        token.is_sent_start = new
    return doc


def parser_version() -> str:
    """spaCy and its pinned model, for signatures; the model is not loaded."""
    from importlib.metadata import version

    return f"spacy-{version('spacy')}+{pinned('spacy').name}"


def parse(texts: Sequence[str]) -> list[Doc]:
    """The texts parsed by spaCy (tags, dependencies, lemmas, entities), in order, with our sentence boundaries.

    Recent texts are remembered. The result does not depend on which texts are parsed together.
    """
    with _LOCK:
        have = {text: _PARSED[text] for text in set(texts) if text in _PARSED}
        missing = [text for text in dict.fromkeys(texts) if text not in have]
        for text, doc in zip(missing, pipeline().pipe(missing, batch_size=32), strict=True) if missing else ():
            have[text] = _PARSED[text] = doc
        for text in have:
            _PARSED.move_to_end(text)
        size = sum(map(len, _PARSED))
        while size > _PARSED_CHARACTERS and len(_PARSED) > 1:
            size -= len(_PARSED.popitem(last=False)[0])
    return [have[text] for text in texts]
