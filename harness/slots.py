"""Slots: the numbers, dates and names of an article, each with the clause that says what it is the value of.

Two articles disagree when they fill the same slot differently. What a slot is shows in its frame, the clause with the
value taken out ("how many people were taken to hospital"): frames can be compared by embedding, values by arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness import text
from harness.schema import Article
from harness.text import Date, Name, Number

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Sentence

SlotKind = Literal["number", "date", "name"]
VERSION = "slots-3"

_ASKS = {"number": "how many", "date": "when", "name": "who"}
_INNER = frozenset("relcl advcl ccomp parataxis acl csubj".split())
_CLAUSES = _INNER | {"ROOT", "conj", "pcomp", "xcomp"}
_SUBJECTS = frozenset("nsubj nsubjpass expl".split())
_PHRASES = frozenset("compound nummod amod quantmod nmod poss".split())
_NOT_A_NAME = re.compile(r"[<>/\d]|^(?:mr|mrs|ms|dr|coun|gov|sen|rep|st)\.?$", re.I)
# Numerals that are part of a clock time said in words, and "two of them": a part of something counted before.
_HOUR = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midday|midnight"
_CLOCK = re.compile(
    rf"\s+(?:past|to)\s+(?:{_HOUR})\b(?!\s+(?!this\b)\w+s\b)"  # "six to nine towns" are no time
    r"|\s*o'clock\b|\s+(?:this morning|tonight|in the (?:morning|afternoon|evening))\b|\s*[ap]\.?m\b",
    re.I,
)
_RISING = re.compile(r"\bfrom\s+$", re.I)  # "from two to five"
_PART = re.compile(r"\s*,?\s*of (?:them|whom|those|these|which)\b", re.I)


DENIALS = frozenset("no not never none nobody nothing nor neither cannot".split())
SHORT = 3  # tokens up to which a sentence ("He did.") says nothing that can be compared, unless it counts or denies

# A line that does not end like a sentence is a headline or a byline: it says nothing that its story does not say.
_ENDED = re.compile(r"""[.!?…:;,]['"”’»)\]]*\s*$""")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value and where it stands.

    `frame` is its clause, and `setting` its sentence, with a question word in its place; `start` and `end` are those
    of the value, `clause` those of the clause, in the article's text. `words` are the stems of the frame's content
    words, `role` those of the noun phrase it belongs to ("harbour master").
    """

    article_id: str
    sentence: int
    start: int
    end: int
    kind: SlotKind
    value: Number | Date | Name
    text: str
    clause: tuple[int, int]
    frame: str
    setting: str
    said: str  # the sentence
    words: frozenset[str]
    role: frozenset[str]
    verb: str
    place: str  # the preposition it hangs on ("in"), "" if none
    quoted: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of an article, with its offsets there."""

    article_id: str
    start: int
    end: int
    text: str


def told(article: Article, doc: Doc) -> list[Told]:
    """The sentences of a parsed article that say something: no headline, no dateline."""
    begin = text.dateline(doc.text)
    out = []
    for sentence in doc.sents:
        if _ENDED.search(sentence.text) and sentence.end_char > begin and _says_something(sentence):
            start = max(begin, sentence.start_char)
            passage = doc.text[start : sentence.end_char]
            words = passage.strip()
            start += len(passage) - len(passage.lstrip())
            out.append(Told(article.id, start, start + len(words), words))
    return out


def _says_something(sentence: Sentence) -> bool:
    return len(sentence) > SHORT or any(t.like_num or t.lower_ in DENIALS for t in sentence)


def slots(article: Article, doc: Doc, lines: bool = False) -> list[Slot]:
    """The slots of a parsed article, in order; with `lines` also those of lines that do not end like a sentence."""
    begin = text.dateline(doc.text)
    quoted = _quoted(doc)
    named = [n for n in _names(doc) if n.start >= begin and not _NOT_A_NAME.search(n.text)]
    out: list[Slot] = []
    for index, sentence in enumerate(doc.sents):
        if not lines and not _ENDED.search(sentence.text):
            continue
        offset = sentence.start_char
        values: list[tuple[SlotKind, Number | Date | Name, int, int]] = [
            ("number", n, n.start + offset, n.end + offset)
            for n in text.numbers(sentence.text)
            if n.kind not in ("ordinal", "label")
            and (not _CLOCK.match(sentence.text, n.end) or _RISING.search(sentence.text[: n.start]))
            and not _PART.match(sentence.text, n.end)
        ]
        values += [("date", d, d.start + offset, d.end + offset) for d in text.dates(sentence.text, article.published)]
        values += [("name", n, n.start, n.end) for n in named if offset <= n.start < sentence.end_char]
        for kind, value, start, end in values:
            if start < begin:
                continue
            tokens = [t for t in sentence if start <= t.idx < end and not t.is_space]
            if tokens:
                out.append(_slot(article, sentence, index, kind, value, tokens, begin, quoted))
    return sorted(out, key=lambda s: (s.start, s.end, s.kind))


def _names(doc: Doc) -> list[Name]:
    """What the model takes for names, and capitalised words that it missed."""
    found = [n for n in text.names(doc) if n.text[:1].isupper()]
    missed = [n for n in text.names(doc.text) if not any(n.start < f.end + 2 and f.start < n.end + 2 for f in found)]
    return sorted([*found, *missed], key=lambda n: n.start)


def _quoted(doc: Doc) -> frozenset[int]:
    from harness.claims.speech import Speech

    return frozenset(Speech(doc).quoted)


def _slot(
    article: Article,
    sentence: Sentence,
    index: int,
    kind: SlotKind,
    value: Number | Date | Name,
    tokens: Sequence[Token],
    told: int,
    quoted: frozenset[int],
) -> Slot:
    own = {t.i for t in tokens}
    head = next((t for t in tokens if t.head.i not in own), tokens[-1])
    verb = _verb(head)
    frame = [t for t in clause(verb, own) if t.idx >= told]
    phrase = head.head if head.dep_ in _PHRASES or head.dep_ == "appos" else head
    near = [t for t in phrase.subtree if t.i not in own and abs(t.i - head.i) <= 12]
    return Slot(
        article_id=article.id,
        sentence=index,
        start=tokens[0].idx,
        end=tokens[-1].idx + len(tokens[-1]),
        kind=kind,
        value=value,
        text=sentence.doc.text[tokens[0].idx : tokens[-1].idx + len(tokens[-1])],
        clause=(frame[0].idx, frame[-1].idx + len(frame[-1])),
        frame=_asked(frame, own, _ASKS[kind]),
        setting=_asked([t for t in sentence if t.idx >= told], own, _ASKS[kind]),
        said=sentence.text.strip(),
        words=stems(t.text for t in frame if t.i not in own),
        role=stems(t.text for t in near),
        verb=verb.lemma_.lower(),
        place=head.head.lower_ if head.dep_ == "pobj" else "",
        quoted=any(t.i in quoted for t in tokens),
    )


def stems(words: Iterable[str]) -> frozenset[str]:
    """The stems of those that are content words."""
    return frozenset(
        text.stem(w.lower()) for w in words if w[:1].isalpha() and len(w) > 1 and w.lower() not in text.STOP_WORDS
    )


def _verb(token: Token) -> Token:
    """The verb that governs a token, or the root where there is none."""
    at = token
    while at.head != at:
        if at != token and at.pos_ in ("VERB", "AUX") and at.dep_ in _CLAUSES:
            break
        at = at.head
    return at


def clause(verb: Token, keep: set[int]) -> list[Token]:
    """The tokens of a verb's clause, with what it shares with its head; inner clauses only where they hold `keep`."""
    found = [verb]

    def walk(token: Token) -> None:
        for child in token.children:
            inner = child.dep_ in _INNER or (child.dep_ == "conj" and child.pos_ in ("VERB", "AUX"))
            if inner and keep.isdisjoint(t.i for t in child.subtree):
                continue
            found.append(child)
            walk(child)

    walk(verb)
    if verb.dep_ in ("relcl", "acl"):
        noun = verb.head
        found += [t for t in noun.subtree if t.i <= noun.i]
    elif verb.dep_ in ("conj", "xcomp", "advcl") and not any(c.dep_ in _SUBJECTS for c in verb.children):
        for child in verb.head.children:
            if child.dep_ in _SUBJECTS:
                found += [t for t in child.subtree if t.dep_ != "relcl"]
        if verb.dep_ == "xcomp":
            found.append(verb.head)
    return sorted({t.i: t for t in found}.values(), key=lambda t: t.i)


def _asked(tokens: Sequence[Token], own: set[int], ask: str) -> str:
    """The tokens as text, the value's replaced by a question word once."""
    out: list[str] = []
    last = -2
    for token in tokens:
        if token.i in own:
            if not out or out[-1] != f" {ask} ":
                out.append(f" {ask} ")
        else:
            out.append(token.text_with_ws if token.i == last + 1 else " " + token.text_with_ws)
        last = token.i
    return re.sub(r"\s+", " ", "".join(out)).strip()
