"""Who says or does what: each sentence of a text with the people and bodies it gives its content to.

Read of articles and briefs alike: two articles that give the same words to different speakers are in conflict, and a
brief that gives an article's words to somebody else has misattributed them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness import text
from harness.slots import stems

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Sentence

VERSION = "sayings-4"
RUN = 3  # words in a row that two texts have to share to quote the same thing
_SUBJECTS = ("nsubj", "nsubjpass", "csubj")
_PRONOUNS = frozenset("he she they it we i who which that this these those you one there".split())
_PERSONAL = frozenset("he she they i we".split())
_NOBODY = frozenset("people person man woman other one".split())
# What many are: two ministers are not one person.
_TITLES = stems(
    """president vice prime deputy minister foreign defence defense interior finance health secretary spokesman
    spokeswoman spokesperson chief head director manager leader chairman chairwoman chair mayor governor senator
    councillor ambassador judge prosecutor inspector sergeant captain colonel general officer professor doctor dr
    police fire brigade government ministry office former acting senior""".split()
)

# Verbs that give words or an opinion to their subject.
SPEECH = frozenset(
    """say tell claim add warn argue announce confirm deny explain state write tweet suggest admit concede
    acknowledge note reveal declare stress emphasise emphasize estimate predict allege remark reiterate reply respond
    conclude complain boast joke recall promise vow pledge dismiss describe compare call flag praise criticise criticize
    blame accuse urge demand advise recommend caution assure hint indicate speak maintain label brand liken attribute
    propose order credit lament quip stress think believe consider expect fear hope reckon doubt ask point""".split()
)


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence, its content and whom it is given to.

    `actor` is the speaker, or the subject where nobody is said to speak, as the text puts it; `who` the stems of its
    words and of what else the text calls that person (empty: the text does not tell, "he"). `spoken` tells whether a
    verb of speech or a quote says so. `quoted` are the words in quotes, `words` all others but the actor's.
    """

    source_id: str
    sentence: int
    start: int
    end: int
    text: str
    actor: str
    who: frozenset[str]
    named: bool
    spoken: bool
    verb: str
    quoted: tuple[str, ...]
    tokens: tuple[str, ...]
    words: frozenset[str]


def sayings(source_id: str, doc: Doc) -> list[Saying]:
    """One saying per sentence, in order."""
    from harness.claims.mentions import resolve
    from harness.claims.speech import Speech

    speech = Speech(doc)
    names = resolve(doc, speech.quoted)
    known = _descriptions(doc)
    out: list[Saying] = []
    for index, sentence in enumerate(doc.sents):
        said = speech.speaker(sentence)
        head = said[0] if said else _cleft(sentence) or _subject(sentence, speech.quoted)
        own = {t.i for t in _phrase(head)} if head is not None else set()
        actor, who, named = _who(head, names, known)
        quoted = [t for t in sentence if speech.quoted.get(t.i) and t.i not in own]
        if not who and (said or quoted) and (head is None or head.lower_ in _PERSONAL):
            actor, who, named = _meant(sentence, head, out, known, speech.quoted) or (actor, who, named)
        out.append(
            Saying(
                source_id,
                index,
                sentence.start_char,
                sentence.start_char + len(sentence.text.rstrip()),
                sentence.text.strip(),
                actor,
                who,
                named,
                bool(said) or _speaks(_cleft(sentence)),
                sentence.root.lemma_.lower(),
                tuple(text.words(" ".join(t.text for t in quoted))),
                tuple(text.words(" ".join(t.text for t in sentence if t.i not in own))),
                stems(t.text for t in sentence if t.i not in own),
            )
        )
    return out


def _meant(
    sentence: Sentence,
    head: Token | None,
    before: Sequence[Saying],
    known: Mapping[str, frozenset[str]],
    quoted: Mapping[int, bool],
) -> tuple[str, frozenset[str], bool] | None:
    """Who is meant by the pronoun that speaks, or whose a quote without a speaker is: the person named last.

    Sought in the sentence up to the pronoun, then in the subjects of the two sentences before.
    """
    if head is not None:
        people = [e for e in sentence.ents if e.label_ == "PERSON" and e.end <= head.i and not quoted.get(e.start)]
        if people:
            name = people[-1].text
            return name, stems(name.split()) | known.get(text.name_key(name), frozenset()), True
    for saying in reversed(before[-2:]):
        if saying.who and saying.actor.lower() not in _PRONOUNS:
            return saying.actor, saying.who, saying.named
    return None


def _subject(sentence: Sentence, quoted: Mapping[int, bool]) -> Token | None:
    return next((c for c in sentence.root.children if c.dep_ in _SUBJECTS and not quoted.get(c.i)), None)


def _cleft(sentence: Sentence) -> Token | None:
    """X of "it was X who said"."""
    root = sentence.root
    if root.lemma_ != "be" or not any(c.dep_ in _SUBJECTS and c.lower_ == "it" for c in root.children):
        return None
    return next((c for c in root.children if c.dep_ == "attr" and c.pos_ in ("PROPN", "NOUN")), None)


def _speaks(head: Token | None) -> bool:
    """Whether "it was X who" goes on with a verb of speech."""
    return head is not None and any(
        t.lemma_.lower() in SPEECH
        for t in [*head.children, *head.head.children]
        if t.dep_ in ("relcl", "ccomp", "advcl")
    )


def _phrase(head: Token) -> list[Token]:
    """A noun phrase with its appositions, without relative clauses."""
    cut = {t.i for c in head.subtree if c.dep_ in ("relcl", "advcl", "acl") for t in c.subtree}
    return [t for t in head.subtree if t.i not in cut]


def _descriptions(doc: Doc) -> dict[str, frozenset[str]]:
    """What a text calls each person: name key -> stems of the phrases and appositions the name stands in."""
    out: dict[str, frozenset[str]] = {}
    for entity in doc.ents:
        if entity.label_ not in ("PERSON", "ORG", "GPE", "NORP"):
            continue
        key = text.name_key(entity.text)
        head = entity.root
        top = head.head if head.dep_ in ("appos", "compound", "nmod") else head
        near = stems(t.text for t in _phrase(top) if abs(t.i - head.i) <= 12) | stems(entity.text.split())
        if head.head.lemma_ == "be":  # "Kim is the leader of"
            near |= stems(t.text for c in head.head.children if c.dep_ == "attr" for t in _phrase(c))
        out[key] = out.get(key, frozenset()) | near
    return out


def _who(
    head: Token | None, names: Mapping[int, str], known: Mapping[str, frozenset[str]]
) -> tuple[str, frozenset[str], bool]:
    if head is None:
        return "", frozenset(), False
    said = names.get(head.i) or " ".join(t.text for t in _phrase(head)[:14])
    if head.lower_ in _PRONOUNS and not names.get(head.i):
        return said, frozenset(), False
    who = stems(said.replace("'s", " ").split()) - _NOBODY
    keys = [text.name_key(said)] + ([text.name_key(head.text)] if head.ent_type_ or head.pos_ == "PROPN" else [])
    for key in keys:
        for name, words in known.items():
            if text.same_name(key, name):
                who |= words
    named = bool(names.get(head.i)) or head.pos_ == "PROPN"
    return said, who, named


def distinctive(saying: Saying) -> frozenset[str]:
    """The stems that tell whom a saying is given to: not "minister" where the minister is named."""
    return (saying.who - _TITLES or saying.who) if saying.named else saying.who


def same_speaker(one: Saying, two: Saying) -> bool:
    """Whether two sayings may be of one person or body: they share a name, or what somebody unnamed is called."""
    both = one.named and two.named
    return not (distinctive(one) if both else one.who).isdisjoint(distinctive(two) if both else two.who)


def run(one: Sequence[str], two: Sequence[str]) -> int:
    """The length of the longest run of words that two texts share."""
    best, previous = 0, [0] * (len(two) + 1)
    for a in one:
        row = [0] * (len(two) + 1)
        for j, b in enumerate(two):
            if a == b:
                row[j + 1] = previous[j] + 1
                best = max(best, row[j + 1])
        previous = row
    return best


def quotes_same(one: Saying, two: Saying) -> float:
    """The share of the shorter quote's content that the other has, or 0.

    At least one of them quotes, and they share a run of three words or two thirds of the quote's content.
    """
    best = 0.0
    for quoting, other in ((one, two), (two, one)):
        share, shared = _shared(quoting, other)
        if shared and (run(quoting.quoted, other.tokens) >= RUN or share >= 2 / 3):
            best = max(best, share)
    return best


def _shared(quoting: Saying, other: Saying) -> tuple[float, int]:
    """The share, and the number, of the quote's content words that the other has; 0 of a quote of one word."""
    content = [text.stem(w) for w in quoting.quoted if w not in text.STOP_WORDS]
    if len(content) < 2:
        return 0.0, 0
    there = {text.stem(w) for w in other.tokens}
    shared = sum(w in there for w in content)
    return shared / len(content), shared


class Echoes:
    """How alike a quote and another sentence are: cosine similarity + half of the share of the quote's content words.

    From `SAME_QUOTE` on they are the same words, whether quoted or reported: "the sea came in like somebody who had a
    key", "the ocean had entered like a person with a key". 0 where they share neither a run of three words nor two
    content words.
    """

    def __init__(self, said: Sequence[Saying], encode: Callable[[Sequence[str]], np.ndarray]) -> None:
        quotes = {" ".join(s.quoted) for s in said if len(s.quoted) >= RUN}
        texts = sorted(quotes | {" ".join(s.tokens) for s in said})
        self._vectors = dict(zip(texts, encode(texts), strict=True))

    def __call__(self, one: Saying, two: Saying) -> float:
        return max(self._of(one, two), self._of(two, one))

    def _of(self, quoting: Saying, other: Saying) -> float:
        if len(quoting.quoted) < RUN:
            return 0.0
        share, shared = _shared(quoting, other)
        if not shared or (shared < 2 and run(quoting.quoted, other.tokens) < RUN):
            return 0.0
        cosine = self._vectors[" ".join(quoting.quoted)] @ self._vectors[" ".join(other.tokens)]
        return float(cosine) + share / 2


SAME_QUOTE = 0.8
WORD_FOR_WORD = 1.1  # from here on nobody need say that the other sentence is speech
